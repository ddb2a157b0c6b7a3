// SPDX-License-Identifier: Apache-2.0
#include "audit/event_codec.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

constexpr uint8_t kEventVersion = 1;
constexpr uint8_t kEventOfRows = 2;  // says of each record which row it leaves
constexpr size_t kFixedBytes = 1 + 1 + 1 + 8 + 8 + 4 + 8 + 4 + 16;
constexpr size_t kRecordBytes = 16 + 8 + 16 + 16;
constexpr size_t kVersionBytes = 4 + 8;
constexpr size_t kCountMax = 255;
constexpr size_t kRecordsMax = size_t{1} << 24;  // more do not fit any entry
constexpr uint64_t kKnownReasons = (uint64_t{2} << kReasonCount) - 2;
static_assert(kReasonCount < 63);

bool Fits(std::string_view text) { return text.size() <= kTextBytesMax; }

bool IsOfRows(const Event& event) {
  return !event.records.empty() && event.records.front().version.has_value();
}

bool Fits(const Event& event) {
  return Fits(event.purpose) && Fits(event.on_behalf_of) && Fits(event.category) &&
         Fits(event.case_reference) && Fits(event.recipient) && Fits(event.ground) &&
         event.fields.size() <= kCountMax && event.details.size() <= kCountMax &&
         event.records.size() <= kRecordsMax &&
         std::all_of(event.fields.begin(), event.fields.end(),
                     [](std::string_view field) { return Fits(field); }) &&
         std::all_of(event.details.begin(), event.details.end(),
                     [](const Detail& detail) { return Fits(detail.text); });
}

// Stores into space made beforehand: many small appends to a vector cost more than all the rest.
class Cursor {
 public:
  explicit Cursor(uint8_t* out) : out_(out) {}
  template <std::integral Int>
  Cursor& Put(Int value) {
    StoreBigEndian(value, out_);
    out_ += sizeof(Int);
    return *this;
  }
  Cursor& Put(ByteView bytes) {
    out_ = std::copy(bytes.begin(), bytes.end(), out_);
    return *this;
  }
  Cursor& PutText(std::string_view text) {
    return Put(static_cast<uint8_t>(text.size())).Put(AsBytes(text));
  }

 private:
  uint8_t* out_;
};

uint64_t BitsOf(std::span<const Reason> reasons) {
  uint64_t bits = 0;
  for (const Reason reason : reasons) bits |= uint64_t{1} << static_cast<unsigned>(reason);
  return bits;
}

std::vector<Reason> ReasonsOf(uint64_t bits) {
  std::vector<Reason> reasons;
  for (uint8_t i = 1; i <= kReasonCount; ++i) {
    if ((bits >> i & 1) != 0) reasons.push_back(static_cast<Reason>(i));
  }
  return reasons;
}

std::string GetText(Reader& in) { return std::string(AsText(in.GetPrefixed<uint8_t>())); }

void GetRecords(Reader& in, bool of_rows, EventCopy& event) {
  const size_t count = in.Get<uint32_t>();
  // Before anything is allocated: the count may say anything.
  const size_t each = kRecordBytes + (of_rows ? kVersionBytes : 0);
  if (count > in.rest().size() / each || (of_rows && count == 0)) {
    in.GetBytes(in.rest().size() + 1);
    return;
  }
  event.records.resize(count);
  for (EventRecord& record : event.records) {
    record.handle.bytes = in.GetArray<16>();
    record.category.bytes = in.GetArray<8>();
    record.record.bytes = in.GetArray<16>();
    record.terms.bytes = in.GetArray<16>();
    if (!of_rows) continue;
    const auto revision = in.Get<uint32_t>();
    record.version = {revision, {in.Get<int64_t>()}};
  }
}

// False for a number this version does not know.
template <typename Enum>
bool GetEnum(Reader& in, uint8_t count, Enum& out) {
  const auto number = in.Get<uint8_t>();
  if (number < 1 || number > count) return false;
  out = static_cast<Enum>(number);
  return true;
}

bool GetDetails(Reader& in, EventCopy& event) {
  const size_t count = in.Get<uint8_t>();
  for (size_t i = 0; i < count; ++i) {
    EventCopy::Detail detail{What::kOf, {}};
    if (!GetEnum(in, kWhatCount, detail.what)) return false;
    detail.text = GetText(in);
    event.details.push_back(std::move(detail));
  }
  return true;
}

bool Get(Reader& in, EventCopy& event) {
  const auto version = in.Get<uint8_t>();
  const bool of_rows = version == kEventOfRows;
  if ((version != kEventVersion && !of_rows) || !GetEnum(in, kEventKindCount, event.kind) ||
      !GetEnum(in, kOutcomeCount, event.outcome)) {
    return false;
  }
  event.at.unix_ms = in.Get<int64_t>();
  event.transaction = in.Get<uint64_t>();
  event.policy_version = in.Get<uint32_t>();
  const auto reasons = in.Get<uint64_t>();
  if ((reasons & ~kKnownReasons) != 0) return false;
  event.reasons = ReasonsOf(reasons);
  event.repeats = in.Get<uint32_t>();
  event.handle.bytes = in.GetArray<16>();
  for (std::string* text : {&event.purpose, &event.on_behalf_of, &event.category,
                            &event.case_reference, &event.recipient, &event.ground}) {
    *text = GetText(in);
  }
  const size_t fields = in.Get<uint8_t>();
  for (size_t i = 0; i < fields; ++i) event.fields.push_back(GetText(in));
  GetRecords(in, of_rows, event);
  return GetDetails(in, event) && in.complete();
}

}  // namespace

EventView::EventView(const EventCopy& copy) : fields_(copy.fields.begin(), copy.fields.end()) {
  for (const EventCopy::Detail& detail : copy.details)
    details_.push_back({detail.what, detail.text});
  event_ = {.kind = copy.kind,
            .outcome = copy.outcome,
            .at = copy.at,
            .purpose = copy.purpose,
            .on_behalf_of = copy.on_behalf_of,
            .category = copy.category,
            .fields = fields_,
            .case_reference = copy.case_reference,
            .recipient = copy.recipient,
            .ground = copy.ground,
            .reasons = copy.reasons,
            .handle = copy.handle,
            .records = copy.records,
            .details = details_,
            .policy_version = copy.policy_version,
            .transaction = copy.transaction,
            .repeats = copy.repeats};
}

size_t EventSize(const Event& event) {
  size_t size = kFixedBytes + 6 + 1 + 4 + 1;
  size += event.purpose.size() + event.on_behalf_of.size() + event.category.size() +
          event.case_reference.size() + event.recipient.size() + event.ground.size();
  for (const std::string_view field : event.fields) size += 1 + field.size();
  for (const Detail& detail : event.details) size += 2 + detail.text.size();
  return size + event.records.size() * (kRecordBytes + (IsOfRows(event) ? kVersionBytes : 0));
}

Status AppendEvent(const Event& event, Bytes& out) {
  if (!Fits(event)) {
    return Status(Code::kInvalidValue, "trail.event-too-large",
                  "the event of this operation does not fit the audit trail",
                  "ask for fewer things at once");
  }
  const size_t at = out.size();
  out.resize(at + EventSize(event));
  Cursor to(out.data() + at);
  const bool of_rows = IsOfRows(event);
  to.Put(of_rows ? kEventOfRows : kEventVersion)
      .Put(static_cast<uint8_t>(event.kind))
      .Put(static_cast<uint8_t>(event.outcome));
  to.Put(event.at.unix_ms).Put(event.transaction).Put(event.policy_version);
  to.Put(BitsOf(event.reasons)).Put(event.repeats).Put(event.handle.view());
  to.PutText(event.purpose).PutText(event.on_behalf_of).PutText(event.category);
  to.PutText(event.case_reference).PutText(event.recipient).PutText(event.ground);
  to.Put(static_cast<uint8_t>(event.fields.size()));
  for (const std::string_view field : event.fields) to.PutText(field);
  to.Put(static_cast<uint32_t>(event.records.size()));
  for (const EventRecord& record : event.records) {
    to.Put(record.handle.view()).Put(record.category.view());
    to.Put(record.record.view()).Put(record.terms.view());
    BAILEE_CHECK(record.version.has_value() == of_rows);
    if (of_rows) to.Put(record.version->revision).Put(record.version->collected_at.unix_ms);
  }
  to.Put(static_cast<uint8_t>(event.details.size()));
  for (const Detail& detail : event.details) {
    to.Put(static_cast<uint8_t>(detail.what)).PutText(detail.text);
  }
  return Status();
}

Result<EventCopy> ParseEvent(ByteView bytes) {
  Reader in(bytes);
  EventCopy event;
  if (!Get(in, event)) {
    return Status(Code::kDamage, "trail.bad-event", "an event of the audit trail makes no sense",
                  "verify the trail; restore it from a backup");
  }
  return event;
}

}  // namespace bailee::audit
