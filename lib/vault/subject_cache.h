// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "bailee/ids.h"
#include "vault/opened_subject.h"

namespace bailee::vault {

// Opened subjects by handle, bounded; the least recently used go first and are wiped when their
// last reader lets go. Holds only what a committed snapshot showed. Thread-safe.
class SubjectCache {
 public:
  explicit SubjectCache(size_t subjects_max);

  // The cached subject if its row still has this head, else null.
  std::shared_ptr<const OpenedSubject> Find(const Handle& handle, const keys::SubjectHead& head);
  // Ignored unless `epoch`, in which it was opened, is the one that began last.
  void Put(uint64_t epoch, std::shared_ptr<const OpenedSubject> subject);

  // Forgets everybody: what was erased or renewed before `epoch` must not be kept.
  void Begin(uint64_t epoch);

 private:
  static constexpr size_t kParts = 8;
  struct HashHandle {
    size_t operator()(const Handle& handle) const;
  };
  struct Part {
    std::mutex mutex;
    uint64_t epoch = 0;
    std::list<std::shared_ptr<const OpenedSubject>> by_use;  // most recent first
    std::unordered_map<Handle, std::list<std::shared_ptr<const OpenedSubject>>::iterator,
                       HashHandle>
        by_handle;
  };
  Part& PartOf(const Handle& handle) { return parts_[handle.bytes[15] % kParts]; }

  const size_t per_part_max_;
  std::array<Part, kParts> parts_;
};

}  // namespace bailee::vault
