// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <array>
#include <cstdint>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bench/world.h"

namespace bailee::bench {

using RawKey = std::array<uint8_t, 32>;

// What a read costs without any of our code: the same LMDB look-ups and the same libsodium calls on
// the vault's file, written out by hand (FORMAT.md §4, §9, §10).
class ReadFloor {
 public:
  // Which keys of compartments are opened beforehand.
  enum class Keys : uint8_t { kNone, kAtHand };

  // Opens the vault's data file by LMDB alone. `notes` must outlive it. REQUIRES: no Vault is open
  // on it.
  ReadFloor(TempVault& vault, const std::vector<Note>& notes, Keys keys);
  ~ReadFloor();

  // Subject row and record row; opens the compartment with a key that is at hand. Returns the last
  // byte of the value.
  uint8_t Warm(size_t note);
  // Subject, wraps and record row; opens subject, wraps, wrap and compartment.
  uint8_t Cold(size_t note);
  // Records a read as a journal does: one hash for the keys of the entry, one cipher, one checksum,
  // one write.
  void Journal(int journal);
  // Every record in the order of their keys, with the keys of each person opened once. Returns how
  // many.
  size_t Scan();

 private:
  struct Binding;
  ByteView Get(MDB_dbi table, const void* key, size_t size);
  ByteView SubjectRow(const Note& note);
  ByteView RecordRow(const Note& note);
  RawKey OpenD(const Note& note, ByteView subject_row, ByteView record_row);
  uint8_t OpenBody(const Note& note, ByteView record_row, const RawKey& d);

  MDB_env* environment_ = nullptr;
  MDB_txn* transaction_ = nullptr;
  MDB_dbi subjects_ = 0, records_ = 0;
  const std::vector<Note>& notes_;
  VaultId vault_;
  std::array<uint8_t, 8> category_{};
  std::array<uint8_t, 8> purpose_{};
  RawKey purpose_key_{};
  std::vector<RawKey> shard_keys_;
  std::vector<RawKey> warm_keys_;
  RawKey chain_{};
  uint64_t entries_ = 0;
};

}  // namespace bailee::bench
