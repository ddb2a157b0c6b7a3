// SPDX-License-Identifier: Apache-2.0
#include "crypto/box.h"

#include <gtest/gtest.h>

#include <vector>

#include "crypto/binding.h"
#include "crypto/hash.h"
#include "crypto/suite1.h"
#include "support/error_is.h"
#include "support/revealed.h"
#include "support/test_random.h"
#include "support/vectors.h"

namespace bailee::crypto {
namespace {

using testing::ErrorIs;
using testing::Hex;
using testing::HexArray;
using testing::Revealed;
using testing::StatusOf;
using testing::TestRandom;

// Every u below 2^255 with which X25519 comes to zero, and each again with the top bit, which
// X25519 ignores.
std::vector<BoxPublicKey> LowOrderPoints() {
  std::vector<BoxPublicKey> points;
  for (const char* u : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    points.push_back({HexArray<32>(u)});
    points.push_back(points.back());
    points.back().bytes[31] |= 0x80;
  }
  return points;
}

class Box : public ::testing::Test {
 protected:
  TestRandom random_{2};
  BoxOpener opener_{*BoxSecret::Generate(random_)};
  BoxSender sender_ = *BoxSender::Create(random_);
  const EncodedWrapBinding aad_ = Encode(WrapBinding{
      .binding = {.label = Label::kWriteOnlyWrap, .vault = {}}, .purpose = {}, .key_version = 1});
  const Bytes plaintext_ = Bytes(32, 'D');
  const Bytes box_ = *sender_.Seal(opener_.public_key(), aad_, plaintext_, random_);
};

TEST_F(Box, IsAsTheVectorsSay) {
  for (const auto& v : testing::Vectors("box")) {
    const PurposeKey purpose = *PurposeKey::FromBytes(Hex(v["purpose_key"]));
    BoxSecret secret = *DeriveBoxSecret(purpose, v["key_version"]);
    secret.Reveal(
        [&](ByteView bytes) { EXPECT_EQ(ToHex(bytes), v["box_secret"].get<std::string>()); });
    const BoxOpener opener(std::move(secret));
    EXPECT_EQ(ToHex(opener.public_key().view()), v["public"].get<std::string>());
    Bytes script = Hex(v["ephemeral"]);
    const Bytes salt = Hex(v["salt"]);
    script.insert(script.end(), salt.begin(), salt.end());
    testing::ScriptedRandom random(script);
    BoxSender sender = *BoxSender::Create(random);
    const Bytes aad = Hex(v["aad"]);
    const Bytes plaintext = Hex(v["plaintext"]);
    EXPECT_EQ(ToHex(*sender.Seal(opener.public_key(), aad, plaintext, random)),
              v["box"].get<std::string>());
    EXPECT_EQ(Revealed(*opener.Open(aad, Hex(v["box"]))), plaintext);
  }
}

TEST_F(Box, OfOneTransactionShareAnEphemeralKeyAndOpenEach) {
  const BoxOpener other(*BoxSecret::Generate(random_));
  const Bytes second = *sender_.Seal(opener_.public_key(), aad_, plaintext_, random_);
  const Bytes third = *sender_.Seal(other.public_key(), aad_, plaintext_, random_);
  EXPECT_TRUE(std::equal(box_.begin(), box_.begin() + 32, second.begin()));
  EXPECT_FALSE(std::equal(box_.begin() + 32, box_.begin() + 56, second.begin() + 32)) << "salt";
  EXPECT_EQ(Revealed(*opener_.Open(aad_, second)), plaintext_);
  EXPECT_EQ(Revealed(*other.Open(aad_, third)), plaintext_);
  EXPECT_EQ(box_.size(), plaintext_.size() + kBoxOverhead);
}

TEST_F(Box, OfDifferentTransactionsShareNothing) {
  BoxSender next = *BoxSender::Create(random_);
  const Bytes box = *next.Seal(opener_.public_key(), aad_, plaintext_, random_);
  EXPECT_FALSE(std::equal(box.begin(), box.begin() + 32, box_.begin()));
}

TEST_F(Box, RejectsEveryTruncation) {
  for (size_t size = 0; size < box_.size(); ++size) {
    EXPECT_THAT(StatusOf(opener_.Open(aad_, ByteView(box_).first(size))),
                ErrorIs(Code::kDamage, "crypto.damaged"))
        << size;
  }
}

TEST_F(Box, RejectsATrailingByte) {
  Bytes longer = box_;
  longer.push_back(0);
  EXPECT_THAT(StatusOf(opener_.Open(aad_, longer)), ErrorIs(Code::kDamage, "crypto.damaged"));
}

TEST_F(Box, RejectsEveryFlippedBit) {
  for (size_t bit = 0; bit < box_.size() * 8; ++bit) {
    Bytes flipped = box_;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    const Status status = StatusOf(opener_.Open(aad_, flipped));
    const bool header = bit < (32 + kSaltBytes + kCommitmentBytes) * 8;
    EXPECT_EQ(status.name(), header ? "crypto.wrong-key" : "crypto.damaged") << bit;
  }
}

TEST_F(Box, RejectsEveryFlippedBitOfTheBinding) {
  for (size_t bit = 0; bit < aad_.size() * 8; ++bit) {
    EncodedWrapBinding moved = aad_;
    moved[bit / 8] = static_cast<uint8_t>(moved[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_THAT(StatusOf(opener_.Open(moved, box_)), ErrorIs(Code::kKey, "crypto.wrong-key"));
  }
}

TEST_F(Box, RejectsAnotherRecipient) {
  const BoxOpener other(*BoxSecret::Generate(random_));
  EXPECT_THAT(StatusOf(other.Open(aad_, box_)), ErrorIs(Code::kKey, "crypto.wrong-key"));
}

TEST_F(Box, SenderRefusesAPublicKeyOfLowOrder) {
  for (const BoxPublicKey& weak : LowOrderPoints()) {
    Bytes out = {1};
    EXPECT_THAT(sender_.SealAppend(weak, aad_, plaintext_, random_, out),
                ErrorIs(Code::kDamage, "crypto.weak-public-key"))
        << ToHex(weak.view());
    EXPECT_EQ(out, Bytes{1});
  }
}

TEST_F(Box, OpenerRefusesAnEphemeralKeyOfLowOrder) {
  for (const BoxPublicKey& weak : LowOrderPoints()) {
    // What a forger who knows that dh is zero would send: a box that would open.
    Secret bytes = *Secret::Allocate(32);
    const Bytes zero(32);
    bytes.RevealMutable([&](std::span<uint8_t> out) {
      HashInto(person::kBox, {zero, weak.view(), opener_.public_key().view(), aad_}, out);
    });
    Bytes forged(weak.bytes.begin(), weak.bytes.end());
    SealAppend(*BoxKey::FromSecret(std::move(bytes)), aad_, plaintext_, random_, forged);
    EXPECT_THAT(StatusOf(opener_.Open(aad_, forged)),
                ErrorIs(Code::kDamage, "crypto.weak-public-key"))
        << ToHex(weak.view());
  }
}

TEST_F(Box, SecretsOfTwoVersionsOfAPurposeDiffer) {
  const PurposeKey purpose = *PurposeKey::Generate(random_);
  EXPECT_NE(PublicKeyOf(*DeriveBoxSecret(purpose, 1)), PublicKeyOf(*DeriveBoxSecret(purpose, 2)));
}

}  // namespace
}  // namespace bailee::crypto
