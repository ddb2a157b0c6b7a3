// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "keys/lookup.h"
#include "record/revisions.h"
#include "vault/check/check_kinds.h"
#include "vault/frame/session_impl.h"
#include "vault/frame/subject_wraps.h"
#include "vault/frame/vault_impl.h"
#include "vault/retention/delete_rows.h"

namespace bailee::vault {

// Which records are read as well: those whose hash falls into one of so many slices.
struct ReadShare {
  uint32_t slices = 0;  // 0: none
  uint32_t slice = 0;

  // `key` is that of a record's row.
  bool Has(const VaultId& vault, ByteView key) const;
};

// What looking at rows came to beside what was found.
struct LookedAt {
  uint64_t records_read = 0;
  uint64_t compartments_closed = 0;
  uint64_t wraps_opened = 0;
  uint64_t wraps_closed = 0;
};

// Looks at rows one by one, each against those that it hangs on or leads to in the same snapshot.
// Nothing but what it keeps of one subject is carried from row to row.
class RowChecker {
 public:
  RowChecker(VaultImpl& vault, const ReadShare& share, LookedAt& looked)
      : vault_(vault), share_(share), looked_(looked) {}

  // Looks at one row of the frame's snapshot. What is damaged is put into `out`.
  // Errors: those of the store; kFull.
  Status Look(Frame& frame, store::Table table, ByteView key, ByteView value, RowFindings& out);

 private:
  using SharedSubject = std::shared_ptr<const OpenedSubject>;

  // check_records.cc
  Status LookAtSubject(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status CheckListed(Frame& frame, const Handle& handle, const keys::Subject& subject,
                     RowFindings& out);
  Status CheckStanding(Frame& frame, const Handle& handle, const keys::Subject& subject,
                       const LedgerState& ledger, RowFindings& out);
  Status LookAtWraps(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status CheckInnerWraps(const keys::WrapPlace& place, const keys::WrapSet& wraps,
                         RowFindings& out);
  Status LookAtRecord(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status CheckRecordRow(Frame& frame, const OpenedSubject& subject, const RecordKey& key,
                        const record::RecordRow& row, RowFindings& out);
  // What is looked at of a record's compartments.
  struct RecordAt;
  Status CheckCompartment(Frame& frame, const RecordAt& at, const record::RowEntry& entry,
                          RowFindings& out);
  // The wraps that D of an entry is in; null, with what was found, if it cannot be.
  Result<const keys::WrapSet*> WrapsOf(Frame& frame, const RecordAt& at,
                                       const record::RowEntry& entry,
                                       std::optional<keys::WrapSet>& travelling, RowFindings& out);
  Status ReadCompartment(const RecordAt& at, const record::RowEntry& entry,
                         const keys::WrapSet& wraps, RowFindings& out);

  // check_lookups.cc
  Status LookAtLookup(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtRef(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtField(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtPending(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtBack(Frame& frame, const Handle& owner, ByteView key, ByteView value,
                    RowFindings& out);
  Status LookAtBackEntry(Frame& frame, const Handle& owner, const keys::BackEntry& entry,
                         RowFindings& out);
  Result<bool> HasBackRow(Frame& frame, const OpenedSubject& subject, ByteView field_key);

  // check_other_rows.cc
  Status LookAtMeta(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  // check_rotations.cc
  Status LookAtRotation(Frame& frame, std::string_view key, ByteView value, RowFindings& out);
  Status LookAtRetired(const Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookForRetired(const Frame& frame, RowFindings& out);
  Status LookAtGroup(Frame& frame, uint16_t group, RowFindings& out);
  Status LookForShards(Frame& frame, RowFindings& out);
  Status LookAtPolicy(const Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtTerms(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtDue(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtLedger(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtDisclosure(Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtReport(const Frame& frame, ByteView key, ByteView value, RowFindings& out);
  Status LookAtKeywork(Frame& frame, ByteView key, ByteView value, RowFindings& out);

  // Whose row it is. Null, with what was found, if nobody is there: a row of somebody whose rows
  // are on their way out is as it must be.
  Result<SharedSubject> OwnerOf(Frame& frame, const Handle& handle, RowFindings& out);
  // The terms, or null with what was found.
  Result<std::shared_ptr<const BoundTerms>> TermsOf(Frame& frame, const crypto::TermsId& id,
                                                    RowFindings& out);
  // Whether a record that rows of this index can lead to is there.
  Result<bool> HasRecord(Frame& frame, const crypto::NameId& index, const Handle& handle,
                         const RecordId& record);

  // Success if `status` says that something is damaged, which is then found; else `status`.
  static Status Take(const Status& status, Flaw flaw, RowFindings& out, std::string at = {});
  // The same, where the keyring may lack the version of the key: success then.
  static bool IsOpenVersion(const Frame& frame, std::string_view purpose, uint16_t version);
  static Status TakeIfHeld(const Status& status, Flaw flaw, RowFindings& out, std::string at = {});

  VaultImpl& vault_;
  const ReadShare share_;
  LookedAt& looked_;
  // Of the subject looked at last, in the snapshot of that number.
  Handle handle_;
  uint64_t transaction_ = 0;
  SubjectWraps wraps_;
  std::shared_ptr<const Rules> rules_;
  CategoriesByIndex categories_;  // by those rules
  // Keys of field rows that back rows name, by subject, in that snapshot.
  std::map<Handle, std::set<keys::FieldKey>> backed_;
  size_t backed_rows_ = 0;
};

// The name that a category has in some version of the policy, or the hex of its id.
std::string CategoryName(const Rules& rules, const crypto::NameId& id);

// The other block of the file of epochs too: whether it has what it must have and no more.
// Errors: those of the file and the store.
Status CheckEpochFile(VaultImpl& vault, RowFindings& out);

}  // namespace bailee::vault
