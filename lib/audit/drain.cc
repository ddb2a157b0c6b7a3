// SPDX-License-Identifier: Apache-2.0
#include "audit/drain.h"

#include <algorithm>

#include "audit/journal_format.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

using store::Table;

constexpr size_t kReadBytes = size_t{1} << 20;
constexpr size_t kReadBytesMax = kEntryHeadBytes + kEntryBytesMax;

// A window onto a journal that moves forward.
class Window {
 public:
  Window(const JournalFile& file, uint64_t offset) : file_(file), offset_(offset) {}

  // Bytes from `offset` on: at least `want`, unless the file ends before.
  Result<ByteView> From(uint64_t offset, size_t want) {
    const uint64_t skip = offset - offset_;
    if (skip + want > filled_ && !at_end_) {
      offset_ = offset;
      buffer_.resize(std::max(want, kReadBytes));
      BAILEE_TRY(filled_, file_.ReadAt(offset, buffer_));
      at_end_ = filled_ < buffer_.size();
      return ByteView(buffer_).first(filled_);
    }
    return ByteView(buffer_).first(filled_).subspan(std::min<uint64_t>(skip, filled_));
  }
  bool at_end() const { return at_end_; }

 private:
  const JournalFile& file_;
  Bytes buffer_;
  uint64_t offset_;
  size_t filled_ = 0;
  bool at_end_ = false;
};

// The entry at `offset`, as whole as the file has it.
Result<Entry> EntryAt(Window& window, const InstanceId& instance, uint64_t offset) {
  size_t want = kEntryHeadBytes;
  while (true) {
    BAILEE_TRY(const ByteView bytes, window.From(offset, want));
    const Entry entry = ParseEntry(instance, bytes);
    if (entry.state != EntryState::kTorn || window.at_end() || want >= kReadBytesMax) return entry;
    want = std::min(kReadBytesMax, std::max(bytes.size(), kReadBytes) * 2);
  }
}

}  // namespace

Bytes WatermarkKey(const InstanceId& instance) {
  Bytes key;
  Writer(key).Put(AsBytes("trail")).Put(instance.view());
  return key;
}

Result<std::optional<Watermark>> ReadWatermark(store::Snapshot& snapshot,
                                               const InstanceId& instance) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(Table::kMeta, WatermarkKey(instance)));
  if (!row) return std::optional<Watermark>();
  BAILEE_TRY(const Watermark watermark, ParseWatermark(*row));
  return std::optional<Watermark>(watermark);
}

Result<Watermark> OpenWatermark(store::Snapshot& snapshot, const InstanceId& instance) {
  BAILEE_TRY(const std::optional<Watermark> watermark, ReadWatermark(snapshot, instance));
  if (!watermark || watermark->state != InstanceState::kOpen) {
    return Status(Code::kAuditDown, "trail.not-registered",
                  "the vault does not know this opening of it: its file was exchanged or it was "
                  "given up by another process",
                  "open the vault again, and run `bailee audit verify`");
  }
  return *watermark;
}

Status PutWatermark(store::WriteTransaction& transaction, const InstanceId& instance,
                    const Watermark& watermark) {
  return transaction.Put(Table::kMeta, WatermarkKey(instance), EncodeWatermark(watermark));
}

Result<Drained> DrainJournal(const JournalFile& file, const InstanceId& instance,
                             const DrainLimits& limits, TreeWriter& tree, Watermark& watermark) {
  Window window(file, watermark.offset);
  Drained drained;
  Bytes leaf;
  size_t bytes = 0;
  while (watermark.ends.journal_number < limits.number_end &&
         drained.entries < limits.entries_max && bytes < limits.bytes_max) {
    BAILEE_TRY(const Entry entry, EntryAt(window, instance, watermark.offset));
    if (entry.state != EntryState::kWhole || entry.number != watermark.ends.journal_number) {
      BAILEE_TRY(const uint64_t size, file.Size());
      drained.journal_ended = true;
      drained.bytes_left_over = size - std::min(size, watermark.offset);
      break;
    }
    BAILEE_TRY(const ByteView whole, window.From(watermark.offset, entry.size_bytes));
    const ByteView entry_bytes = whole.first(entry.size_bytes);
    leaf.clear();
    AppendLeafHead(LeafType::kJournal, instance, entry.number, leaf);
    leaf.insert(leaf.end(), entry_bytes.begin(), entry_bytes.end());
    BAILEE_RETURN_IF_ERROR(tree.Append(leaf).status());
    watermark.ends.journal_chain = ChainStep(watermark.ends.journal_chain, entry_bytes);
    ++watermark.ends.journal_number;
    watermark.offset += entry_bytes.size();
    bytes += entry_bytes.size();
    ++drained.entries;
  }
  return drained;
}

Status DrainOwnJournal(const JournalFile& file, const InstanceId& instance,
                       const DrainLimits& limits, TreeWriter& tree, Watermark& watermark) {
  BAILEE_TRY(const Drained drained, DrainJournal(file, instance, limits, tree, watermark));
  if (!drained.journal_ended) return Status();
  return Status(Code::kAuditDown, "trail.journal-damaged",
                "the journal does not hold what was written to it",
                "open the vault again, and run `bailee audit verify`");
}

Result<uint64_t> WholeUpTo(const JournalFile& file, const InstanceId& instance,
                           const Watermark& watermark) {
  Window window(file, watermark.offset);
  uint64_t offset = watermark.offset;
  for (uint64_t number = watermark.ends.journal_number;; ++number) {
    BAILEE_TRY(const Entry entry, EntryAt(window, instance, offset));
    if (entry.state != EntryState::kWhole || entry.number != number) return offset;
    offset += entry.size_bytes;
  }
}

Result<bool> IsHeadOnly(const JournalFile& file) {
  Bytes head(kHeadBytesMax);
  BAILEE_TRY(const size_t read, file.ReadAt(0, head));
  const Result<Head> parsed = ParseHead(ByteView(head).first(read));
  BAILEE_TRY(const uint64_t size, file.Size());
  return parsed.ok() && size == parsed->size_bytes;
}

}  // namespace bailee::audit
