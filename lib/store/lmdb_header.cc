// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_header.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "base/try.h"
#include "store/lmdb_errors.h"

namespace bailee::store {
namespace {

// Behind the head of a meta page, see lmdb_layout.h.
constexpr size_t kMagicAt = 16;
constexpr size_t kVersionAt = 20;
constexpr size_t kAddressAt = 24;
constexpr size_t kMapBytesAt = 32;
constexpr size_t kFreeTreeAt = 40;
constexpr size_t kMainTreeAt = 88;
constexpr size_t kLastPageAt = 136;
constexpr size_t kTransactionAt = 144;
constexpr size_t kMetaBytes = 152;

constexpr uint32_t kMagic = 0xBEEFC0DE;
constexpr uint32_t kVersion = 1;
constexpr uint64_t kMapBytesEnd = uint64_t{1} << 47;      // of the address space
constexpr uint64_t kTransactionsEnd = uint64_t{1} << 62;  // LMDB counts on without looking
constexpr uint32_t kPageBytesMin = 4096;                  // LMDB takes the system's
constexpr uint32_t kPageBytesMax = 32768;
constexpr uint32_t kPageBytesUsual = 4096;

Status NotAVault(const char* why) {
  return {Code::kNoVault, "store.not-a-vault", why, "check the path of the vault"};
}
Status Damaged(const char* why) {
  return {Code::kDamage, "store.damaged", why, "run a check, then restore from a backup"};
}

bool HasMagicAt(ByteView head, size_t page_start) {
  return head.size() >= page_start + kMetaBytes &&
         LoadNative<uint32_t>(head.subspan(page_start), kMagicAt) == kMagic;
}

// As a loss of power leaves a new file of whose first two pages at most one came to the disk, as it
// was made: nothing was ever committed.
bool IsHalfMade(ByteView head) {
  if (head.size() < 2 * size_t{kPageBytesUsual}) return false;
  const ByteView pages[2] = {head.first(kPageBytesUsual),
                             head.subspan(kPageBytesUsual, kPageBytesUsual)};
  const auto empty = [](ByteView page) {
    return std::all_of(page.begin(), page.end(), [](uint8_t byte) { return byte == 0; });
  };
  const auto as_made = [](ByteView page) {
    return HasMagicAt(page, 0) && LoadNative<uint64_t>(page, kTransactionAt) == 0;
  };
  const bool none =
      empty(pages[0]) && empty(pages[1]) && head.size() == 2 * size_t{kPageBytesUsual};
  return none || (empty(pages[0]) && as_made(pages[1])) || (as_made(pages[0]) && empty(pages[1]));
}

// What must hold for a meta page of either age. After a failed commit LMDB puts the old numbers
// back into a page whose trees are new, so the trees of the older page may point anywhere.
Status CheckPage(ByteView page, uint64_t number, uint32_t page_bytes) {
  if (LoadNative<uint32_t>(page, kMagicAt) != kMagic) {
    return Damaged("a meta page has lost its mark");
  }
  if (LoadNative<uint32_t>(page, kVersionAt) != kVersion) {
    return Damaged("the meta pages are of different versions");
  }
  if (LoadNative<uint64_t>(page, kPageNumberAt) != number ||
      LoadNative<uint16_t>(page, kPageFlagsAt) != kPageIsMeta) {
    return Damaged("a meta page has a wrong head");
  }
  if (LoadNative<uint32_t>(page, kFreeTreeAt) != page_bytes) {
    return Damaged("the meta pages disagree about the page size");
  }
  return {};
}

Result<MetaPages> ParseChosen(ByteView page, uint32_t page_bytes, uint64_t file_bytes) {
  MetaPages meta;
  meta.page_bytes = page_bytes;
  meta.map_bytes = LoadNative<uint64_t>(page, kMapBytesAt);
  meta.last_page = LoadNative<uint64_t>(page, kLastPageAt);
  meta.transaction_id = LoadNative<uint64_t>(page, kTransactionAt);
  if (LoadNative<uint64_t>(page, kAddressAt) != 0) return Damaged("the map has a fixed address");
  if (meta.last_page < 1 || meta.last_page >= kMapBytesEnd / page_bytes) {
    return Damaged("the number of pages makes no sense");
  }
  if (meta.map_bytes < (meta.last_page + 1) * page_bytes || meta.map_bytes >= kMapBytesEnd) {
    return Damaged("the size of the map makes no sense");
  }
  const auto free_tree = ParseTreeRecord(page.subspan(kFreeTreeAt), meta.last_page);
  const auto main_tree = ParseTreeRecord(page.subspan(kMainTreeAt), meta.last_page);
  if (!free_tree || !main_tree) return Damaged("a root makes no sense");
  if (free_tree->flags != kTreeHasIntegerKeys || main_tree->flags != 0) {
    return Damaged("a root is of another kind");
  }
  meta.free_tree = *free_tree;
  meta.main_tree = *main_tree;
  const uint64_t pages_present = file_bytes / page_bytes;
  for (const uint64_t root : {meta.free_tree.root, meta.main_tree.root}) {
    if (root != kNoPage && root >= pages_present) return Damaged("the file has been cut short");
  }
  meta.short_tail = meta.last_page >= pages_present;
  return meta;
}

}  // namespace

Result<MetaPages> ParseMetaPages(ByteView head, uint64_t file_bytes) {
  if (IsHalfMade(head)) {
    return Status(Code::kNoVault, kNeverMade, "the file was never made to its end",
                  "make the vault again");
  }
  if (!HasMagicAt(head, 0)) {
    return HasMagicAt(head, kPageBytesUsual) ? Damaged("the first meta page has lost its mark")
                                             : NotAVault("the file is not a vault");
  }
  const auto page_bytes = LoadNative<uint32_t>(head, kFreeTreeAt);
  if (LoadNative<uint32_t>(head, kVersionAt) != kVersion) {
    const bool both = HasMagicAt(head, kPageBytesUsual) &&
                      LoadNative<uint32_t>(head.subspan(kPageBytesUsual), kVersionAt) ==
                          LoadNative<uint32_t>(head, kVersionAt);
    if (!both) return Damaged("the meta pages are of different versions");
    return Status(Code::kTooNew, "store.too-new", "the file is of another version of LMDB",
                  "use the version that wrote it");
  }
  if (page_bytes < kPageBytesMin || page_bytes > kPageBytesMax ||
      (page_bytes & (page_bytes - 1)) != 0) {
    return Damaged("the page size makes no sense");
  }
  if (file_bytes < size_t{2} * page_bytes || head.size() < size_t{2} * page_bytes) {
    return Damaged("the file has been cut short");
  }
  const ByteView pages[2] = {head.first(page_bytes), head.subspan(page_bytes, page_bytes)};
  uint64_t ids[2] = {};
  for (size_t i = 0; i < 2; ++i) {
    BAILEE_RETURN_IF_ERROR(CheckPage(pages[i], i, page_bytes));
    ids[i] = LoadNative<uint64_t>(pages[i], kTransactionAt);
  }
  // LMDB chooses so, and writes transaction n into page n & 1: the other page is of the one before,
  // or both are as the making of the file left them.
  const size_t chosen = ids[1] > ids[0] ? 1 : 0;
  const bool made = ids[0] == 0 && ids[1] == 0;
  if ((ids[chosen] & 1) != chosen || ids[chosen] >= kTransactionsEnd ||
      (!made && ids[chosen] - ids[1 - chosen] != 1)) {
    return Damaged("the transaction numbers make no sense");
  }
  return ParseChosen(pages[chosen], page_bytes, file_bytes);
}

namespace {

struct Head {
  Bytes bytes;
  uint64_t file_bytes = 0;
};

Result<Head> ReadHead(int fd) {
  Head head;
  head.bytes.resize(kHeadBytesMax);
  size_t have = 0;
  while (have < head.bytes.size()) {
    const ssize_t got =
        pread(fd, head.bytes.data() + have, head.bytes.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return LmdbError(errno, "read the vault's data file");
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  head.bytes.resize(have);
  // The size after the content: a file being written to only grows.
  struct stat info = {};
  if (fstat(fd, &info) != 0) return LmdbError(errno, "read the vault's data file");
  head.file_bytes = static_cast<uint64_t>(info.st_size);
  return head;
}

}  // namespace

Result<MetaPages> ReadMetaPages(int fd, bool await_tail) {
  constexpr int kReadingsMax = 20;
  Result<MetaPages> parsed = NotAVault("the file is not a vault");
  Bytes previous;
  for (int i = 0; i < kReadingsMax; ++i) {
    BAILEE_TRY(const Head head, ReadHead(fd));
    const bool agrees = i > 0 && head.bytes == previous;
    previous = head.bytes;
    parsed = ParseMetaPages(head.bytes, head.file_bytes);
    if (agrees && !(await_tail && parsed.ok() && parsed->short_tail)) return parsed;
    if (agrees) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return parsed;
}

}  // namespace bailee::store
