// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/journal_file.h"
#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"

namespace bailee::audit {

// `VAULT/journal/`, where every instance has its journal until all of it is in the tree. A journal
// is alive as long as an open file description holds the lock on it, whichever process that is: a
// child that was forked and did not exec keeps its parent's alive. Thread-safe.
//
// Errors of every function, unless said otherwise: those of JournalFile.
class JournalDirectory {
 public:
  // Makes the directory (mode 0700) if it is not there.
  static Result<std::unique_ptr<JournalDirectory>> Open(const std::string& vault_path);
  ~JournalDirectory();
  JournalDirectory(const JournalDirectory&) = delete;
  JournalDirectory& operator=(const JournalDirectory&) = delete;

  // A new journal that holds `head`, mode 0600, locked; durable under its name when it returns, and
  // never there with less. Errors: also kConflict "journal.exists".
  Result<std::unique_ptr<JournalFile>> Create(const InstanceId& instance, ByteView head) const;

  // Every journal there is, alive or not, in ascending order. Other names are left alone.
  Result<std::vector<InstanceId>> List() const;

  // The journal of an instance that has ended; from now on it is ours.
  // Errors: also kBusy "journal.alive" if its owner lives or somebody else has taken it; kNotFound
  // "journal.not-found".
  Result<std::unique_ptr<JournalFile>> TryTakeOver(const InstanceId& instance) const;

  // The journal of any instance, to look at: only its ReadAt, Size and Check may be called.
  // Errors: also kNotFound "journal.not-found".
  Result<std::unique_ptr<JournalFile>> Look(const InstanceId& instance) const;

  // Deletes a journal and makes that durable; success if it is not there.
  // REQUIRES: the caller holds it.
  Status Remove(const InstanceId& instance) const;

  // Deletes what an instance left that died while it made its journal: temporary files, unlocked
  // and older than a minute. Errors are not reported: the next one tries again.
  void RemoveStale() const;

 private:
  explicit JournalDirectory(int fd) : fd_(fd) {}

  const int fd_;
};

}  // namespace bailee::audit
