// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/result.h"

// Checks what a vault says of its audit trail without the vault and without any secret: signed
// heads of its Merkle tree and proofs that an event is in it (proto/FORMAT.md §13.5, §13.7).
// Everything here is pure and thread-safe. Formats: RFC 6962; C2SP signed-note, tlog-checkpoint,
// tlog-cosignature and tlog-proof.
namespace bailee {

namespace limits {
inline constexpr size_t kOriginBytesMax = 255;
inline constexpr size_t kCheckpointBytesMax = size_t{1} << 20;
inline constexpr size_t kCheckpointSignaturesMax = 64;
inline constexpr size_t kProofHashesMax = 64;
inline constexpr size_t kProofExtraBytesMax = size_t{1} << 20;
}  // namespace limits

// SHA-256 of a leaf, an inner node or a whole tree.
using TreeHash = std::array<uint8_t, 32>;

// The Ed25519 public key of a vault's log.
struct LogKey {
  std::array<uint8_t, 32> bytes{};
  auto operator<=>(const LogKey&) const = default;  // NOLINT(modernize-use-nullptr)
};

// A key that a log signs with, or did before it was replaced, and what it counts for (FORMAT.md
// §13.7).
struct LogKeyRange {
  LogKey key;
  uint64_t size_max = UINT64_MAX;  // checkpoints of trees of at most so many leaves
  // With a root: the key leaked, and counts for the one tree of `size_max` leaves that has it, and
  // for no time.
  std::optional<TreeHash> only_root = {};

  bool operator==(const LogKeyRange&) const = default;
};

// All keys of a log, in the order of their use.
struct LogKeys {
  LogKeys() = default;
  // One that was never replaced.
  LogKeys(const LogKey& only) : ranges{{only}} {}  // NOLINT(google-explicit-constructor)
  explicit LogKeys(std::vector<LogKeyRange> all) : ranges(std::move(all)) {}

  std::vector<LogKeyRange> ranges;
  bool operator==(const LogKeys&) const = default;
};

// The hash of one leaf: SHA-256(0x00 ‖ leaf).
BAILEE_EXPORT TreeHash LeafHash(ByteView leaf);

// The root of the tree without leaves: SHA-256 of nothing.
BAILEE_EXPORT TreeHash EmptyRoot();

// What a signed head of the tree says.
struct Checkpoint {
  std::string origin;             // which log
  uint64_t size = 0;              // leaves
  TreeHash root{};                // of the tree with that many leaves
  std::optional<Timestamp> time;  // when it was signed, to the second, if that was proven

  bool operator==(const Checkpoint&) const = default;
};

// Reads a checkpoint and believes it: no signature is checked and `time` stays empty. To show what
// a file claims; decide nothing from it. Errors: kInvalidValue "checkpoint.malformed" for anything
// that is no checkpoint of a vault: its text is three lines, origin, size and root, without
// extension lines; the root of size 0 is EmptyRoot(); one to kCheckpointSignaturesMax signature
// lines follow; UTF-8, no control characters but line feeds; Base 64 in its one canonical form; at
// most kCheckpointBytesMax bytes.
BAILEE_EXPORT Result<Checkpoint> ParseCheckpoint(std::string_view text);

// Reads a checkpoint and proves that the log of `origin` signed it, with one of `keys` that counts
// for it. Its time is proven too if it has a cosignature of such a key under the name
// `origin/time`. Signatures of other keys, of witnesses for instance, are ignored.
// Errors: as ParseCheckpoint; kAuditBroken "checkpoint.other-origin" (of another log),
// "checkpoint.not-signed" (nothing in it is of these keys), "checkpoint.key-retired" (what is there
// is of a key that was replaced before the tree was so large, or that leaked: do not believe it,
// and ask for a newer one), "checkpoint.bad-signature" (something claims to be of one of these keys
// and is not: the text was changed), "checkpoint.signed-twice" (two signatures of one kind claim to
// be of one key).
BAILEE_EXPORT Result<Checkpoint> VerifyCheckpoint(std::string_view text, std::string_view origin,
                                                  const LogKeys& keys);

// Proves that the leaf number `index` of the tree with `size` leaves and the root `root` is the one
// that hashes to `leaf` (RFC 9162 §2.1.3.2). `proof` goes from the leaf's sibling up.
// Errors: kAuditBroken "proof.inclusion", also for an index that is not below the size.
BAILEE_EXPORT Status VerifyInclusion(const TreeHash& leaf, uint64_t index, uint64_t size,
                                     std::span<const TreeHash> proof, const TreeHash& root);

// One state of a tree.
struct TreeHead {
  uint64_t size = 0;
  TreeHash root{};
};

// Proves that `newer` begins with exactly the leaves of `older` (RFC 9162 §2.1.4.2). Between equal
// sizes, and from the empty tree, the proof is empty.
// Errors: kAuditBroken "proof.consistency"; "proof.shorter" if `newer` has fewer leaves.
BAILEE_EXPORT Status VerifyConsistency(const TreeHead& older, const TreeHead& newer,
                                       std::span<const TreeHash> proof);

// A C2SP tlog-proof: one leaf's place in the tree of a checkpoint.
struct InclusionProof {
  Bytes extra;  // what its maker added; proven by nothing; at most kProofExtraBytesMax bytes
  uint64_t index = 0;
  std::vector<TreeHash> hashes;  // from the leaf's sibling up; at most kProofHashesMax
  std::string checkpoint;        // as signed

  bool operator==(const InclusionProof&) const = default;
};

// The text of a proof file. Errors: as ParseProof, if that would refuse it.
BAILEE_EXPORT Result<std::string> FormatProof(const InclusionProof& proof);

// Reads a proof and believes it: nothing is proven.
// Errors: kInvalidValue "proof.malformed"; "checkpoint.malformed".
BAILEE_EXPORT Result<InclusionProof> ParseProof(std::string_view text);

// What a proof file proved.
struct ProvenLeaf {
  uint64_t index = 0;
  Checkpoint checkpoint;
};

// Reads a proof and proves with it that `leaf` is in the log.
// Errors: as ParseProof, VerifyCheckpoint and VerifyInclusion.
BAILEE_EXPORT Result<ProvenLeaf> VerifyProof(std::string_view text, const TreeHash& leaf,
                                             std::string_view origin, const LogKeys& keys);

}  // namespace bailee
