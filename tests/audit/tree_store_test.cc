// SPDX-License-Identifier: Apache-2.0
#include "audit/tree_store.h"

#include <gtest/gtest.h>

#include "audit/naive_leaves.h"
#include "audit/stored_tree.h"
#include "support/error_is.h"

namespace bailee::audit {
namespace {

using store::Table;
using testing::ErrorIs;
using testing::IsOk;
using testing::kLeaves;
using testing::LeafAt;
using testing::Naive;
using testing::NaiveTree;
using testing::StoredTree;

size_t Rows(StoredTree& tree, Table table) {
  return tree.engine().Measure()->rows[static_cast<size_t>(table)];
}

const auto kPruned = ErrorIs(Code::kNotFound, "audit.leaf-pruned");
const auto kBeyond = ErrorIs(Code::kNotFound, "audit.beyond-tree");

TEST(StoredTree, OfAnEmptyStoreIsEmpty) {
  const auto engine = testing::MakeMemoryEngine();
  const auto snapshot = *engine->Read();
  const auto reader = TreeReader::Open(*snapshot);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader->size(), 0U);
  EXPECT_EQ(reader->Root(), EmptyRoot());
  EXPECT_EQ(*reader->RootAt(0), EmptyRoot());
  EXPECT_EQ(*reader->ConsistencyProof(0, 0), std::vector<TreeHash>());
  EXPECT_THAT(reader->Leaf(0).status(), kBeyond);
  EXPECT_THAT(reader->InclusionProof(0, 0).status(), kBeyond);
}

TEST(StoredTree, HasOneRowForALeafOneFor256AndOneHead) {
  StoredTree tree(kLeaves);
  EXPECT_EQ(Rows(tree, Table::kAuditLeaf), kLeaves);
  EXPECT_EQ(Rows(tree, Table::kAuditNode), 2U);
  EXPECT_EQ(Rows(tree, Table::kMeta), 1U);
  const Bytes key = {8, 0, 0, 0, 0, 0, 0, 0, 0};
  const TreeHash first = Naive().Root(256);
  EXPECT_EQ(tree.Get(Table::kAuditNode, key), Bytes(first.begin(), first.end()));
}

TEST(StoredTree, IsTheSameHoweverItsLeavesCame) {
  StoredTree at_once(kLeaves);
  StoredTree bit_by_bit(0);
  for (uint64_t size = 1; size <= kLeaves; size += 1 + size % 7) {
    ASSERT_THAT(bit_by_bit.Grow(size), IsOk());
  }
  ASSERT_THAT(bit_by_bit.Grow(kLeaves), IsOk());
  EXPECT_EQ(at_once.Get(Table::kMeta, AsBytes("tree")),
            bit_by_bit.Get(Table::kMeta, AsBytes("tree")));
  EXPECT_EQ(at_once.Get(Table::kAuditNode, NodeKey({8, 1})),
            bit_by_bit.Get(Table::kAuditNode, NodeKey({8, 1})));
}

TEST(StoredTree, HasTheRootOfEverySizeItHad) {
  StoredTree tree(kLeaves);
  const auto snapshot = tree.Read();
  const auto reader = *TreeReader::Open(*snapshot);
  EXPECT_EQ(reader.Root(), Naive().Root(kLeaves));
  for (uint64_t size = 0; size <= kLeaves; ++size) {
    const auto root = reader.RootAt(size);
    ASSERT_THAT(root.status(), IsOk()) << size;
    ASSERT_EQ(*root, Naive().Root(size)) << size;
  }
  EXPECT_THAT(reader.RootAt(kLeaves + 1).status(), kBeyond);
}

TEST(StoredTree, GivesBackItsLeaves) {
  StoredTree tree(kLeaves);
  const auto snapshot = tree.Read();
  const auto reader = *TreeReader::Open(*snapshot);
  for (uint64_t index = 0; index < kLeaves; ++index) {
    EXPECT_EQ(AsText(*reader.Leaf(index)), NaiveTree::LeafText(index));
  }
  EXPECT_THAT(reader.Leaf(kLeaves).status(), kBeyond);
}

TEST(StoredTree, ProvesEveryLeafAsTheDefinitionDoes) {
  StoredTree tree(kLeaves);
  const auto snapshot = tree.Read();
  const auto reader = *TreeReader::Open(*snapshot);
  for (const uint64_t size :
       std::initializer_list<uint64_t>{1, 2, 3, 255, 256, 257, 300, 513, 600}) {
    for (uint64_t index = 0; index < size; ++index) {
      const auto proof = reader.InclusionProof(index, size);
      ASSERT_THAT(proof.status(), IsOk()) << index << " of " << size;
      ASSERT_EQ(*proof, Naive().Path(index, size)) << index << " of " << size;
    }
    EXPECT_THAT(reader.InclusionProof(size, size).status(), kBeyond);
  }
  EXPECT_THAT(reader.InclusionProof(0, kLeaves + 1).status(), kBeyond);
}

TEST(StoredTree, ProvesConsistencyAsTheDefinitionDoes) {
  StoredTree tree(kLeaves);
  const auto snapshot = tree.Read();
  const auto reader = *TreeReader::Open(*snapshot);
  for (const uint64_t newer : std::initializer_list<uint64_t>{1, 7, 255, 256, 257, 513, 600}) {
    for (uint64_t older = 0; older <= newer; ++older) {
      const auto proof = reader.ConsistencyProof(older, newer);
      ASSERT_THAT(proof.status(), IsOk()) << older << " to " << newer;
      ASSERT_EQ(*proof, Naive().Proof(older, newer)) << older << " to " << newer;
    }
  }
  EXPECT_THAT(reader.ConsistencyProof(1, kLeaves + 1).status(), kBeyond);
}

TEST(StoredTree, FrontierOfAnOlderSizeGrowsToTheHead) {
  StoredTree tree(kLeaves);
  const auto snapshot = tree.Read();
  const auto reader = *TreeReader::Open(*snapshot);
  for (const uint64_t from : std::initializer_list<uint64_t>{0, 1, 256, 400, 512, 599, 600}) {
    Frontier frontier = *reader.FrontierAt(from);
    for (uint64_t i = from; i < kLeaves; ++i) frontier.Append(LeafAt(i));
    EXPECT_EQ(frontier.Root(), reader.Root()) << from;
  }
}

TEST(StoredTree, KeepsNodesOfTheNextLevelAndProvesAcrossThem) {
  constexpr uint64_t kMany = (uint64_t{1} << 16) + 777;
  StoredTree tree(0);
  for (uint64_t size = 0; size < kMany; size += 10'000) ASSERT_THAT(tree.Grow(size), IsOk());
  ASSERT_THAT(tree.Grow(kMany), IsOk());
  EXPECT_EQ(Rows(tree, Table::kAuditNode), 256U + 3U + 1U);
  const auto snapshot = tree.Read();
  const auto reader = *TreeReader::Open(*snapshot);
  for (const uint64_t index : std::initializer_list<uint64_t>{uint64_t{0}, uint64_t{40'000},
                                                              uint64_t{65'536}, kMany - 1}) {
    const auto proof = reader.InclusionProof(index, kMany);
    ASSERT_THAT(proof.status(), IsOk()) << index;
    EXPECT_THAT(VerifyInclusion(LeafAt(index), index, kMany, *proof, reader.Root()), IsOk());
  }
  for (const uint64_t older : std::initializer_list<uint64_t>{1, 20'000, 65'535, 65'536, 65'537}) {
    const auto proof = reader.ConsistencyProof(older, kMany);
    ASSERT_THAT(proof.status(), IsOk()) << older;
    EXPECT_THAT(VerifyConsistency({older, *reader.RootAt(older)}, {kMany, reader.Root()}, *proof),
                IsOk());
  }
}

TEST(StoredTree, AnAbandonedTransactionLeavesNothing) {
  StoredTree tree(10);
  const Status status = tree.engine().Write([](store::WriteTransaction& transaction) {
    auto writer = TreeWriter::Begin(transaction);
    EXPECT_TRUE(writer->Append(AsBytes("lost")).ok());
    EXPECT_THAT(writer->Finish(), IsOk());
    return Status(Code::kFailed, "test.given-up", "given up");
  });
  EXPECT_THAT(status, ErrorIs(Code::kFailed, "test.given-up"));
  ASSERT_THAT(tree.Grow(20), IsOk());
  const auto snapshot = tree.Read();
  EXPECT_EQ(TreeReader::Open(*snapshot)->Root(), Naive().Root(20));
}

TEST(PrunedTree, ProvesEverythingThatIsLeft) {
  for (const uint64_t pruned : std::initializer_list<uint64_t>{256, 512}) {
    StoredTree tree(kLeaves);
    tree.Prune(pruned);
    const auto snapshot = tree.Read();
    const auto reader = *TreeReader::Open(*snapshot);
    EXPECT_EQ(reader.pruned(), pruned);
    EXPECT_EQ(reader.Root(), Naive().Root(kLeaves));
    for (uint64_t index = pruned; index < kLeaves; ++index) {
      ASSERT_EQ(*reader.InclusionProof(index, kLeaves), Naive().Path(index, kLeaves)) << index;
    }
    for (uint64_t older = 0; older <= kLeaves; ++older) {
      const auto proof = reader.ConsistencyProof(older, kLeaves);
      if (older >= pruned || older % 256 == 0) {
        ASSERT_THAT(proof.status(), IsOk()) << older;
        ASSERT_EQ(*proof, Naive().Proof(older, kLeaves)) << older;
        ASSERT_EQ(*reader.RootAt(older), Naive().Root(older)) << older;
      } else {
        ASSERT_THAT(proof.status(), kPruned) << older;
        ASSERT_THAT(reader.RootAt(older).status(), kPruned) << older;
      }
    }
  }
}

TEST(PrunedTree, SaysSoOfALeafThatIsGone) {
  StoredTree tree(kLeaves);
  tree.Prune(512);
  const auto snapshot = tree.Read();
  const auto reader = *TreeReader::Open(*snapshot);
  EXPECT_THAT(reader.Leaf(511).status(), kPruned);
  EXPECT_THAT(reader.InclusionProof(511, kLeaves).status(), kPruned);
  EXPECT_THAT(reader.InclusionProof(0, 256).status(), kPruned);
  EXPECT_EQ(AsText(*reader.Leaf(512)), "leaf 512");
}

TEST(PrunedTree, GrowsOn) {
  StoredTree tree(512);
  tree.Prune(512);
  ASSERT_THAT(tree.Grow(kLeaves), IsOk());
  const auto snapshot = tree.Read();
  const auto reader = *TreeReader::Open(*snapshot);
  EXPECT_EQ(reader.Root(), Naive().Root(kLeaves));
  Frontier frontier = *reader.FrontierAt(reader.pruned());
  for (uint64_t i = 512; i < kLeaves; ++i) frontier.Append(LeafAt(i));
  EXPECT_EQ(frontier.Root(), reader.Root());
}

}  // namespace
}  // namespace bailee::audit
