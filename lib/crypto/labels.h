// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bailee::crypto {

// Every use of a key and every use of a hash, registered once. A new one is added here and in
// FORMAT.md; none is ever given to a second use.

inline constexpr uint8_t kFormat = 1;
inline constexpr uint8_t kSuite = 1;

// The third byte of a binding: which layout the rest has.
enum class Layer : uint8_t { kRecord = 1, kWrap = 2, kKeyring = 3 };

// The fourth byte of a binding (FORMAT.md §4.1). In the comment: the key that seals.
enum class Label : uint8_t {
  kCompartment = 1,      // D: fields of one compartment of a record
  kSubjectRow = 2,       // shard key
  kWrapsRow = 3,         // S: a wraps row, wraps that travel with a record
  kWrap = 4,             // K of a purpose: a symmetric wrap of D
  kWriteOnlyWrap = 5,    // box key: a write-only wrap of D
  kShardKeys = 6,        // group key: shard keys of a group
  kStorageSecrets = 7,   // storage key: ref key and tag key
  kLookupHandle = 8,     // shard key: the handle in a lookup row
  kPendingOuter = 9,     // S: pending lookup entry
  kPendingInner = 10,    // box key: pending lookup entry
  kKeyringSecrets = 11,  // unlocking key: the secrets of a keyring file
  kJournalHead = 12,     // box key: first keys and origin of an instance of the trail
  kWriteEvent = 13,      // entry key of the trail: the event of a write
  kLedgerEntry = 14,     // H: an entry of a subject's ledger
  kDisclosure = 15,      // H: what was disclosed of a subject
  kReportCell = 16,      // K of `tally`: the cells of a closed bucket of a report
  kReportFeed = 17,      // feed key: what collecting added to a bucket so far
  kParcel = 18,          // box key: values on their way to a recipient
  kRevisions = 20,       // H: revisions of the compartments of a record that was put right
  kEpochKey = 21,        // storage key: E of an epoch
  kBackRow = 22,         // H: where a lookup row of a subject is
  kKeptDisclosure = 23,  // K of `rights`: what was disclosed of somebody erased
  kStreamKey = 24,       // box key: the key of a backup stream
  kStreamIndex = 25,     // index key: which ranges of rows a data stream names
  kRetiredKey = 28,      // box key: a purpose's key that was rotated out
  kOlderStorage = 29,    // storage key: the one before, while both are open
  kGroupKeys = 30,       // E of an epoch: keys of groups of shards
};

// The layout that a label is used with, and no other.
constexpr Layer LayerOf(Label label) {
  switch (label) {
    case Label::kWrap:
    case Label::kWriteOnlyWrap:
    case Label::kPendingInner:
    case Label::kJournalHead:
    case Label::kParcel:
    case Label::kKeptDisclosure:
    case Label::kStreamKey:
    case Label::kRetiredKey:
      return Layer::kWrap;
    case Label::kKeyringSecrets:
      return Layer::kKeyring;
    default:
      return Layer::kRecord;
  }
}

// A BLAKE2b personalisation, also the first 16 bytes of everything that is signed: text filled up
// with zero bytes.
struct Personal {
  std::array<uint8_t, 16> bytes{};
  bool operator==(const Personal&) const = default;
};

namespace person {

consteval Personal Make(std::string_view text) {
  Personal personal;
  if (text.size() > personal.bytes.size()) throw "a personalisation has at most 16 bytes";
  for (size_t i = 0; i < text.size(); ++i) personal.bytes[i] = static_cast<uint8_t>(text[i]);
  return personal;
}

inline constexpr Personal kBox = Make("bailee.box");  // key of a box, §4.2
inline constexpr Personal kBoxSecret =
    Make("bailee.boxsecret");                                   // X25519 secret of a purpose, §4.2
inline constexpr Personal kName = Make("bailee.name");          // name ids, §5.1
inline constexpr Personal kTerms = Make("bailee.terms");        // terms ids, §5.2
inline constexpr Personal kKeyring = Make("bailee.keyring");    // signature and checksum, §6
inline constexpr Personal kPolicy = Make("bailee.policy");      // signature and digest, §7.2
inline constexpr Personal kManifest = Make("bailee.manifest");  // signature, §7.1
inline constexpr Personal kSucceeds = Make("bailee.succeeds");  // signature, §18.7
inline constexpr Personal kRef = Make("bailee.ref");            // tags of refs, §11.1
inline constexpr Personal kTag = Make("bailee.tag");            // tags of browser tags, §11.1
inline constexpr Personal kIndex = Make("bailee.index");        // tags of fields, §11.2
inline constexpr Personal kTrail = Make("bailee.trail");        // keys of the trail, §13.1
inline constexpr Personal kChain = Make("bailee.chain");        // hash chains of the trail, §13.3

inline constexpr Personal kSuppressionKey = Make("bailee.suppkey");  // from the ref key, §15.3
inline constexpr Personal kSuppression = Make("bailee.suppress");    // tags of addresses, §15.3
inline constexpr Personal kFeed = Make("bailee.feed");               // key of report feeds, §16.2

inline constexpr Personal kStream = Make("bailee.stream");      // key of a backup stream, §19.1
inline constexpr Personal kRange = Make("bailee.range");        // a range of its rows, §19.3
inline constexpr Personal kRangeCut = Make("bailee.rangecut");  // where one ends, §19.3
inline constexpr Personal kMaker = Make("bailee.maker");        // who took a stream, §19.2
inline constexpr Personal kIndexKey = Make("bailee.indexkey");  // of data streams, §19.3
inline constexpr Personal kTrailer = Make("bailee.trailer");    // of a data stream, §19.3

inline constexpr Personal kSaid = Make("bailee.said");  // what events say of a ledger; not stored

inline constexpr std::array kAll = {
    kBox,   kBoxSecret, kName,  kTerms,    kKeyring,        kPolicy,      kManifest, kRef,
    kTag,   kIndex,     kTrail, kChain,    kSuppressionKey, kSuppression, kFeed,     kStream,
    kRange, kRangeCut,  kMaker, kIndexKey, kTrailer,        kSucceeds,    kSaid};

}  // namespace person

namespace internal {
template <typename T, size_t N>
constexpr bool AllDistinct(const std::array<T, N>& values) {
  for (size_t i = 0; i < N; ++i) {
    if (std::count(values.begin(), values.end(), values[i]) != 1) return false;
  }
  return true;
}
}  // namespace internal

inline constexpr std::array kAllLabels = {
    Label::kCompartment,   Label::kSubjectRow,     Label::kWrapsRow,       Label::kWrap,
    Label::kWriteOnlyWrap, Label::kShardKeys,      Label::kStorageSecrets, Label::kLookupHandle,
    Label::kPendingOuter,  Label::kPendingInner,   Label::kKeyringSecrets, Label::kJournalHead,
    Label::kWriteEvent,    Label::kLedgerEntry,    Label::kDisclosure,     Label::kReportCell,
    Label::kReportFeed,    Label::kParcel,         Label::kRevisions,      Label::kEpochKey,
    Label::kBackRow,       Label::kKeptDisclosure, Label::kStreamKey,      Label::kStreamIndex,
    Label::kRetiredKey,    Label::kOlderStorage,   Label::kGroupKeys};
static_assert(internal::AllDistinct(kAllLabels), "a label has one use");
static_assert(internal::AllDistinct(person::kAll), "a personalisation has one use");

}  // namespace bailee::crypto
