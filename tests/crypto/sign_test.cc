// SPDX-License-Identifier: Apache-2.0
#include "crypto/sign.h"

#include <gtest/gtest.h>

#include "support/error_is.h"
#include "support/test_random.h"
#include "support/vectors.h"

namespace bailee::crypto {
namespace {

using testing::ErrorIs;
using testing::IsOk;

class Signing : public ::testing::Test {
 protected:
  testing::TestRandom random_{4};
  const SigningKey key_ = *SigningKey::FromSeed(*SigningSeed::Generate(random_));
  const Bytes message_ = {'m', 'e', 's', 's', 'a', 'g', 'e'};
  const Signature signature_ = key_.Sign(person::kPolicy, {message_});
};

TEST_F(Signing, SeedGivesThePublicKeyOfRfc8032) {
  const SigningSeed seed = *SigningSeed::FromBytes(
      testing::Hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  EXPECT_EQ(ToHex(SigningKey::FromSeed(seed)->verify_key().view()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

TEST_F(Signing, VerifiesWhatWasSignedHoweverItWasCut) {
  const ByteView message = message_;
  EXPECT_THAT(Verify(key_.verify_key(), person::kPolicy, {message}, signature_), IsOk());
  EXPECT_THAT(Verify(key_.verify_key(), person::kPolicy, {message.first(3), message.subspan(3)},
                     signature_),
              IsOk());
  EXPECT_EQ(key_.Sign(person::kPolicy, {message.first(1), message.subspan(1)}), signature_);
}

TEST_F(Signing, SignsThePersonalisationAndThenTheMessage) {
  Bytes whole(person::kPolicy.bytes.begin(), person::kPolicy.bytes.end());
  whole.insert(whole.end(), message_.begin(), message_.end());
  EXPECT_TRUE(internal::VerifyRaw(key_.verify_key(), whole, signature_));
}

TEST_F(Signing, RejectsAnotherUseKeyOrMessage) {
  const auto refused = ErrorIs(Code::kDamage, "crypto.bad-signature");
  EXPECT_THAT(Verify(key_.verify_key(), person::kManifest, {message_}, signature_), refused);
  const SigningKey other = *SigningKey::FromSeed(*SigningSeed::Generate(random_));
  EXPECT_THAT(Verify(other.verify_key(), person::kPolicy, {message_}, signature_), refused);
  EXPECT_THAT(Verify(key_.verify_key(), person::kPolicy, {message_, message_}, signature_),
              refused);
  EXPECT_THAT(Verify(key_.verify_key(), person::kPolicy, {}, signature_), refused);
}

TEST_F(Signing, RejectsEveryFlippedBitTruncationAndTrailingByte) {
  for (size_t bit = 0; bit < signature_.size() * 8; ++bit) {
    Signature flipped = signature_;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(Verify(key_.verify_key(), person::kPolicy, {message_}, flipped).ok()) << bit;
  }
  for (size_t size = 0; size < signature_.size(); ++size) {
    EXPECT_FALSE(
        Verify(key_.verify_key(), person::kPolicy, {message_}, ByteView(signature_).first(size))
            .ok());
  }
  Bytes longer(signature_.begin(), signature_.end());
  longer.push_back(0);
  EXPECT_FALSE(Verify(key_.verify_key(), person::kPolicy, {message_}, longer).ok());
}

}  // namespace
}  // namespace bailee::crypto
