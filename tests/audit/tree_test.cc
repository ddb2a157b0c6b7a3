// SPDX-License-Identifier: Apache-2.0
#include "audit/tree.h"

#include <gtest/gtest.h>

#include <map>

#include "audit/naive_tree.h"
#include "support/error_is.h"
#include "support/vectors.h"

namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::Hex;
using testing::NaiveTree;

TreeHash Hash(const std::string& hex) { return testing::HexArray<32>(hex); }

// The eight leaves that the reference implementation of Certificate Transparency is tested with.
const std::vector<std::string> kLeavesHex = {"",
                                             "00",
                                             "10",
                                             "2021",
                                             "3031",
                                             "40414243",
                                             "5051525354555657",
                                             "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> kRootsHex = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<std::string> PublishedLeaves() {
  std::vector<std::string> leaves;
  for (const std::string& hex : kLeavesHex) leaves.emplace_back(AsText(Hex(hex)));
  return leaves;
}

Frontier FrontierOf(uint64_t size) {
  Frontier frontier;
  for (uint64_t i = 0; i < size; ++i) {
    frontier.Append(LeafHash(AsBytes(NaiveTree::LeafText(i))));
  }
  return frontier;
}

TEST(Tree, EmptyTreeHasTheHashOfNothing) {
  const TreeHash empty = Hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(EmptyRoot(), empty);
  EXPECT_EQ(Frontier().Root(), empty);
  EXPECT_EQ(RootOf({}), empty);
}

TEST(Tree, HasThePublishedRoots) {
  Frontier frontier;
  for (size_t i = 0; i < kLeavesHex.size(); ++i) {
    frontier.Append(LeafHash(Hex(kLeavesHex[i])));
    EXPECT_EQ(frontier.Root(), Hash(kRootsHex[i])) << i;
    EXPECT_EQ(frontier.size(), i + 1);
    EXPECT_EQ(NaiveTree(PublishedLeaves()).Root(i + 1), Hash(kRootsHex[i])) << i;
  }
}

TEST(Tree, HasTheRootsOfTheDefinitionAtEverySize) {
  const NaiveTree naive(600);
  Frontier frontier;
  for (uint64_t size = 1; size <= 600; ++size) {
    frontier.Append(LeafHash(AsBytes(NaiveTree::LeafText(size - 1))));
    ASSERT_EQ(frontier.Root(), naive.Root(size)) << size;
  }
}

TEST(Tree, AppendReturnsTheKeptNodesItCompletes) {
  Frontier frontier;
  std::map<uint64_t, size_t> completed;  // by level
  constexpr uint64_t kLeaves = (uint64_t{1} << 16) + 300;
  for (uint64_t i = 0; i < kLeaves; ++i) {
    for (const KeptNode& node : frontier.Append(LeafHash({}))) {
      EXPECT_EQ(i + 1, (node.subtree.index + 1) << node.subtree.level);
      EXPECT_EQ(node.subtree.index, completed[node.subtree.level]++);
    }
  }
  EXPECT_EQ(completed, (std::map<uint64_t, size_t>{{8, 257}, {16, 1}}));
}

TEST(Tree, KeptNodesAreTheRootsOfTheirLeaves) {
  const NaiveTree naive(512);
  Frontier frontier;
  std::vector<KeptNode> nodes;
  for (uint64_t i = 0; i < 512; ++i) {
    const auto more = frontier.Append(LeafHash(AsBytes(NaiveTree::LeafText(i))));
    nodes.insert(nodes.end(), more.begin(), more.end());
  }
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0].hash, naive.Root(256));
  EXPECT_EQ(NodeHash(nodes[0].hash, nodes[1].hash), naive.Root(512));
}

TEST(Tree, HeadSurvivesItsRow) {
  for (uint64_t size = 0; size <= 300; ++size) {
    const Frontier frontier = FrontierOf(size);
    const auto parsed = Frontier::Parse(frontier.Encode());
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->size(), size);
    EXPECT_EQ(parsed->Root(), frontier.Root());
    EXPECT_EQ(parsed->Encode(), frontier.Encode());
  }
}

TEST(Tree, HeadRowIsSizeAndPeaksLargestFirst) {
  const NaiveTree naive(6);
  Bytes row = Hex("0000000000000006");
  const TreeHash four = naive.Root(4);
  row.insert(row.end(), four.begin(), four.end());
  const TreeHash last = NodeHash(LeafHash(AsBytes("leaf 4")), LeafHash(AsBytes("leaf 5")));
  row.insert(row.end(), last.begin(), last.end());
  EXPECT_EQ(FrontierOf(6).Encode(), row);
}

TEST(Tree, HeadRejectsEveryTruncationAndATrailingByte) {
  const auto damaged = ErrorIs(Code::kDamage, "audit.tree-damaged");
  for (const uint64_t size : std::initializer_list<uint64_t>{0, 1, 7, 256}) {
    Bytes row = FrontierOf(size).Encode();
    for (size_t bytes = 0; bytes < row.size(); ++bytes) {
      EXPECT_THAT(Frontier::Parse(ByteView(row).first(bytes)).status(), damaged) << bytes;
    }
    row.push_back(0);
    EXPECT_THAT(Frontier::Parse(row).status(), damaged);
  }
}

TEST(Tree, HeadRejectsASizeThatNoTreeHas) {
  const auto row = [](const char* size_hex, size_t peaks) {
    Bytes bytes = Hex(size_hex);
    bytes.resize(8 + 32 * peaks);
    return bytes;
  };
  EXPECT_TRUE(Frontier::Parse(row("4000000000000000", 1)).ok());
  for (const Bytes& bad :
       {row("4000000000000001", 2), row("8000000000000000", 1), row("ffffffffffffffff", 64)}) {
    EXPECT_THAT(Frontier::Parse(bad).status(), ErrorIs(Code::kDamage, "audit.tree-damaged"));
  }
}

TEST(Tree, EveryFlippedBitOfTheHeadIsRejectedOrChangesIt) {
  const Frontier frontier = FrontierOf(7);
  const Bytes row = frontier.Encode();
  for (size_t bit = 0; bit < row.size() * 8; ++bit) {
    Bytes flipped = row;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    const auto parsed = Frontier::Parse(flipped);
    EXPECT_TRUE(!parsed.ok() || parsed->Root() != frontier.Root()) << bit;
  }
}

TEST(Tree, RangesAreThoseOfTheDefinitionInTheirOrder) {
  EXPECT_EQ(InclusionRanges(0, 1), std::vector<LeafRange>());
  EXPECT_EQ(InclusionRanges(6, 7), (std::vector<LeafRange>{{4, 6}, {0, 4}}));
  EXPECT_EQ(InclusionRanges(3, 7), (std::vector<LeafRange>{{2, 3}, {0, 2}, {4, 7}}));
  EXPECT_EQ(ConsistencyRanges(0, 7), std::vector<LeafRange>());
  EXPECT_EQ(ConsistencyRanges(7, 7), std::vector<LeafRange>());
  EXPECT_EQ(ConsistencyRanges(4, 7), (std::vector<LeafRange>{{4, 7}}));
  EXPECT_EQ(ConsistencyRanges(3, 7), (std::vector<LeafRange>{{2, 3}, {3, 4}, {0, 2}, {4, 7}}));
}

TEST(Tree, RangesOfTheLargestTreeAreFew) {
  EXPECT_LE(InclusionRanges(kTreeSizeMax - 2, kTreeSizeMax - 1).size(), limits::kProofHashesMax);
  EXPECT_LE(ConsistencyRanges(kTreeSizeMax / 2 - 1, kTreeSizeMax - 1).size(),
            limits::kProofHashesMax);
}

TEST(Tree, SubtreesOfARangeAreItsSum) {
  EXPECT_EQ(SubtreesOf({0, 0}), std::vector<Subtree>());
  EXPECT_EQ(SubtreesOf({0, 7}), (std::vector<Subtree>{{2, 0}, {1, 2}, {0, 6}}));
  EXPECT_EQ(SubtreesOf({4, 7}), (std::vector<Subtree>{{1, 2}, {0, 6}}));
  EXPECT_EQ(SubtreesOf({4, 8}), (std::vector<Subtree>{{2, 1}}));
}

}  // namespace
}  // namespace bailee::audit
