// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "audit/journal_file.h"
#include "audit/leaf.h"
#include "audit/tree_store.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "store/engine.h"

// From journals into the tree: FORMAT.md §13.3, §13.4.
namespace bailee::audit {

// The key of an instance's watermark in the table meta.
Bytes WatermarkKey(const InstanceId& instance);

// The watermark of an instance, or nothing. Errors: kDamage "trail.bad-watermark"; those of the
// store.
Result<std::optional<Watermark>> ReadWatermark(store::Snapshot& snapshot,
                                               const InstanceId& instance);
// The watermark of an instance that goes on.
// Errors: kAuditDown "trail.not-registered" if there is none or it has ended; as ReadWatermark.
Result<Watermark> OpenWatermark(store::Snapshot& snapshot, const InstanceId& instance);
Status PutWatermark(store::WriteTransaction& transaction, const InstanceId& instance,
                    const Watermark& watermark);

// How much one transaction takes.
struct DrainLimits {
  uint64_t number_end = UINT64_MAX;  // entries before this one
  size_t entries_max = 8'000;
  size_t bytes_max = size_t{32} << 20;  // may be passed by one entry
};

struct Drained {
  size_t entries = 0;
  bool journal_ended = false;    // there is no whole entry left
  uint64_t bytes_left_over = 0;  // then: what follows the last one
};

// Appends the entries of a journal from `watermark` on to `tree`, and moves `watermark`.
// Errors: those of the file, the tree and the store.
Result<Drained> DrainJournal(const JournalFile& file, const InstanceId& instance,
                             const DrainLimits& limits, TreeWriter& tree, Watermark& watermark);

// The same with the journal that this process writes itself, which holds every entry before
// `limits.number_end`. Errors: kAuditDown "trail.journal-damaged" if it does not; as DrainJournal.
Status DrainOwnJournal(const JournalFile& file, const InstanceId& instance,
                       const DrainLimits& limits, TreeWriter& tree, Watermark& watermark);

// Where the entries of a journal end that are whole and follow each other, from `watermark` on.
// Errors: those of the file.
Result<uint64_t> WholeUpTo(const JournalFile& file, const InstanceId& instance,
                           const Watermark& watermark);

// Whether a journal holds its head and nothing else: its owner died while it opened the vault.
// Errors: those of the file.
Result<bool> IsHeadOnly(const JournalFile& file);

}  // namespace bailee::audit
