// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/random.h"
#include "keys/shards.h"

// Subject rows: FORMAT.md §9.1.
namespace bailee::keys {

inline constexpr size_t kSubjectRowKeyBytes = 17;
using SubjectRowKey = std::array<uint8_t, kSubjectRowKeyBytes>;
SubjectRowKey SubjectRowKeyOf(const Handle& handle);

// kDamage "subject.damaged", of a row that does not open or whose contents make no sense.
Status DamagedSubject();

// The readable part of a row, authenticated by the sealed part. Two rows of one subject with equal
// heads are the same row.
struct SubjectHead {
  uint32_t generation = 1;  // grows when something is taken away; wraps rows are bound to it
  uint64_t shard_key = 0;   // id of the key that the row is sealed under
  uint32_t revision = 1;    // grows with every change
  bool operator==(const SubjectHead&) const = default;
};

// A record that was overwritten, and what it must say now: an older row put back is found by it.
struct Overwritten {
  crypto::NameId category;
  RecordId record;
  uint32_t revision = 0;
};

enum class SubjectKind : uint8_t { kSubject = 1, kTag = 2 };

struct Subject {
  SubjectHead head;
  SubjectKind kind = SubjectKind::kSubject;
  crypto::SubjectKey key;      // S
  crypto::HistoryKey history;  // H
  Secret ref;                  // empty for somebody unnamed
  Timestamp created_at;
  Bytes standing;  // what the ledger comes to, encoded; empty while it is
  std::vector<Overwritten> overwritten;

  // The revision that a record of this subject must have.
  uint32_t RevisionOf(const crypto::NameId& category, const RecordId& record) const;
  void SetRevision(const crypto::NameId& category, const RecordId& record, uint32_t revision);
};

// What is sealed in a row, padded; and back. Errors: kFull; of decoding also kDamage
// "subject.damaged".
Result<Secret> EncodeState(const Subject& subject);
Result<Subject> DecodeState(const SubjectHead& head, ByteView padded);

// Errors: kDamage "subject.damaged".
Result<SubjectHead> ParseSubjectHead(ByteView row);

// A row under `shard`, whatever key its head names. Errors: kFull.
Result<Bytes> SealSubject(const VaultId& vault, const Handle& handle, const Subject& subject,
                          const NamedShardKey& shard, crypto::Random& random);

// Errors: kDamage "subject.damaged", "shard.damaged"; kFull; those of the store.
Result<Subject> OpenSubject(const VaultId& vault, const Handle& handle, ByteView row,
                            Shards& shards, store::Snapshot& snapshot);

}  // namespace bailee::keys
