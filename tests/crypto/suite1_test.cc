// SPDX-License-Identifier: Apache-2.0
#include "crypto/suite1.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/arena.h"
#include "crypto/binding.h"
#include "support/error_is.h"
#include "support/revealed.h"
#include "support/test_random.h"
#include "support/vectors.h"

namespace bailee::crypto {
namespace {

using testing::ErrorIs;
using testing::Hex;
using testing::Revealed;
using testing::StatusOf;
using testing::TestRandom;

class Envelope : public ::testing::Test {
 protected:
  // Every way to open must agree, and leave nothing in its output when it fails.
  Status Opened(const Key& key, ByteView aad, ByteView envelope) {
    const Status into_secret = StatusOf(crypto::Open(key, aad, envelope));
    Bytes out(envelope.size() < kEnvelopeOverhead ? 7 : envelope.size() - kEnvelopeOverhead, 0xAB);
    const Status into_buffer = OpenInto(key, aad, envelope, out);
    EXPECT_EQ(into_secret.name(), into_buffer.name());
    if (!into_buffer.ok()) {
      EXPECT_EQ(out, Bytes(out.size()));
    }
    return into_buffer;
  }

  TestRandom random_{1};
  CompartmentKey key_ = *CompartmentKey::Generate(random_);
  const EncodedBinding aad_ = Encode(Binding{.label = Label::kCompartment, .vault = {}});
  const Bytes plaintext_ = {'p', 'l', 'a', 'i', 'n'};
  const Bytes sealed_ = Seal(key_, aad_, plaintext_, random_);
};

TEST_F(Envelope, IsAsTheVectorsSay) {
  for (const auto& v : testing::Vectors("suite1")) {
    const CompartmentKey key = *CompartmentKey::FromBytes(Hex(v["key"]));
    testing::ScriptedRandom salt(Hex(v["salt"]));
    EXPECT_EQ(ToHex(Seal(key, Hex(v["aad"]), Hex(v["plaintext"]), salt)),
              v["envelope"].get<std::string>());
    const Result<Secret> opened = Open(key, Hex(v["aad"]), Hex(v["envelope"]));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(Revealed(*opened), Hex(v["plaintext"]));
  }
}

TEST_F(Envelope, OpensToWhatWasSealedAtEveryLength) {
  for (size_t size = 0; size <= 300; ++size) {
    Bytes plaintext(size);
    random_.Fill(plaintext);
    const Bytes sealed = Seal(key_, aad_, plaintext, random_);
    EXPECT_EQ(sealed.size(), size + 72);
    const Result<Secret> opened = Open(key_, aad_, sealed);
    ASSERT_TRUE(opened.ok()) << size;
    EXPECT_EQ(Revealed(*opened), plaintext);
  }
}

TEST_F(Envelope, RejectsEveryTruncation) {
  for (size_t size = 0; size < sealed_.size(); ++size) {
    EXPECT_THAT(Opened(key_, aad_, ByteView(sealed_).first(size)),
                ErrorIs(Code::kDamage, "crypto.damaged"))
        << size;
  }
}

TEST_F(Envelope, RejectsATrailingByte) {
  Bytes longer = sealed_;
  longer.push_back(0);
  EXPECT_THAT(Opened(key_, aad_, longer), ErrorIs(Code::kDamage, "crypto.damaged"));
}

TEST_F(Envelope, RejectsEveryFlippedBitAndSaysOfWhatKind) {
  for (size_t bit = 0; bit < sealed_.size() * 8; ++bit) {
    Bytes flipped = sealed_;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    const Status status = Opened(key_, aad_, flipped);
    if (bit < (kSaltBytes + kCommitmentBytes) * 8) {
      EXPECT_THAT(status, ErrorIs(Code::kKey, "crypto.wrong-key")) << bit;
    } else {
      EXPECT_THAT(status, ErrorIs(Code::kDamage, "crypto.damaged")) << bit;
    }
  }
}

TEST_F(Envelope, RejectsAnotherKey) {
  const CompartmentKey other = *CompartmentKey::Generate(random_);
  EXPECT_THAT(Opened(other, aad_, sealed_), ErrorIs(Code::kKey, "crypto.wrong-key"));
}

TEST_F(Envelope, RejectsEveryFlippedBitOfTheBinding) {
  for (size_t bit = 0; bit < aad_.size() * 8; ++bit) {
    EncodedBinding moved = aad_;
    moved[bit / 8] = static_cast<uint8_t>(moved[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_THAT(Opened(key_, moved, sealed_), ErrorIs(Code::kKey, "crypto.wrong-key")) << bit;
  }
  EXPECT_FALSE(Opened(key_, ByteView(aad_).first(93), sealed_).ok());
  EXPECT_FALSE(Opened(key_, {}, sealed_).ok());
}

TEST_F(Envelope, RejectsEveryChangedFieldOfTheBinding) {
  const Binding here{.label = Label::kCompartment, .vault = {}};
  const auto moved = [&](auto change) {
    Binding there = here;
    change(there);
    return std::string(Opened(key_, Encode(there), sealed_).name());
  };
  EXPECT_EQ(moved([](Binding&) {}), "ok");
  EXPECT_EQ(moved([](Binding& b) { b.label = Label::kWrapsRow; }), "crypto.wrong-key");
  EXPECT_EQ(moved([](Binding& b) { b.vault.bytes[3] = 1; }), "crypto.wrong-key");
  EXPECT_EQ(moved([](Binding& b) { b.handle.bytes[3] = 1; }), "crypto.wrong-key");
  EXPECT_EQ(moved([](Binding& b) { b.category.bytes[3] = 1; }), "crypto.wrong-key");
  EXPECT_EQ(moved([](Binding& b) { b.record.bytes[3] = 1; }), "crypto.wrong-key");
  EXPECT_EQ(moved([](Binding& b) { b.compartment = 1; }), "crypto.wrong-key");
  EXPECT_EQ(moved([](Binding& b) { b.terms.bytes[3] = 1; }), "crypto.wrong-key");
  EXPECT_EQ(moved([](Binding& b) { b.generation = 1; }), "crypto.wrong-key");
  EXPECT_EQ(moved([](Binding& b) { b.revision = 1; }), "crypto.wrong-key");
  EXPECT_EQ(moved([](Binding& b) { b.context = 1; }), "crypto.wrong-key");
}

TEST_F(Envelope, OfNothingIsStillAuthentic) {
  Bytes sealed = Seal(key_, aad_, {}, random_);
  EXPECT_TRUE(Open(key_, aad_, sealed)->empty());
  sealed.back() ^= 1;
  EXPECT_THAT(Opened(key_, aad_, sealed), ErrorIs(Code::kDamage, "crypto.damaged"));
}

TEST_F(Envelope, NeverUsesASaltTwice) {
  std::set<Bytes> salts;
  for (int i = 0; i < 10'000; ++i) {
    const Bytes sealed = Seal(key_, aad_, {}, SystemRandom());
    EXPECT_TRUE(salts.emplace(sealed.begin(), sealed.begin() + kSaltBytes).second);
  }
}

TEST_F(Envelope, OfEqualPlaintextsDiffersThroughout) {
  const Bytes again = Seal(key_, aad_, plaintext_, random_);
  EXPECT_FALSE(std::equal(again.begin() + 56, again.end(), sealed_.begin() + 56));
}

TEST_F(Envelope, IsTheSameBytesForTheSameRandomness) {
  TestRandom one(7);
  TestRandom two(7);
  TestRandom three(8);
  const Bytes first = Seal(key_, aad_, plaintext_, one);
  EXPECT_EQ(first, Seal(key_, aad_, plaintext_, two));
  EXPECT_NE(first, Seal(key_, aad_, plaintext_, three));
}

TEST_F(Envelope, CanBeSealedInPlaceAndAppended) {
  TestRandom one(7);
  TestRandom two(7);
  TestRandom three(7);
  Bytes buffer(plaintext_.size() + kEnvelopeOverhead);
  std::copy(plaintext_.begin(), plaintext_.end(), buffer.begin() + 56);
  SealInto(key_, aad_, ByteView(buffer).subspan(56, plaintext_.size()), one, buffer);
  EXPECT_EQ(buffer, Seal(key_, aad_, plaintext_, two));
  Bytes appended = {1, 2, 3};
  SealAppend(key_, aad_, plaintext_, three, appended);
  EXPECT_EQ(Bytes(appended.begin() + 3, appended.end()), buffer);
  EXPECT_EQ(appended[2], 3);
}

TEST_F(Envelope, SaysWhenThereIsNoRoomForThePlaintext) {
  const Bytes large = Seal(key_, aad_, Bytes(20 << 20), random_);
  const size_t unbounded = arena::SetLimit(0);
  const Status status = StatusOf(Open(key_, aad_, large));
  arena::SetLimit(unbounded);
  EXPECT_THAT(status, ErrorIs(Code::kFull, "secret.arena-full"));
}

TEST(EnvelopeDeathTest, AnEmptyKeySealsNothing) {
  TestRandom random(1);
  EXPECT_DEATH(Seal(CompartmentKey(), {}, {}, random), "broken invariant");
}

}  // namespace
}  // namespace bailee::crypto
