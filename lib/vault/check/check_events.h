// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "audit/entry_reader.h"
#include "audit/tree_store.h"
#include "bailee/check.h"
#include "crypto/box.h"
#include "vault/check/check_kinds.h"
#include "vault/check/told.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Holds the rows of records, people, ledgers and accountings to what the events of the trail tell
// of them, range by range (see Told). Each look is at one snapshot and at the events up to it, so
// that others may write meanwhile.
class EventChecker {
 public:
  struct Request {
    const crypto::BoxOpener& auditor;
    size_t told_max;
    std::function<void(const std::vector<CheckFinding>&)> say;
    std::function<bool()> stopped;
  };
  // All outlive it.
  EventChecker(VaultImpl& vault, const Request& request, CheckReport& report)
      : vault_(vault), request_(request), report_(report) {}

  // From `place`, a Told::Key or empty, to the end; or as far as it came: sets `stopped` and
  // `place`. Errors: those of the trail and the store.
  Status Run(Bytes& place, bool& stopped);

 private:
  // What one look is at: rows of one snapshot, by Told::Key, up to `end`.
  struct Look {
    std::vector<std::pair<Told::Key, std::optional<record::RecordHead>>> records;
    std::vector<Handle> people;
    std::vector<std::pair<Handle, uint64_t>> shares;  // the last row of each accounting
    std::optional<Told::Key> end;                     // none: there are no more rows
  };

  // One range, from `from` on. Sets `next`: the next one, if there is one.
  Status Pass(Told::Key from, std::optional<Told::Key>& next, bool& stopped);
  Status ReadEvents(bool& stopped);
  // The leaves up to those that the snapshot has.
  Status CatchUp(store::Snapshot& snapshot);
  Status Take(uint64_t index, ByteView leaf);
  void SayWhatIsUntold();

  Status LookAt(Told::Key from, std::optional<Told::Key>& next);
  Status FindRecords(store::Snapshot& snapshot, const Told::Key& from, Look& look) const;
  Status FindPeople(store::Snapshot& snapshot, const Told::Key& from, Look& look) const;
  Status FindShares(store::Snapshot& snapshot, const Told::Key& from, Look& look) const;
  Status HoldRecords(Frame& frame, const Told::Key& from, const Look& look);
  Status HoldRecord(Frame& frame, const Told::Key& key, const Told::Record* told,
                    const std::optional<std::optional<record::RecordHead>>& row);
  Status HoldPeople(Frame& frame, const Told::Key& from, const Look& look);
  Status HoldPerson(Frame& frame, const Handle& handle, bool there);
  Status HoldLedger(Frame& frame, const Handle& handle, const Told::Person* told);
  Result<bool> SaidTheSame(Frame& frame, const OpenedSubject& subject, const Told::Person& told);
  void Find(Flaw flaw, store::Table table, const Handle& handle, uint64_t leaf);

  VaultImpl& vault_;
  const Request& request_;
  CheckReport& report_;
  // Of the pass.
  std::optional<Told> told_;
  std::optional<audit::EntryReader> reader_;
  uint64_t at_ = 0;  // the first leaf not told
  std::vector<CheckFinding> found_;
};

}  // namespace bailee::vault
