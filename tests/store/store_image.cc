// SPDX-License-Identifier: Apache-2.0
#include "store_image.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace bailee::store {

Result<Rows> ReadRows(Engine& engine) {
  Rows rows;
  auto snapshot = engine.Read();
  if (!snapshot.ok()) return snapshot.status();
  for (size_t i = 0; i < kTableCount; ++i) {
    const auto table = static_cast<Table>(i);
    const Status scanned = (*snapshot)->Scan(table, {}, {}, [&](ByteView key, ByteView value) {
      rows[{table, std::string(AsText(key))}] = AsText(value);
      return true;
    });
    if (!scanned.ok()) return scanned;
  }
  return rows;
}

StoreImage::StoreImage(Bytes content) : bytes(std::move(content)) {
  const ByteView head = ByteView(bytes).first(std::min(bytes.size(), kHeadBytesMax));
  const auto meta = ParseMetaPages(head, bytes.size());
  EXPECT_THAT(meta.status(), IsOk());
  if (meta.ok()) meta_ = *meta;
}

StoreImage StoreImage::Load(const std::string& path) {
  Bytes bytes(std::filesystem::file_size(path));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return StoreImage(std::move(bytes));
}

void StoreImage::Write(const std::string& path) const {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

bool StoreImage::IsLeaf(uint64_t page_number) const {
  return LoadNative<uint16_t>(page(page_number), kPageFlagsAt) == kPageIsLeaf;
}

size_t StoreImage::SlotAt(uint64_t page_number, size_t index) {
  return At(page_number) + kPageHeadBytes + 2 * index;
}

size_t StoreImage::NodeStartAt(uint64_t page_number, size_t index) const {
  return At(page_number) + Get<uint16_t>(SlotAt(page_number, index));
}

size_t StoreImage::DataAt(uint64_t page_number, size_t index) const {
  const size_t node = NodeStartAt(page_number, index);
  return node + kNodeHeadBytes + Get<uint16_t>(node + kNodeKeyBytesAt);
}

size_t StoreImage::RecordAt(Table table) const {
  for (const uint64_t leaf : LeavesOf(meta_.main_tree)) {
    for (size_t i = 0; i < NodeCount(page(leaf)); ++i) {
      if (AsText(NodeAt(page(leaf), true, i).key) == TableName(table)) return DataAt(leaf, i);
    }
  }
  ADD_FAILURE() << "no table " << TableName(table);
  return 0;
}

TreeRecord StoreImage::Record(Table table) const {
  const auto record = ParseTreeRecord(ByteView(bytes).subspan(RecordAt(table)), meta_.last_page);
  EXPECT_TRUE(record.has_value());
  return record.value_or(TreeRecord());
}

std::vector<uint64_t> StoreImage::PagesOf(const TreeRecord& tree) const {
  std::vector<uint64_t> pages;
  if (tree.root != kNoPage) pages.push_back(tree.root);
  for (size_t at = 0; at < pages.size(); ++at) {
    if (IsLeaf(pages[at])) continue;
    for (size_t i = 0; i < NodeCount(page(pages[at])); ++i) {
      pages.push_back(NodeAt(page(pages[at]), false, i).child);
    }
  }
  return pages;
}

std::vector<uint64_t> StoreImage::LeavesOf(const TreeRecord& tree) const {
  std::vector<uint64_t> leaves;
  std::ranges::copy_if(PagesOf(tree), std::back_inserter(leaves),
                       [this](uint64_t number) { return IsLeaf(number); });
  return leaves;
}

std::vector<uint64_t> StoreImage::PagesOfAllTrees() const {
  std::vector<uint64_t> pages = PagesOf(meta_.main_tree);
  std::ranges::copy(PagesOf(meta_.free_tree), std::back_inserter(pages));
  for (size_t i = 0; i < kTableCount; ++i) {
    std::ranges::copy(PagesOf(Record(static_cast<Table>(i))), std::back_inserter(pages));
  }
  return pages;
}

std::pair<uint64_t, size_t> StoreImage::BigNode(const TreeRecord& tree) const {
  for (const uint64_t leaf : LeavesOf(tree)) {
    for (size_t i = 0; i < NodeCount(page(leaf)); ++i) {
      if (NodeAt(page(leaf), true, i).big()) return {leaf, i};
    }
  }
  ADD_FAILURE() << "no node is big";
  return {0, 0};
}

testing::TemporaryDirectory MemoryDirectory() {
  std::error_code none;
  if (std::getenv("TMPDIR") == nullptr && std::filesystem::is_directory("/dev/shm", none)) {
    setenv("TMPDIR", "/dev/shm", 0);
  }
  return {};
}

void LeaveUnclean(const std::string& directory) {
  std::ofstream(directory + "/openers", std::ios::binary)
      << std::string(64, '\0') << std::string(32, 'x') << std::string(32, '\0');
}

namespace {

struct Shape {
  Table table;
  size_t rows;
  size_t key_bytes;
  size_t value_bytes;
};

std::string KeyOf(const Shape& shape, size_t number) {
  const std::string digits = std::to_string(100'000 + number * 7919 % 99'991);
  return digits + std::string(shape.key_bytes - digits.size(), 'k');
}

Status PutShape(Engine& engine, const Shape& shape) {
  return engine.Write([&](WriteTransaction& write) -> Status {
    for (size_t i = 0; i < shape.rows; ++i) {
      const std::string value(shape.value_bytes + i % 5, static_cast<char>('a' + i % 26));
      const Status put = write.Put(shape.table, AsBytes(KeyOf(shape, i)), AsBytes(value));
      if (!put.ok()) return put;
    }
    return {};
  });
}

Status DeleteShape(Engine& engine, const Shape& shape) {
  return engine.Write([&](WriteTransaction& write) -> Status {
    for (size_t i = 0; i < shape.rows; ++i) {
      const Status gone = write.Delete(shape.table, AsBytes(KeyOf(shape, i)));
      if (!gone.ok()) return gone;
    }
    return {};
  });
}

}  // namespace

void MakeVariedStore(const std::string& directory) {
  const auto engine = Must(CreateLmdb(directory, SmallOptions()));
  const Shape passing{Table::kLedger, 140, 30, 5000};
  ASSERT_THAT(PutShape(*engine, passing), IsOk());
  for (const Shape& shape : {
           Shape{Table::kMeta, 5, 8, 40},
           Shape{Table::kPolicies, 3, 6, 9000},
           Shape{Table::kSubjects, 350, 20, 90},
           Shape{Table::kRecords, 150, 40, 200},
           Shape{Table::kLookup, 90, 500, 16},
           Shape{Table::kReports, 12, 12, 5000},
           Shape{Table::kAuditLeaf, 150, 10, 60},
           Shape{Table::kAuditNode, 1, 9, 32},
       }) {
    ASSERT_THAT(PutShape(*engine, shape), IsOk());
  }
  // Its pages are listed as free, too many for a page of the list.
  ASSERT_THAT(DeleteShape(*engine, passing), IsOk());
  for (int i = 0; i < 2; ++i) ASSERT_THAT(PutRow(*engine, "same", "same", Table::kMeta), IsOk());
}

}  // namespace bailee::store
