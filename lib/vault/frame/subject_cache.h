// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "bailee/ids.h"
#include "vault/frame/opened_subject.h"

namespace bailee::vault {

// Opened subjects by handle, bounded; of those that were not asked for of late one goes first, and
// is wiped when its last reader lets go. Holds only what a committed snapshot showed. Thread-safe.
class SubjectCache {
 public:
  explicit SubjectCache(size_t subjects_max);

  // The cached subject if the snapshot of this very transaction was seen to have it, else null.
  std::shared_ptr<const OpenedSubject> Find(const Handle& handle, uint64_t transaction);
  // The cached subject if its row, which a snapshot of `transaction` shows, still has this head,
  // else null.
  std::shared_ptr<const OpenedSubject> Find(const Handle& handle, uint64_t transaction,
                                            const keys::SubjectHead& head);
  // As a snapshot of `transaction` shows it. Ignored unless `epoch`, in which it was opened, is the
  // one that began last.
  void Put(uint64_t epoch, uint64_t transaction, std::shared_ptr<const OpenedSubject> subject);

  // Forgets everybody: what was erased or renewed before `epoch` must not be kept.
  void Begin(uint64_t epoch);

 private:
  static constexpr size_t kParts = 8;
  struct HashHandle {
    size_t operator()(const Handle& handle) const;
  };
  struct Entry {
    std::shared_ptr<const OpenedSubject> subject;
    uint64_t transaction = 0;  // the last one whose snapshot was seen to have it
    bool used = false;         // again, since the hand came by
  };
  struct Part {
    // Null if it is not there.
    Entry* Find(const Handle& handle);
    void Erase(const Handle& handle);
    // Where another entry may be put, in place of one if there are `entries_max`.
    Entry& Place(const Handle& handle, size_t entries_max);

    std::mutex mutex;
    uint64_t epoch = 0;
    std::vector<Entry> entries;
    size_t hand = 0;  // goes round the entries and takes one that was not used since it came by
    std::unordered_map<Handle, size_t, HashHandle> by_handle;  // where in `entries`
  };
  Part& PartOf(const Handle& handle) { return parts_[handle.bytes[15] % kParts]; }

  const size_t per_part_max_;
  std::array<Part, kParts> parts_;
};

}  // namespace bailee::vault
