// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "audit/naive_leaves.h"
#include "bailee/checkpoint.h"
#include "support/error_is.h"
#include "support/test_random.h"
#include "support/vectors.h"

namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::kLeaves;
using testing::LeafAt;
using testing::Naive;
using testing::NaiveTree;
using Hashes = NaiveTree::Hashes;

TreeHash Hash(const std::string& hex) { return testing::HexArray<32>(hex); }

const auto kNotIncluded = ErrorIs(Code::kAuditBroken, "proof.inclusion");
const auto kNotConsistent = ErrorIs(Code::kAuditBroken, "proof.consistency");

// Calls `check` with every proof that differs from `good` by one flipped bit in each hash, one hash
// more at any place, one hash less, or two neighbours exchanged.
template <typename Check>
void ForEachMutation(const Hashes& good, size_t bit, const Check& check) {
  for (size_t i = 0; i < good.size(); ++i) {
    Hashes bad = good;
    bad[i][bit / 8 % 32] ^= static_cast<uint8_t>(1U << (bit % 8));
    check(bad);
    bad = good;
    bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(i));
    check(bad);
    if (i + 1 < good.size()) {
      bad = good;
      std::swap(bad[i], bad[i + 1]);
      check(bad);
    }
  }
  for (size_t i = 0; i <= good.size(); ++i) {
    Hashes bad = good;
    bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(i), i < good.size() ? good[i] : LeafAt(0));
    check(bad);
  }
}

TEST(Inclusion, AcceptsThePublishedProofs) {
  const TreeHash root = Hash("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  const Hashes first = {Hash("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
                        Hash("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
                        Hash("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")};
  EXPECT_THAT(VerifyInclusion(LeafHash({}), 0, 8, first, root), IsOk());
  const Hashes sixth = {Hash("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
                        Hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
                        Hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")};
  EXPECT_THAT(VerifyInclusion(LeafHash(testing::Hex("40414243")), 5, 8, sixth, root), IsOk());
  const Hashes third = {Hash("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")};
  EXPECT_THAT(
      VerifyInclusion(LeafHash(testing::Hex("10")), 2, 3, third,
                      Hash("aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")),
      IsOk());
}

TEST(Consistency, AcceptsThePublishedProofs) {
  const std::string eight = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
  const Hashes from_one = {
      Hash("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
      Hash("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
      Hash("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")};
  EXPECT_THAT(VerifyConsistency({1, LeafHash({})}, {8, Hash(eight)}, from_one), IsOk());
  const Hashes from_six = {
      Hash("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
      Hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
      Hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")};
  EXPECT_THAT(VerifyConsistency(
                  {6, Hash("76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")},
                  {8, Hash(eight)}, from_six),
              IsOk());
}

TEST(Inclusion, AcceptsEveryLeafOfEverySmallTree) {
  for (uint64_t size = 1; size <= 70; ++size) {
    const TreeHash root = Naive().Root(size);
    for (uint64_t index = 0; index < size; ++index) {
      ASSERT_THAT(VerifyInclusion(LeafAt(index), index, size, Naive().Path(index, size), root),
                  IsOk())
          << index << " of " << size;
    }
  }
}

TEST(Inclusion, RefusesEveryMutationOfAProof) {
  for (uint64_t size = 1; size <= 40; ++size) {
    const TreeHash root = Naive().Root(size);
    for (uint64_t index = 0; index < size; ++index) {
      const Hashes good = Naive().Path(index, size);
      ForEachMutation(good, 7 * size + index, [&](const Hashes& bad) {
        ASSERT_THAT(VerifyInclusion(LeafAt(index), index, size, bad, root), kNotIncluded)
            << index << " of " << size;
      });
    }
  }
}

TEST(Inclusion, RefusesAnotherLeafIndexSizeOrRoot) {
  for (uint64_t size = 1; size <= 40; ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      const Hashes path = Naive().Path(index, size);
      const TreeHash root = Naive().Root(size);
      EXPECT_THAT(VerifyInclusion(LeafAt(index + 1), index, size, path, root), kNotIncluded);
      EXPECT_THAT(VerifyInclusion(LeafAt(index), index, size, path, Naive().Root(size + 1)),
                  kNotIncluded);
      for (uint64_t other = 0; other <= size; ++other) {
        if (other == index) continue;
        EXPECT_THAT(VerifyInclusion(LeafAt(index), other, size, path, root), kNotIncluded);
      }
    }
  }
}

TEST(Inclusion, RefusesAnIndexBeyondTheTreeAndTheEmptyTree) {
  EXPECT_THAT(VerifyInclusion(LeafAt(0), 0, 0, {}, EmptyRoot()), kNotIncluded);
  EXPECT_THAT(VerifyInclusion(LeafAt(0), 1, 1, {}, LeafAt(0)), kNotIncluded);
  EXPECT_THAT(VerifyInclusion(LeafAt(0), UINT64_MAX, UINT64_MAX, {}, LeafAt(0)), kNotIncluded);
}

TEST(Inclusion, RefusesAnInnerNodeShownAsALeaf) {
  Bytes forged;
  for (const uint64_t index : std::initializer_list<uint64_t>{0, 1}) {
    const TreeHash child = LeafAt(index);
    forged.insert(forged.end(), child.begin(), child.end());
  }
  EXPECT_THAT(VerifyInclusion(LeafHash(forged), 0, 1, {}, Naive().Root(2)), kNotIncluded);
  EXPECT_THAT(VerifyInclusion(LeafHash(forged), 0, 2, Naive().Path(2, 3), Naive().Root(3)),
              kNotIncluded);
}

TEST(Inclusion, ComesToAnEndForEverySizeAndProof) {
  testing::TestRandom random(21);
  for (int i = 0; i < 20'000; ++i) {
    std::array<uint8_t, 24> seed;
    random.Fill(seed);
    uint64_t numbers[2];
    std::memcpy(numbers, seed.data(), sizeof numbers);
    const Hashes proof(seed[16] % 70, LeafAt(seed[17]));
    const uint64_t size = numbers[0] >> (seed[18] % 64);
    const uint64_t other = numbers[1] >> (seed[19] % 64);
    EXPECT_FALSE(VerifyInclusion(LeafAt(1), other, size, proof, LeafAt(2)).ok());
    EXPECT_FALSE(VerifyConsistency({other, LeafAt(1)}, {size, LeafAt(2)}, proof).ok());
  }
}

TEST(Consistency, AcceptsEveryPairOfSmallSizes) {
  for (uint64_t newer = 0; newer <= 70; ++newer) {
    for (uint64_t older = 0; older <= newer; ++older) {
      ASSERT_THAT(VerifyConsistency({older, Naive().Root(older)}, {newer, Naive().Root(newer)},
                                    Naive().Proof(older, newer)),
                  IsOk())
          << older << " to " << newer;
    }
  }
}

TEST(Consistency, RefusesEveryMutationOfAProof) {
  for (uint64_t newer = 1; newer <= 40; ++newer) {
    for (uint64_t older = 0; older <= newer; ++older) {
      const TreeHead from{older, Naive().Root(older)};
      const TreeHead to{newer, Naive().Root(newer)};
      ForEachMutation(Naive().Proof(older, newer), 5 * newer + older, [&](const Hashes& bad) {
        ASSERT_THAT(VerifyConsistency(from, to, bad), kNotConsistent) << older << " to " << newer;
      });
    }
  }
}

TEST(Consistency, RefusesOtherRootsAndSizes) {
  for (uint64_t newer = 1; newer <= 40; ++newer) {
    for (uint64_t older = 0; older <= newer; ++older) {
      const Hashes proof = Naive().Proof(older, newer);
      const TreeHead from{older, Naive().Root(older)};
      const TreeHead to{newer, Naive().Root(newer)};
      EXPECT_THAT(VerifyConsistency({older, LeafAt(99)}, to, proof), kNotConsistent);
      if (older > 0) {
        EXPECT_THAT(VerifyConsistency(from, {newer, LeafAt(99)}, proof), kNotConsistent);
      }
      for (uint64_t other = 0; other <= newer; ++other) {
        if (other == older) continue;
        EXPECT_THAT(VerifyConsistency({other, from.root}, to, proof), kNotConsistent);
      }
    }
  }
}

TEST(Consistency, RefusesATreeThatShrankOrSplit) {
  EXPECT_THAT(VerifyConsistency({3, Naive().Root(3)}, {2, Naive().Root(2)}, {}),
              ErrorIs(Code::kAuditBroken, "proof.shorter"));
  EXPECT_THAT(VerifyConsistency({3, Naive().Root(3)}, {3, LeafAt(0)}, {}), kNotConsistent);
  EXPECT_THAT(VerifyConsistency({0, EmptyRoot()}, {0, EmptyRoot()}, {}), IsOk());
  EXPECT_THAT(VerifyConsistency({0, LeafAt(0)}, {0, LeafAt(0)}, {}), kNotConsistent);
  EXPECT_THAT(VerifyConsistency({0, EmptyRoot()}, {0, LeafAt(0)}, {}), kNotConsistent);
}

}  // namespace
}  // namespace bailee
