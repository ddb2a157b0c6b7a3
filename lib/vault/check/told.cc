// SPDX-License-Identifier: Apache-2.0
#include "vault/check/told.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/codec.h"
#include "crypto/hash.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

using audit::EventCopy;
using audit::What;

std::string_view ToldText(const EventCopy& event, What what) {
  for (const EventCopy::Detail& each : event.details) {
    if (each.what == what) return each.text;
  }
  return {};
}

// 0 where there is none: no sequence is 0.
uint64_t ToldSequence(const EventCopy& event) {
  const std::string_view text = ToldText(event, What::kSequence);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

Handle ToldHandle(const Told::Key& key) { return {Reader(key).GetArray<16>()}; }

}  // namespace

std::array<uint8_t, 16> SaidAfter(const std::array<uint8_t, 16>& before, const SaidEntry& entry) {
  Bytes bytes;
  Writer writer(bytes);
  writer.Put(ByteView(before)).Put(entry.sequence);
  for (const std::string_view text :
       {entry.kind, entry.purpose, entry.category, entry.notice, entry.name}) {
    writer.PutPrefixed<uint32_t>(AsBytes(text));
  }
  return crypto::Hash<16>(crypto::person::kSaid, {bytes});
}

Told::Key Told::KeyOf(const Handle& handle) {
  Key key{};
  std::copy(handle.bytes.begin(), handle.bytes.end(), key.begin());
  return key;
}

const Told::Person* Told::Find(const Handle& handle) const {
  const auto found = people_.find(handle);
  return found == people_.end() ? nullptr : &found->second;
}

// Also of whom only the last records are in the range: what was erased must be known of them.
Told::Person* Told::PersonOf(const Handle& handle, uint64_t leaf) {
  if (handle == Handle() || handle < ToldHandle(from_) || (end_ && KeyOf(handle) >= *end_))
    return nullptr;
  Person& person = people_[handle];
  person.leaf = leaf;
  return &person;
}

void Told::Add(uint64_t leaf, const EventCopy& event) {
  if (event.outcome != audit::Outcome::kAllowed) return;
  switch (event.kind) {
    case audit::EventKind::kCollect:
    case audit::EventKind::kRectify:
      for (const audit::EventRecord& each : event.records) Leaves(leaf, each);
      break;
    case audit::EventKind::kExpire:
      for (const audit::EventRecord& each : event.records) Gone(leaf, each);
      break;
    case audit::EventKind::kErase:
      Erase(leaf, event.handle);
      break;
    case audit::EventKind::kLedger:
      Say(leaf, event);
      break;
    case audit::EventKind::kDisclose:
      Disclose(leaf, event);
      break;
    case audit::EventKind::kRestore:
      Restore();
      break;
    default:
      break;
  }
  if (!settled_) MakeRoom();
}

void Told::Leaves(uint64_t leaf, const audit::EventRecord& record) {
  const Key key = RecordKeyOf(record.handle, record.category, record.record);
  if (!Has(key)) return;
  Record& told = records_[key];
  std::optional<record::RecordHead> head;
  if (record.version) head = {record.version->revision, record.version->collected_at, record.terms};
  // Whoever overwrites counts on from the row there is.
  if (told.head && head && told.there && *told.head != *head &&
      head->revision <= told.head->revision) {
    told.twice = true;
  }
  told = {.leaf = leaf, .there = true, .twice = told.twice, .head = head};
}

void Told::Gone(uint64_t leaf, const audit::EventRecord& record) {
  const Key key = RecordKeyOf(record.handle, record.category, record.record);
  if (!Has(key)) return;
  Record& told = records_[key];
  told.leaf = leaf;
  told.there = false;
}

void Told::Erase(uint64_t leaf, const Handle& handle) {
  Person* const person = PersonOf(handle, leaf);
  if (person == nullptr) return;
  person->erased = true;
  const auto first = records_.lower_bound(KeyOf(handle));
  auto last = first;
  while (last != records_.end() && ToldHandle(last->first) == handle) ++last;
  records_.erase(first, last);
}

void Told::Say(uint64_t leaf, const EventCopy& event) {
  const uint64_t sequence = ToldSequence(event);
  Person* const person = PersonOf(event.handle, leaf);
  if (person == nullptr || sequence == 0) return;
  const bool known = person->last_entry > 0 || whole_;
  person->twice = person->twice || sequence <= person->last_entry;
  person->skipped = person->skipped || (known && sequence > person->last_entry + 1);
  if (sequence != person->last_entry + 1 || person->first_entry == 0) {
    person->first_entry = sequence;
    person->said = {};
  }
  person->last_entry = sequence;
  person->said = SaidAfter(person->said, {.sequence = sequence,
                                          .kind = ToldText(event, What::kSaid),
                                          .purpose = event.purpose,
                                          .category = event.category,
                                          .notice = ToldText(event, What::kNotice),
                                          .name = ToldText(event, What::kNamedEvent)});
}

void Told::Disclose(uint64_t leaf, const EventCopy& event) {
  const uint64_t sequence = ToldSequence(event);
  Person* const person = PersonOf(event.handle, leaf);
  if (person == nullptr || sequence == 0) return;
  const bool known = person->disclosures > 0 || whole_;
  person->twice = person->twice || sequence <= person->disclosures;
  person->skipped = person->skipped || (known && sequence > person->disclosures + 1);
  person->disclosures = sequence;
}

// Records may be fewer than the trail of the data stream has, and ledgers are those of the key
// stream, which is newer. Who was erased stays so.
void Told::Restore() {
  restored_ = true;
  whole_ = false;
  records_.clear();
  std::erase_if(people_, [](const auto& each) { return !each.second.erased; });
}

void Told::MakeRoom() {
  while (records_.size() + people_.size() > rows_max_) {
    if (records_.size() > people_.size()) {
      end_ = std::next(records_.begin(), static_cast<ptrdiff_t>(records_.size() / 2))->first;
    } else {
      // The first may be one of whom only the last records are in the range.
      const auto middle = std::next(people_.begin(), static_cast<ptrdiff_t>(people_.size() / 2));
      end_ = KeyOf(middle->first);
    }
    records_.erase(records_.lower_bound(*end_), records_.end());
    std::erase_if(people_, [&](const auto& each) { return KeyOf(each.first) >= *end_; });
  }
}

}  // namespace bailee::vault
