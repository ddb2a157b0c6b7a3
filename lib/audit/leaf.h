// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "audit/chain.h"
#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/random.h"

namespace bailee::audit {

// Leaves of the tree and watermarks of instances (FORMAT.md §13.3, §13.4). Every Parse* takes
// hostile bytes.

// --- Hash chains
// ----------------------------------------------------------------------------------

using ChainHash = std::array<uint8_t, 32>;

// chain_0 of both chains of the instance whose journal begins with `head`.
ChainHash ChainStart(ByteView head);

// What follows `chain` after an entry of the journal, or the body of the leaf of a write.
ChainHash ChainStep(const ChainHash& chain, ByteView entry_or_body);

// How much of an instance is in the tree: how many entries and writes, and their chains.
struct ChainEnds {
  uint64_t journal_number = 0;
  ChainHash journal_chain{};
  uint64_t write_number = 0;
  ChainHash write_chain{};

  bool operator==(const ChainEnds&) const = default;
};

inline constexpr size_t kChainEndsBytes = 80;
void AppendChainEnds(const ChainEnds& ends, Bytes& out);
// Errors: kDamage "trail.bad-leaf" unless there are exactly kChainEndsBytes.
Result<ChainEnds> ParseChainEnds(ByteView bytes);

// --- Watermarks
// -----------------------------------------------------------------------------------

enum class InstanceState : uint8_t { kOpen = 1, kEnded = 2 };

struct Watermark {
  InstanceState state = InstanceState::kOpen;
  uint64_t offset = 0;  // bytes of the journal, head included, that are in the tree
  ChainEnds ends;

  bool operator==(const Watermark&) const = default;
};

inline constexpr size_t kWatermarkBytes = 89;
std::array<uint8_t, kWatermarkBytes> EncodeWatermark(const Watermark& watermark);
// Errors: kDamage "trail.bad-watermark".
Result<Watermark> ParseWatermark(ByteView bytes);

// --- Leaves
// ---------------------------------------------------------------------------------------

enum class LeafType : uint8_t {
  kOpened = 1,
  kJournal = 2,
  kWrite = 3,
  kClosed = 4,
  kAdopted = 5,
};
inline constexpr uint8_t kLeafTypeCount = 5;

inline constexpr size_t kLeafHeadBytes = 26;

struct Leaf {
  LeafType type;
  InstanceId instance;
  uint64_t number = 0;
  ByteView body;  // lies in what was parsed
};

// Appends `u8 1 ‖ type ‖ instance ‖ number` to `out`; the body is to follow.
void AppendLeafHead(LeafType type, const InstanceId& instance, uint64_t number, Bytes& out);

// The leaf that `bytes` are; its body is what its type says, belongs to its instance and number,
// and nothing is left over. Errors: kDamage "trail.bad-leaf".
Result<Leaf> ParseLeaf(ByteView bytes);

// Body of kWrite.
struct WriteBody {
  uint64_t transaction = 0;
  ByteView envelope;  // lies in what was parsed
};

// Appends the body of a write's leaf to `out`: `event` (its bytes without padding) sealed under the
// entry key of `number`. REQUIRES: `event` does not lie in `out`.
// Errors: kFull "secret.arena-full"; kInvalidValue "trail.event-too-large".
Status AppendWriteBody(uint64_t transaction, const EntryKey& key, const VaultId& vault,
                       const InstanceId& instance, uint64_t number, ByteView event,
                       crypto::Random& random, Bytes& out);
// Errors: kDamage "trail.bad-leaf".
Result<WriteBody> ParseWriteBody(ByteView body);
// The event's bytes, without padding. Errors: kDamage "trail.forged-entry", "crypto.bad-padding".
Result<Bytes> OpenWriteBody(const WriteBody& body, const EntryKey& key, const VaultId& vault,
                            const InstanceId& instance, uint64_t number);

// Body of kAdopted; that of kClosed is its `ends` alone.
struct Adoption {
  ChainEnds ends;
  InstanceId adopter;
  uint64_t first_unproven = 0;  // entries from here on were not in the tree when the instance ended
  uint64_t bytes_left_over = 0;  // after the last whole entry

  bool operator==(const Adoption&) const = default;
};
void AppendAdoption(const Adoption& adoption, Bytes& out);
// Errors: kDamage "trail.bad-leaf".
Result<Adoption> ParseAdoption(ByteView body);

}  // namespace bailee::audit
