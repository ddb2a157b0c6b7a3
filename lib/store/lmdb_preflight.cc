// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_preflight.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "base/unique_fd.h"
#include "store/lmdb_commit_mark.h"
#include "store/lmdb_errors.h"
#include "store/lmdb_header.h"
#include "store/lmdb_walk.h"

namespace bailee::store {
namespace {

constexpr char kTablesName[] = "the table of tables";
constexpr char kFreeListName[] = "the free list";

std::optional<size_t> TableNamed(ByteView key) {
  for (size_t i = 0; i < kTableCount; ++i) {
    if (AsText(key) == TableName(static_cast<Table>(i))) return i;
  }
  return std::nullopt;
}

// One walk over all that the newer meta page names.
class FileWalk {
 public:
  FileWalk(const DataFile& file, const MetaPages& meta, PageMap& pages)
      : file_(file), meta_(meta), pages_(pages), walk_(file, pages) {}

  Status Run();
  std::vector<WalkedTree> RunEach();

 private:
  Status WalkNames();
  Status WalkTable(size_t index);
  Status WalkFreeList();
  Status VisitName(const Node& node, uint64_t page);
  Status WalkTables();
  Status VisitFree(const Node& node, uint64_t page);
  Status ReadFreePages(const Node& node, uint64_t page);
  Status TakeFreePages(const Node& node, ByteView words, uint64_t page);

  const DataFile& file_;
  const MetaPages& meta_;
  PageMap& pages_;
  TreeWalk walk_;
  std::array<std::optional<TreeRecord>, kTableCount> tables_;

  // Of the record of the free list being read.
  std::vector<uint8_t> chunk_;
  bool record_begins_ = false;
  uint64_t left_ = 0;      // numbers still to come
  uint64_t previous_ = 0;  // each is smaller than the one before
};

Status FileWalk::Run() {
  BAILEE_RETURN_IF_ERROR(WalkNames());
  BAILEE_RETURN_IF_ERROR(WalkTables());
  // Last, so that what is both in use and free is found whichever lies first.
  return WalkFreeList();
}

std::vector<WalkedTree> FileWalk::RunEach() {
  std::vector<WalkedTree> trees = {{"tables", WalkNames(), meta_.main_tree.entries}};
  for (size_t i = 0; i < kTableCount; ++i) {
    trees.push_back({std::string(TableName(static_cast<Table>(i))), WalkTable(i),
                     tables_[i] ? tables_[i]->entries : 0});
  }
  trees.push_back({"free list", WalkFreeList(), meta_.free_tree.entries});
  return trees;
}

Status FileWalk::WalkNames() {
  return walk_.Run(meta_.main_tree, TreeKind::kTables, kTablesName,
                   [this](const Node& node, uint64_t page) { return VisitName(node, page); });
}

Status FileWalk::WalkFreeList() {
  return walk_.Run(meta_.free_tree, TreeKind::kFreeList, kFreeListName,
                   [this](const Node& node, uint64_t page) { return VisitFree(node, page); });
}

// A table under its name, or one of the rows that tell who committed.
Status FileWalk::VisitName(const Node& node, uint64_t page) {
  const std::optional<size_t> table = TableNamed(node.key);
  if (!table) {
    const bool mark = node.flags == 0 && IsCommitMark(node.key, node.data);
    return mark ? Status() : PageDamage(kTablesName, page, "it holds what is no table of a vault");
  }
  if (node.flags != kNodeIsTable || node.data.size() != kTreeRecordBytes) {
    return PageDamage(kTablesName, page, "a table has no record");
  }
  const std::optional<TreeRecord> record = ParseTreeRecord(node.data, meta_.last_page);
  if (!record || record->flags != 0) {
    return PageDamage(kTablesName, page, "the record of a table makes no sense");
  }
  tables_[*table] = record;
  return {};
}

Status FileWalk::WalkTables() {
  // None at all is what a making leaves that ended early, and is for the open to say.
  if (std::ranges::none_of(tables_, [](const auto& table) { return table.has_value(); })) return {};
  for (size_t i = 0; i < kTableCount; ++i) BAILEE_RETURN_IF_ERROR(WalkTable(i));
  return {};
}

Status FileWalk::WalkTable(size_t index) {
  const std::string name = "the table " + std::string(TableName(static_cast<Table>(index)));
  if (!tables_[index]) return PageDamage(kTablesName, meta_.main_tree.root, "a table is gone");
  return walk_.Run(*tables_[index], TreeKind::kRows, name, nullptr);
}

// A record: how many numbers of pages there are, then they, from the largest down. Room behind them
// is left over from a longer list.
Status FileWalk::VisitFree(const Node& node, uint64_t page) {
  const auto freed_by = LoadNative<uint64_t>(node.key, 0);
  if (freed_by == 0 || freed_by > meta_.transaction_id) {
    return PageDamage(kFreeListName, page, "a transaction that was never committed freed pages");
  }
  if (node.data_bytes < 8 || node.data_bytes % 8 != 0) {
    return PageDamage(kFreeListName, page, "the size of a record makes no sense");
  }
  record_begins_ = true;
  return ReadFreePages(node, page);
}

Status FileWalk::ReadFreePages(const Node& node, uint64_t page) {
  if (!node.big()) return TakeFreePages(node, node.data, page);
  chunk_.resize(file_.page_bytes());
  for (uint64_t done = 0; done < node.data_bytes && (done == 0 || left_ > 0);
       done += chunk_.size()) {
    const std::span<uint8_t> chunk(chunk_.data(),
                                   std::min<uint64_t>(chunk_.size(), node.data_bytes - done));
    BAILEE_TRY(const bool whole, file_.Read(node.OverflowPage(), kPageHeadBytes + done, chunk));
    if (!whole) return PageDamage(kFreeListName, page, "a record lies behind the end of the file");
    BAILEE_RETURN_IF_ERROR(TakeFreePages(node, chunk, page));
  }
  return {};
}

// `words` is the next piece of the record.
Status FileWalk::TakeFreePages(const Node& node, ByteView words, uint64_t page) {
  size_t at = 0;
  if (std::exchange(record_begins_, false)) {
    left_ = LoadNative<uint64_t>(words, 0);
    previous_ = kNoPage;
    at = 8;
    if (left_ > node.data_bytes / 8 - 1) {
      return PageDamage(kFreeListName, page, "a record is shorter than it says");
    }
  }
  for (; at < words.size() && left_ > 0; at += 8, --left_) {
    const auto number = LoadNative<uint64_t>(words, at);
    if (number >= previous_) return PageDamage(kFreeListName, page, "a record is not in order");
    previous_ = number;
    if (const char* fault = pages_.Free(number); fault != nullptr) {
      return PageDamage(kFreeListName, page, fault);
    }
  }
  return {};
}

Result<PageMap> MapOf(int fd, const MetaPages& meta) {
  struct stat info = {};
  if (fstat(fd, &info) != 0) return LmdbError(errno, "read the data file");
  const uint64_t pages_present = static_cast<uint64_t>(info.st_size) / meta.page_bytes;
  return PageMap::Create(meta.last_page, pages_present);
}

Status WalkFile(int fd, const MetaPages& meta) {
  BAILEE_TRY(PageMap pages, MapOf(fd, meta));
  const DataFile file(fd, meta.page_bytes);
  return FileWalk(file, meta, pages).Run();
}

UniqueFd OpenToRead(const PreflightRequest& request) {
  return UniqueFd(open(request.data_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

}  // namespace

Status PreflightDataFile(const PreflightRequest& request) {
  const UniqueFd file = OpenToRead(request);
  if (!file.ok()) return LmdbError(errno, "open the data file");
  (void)posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  constexpr int kTriesMax = 8;
  for (int i = 0; i < kTriesMax; ++i) {
    BAILEE_TRY(const MetaPages before, ReadMetaPages(file.get()));
    Status status = WalkFile(file.get(), before);
    if (status.code() != Code::kDamage || request.held_in_place) return status;
    // Whoever else has it open may have joined after the request was made.
    BAILEE_TRY(const MetaPages after, ReadMetaPages(file.get()));
    if (after.transaction_id <= before.transaction_id + 1) return status;
  }
  return {Code::kBusy, "store.changing",
          "the data file could not be checked, because others wrote to it all the time",
          "try again when less is written"};
}

Result<std::vector<WalkedTree>> SurveyDataFile(const PreflightRequest& request) {
  const UniqueFd file = OpenToRead(request);
  if (!file.ok()) return LmdbError(errno, "open the data file");
  BAILEE_TRY(const MetaPages meta, ReadMetaPages(file.get()));
  BAILEE_TRY(PageMap pages, MapOf(file.get(), meta));
  const DataFile data(file.get(), meta.page_bytes);
  return FileWalk(data, meta, pages).RunEach();
}

}  // namespace bailee::store
