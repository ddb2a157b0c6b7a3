// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/codec.h"
#include "base/try.h"
#include "record/row.h"
#include "vault/check/check_events.h"
#include "vault/check/check_rows.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/frame/due.h"
#include "vault/ledger/ledger_entry.h"

// Rows of one snapshot, and what events tell of them.
namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kToldRecordsPerLook = 512;
constexpr size_t kToldRowsPerLook = 2'048;  // of other tables, whose rows belong to fewer people

Handle OwnerIn(ByteView key) { return {Reader(key).GetArray<16>()}; }

// Where rows begin that belong to people whose Told::Key is not before `from`.
Bytes FirstOfPeople(const Told::Key& from) {
  Bytes key(from.begin(), from.begin() + sizeof(Handle));
  // Who has only records from there on was looked at before.
  if (from != Told::KeyOf(OwnerIn(from))) key.insert(key.end(), 9, 0xff);
  return key;
}

bool IsBefore(const Told::Key& key, const std::optional<Told::Key>& end) {
  return !end || key < *end;
}

}  // namespace

Status EventChecker::FindRecords(store::Snapshot& snapshot, const Told::Key& from,
                                 Look& look) const {
  return snapshot.Scan(Table::kRecords, {}, from, [&](ByteView bytes, ByteView value) {
    if (bytes.size() != kRecordKeyBytes) return true;  // found where it is
    Told::Key key{};
    std::copy(bytes.begin(), bytes.end(), key.begin());
    if (!IsBefore(key, look.end)) return false;
    if (look.records.size() == kToldRecordsPerLook) {
      look.end = key;
      return false;
    }
    const Result<record::RecordRow> row = record::ParseRecordRow(value);
    look.records.emplace_back(key, row.ok() ? std::optional(row->head()) : std::nullopt);
    return true;
  });
}

Status EventChecker::FindPeople(store::Snapshot& snapshot, const Told::Key& from,
                                Look& look) const {
  size_t rows = 0;
  return snapshot.Scan(Table::kSubjects, {}, FirstOfPeople(from), [&](ByteView bytes, ByteView) {
    ++rows;
    if (bytes.size() != keys::kSubjectRowKeyBytes || bytes.back() != 0) return true;  // wraps
    const Told::Key key = Told::KeyOf(OwnerIn(bytes));
    if (!IsBefore(key, look.end)) return false;
    if (rows > kToldRowsPerLook && !look.people.empty()) {
      look.end = key;
      return false;
    }
    look.people.push_back(OwnerIn(bytes));
    return true;
  });
}

Status EventChecker::FindShares(store::Snapshot& snapshot, const Told::Key& from,
                                Look& look) const {
  size_t rows = 0;
  return snapshot.Scan(Table::kDisclosures, {}, FirstOfPeople(from), [&](ByteView bytes, ByteView) {
    ++rows;
    if (bytes.size() != kDisclosureKeyBytes) return true;
    const Handle handle = OwnerIn(bytes);
    if (!IsBefore(Told::KeyOf(handle), look.end)) return false;
    const auto sequence = Reader(bytes.last(8)).Get<uint64_t>();
    const bool same = !look.shares.empty() && look.shares.back().first == handle;
    if (same) {
      look.shares.back().second = sequence;
      return true;
    }
    if (rows > kToldRowsPerLook && !look.shares.empty()) {
      look.end = Told::KeyOf(handle);
      return false;
    }
    look.shares.emplace_back(handle, sequence);
    return true;
  });
}

void EventChecker::Find(Flaw flaw, Table table, const Handle& handle, uint64_t leaf) {
  RowFindings out(table);
  if (handle != Handle()) out.About(handle);
  out.Add(flaw, leaf > 0 ? "leaf " + std::to_string(leaf) : std::string());
  found_.insert(found_.end(), out.findings().begin(), out.findings().end());
}

Status EventChecker::HoldRecords(Frame& frame, const Told::Key& from, const Look& look) {
  auto told = told_->records().lower_bound(from);
  const auto missing = [&](const Told::Key* before) -> Status {
    for (; told != told_->records().end() && IsBefore(told->first, look.end) &&
           (before == nullptr || told->first < *before);
         ++told) {
      BAILEE_RETURN_IF_ERROR(HoldRecord(frame, told->first, &told->second, std::nullopt));
    }
    return Status();
  };
  for (const auto& [key, head] : look.records) {
    if (!IsBefore(key, look.end)) break;
    BAILEE_RETURN_IF_ERROR(missing(&key));
    const bool known = told != told_->records().end() && told->first == key;
    BAILEE_RETURN_IF_ERROR(HoldRecord(frame, key, known ? &told->second : nullptr, head));
    if (known) ++told;
  }
  return missing(nullptr);
}

Status EventChecker::HoldRecord(Frame& frame, const Told::Key& key, const Told::Record* told,
                                const std::optional<std::optional<record::RecordHead>>& row) {
  std::optional<Flaw> flaw;
  const RecordKey at = DecodeRecordKey(key);
  if (told == nullptr) {
    const Told::Person* person = told_->Find(at.handle);
    if (person != nullptr && person->erased) {
      BAILEE_TRY(const std::optional<ByteView> going,
                 frame.snapshot->Get(Table::kDue, DueKeyOf(Due::kRows, at.handle.view())));
      if (!going) flaw = Flaw::kToldRecordBack;
    } else if (told_->whole()) {
      flaw = Flaw::kToldRecordNever;
    }
  } else if (!row) {
    if (told->there) flaw = Flaw::kToldRecordGone;
  } else if (!told->there) {
    flaw = Flaw::kToldRecordBack;
  } else if (*row && told->head && **row != *told->head) {
    flaw = Flaw::kToldRecordOther;
  }
  const bool twice = told != nullptr && told->twice;
  if (!flaw && !twice) return Status();
  RowFindings out(Table::kRecords);
  out.About(at.handle);
  out.About(CategoryName(*frame.rules(), at.category), at.record);
  const std::string leaf = told == nullptr ? "" : "leaf " + std::to_string(told->leaf);
  if (flaw) out.Add(*flaw, leaf);
  if (twice) out.Add(Flaw::kToldOrder, leaf);
  found_.insert(found_.end(), out.findings().begin(), out.findings().end());
  return Status();
}

Status EventChecker::HoldPeople(Frame& frame, const Told::Key& from, const Look& look) {
  // Everybody who has a row, or of whom something is told.
  std::map<Handle, bool> people;
  for (const Handle& each : look.people) {
    if (IsBefore(Told::KeyOf(each), look.end)) people[each] = true;
  }
  const auto& told = told_->people();
  for (auto each = told.lower_bound(OwnerIn(from));
       each != told.end() && IsBefore(Told::KeyOf(each->first), look.end); ++each) {
    if (Told::KeyOf(each->first) >= from) people.emplace(each->first, false);
  }
  for (const auto& [handle, there] : people)
    BAILEE_RETURN_IF_ERROR(HoldPerson(frame, handle, there));
  for (const auto& [handle, last] : look.shares) {
    if (!IsBefore(Told::KeyOf(handle), look.end)) break;
    const Told::Person* person = told_->Find(handle);
    const uint64_t known = person == nullptr ? 0 : person->disclosures;
    if (last > known && (known > 0 || told_->whole()))
      Find(Flaw::kToldSharesLong, Table::kDisclosures, handle, 0);
  }
  return Status();
}

Status EventChecker::HoldPerson(Frame& frame, const Handle& handle, bool there) {
  const Told::Person* told = told_->Find(handle);
  if (told != nullptr) {
    const bool should = told->last_entry > 0 || told->disclosures > 0;
    if (told->erased && there) Find(Flaw::kToldSubjectBack, Table::kSubjects, handle, told->leaf);
    if (!told->erased && !there && should)
      Find(Flaw::kToldSubjectGone, Table::kSubjects, handle, told->leaf);
    if (told->twice || told->skipped) Find(Flaw::kToldOrder, Table::kLedger, handle, told->leaf);
    if (told->disclosures > 0) {
      BAILEE_TRY(
          const std::optional<ByteView> row,
          frame.snapshot->Get(Table::kDisclosures, DisclosureKeyOf(handle, told->disclosures)));
      if (!row) Find(Flaw::kToldSharesShort, Table::kDisclosures, handle, told->leaf);
    }
    if (told->erased) return Status();
  }
  return there ? HoldLedger(frame, handle, told) : Status();
}

Status EventChecker::HoldLedger(Frame& frame, const Handle& handle, const Told::Person* told) {
  const uint64_t last = told == nullptr ? 0 : told->last_entry;
  if (last == 0 && !told_->whole()) return Status();
  const auto subject = vault_.LoadSubject(frame, handle);
  // What is damaged was found where it is.
  if (subject.status().code() == Code::kDamage) return Status();
  if (!subject.ok()) return subject.status();
  const uint64_t entries = (*subject)->ledger_entries();
  const uint64_t leaf = told == nullptr ? 0 : told->leaf;
  if (entries < last) Find(Flaw::kToldLedgerShort, Table::kLedger, handle, leaf);
  if (entries > last) Find(Flaw::kToldLedgerLong, Table::kLedger, handle, leaf);
  if (entries != last || last == 0) return Status();
  const Result<bool> same = SaidTheSame(frame, **subject, *told);
  if (same.status().code() == Code::kDamage) return Status();
  if (!same.ok()) return same.status();
  if (!*same) Find(Flaw::kToldLedgerOther, Table::kLedger, handle, leaf);
  return Status();
}

Result<bool> EventChecker::SaidTheSame(Frame& frame, const OpenedSubject& subject,
                                       const Told::Person& told) {
  std::array<uint8_t, 16> said{};
  for (uint64_t each = told.first_entry; each <= told.last_entry; ++each) {
    BAILEE_TRY(const std::optional<ByteView> row,
               frame.snapshot->Get(Table::kLedger, EntryKeyOf(subject.handle(), each)));
    if (!row) return true;  // found where it is
    BAILEE_TRY(const LedgerEntry entry, OpenLedgerEntry(vault_.id(), {subject.handle(), each},
                                                        subject.subject().history, *row));
    said = SaidAfter(said, {.sequence = each,
                            .kind = LedgerKindWord(entry.kind),
                            .purpose = entry.purpose,
                            .category = entry.category,
                            .notice = entry.notice,
                            .name = entry.name});
  }
  return said == told.said;
}

}  // namespace bailee::vault
