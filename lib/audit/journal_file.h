// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bailee/bytes.h"
#include "bailee/result.h"

namespace bailee::audit {

// The file of one journal, open and locked: who holds this object owns the journal, until it goes.
// Injectable, so that a test can make any step fail. Implementations are thread-safe.
//
// Errors of every function, unless said otherwise: kFull "journal.disk-full" (no space, quota, or a
// limit on the size of files); kFailed "journal.io"; kFailed "journal.gone" (the descriptor is
// closed).
class JournalFile {
 public:
  virtual ~JournalFile() = default;

  // Writes all of `bytes`; what is there after an error is unknown. Returned means: in the kernel.
  virtual Status WriteAt(uint64_t offset, ByteView bytes) = 0;

  // Fills `out` from `offset` on; fewer bytes only where the file ends.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<uint8_t> out) const = 0;

  // Makes everything written durable. After an error nothing is known of what was written since the
  // last success.
  virtual Status Sync() = 0;

  // Makes sure that `bytes` from `offset` on can be written; size() stays. Success also where the
  // file system cannot promise it.
  virtual Status Reserve(uint64_t offset, uint64_t bytes) = 0;

  // Gives bytes back to the file system; they read as zero from then on, or do not change.
  virtual void Release(uint64_t offset, uint64_t bytes) = 0;

  // Whether this is still the file it was, under its name. Errors: kFailed "journal.gone" if it was
  // deleted, moved, replaced, cut, or its descriptor closed or given to another file.
  virtual Status Check() const = 0;

  // Bytes from the start to the end of what was written.
  virtual Result<uint64_t> Size() const = 0;
};

}  // namespace bailee::audit
