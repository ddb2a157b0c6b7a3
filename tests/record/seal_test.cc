// SPDX-License-Identifier: Apache-2.0
#include "record/seal.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "bailee/limits.h"
#include "crypto/binding.h"
#include "crypto/init.h"
#include "crypto/suite1.h"
#include "record/fields.h"

namespace bailee::record {
namespace {

class SealedCompartment : public ::testing::Test {
 protected:
  SealedCompartment() {
    EXPECT_TRUE(crypto::Init().ok());
    key_ = *crypto::CompartmentKey::Generate(crypto::SystemRandom());
    place_ = {.vault = {{1}},
              .handle = {{2}},
              .category = {{3}},
              .record = {{4}},
              .compartment = 5,
              .generation = 6,
              .head = {.revision = 7, .collected_at = {8}, .terms = {{9}}}};
    const FieldValue values[] = {{.field = 1, .bytes = AsBytes("4111111111111111")}};
    sealed_ = SealCompartment(key_, place_, *EncodeFields(values), crypto::SystemRandom());
  }

  // What field 1 holds if `sealed` opens at `place`, else the error's name.
  std::string Opened(const CompartmentPlace& place, ByteView sealed) const {
    const Result<Secret> opened = OpenCompartment(key_, place, sealed);
    if (!opened) {
      EXPECT_EQ(opened.status().code(), Code::kDamage);
      return std::string(opened.status().name());
    }
    return opened->RevealBytes(
        [](ByteView bytes) { return std::string(AsText(**FindField(bytes, 1))); });
  }

  crypto::CompartmentKey key_;
  CompartmentPlace place_;
  Bytes sealed_;
};

constexpr const char* kRefused = "record.not-authentic";

TEST_F(SealedCompartment, OpensInItsPlace) {
  EXPECT_EQ(Opened(place_, sealed_), "4111111111111111");
}

TEST_F(SealedCompartment, OpensInNoOtherPlace) {
  const std::vector<std::function<void(CompartmentPlace&)>> moves = {
      [](CompartmentPlace& p) { p.vault.bytes[15] ^= 1; },
      [](CompartmentPlace& p) { p.handle.bytes[15] ^= 1; },
      [](CompartmentPlace& p) { p.category.bytes[7] ^= 1; },
      [](CompartmentPlace& p) { p.record.bytes[15] ^= 1; },
      [](CompartmentPlace& p) { p.compartment ^= 0x100; },
      [](CompartmentPlace& p) { p.generation += 1; },
      [](CompartmentPlace& p) { p.head.revision -= 1; },  // an older row put back
      [](CompartmentPlace& p) { p.head.collected_at.unix_ms += 1; },
      [](CompartmentPlace& p) { p.head.terms.bytes[15] ^= 1; },
  };
  for (size_t i = 0; i < moves.size(); ++i) {
    CompartmentPlace elsewhere = place_;
    moves[i](elsewhere);
    EXPECT_EQ(Opened(elsewhere, sealed_), kRefused) << i;
  }
}

TEST_F(SealedCompartment, RefusesEveryBitFlip) {
  for (size_t bit = 0; bit < sealed_.size() * 8; ++bit) {
    Bytes flipped = sealed_;
    flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_EQ(Opened(place_, flipped), kRefused) << bit;
  }
}

TEST_F(SealedCompartment, RefusesEveryTruncationAndATrailingByte) {
  for (size_t size = 0; size < sealed_.size(); ++size) {
    EXPECT_EQ(Opened(place_, ByteView(sealed_).first(size)), kRefused) << size;
  }
  sealed_.push_back(0);
  EXPECT_EQ(Opened(place_, sealed_), kRefused);
}

TEST_F(SealedCompartment, RefusesAnotherKey) {
  const auto other = crypto::CompartmentKey::Generate(crypto::SystemRandom());
  EXPECT_EQ(OpenCompartment(*other, place_, sealed_).status().name(), kRefused);
}

TEST_F(SealedCompartment, IsBoundAsTheFormatSays) {
  const crypto::EncodedBinding binding = crypto::Encode(crypto::Binding{
      .label = crypto::Label::kCompartment,
      .vault = {{1}},
      .handle = {{2}},
      .category = {{3}},
      .record = {{4}},
      .compartment = 5,
      .terms = {{9}},
      .generation = 6,
      .revision = 7,
      .context = 8,
  });
  EXPECT_TRUE(crypto::Open(key_, binding, sealed_).ok());
}

TEST_F(SealedCompartment, HasASizeThatParseRecordRowTakes) {
  const RowEntry entries[] = {{.compartment = 5, .generation = 6, .sealed = sealed_}};
  const Bytes bytes = EncodeRecordRow(place_.head, entries);
  const Result<RecordRow> row = ParseRecordRow(bytes);
  ASSERT_TRUE(row.ok());
  CompartmentPlace place = place_;
  place.head = row->head();
  EXPECT_EQ(Opened(place, row->Find(5)->sealed), "4111111111111111");
}

TEST_F(SealedCompartment, OfTheLargestRecordFitsARow) {
  const std::string largest(limits::kRecordBytesMax, 'x');
  const FieldValue values[] = {{.field = 1, .bytes = AsBytes(largest)}};
  const Bytes sealed = SealCompartment(key_, place_, *EncodeFields(values), crypto::SystemRandom());
  const RowEntry entries[] = {{.compartment = 5, .generation = 6, .sealed = sealed}};
  EXPECT_TRUE(ParseRecordRow(EncodeRecordRow(place_.head, entries)).ok());
  EXPECT_EQ(Opened(place_, sealed), largest);
}

}  // namespace
}  // namespace bailee::record
