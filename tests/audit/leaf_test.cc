// SPDX-License-Identifier: Apache-2.0
#include "audit/leaf.h"

#include <gtest/gtest.h>

#include "audit/byte_damage.h"
#include "audit/instance_world.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"
#include "support/error_is.h"

namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::InstanceWorld;
using testing::IsOk;
using testing::StatusOf;

const ChainEnds kEnds{1, {{2}}, 3, {{4}}};

Bytes LeafOf(LeafType type, const InstanceId& instance, uint64_t number, ByteView body) {
  Bytes out;
  AppendLeafHead(type, instance, number, out);
  EXPECT_EQ(out.size(), kLeafHeadBytes);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

EntryKey WriteKey(const InstanceWorld& world, uint64_t number) {
  return *KeyChain::Start(ChainKind::kWrites, world.vault, world.instance,
                          *world.head.writes_first.Clone())
              ->KeyAt(number);
}

const Bytes kEvent = {1, 2, 3, 4, 5};

Bytes WriteBodyOf(InstanceWorld& world, uint64_t number) {
  Bytes body;
  EXPECT_THAT(AppendWriteBody(42, WriteKey(world, number), world.vault, world.instance, number,
                              kEvent, world.random, body),
              IsOk());
  return body;
}

Bytes EntryOf(const InstanceWorld& world, uint64_t number) {
  Bytes frame(kEntryHeadBytes + 10);
  SealEntry(Bytes(32, 1), world.instance, number, 0, frame);
  return frame;
}

Bytes ClosedBody() {
  Bytes body;
  AppendChainEnds(kEnds, body);
  return body;
}

Bytes AdoptedBody() {
  Bytes body;
  AppendAdoption({kEnds, {{7}}, 8, 9}, body);
  return body;
}

// One of each type, as the number it has.
std::vector<std::pair<uint64_t, Bytes>> OneOfEach(InstanceWorld& world) {
  return {{0, LeafOf(LeafType::kOpened, world.instance, 0, world.head.bytes)},
          {6, LeafOf(LeafType::kJournal, world.instance, 6, EntryOf(world, 6))},
          {7, LeafOf(LeafType::kWrite, world.instance, 7, WriteBodyOf(world, 7))},
          {0, LeafOf(LeafType::kClosed, world.instance, 0, ClosedBody())},
          {0, LeafOf(LeafType::kAdopted, world.instance, 0, AdoptedBody())}};
}

TEST(Leaf, OfEachTypeComesBackAsItWas) {
  InstanceWorld world;
  uint8_t type = 0;
  for (const auto& [number, bytes] : OneOfEach(world)) {
    const Leaf leaf = *ParseLeaf(bytes);
    EXPECT_EQ(static_cast<uint8_t>(leaf.type), ++type);
    EXPECT_EQ(leaf.instance, world.instance);
    EXPECT_EQ(leaf.number, number);
    EXPECT_EQ(leaf.body.size(), bytes.size() - kLeafHeadBytes);
  }
  EXPECT_EQ(type, kLeafTypeCount);
}

TEST(ParseLeaf, RefusesEveryTruncationAndALongerOne) {
  InstanceWorld world;
  for (const auto& leaf : OneOfEach(world)) {
    testing::ForEachTruncation(leaf.second, [](ByteView bytes) {
      EXPECT_THAT(StatusOf(ParseLeaf(bytes)), ErrorIs(Code::kDamage, "trail.bad-leaf"));
    });
  }
}

// A leaf's own bytes carry no authentication (the tree does that): a flipped bit is refused, or is
// the leaf of another instance, number or content.
TEST(ParseLeaf, ReadsEveryFlippedBitAsWhatItSaysOrRefusesIt) {
  InstanceWorld world;
  for (const auto& leaf : OneOfEach(world)) {
    testing::ForEachFlippedBit(leaf.second, [](ByteView bytes) {
      const Result<Leaf> parsed = ParseLeaf(bytes);
      if (!parsed.ok()) {
        EXPECT_THAT(parsed.status(), ErrorIs(Code::kDamage, "trail.bad-leaf"));
        return;
      }
      EXPECT_EQ(LeafOf(parsed->type, parsed->instance, parsed->number, parsed->body),
                Bytes(bytes.begin(), bytes.end()));
    });
  }
}

TEST(ParseLeaf, RefusesWhatItDoesNotKnowAndBodiesOfOthers) {
  InstanceWorld world;
  const auto refused = [](const Bytes& leaf) {
    return StatusOf(ParseLeaf(leaf)).name() == "trail.bad-leaf";
  };
  Bytes leaf = LeafOf(LeafType::kClosed, world.instance, 0, ClosedBody());
  leaf[0] = 2;
  EXPECT_TRUE(refused(leaf)) << "version";
  EXPECT_TRUE(refused(LeafOf(LeafType{0}, world.instance, 0, ClosedBody())));
  EXPECT_TRUE(refused(LeafOf(LeafType{6}, world.instance, 0, ClosedBody())));
  EXPECT_TRUE(refused(LeafOf(LeafType::kOpened, {{1}}, 0, world.head.bytes)));
  EXPECT_TRUE(refused(LeafOf(LeafType::kOpened, world.instance, 1, world.head.bytes)));
  EXPECT_TRUE(refused(LeafOf(LeafType::kJournal, world.instance, 5, EntryOf(world, 6))));
  EXPECT_TRUE(refused(LeafOf(LeafType::kJournal, {{1}}, 6, EntryOf(world, 6))));
  EXPECT_TRUE(refused(LeafOf(LeafType::kClosed, world.instance, 1, ClosedBody())));
  EXPECT_TRUE(refused(LeafOf(LeafType::kAdopted, world.instance, 1, AdoptedBody())));
}

TEST(WriteBody, OpensWithTheKeyOfItsNumberAlone) {
  InstanceWorld world;
  const Bytes bytes = WriteBodyOf(world, 3);
  const WriteBody body = *ParseWriteBody(bytes);
  EXPECT_EQ(body.transaction, 42u);
  EXPECT_EQ(*OpenWriteBody(body, WriteKey(world, 3), world.vault, world.instance, 3), kEvent);
  const auto forged = ErrorIs(Code::kDamage, "trail.forged-entry");
  const auto open = [&](uint64_t key, const VaultId& vault, const InstanceId& instance,
                        uint64_t number) {
    return StatusOf(OpenWriteBody(body, WriteKey(world, key), vault, instance, number));
  };
  EXPECT_THAT(open(4, world.vault, world.instance, 3), forged);
  EXPECT_THAT(open(3, {{1}}, world.instance, 3), forged);
  EXPECT_THAT(open(3, world.vault, {{1}}, 3), forged);
  EXPECT_THAT(open(3, world.vault, world.instance, 4), forged);
}

TEST(WriteBody, IsAsLargeAsAnEntryMayBeAndNoLarger) {
  const auto parses = [](size_t padded) {
    return ParseWriteBody(Bytes(sizeof(uint64_t) + crypto::kEnvelopeOverhead + padded)).ok();
  };
  ASSERT_TRUE(crypto::IsBucket(kEntryBytesMax));
  EXPECT_TRUE(parses(kEntryBytesMax));
  EXPECT_FALSE(parses(crypto::PaddedSize(kEntryBytesMax)));
  EXPECT_FALSE(parses(kEntryBytesMax - 1)) << "no bucket";
}

TEST(WriteBody, OpensWithNoFlippedBitOfItsEnvelope) {
  InstanceWorld world;
  const Bytes bytes = WriteBodyOf(world, 0);
  const EntryKey key = WriteKey(world, 0);
  const WriteBody body = *ParseWriteBody(bytes);
  testing::ForEachFlippedBit(
      Bytes(body.envelope.begin(), body.envelope.end()), [&](const Bytes& damaged) {
        EXPECT_FALSE(OpenWriteBody({42, damaged}, key, world.vault, world.instance, 0).ok());
      });
  EXPECT_FALSE(OpenWriteBody({42, {}}, key, world.vault, world.instance, 0).ok());
}

TEST(WriteBody, SealedTwiceForTheSameNumberIsTwoCiphertexts) {
  InstanceWorld world;
  EXPECT_NE(WriteBodyOf(world, 3), WriteBodyOf(world, 3));
}

TEST(WriteBody, HasTheBoundOfAnEntry) {
  InstanceWorld world;
  Bytes body;
  EXPECT_THAT(AppendWriteBody(1, WriteKey(world, 0), world.vault, world.instance, 0,
                              Bytes(kEntryBytesMax), world.random, body),
              ErrorIs(Code::kInvalidValue, "trail.event-too-large"));
  EXPECT_TRUE(body.empty());
}

TEST(Adoption, ComesBackAsItWas) {
  const Adoption adoption{kEnds, {{7}}, 8, 9};
  Bytes body;
  AppendAdoption(adoption, body);
  EXPECT_EQ(*ParseAdoption(body), adoption);
}

TEST(ChainEnds, ComeBackAsTheyWere) {
  Bytes body;
  AppendChainEnds(kEnds, body);
  EXPECT_EQ(body.size(), kChainEndsBytes);
  EXPECT_EQ(*ParseChainEnds(body), kEnds);
  testing::ForEachTruncation(body, [](ByteView bytes) {
    EXPECT_THAT(StatusOf(ParseChainEnds(bytes)), ErrorIs(Code::kDamage, "trail.bad-leaf"));
  });
}

TEST(Watermark, ComesBackAsItWasAndHasItsBytesWhereTheFormatSays) {
  const Watermark watermark{InstanceState::kEnded, 0x1122, kEnds};
  const auto bytes = EncodeWatermark(watermark);
  EXPECT_EQ(*ParseWatermark(bytes), watermark);
  Bytes expected = {2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x11, 0x22};
  expected.insert(expected.end(), kEnds.journal_chain.begin(), kEnds.journal_chain.end());
  expected.insert(expected.end(), {0, 0, 0, 0, 0, 0, 0, 3});
  expected.insert(expected.end(), kEnds.write_chain.begin(), kEnds.write_chain.end());
  EXPECT_EQ(Bytes(bytes.begin(), bytes.end()), expected);
}

TEST(ParseWatermark, RefusesEveryTruncationALongerOneAndUnknownStates) {
  const auto encoded = EncodeWatermark({});
  const Bytes bytes(encoded.begin(), encoded.end());
  const auto bad = ErrorIs(Code::kDamage, "trail.bad-watermark");
  testing::ForEachTruncation(
      bytes, [&](ByteView cut) { EXPECT_THAT(StatusOf(ParseWatermark(cut)), bad); });
  for (const uint8_t state : Bytes{0, 3, 255}) {
    Bytes changed = bytes;
    changed[0] = state;
    EXPECT_THAT(StatusOf(ParseWatermark(changed)), bad);
  }
}

TEST(ParseWatermark, ReadsEveryFlippedBitAsWhatItSaysOrRefusesIt) {
  const auto encoded = EncodeWatermark({InstanceState::kOpen, 5, kEnds});
  testing::ForEachFlippedBit(Bytes(encoded.begin(), encoded.end()), [](ByteView bytes) {
    const Result<Watermark> watermark = ParseWatermark(bytes);
    if (!watermark.ok()) return;
    const auto again = EncodeWatermark(*watermark);
    EXPECT_TRUE(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()));
  });
}

TEST(ChainStep, DependsOnTheChainAndOnEveryByte) {
  const Bytes entry = {1, 2, 3};
  const Bytes other = {1, 2, 4};
  const ChainHash start = ChainStart(entry);
  EXPECT_NE(ChainStep(start, entry), ChainStep(start, other));
  EXPECT_NE(ChainStep(start, entry), ChainStep(ChainStart(other), entry));
}

}  // namespace
}  // namespace bailee::audit
