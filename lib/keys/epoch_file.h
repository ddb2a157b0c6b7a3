// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/random.h"

// The file `epoch`: FORMAT.md §17.1. It holds E, under which all shard keys lie, outside the
// database so that it can be overwritten: what was sealed under a wiped E is gone in every copy of
// the database.
namespace bailee::keys {

inline constexpr uint64_t kFirstEpoch = 1;

// The storage key as the file knows it.
struct StorageKeyRef {
  uint16_t version = 0;
  const crypto::StorageKey& key;
};

// Errors of all: kFailed "epoch.io"; kFull "epoch.disk-full". Writers are kept apart by the
// engine's write lock: Prepare and Wipe are called within a write job only.
class EpochFile {
 public:
  EpochFile(std::string path, const VaultId& vault) : path_(std::move(path)), vault_(vault) {}

  const std::string& path() const { return path_; }

  // Makes the file with its first epoch, durable with its name when it returns, and gives its key.
  // Errors: those of FileSystem::WriteNew alone; kFull.
  Result<crypto::EpochKey> Create(const StorageKeyRef& storage, crypto::Random& random,
                                  uint64_t epoch = kFirstEpoch) const;

  // E of `epoch`. Errors: also kNotFound "epoch.passed" if the file has it not, or not whole (it
  // may be being wiped); kKey "key.retired"; kTooNew; kFull.
  Result<crypto::EpochKey> Get(uint64_t epoch, const StorageKeyRef& storage) const;

  // E of an epoch that no committed transaction names yet: what is in its block already, or a fresh
  // one. Synced, under each of `keys` and no other, when it returns. REQUIRES: one or two keys.
  // Errors: as Get, but for "epoch.passed" and "key.retired".
  Result<crypto::EpochKey> Prepare(uint64_t epoch, std::span<const StorageKeyRef> keys,
                                   crypto::Random& random) const;

  // Whether the block of `epoch` still has its key, or anything that may be.
  Result<bool> Holds(uint64_t epoch) const;

  // What is in the block where `epoch` belongs.
  struct Content {
    enum class State : uint8_t {
      kEmpty,    // zeros
      kOpens,    // a key that the storage key opens
      kClosed,   // a key under another version of the storage key
      kDamaged,  // neither
    };
    State state = State::kEmpty;
    uint64_t epoch = 0;  // that it says it is of; 0 if it says none
  };
  Result<Content> Look(uint64_t epoch, const StorageKeyRef& storage) const;

  // Overwrites the block of `epoch` with zeros, or with the later epoch it holds, and syncs, also
  // if that was done before: whoever did it may have failed to sync it.
  // REQUIRES: the committed epoch is above it, in both pages of LMDB's head.
  Status Wipe(uint64_t epoch) const;

 private:
  const std::string path_;
  const VaultId vault_;
};

}  // namespace bailee::keys
