// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "bailee/erase.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {

// Vault::Erase.
Result<Erased> EraseSubjects(const std::shared_ptr<VaultImpl>& vault, std::span<const Who> whos,
                             const EraseOptions& options);

// Deletes rows that erased subjects left, in short transactions. Errors: those of the store.
Status DeleteLeftRows(VaultImpl& vault);

// Erases people, many in one write, or one in as many writes as it takes; only the last of those
// leaves them unknown.
class SubjectEraser {
 public:
  // REQUIRES: `rights` is the key of that purpose and held by the vault's keyring.
  SubjectEraser(const std::shared_ptr<VaultImpl>& vault, const keys::HeldPurpose& rights,
                std::string_view case_reference)
      : vault_(vault), case_(case_reference), session_(vault, rights, {}) {}

  // Adds to `erased`. After an error those before it are erased.
  Status Run(std::span<const Who> whos, Erased& erased);

 private:
  struct Done {  // in one write
    bool known = false;
    bool all = false;
    uint64_t records = 0;
    uint64_t rows = 0;
    uint64_t suppressed = 0;
    uint64_t kept = 0;
    Status held;  // the refusal, if something is held for a case
    DecisionId decision;
  };

  // One write: as many of them, in order, as fit in. Of the last one there may be something left.
  Result<std::vector<Done>> RunTogether(std::span<const Who> whos);
  Status RunOnce(Frame& frame, const Who& who, Done& done);
  // Records a refusal and says it.
  Status Refuse(const Status& why);
  // That it was asked for is kept until nothing is held any more: nothing is used meanwhile.
  Status RememberAsked(Frame& frame, const Handle& handle);
  // Somebody of whom only the handle is known, because their row is damaged or gone.
  Status EraseUnreadable(Frame& frame, const Who& who, const Handle& handle, Done& done);
  // Addresses that must not be written to any more: every EMAIL that `rights` may read.
  Status SuppressAddresses(Frame& frame, const OpenedSubject& subject, Done& done);
  Status SuppressIn(Frame& frame, const OpenedSubject& subject, const RecordKey& key,
                    ByteView bytes, Done& done);
  // Of both: false if there are more than one write takes.
  Result<bool> DeleteLookups(Frame& frame, const OpenedSubject& subject, Done& done);
  Result<bool> KeepAccounting(Frame& frame, const OpenedSubject& subject, Done& done);
  Status DeleteSelf(Frame& frame, const OpenedSubject& subject, Done& done);
  Status RecordErased(Frame& frame, const Handle& handle, Done& done);

  const std::shared_ptr<VaultImpl> vault_;
  const std::string_view case_;
  SessionImpl session_;
};

}  // namespace bailee::vault
