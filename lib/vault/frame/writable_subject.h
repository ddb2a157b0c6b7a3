// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "bailee/who.h"
#include "keys/subject.h"
#include "vault/frame/standing.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// A subject that is being written, opened or new.
struct WritableSubject {
  Handle handle;
  keys::Subject subject;
  LedgerState ledger;
  bool created = false;
  bool changed = false;  // its row must be written

  const policy::Standing& standing() const { return ledger.standing; }
};

// The subject, or nothing if unknown. REQUIRES: within Write. Errors: kDamage (also for a ref that
// is listed for a subject without a row: making a second one would leave two answers to who it is);
// those of the store.
Result<std::optional<WritableSubject>> FindForWrite(VaultImpl& vault, const Frame& frame,
                                                    const Who& who);
// The same of a handle.
Result<std::optional<WritableSubject>> FindForWrite(VaultImpl& vault, const Frame& frame,
                                                    const Handle& handle);

// A new subject, listed under its ref or tag. REQUIRES: unknown; `who` is no handle.
// Errors: kInvalidValue; kFull; those of the store.
Result<WritableSubject> MakeSubject(VaultImpl& vault, const Frame& frame, const Who& who,
                                    keys::SubjectKind kind);

// Writes its row if it changed. Errors: kFull; those of the store.
Status PutSubject(VaultImpl& vault, const Frame& frame, WritableSubject& subject);

// Has the vault remember how late it is, from time to time. Errors: those of the store.
Status KeepTime(const Frame& frame);

}  // namespace bailee::vault
