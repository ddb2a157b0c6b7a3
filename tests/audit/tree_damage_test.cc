// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "audit/naive_leaves.h"
#include "audit/stored_tree.h"
#include "audit/tree_replay.h"
#include "audit/tree_rows.h"
#include "audit/tree_store.h"
#include "support/error_is.h"
#include "support/memory_engine.h"

namespace bailee::audit {
namespace {

using store::Table;
using testing::ErrorIs;
using testing::IsOk;
using testing::kLeaves;
using testing::Naive;
using testing::StoredTree;

const auto kDamaged = ErrorIs(Code::kDamage, "audit.tree-damaged");
const auto kBroken = ErrorIs(Code::kAuditBroken, "audit.tree-broken");

// Whether what `result` gives is what the undamaged tree gives, or one of the two errors.
template <typename T>
void ExpectRightOrRefused(const Result<T>& result, const T& right, size_t& refused) {
  if (result.ok()) {
    EXPECT_EQ(*result, right);
    return;
  }
  ++refused;
  EXPECT_THAT(result.status(), ::testing::AnyOf(kDamaged, kBroken));
}

// Asks the tree for all kinds of things; returns how many answers were refused. None may be wrong.
size_t AskAll(StoredTree& tree) {
  const auto snapshot = tree.Read();
  const auto reader = TreeReader::Open(*snapshot);
  if (!reader.ok()) {
    EXPECT_THAT(reader.status(), kDamaged);
    return 1;
  }
  size_t refused = 0;
  for (const uint64_t size : std::initializer_list<uint64_t>{1, 100, 256, 300, 512, 600}) {
    // The root of the head is what the head says; only a checkpoint proves it.
    if (size < kLeaves) {
      ExpectRightOrRefused(reader->RootAt(size), Naive().Root(size), refused);
    }
    ExpectRightOrRefused(reader->ConsistencyProof(size, kLeaves), Naive().Proof(size, kLeaves),
                         refused);
    for (const uint64_t index : std::initializer_list<uint64_t>{0, 77, 255, 256, 400, 599}) {
      if (index >= size) continue;
      ExpectRightOrRefused(reader->InclusionProof(index, size), Naive().Path(index, size), refused);
    }
  }
  return refused;
}

Bytes Flipped(const Bytes& row, size_t bit) {
  Bytes flipped = row;
  flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
  return flipped;
}

TEST(DamagedTree, WholeOneAnswersEverything) {
  StoredTree tree(kLeaves);
  EXPECT_EQ(AskAll(tree), 0U);
}

TEST(DamagedTree, NoFlippedBitOfANodeGetsIntoAnAnswer) {
  for (const uint64_t node : std::initializer_list<uint64_t>{0, 1}) {
    StoredTree tree(kLeaves);
    const auto key = NodeKey({8, node});
    const Bytes row = tree.Get(Table::kAuditNode, key);
    for (size_t bit = 0; bit < row.size() * 8; bit += 41) {
      tree.Put(Table::kAuditNode, key, Flipped(row, bit));
      EXPECT_GT(AskAll(tree), 0U) << bit;
    }
  }
}

TEST(DamagedTree, NoChangedLeafGetsIntoAnAnswer) {
  for (const uint64_t leaf : std::initializer_list<uint64_t>{0, 77, 255, 256, 400, 599}) {
    StoredTree tree(kLeaves);
    const Bytes row = tree.Get(Table::kAuditLeaf, LeafKey(leaf));
    for (const Bytes& changed : {Flipped(row, 9), Bytes(row.begin(), row.end() - 1), Bytes()}) {
      tree.Put(Table::kAuditLeaf, LeafKey(leaf), changed);
      EXPECT_GT(AskAll(tree), 0U) << leaf;
    }
  }
}

TEST(DamagedTree, ExchangedLeavesAreFound) {
  StoredTree tree(kLeaves);
  const Bytes first = tree.Get(Table::kAuditLeaf, LeafKey(76));
  const Bytes second = tree.Get(Table::kAuditLeaf, LeafKey(77));
  tree.Put(Table::kAuditLeaf, LeafKey(76), second);
  tree.Put(Table::kAuditLeaf, LeafKey(77), first);
  EXPECT_GT(AskAll(tree), 0U);
}

TEST(DamagedTree, AMissingRowIsDamage) {
  for (const uint64_t leaf : std::initializer_list<uint64_t>{77, 599}) {
    StoredTree tree(kLeaves);
    tree.Delete(Table::kAuditLeaf, LeafKey(leaf));
    EXPECT_GT(AskAll(tree), 0U);
    const auto snapshot = tree.Read();
    EXPECT_THAT(TreeReader::Open(*snapshot)->Leaf(leaf).status(), kDamaged);
    EXPECT_THAT(TreeReader::Open(*snapshot)->InclusionProof(leaf, kLeaves).status(), kDamaged);
  }
  StoredTree tree(kLeaves);
  tree.Delete(Table::kAuditNode, NodeKey({8, 1}));
  const auto snapshot = tree.Read();
  EXPECT_THAT(TreeReader::Open(*snapshot)->RootAt(512).status(), kDamaged);
}

TEST(DamagedTree, ANodeOfAnotherSizeIsDamage) {
  StoredTree tree(kLeaves);
  const auto key = NodeKey({8, 0});
  const Bytes row = tree.Get(Table::kAuditNode, key);
  for (size_t size = 0; size < 34; ++size) {
    if (size == 32) continue;
    Bytes other = row;
    other.resize(size);
    tree.Put(Table::kAuditNode, key, other);
    const auto snapshot = tree.Read();
    EXPECT_THAT(TreeReader::Open(*snapshot)->RootAt(256).status(), kDamaged) << size;
  }
}

TEST(DamagedTree, NoFlippedBitOfTheHeadIsBelieved) {
  StoredTree tree(kLeaves);
  const Bytes row = tree.Get(Table::kMeta, AsBytes("tree"));
  for (size_t bit = 0; bit < row.size() * 8; bit += bit < 64 ? 1 : 37) {
    tree.Put(Table::kMeta, AsBytes("tree"), Flipped(row, bit));
    EXPECT_GT(AskAll(tree), 0U) << bit;
  }
}

TEST(DamagedTree, ALostOrOlderHeadIsFoundByReaderAndWriter) {
  StoredTree tree(100);
  const Bytes older = tree.Get(Table::kMeta, AsBytes("tree"));
  ASSERT_THAT(tree.Grow(kLeaves), IsOk());
  const auto found = [&] {
    const auto snapshot = tree.Read();
    EXPECT_THAT(TreeReader::Open(*snapshot).status(), kDamaged);
    EXPECT_THAT(tree.Grow(kLeaves + 1), kDamaged);
  };
  tree.Put(Table::kMeta, AsBytes("tree"), older);
  found();
  tree.Delete(Table::kMeta, AsBytes("tree"));
  found();
}

TEST(DamagedTree, ARowBeyondTheEndIsNotWrittenOver) {
  StoredTree tree(255);
  tree.Put(Table::kAuditNode, NodeKey({8, 0}), Bytes(32));
  EXPECT_THAT(tree.Grow(256), kDamaged);
}

TEST(DamagedTree, HugeSizesComeToAnEnd) {
  StoredTree tree(1);
  Bytes row(8 + 61 * 32);
  row[0] = 0x3f;
  for (size_t i = 1; i < 7; ++i) row[i] = 0xff;
  row[7] = 0x7f;  // 61 ones
  tree.Put(Table::kMeta, AsBytes("tree"), row);
  const auto snapshot = tree.Read();
  const auto reader = TreeReader::Open(*snapshot);
  ASSERT_THAT(reader.status(), IsOk());
  EXPECT_THAT(reader->RootAt(reader->size() - 1).status(), kDamaged);
  EXPECT_THAT(reader->InclusionProof(0, reader->size()).status(), kDamaged);
  EXPECT_THAT(reader->ConsistencyProof(1, reader->size()).status(), kDamaged);
}

TEST(DamagedTree, ARowOfPruningThatMakesNoSenseIsDamage) {
  StoredTree tree(kLeaves);
  for (const Bytes& row :
       {Bytes(), Bytes(7), Bytes(9), Bytes{0, 0, 0, 0, 0, 0, 1, 1}, Bytes{0, 0, 0, 0, 0, 0, 3, 0},
        Bytes{255, 255, 255, 255, 255, 255, 255, 0}}) {
    tree.Put(Table::kMeta, AsBytes("pruned"), row);
    const auto snapshot = tree.Read();
    EXPECT_THAT(TreeReader::Open(*snapshot).status(), kDamaged);
  }
}

TEST(DamagedTree, LeavesMissingWithoutAPruningAreDamage) {
  StoredTree tree(kLeaves);
  for (uint64_t i = 0; i < 256; ++i) tree.Delete(Table::kAuditLeaf, LeafKey(i));
  const auto snapshot = tree.Read();
  EXPECT_THAT(TreeReader::Open(*snapshot)->Leaf(0).status(), kDamaged);
}

// A pruning of 65,536 leaves takes away those of a whole subtree of the second level that is kept.
TEST(TreeReplay, ComparesTheHashesOfPrunedLeavesWithThoseAboveThem) {
  const auto engine = testing::MakeMemoryEngine();
  std::vector<TreeHash> level(256);
  for (size_t i = 0; i < level.size(); ++i) level[i].fill(static_cast<uint8_t>(i));
  const auto put = [&](const Subtree& subtree, const TreeHash& hash) {
    EXPECT_THAT(engine->Write([&](store::WriteTransaction& rows) {
      return rows.Put(Table::kAuditNode, NodeKey(subtree), hash);
    }),
                IsOk());
  };
  for (uint64_t i = 0; i < level.size(); ++i) put({8, i}, level[i]);
  for (; level.size() > 1; level.resize(level.size() / 2)) {
    for (size_t i = 0; i < level.size(); i += 2) level[i / 2] = NodeHash(level[i], level[i + 1]);
  }
  const auto found = [&] {
    Findings findings;
    EXPECT_THAT(TreeReplay::Begin(*engine, 65'536, findings).status(), IsOk());
    std::vector<std::string> names;
    for (const TrailFinding& finding : findings.Take()) {
      names.push_back(finding.name);
      EXPECT_EQ(finding.leaf, 65'535u);
    }
    return names;
  };
  EXPECT_EQ(found(), std::vector<std::string>{"trail.node-missing"});
  put({16, 0}, level[0]);
  EXPECT_EQ(found(), std::vector<std::string>());
  put({16, 0}, TreeHash{});
  EXPECT_EQ(found(), std::vector<std::string>{"trail.node-differs"});
}

}  // namespace
}  // namespace bailee::audit
