// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>

#include "crypto/aead.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"
#include "support/error_is.h"
#include "support/test_random.h"

namespace bailee::crypto {
namespace {

// Numbers modulo 2^130 − 5, the field of Poly1305, in five limbs of 26 bits, lowest first.
class Field {
 public:
  Field() = default;
  explicit Field(uint64_t small) { limbs_[0] = small; }

  static Field FromLittleEndian(ByteView bytes) {
    Field out;
    for (size_t bit = 0; bit < std::min<size_t>(130, bytes.size() * 8); ++bit) {
      out.limbs_[bit / 26] |= uint64_t{bytes[bit / 8] >> (bit % 8) & 1U} << (bit % 26);
    }
    return out;
  }

  friend Field operator+(Field a, const Field& b) {
    for (size_t i = 0; i < 5; ++i) a.limbs_[i] += b.limbs_[i];
    return a.Carried();
  }
  friend Field operator-(Field a, const Field& b) { return a + b * Field::MinusOne(); }
  friend Field operator*(const Field& a, const Field& b) {
    Field out;
    for (size_t i = 0; i < 5; ++i) {
      for (size_t j = 0; j < 5; ++j) {
        // 2^130 is 5.
        out.limbs_[(i + j) % 5] += a.limbs_[i] * b.limbs_[j] * (i + j >= 5 ? 5 : 1);
      }
    }
    return out.Carried().Carried();
  }

  // The power p − 2 (Fermat), where p − 2 is all ones but for its lowest bits, 2^130 − 7.
  Field Inverse() const {
    Field out(1);
    for (int bit = 129; bit >= 0; --bit) {
      out = out * out;
      if (bit != 1 && bit != 2) out = out * *this;
    }
    return out;
  }

  // The 16 bytes of a block whose number, with the 1 that Poly1305 appends, this is; if it is one.
  std::optional<std::array<uint8_t, 16>> AsBlock() const {
    const Field whole = Reduced();
    std::array<uint8_t, 17> bytes{};
    for (size_t bit = 0; bit < 130; ++bit) {
      bytes[bit / 8] = static_cast<uint8_t>(
          bytes[bit / 8] | (whole.limbs_[bit / 26] >> (bit % 26) & 1U) << (bit % 8));
    }
    if (bytes[16] != 1) return std::nullopt;
    std::array<uint8_t, 16> block;
    std::copy_n(bytes.begin(), 16, block.begin());
    return block;
  }

 private:
  static constexpr uint64_t kMask = (uint64_t{1} << 26) - 1;

  static Field MinusOne() {
    Field out;
    out.limbs_.fill(kMask);
    out.limbs_[0] = kMask - 5;
    return out;
  }

  Field Carried() const {
    Field out = *this;
    for (int round = 0; round < 2; ++round) {
      for (size_t i = 0; i < 5; ++i) {
        const uint64_t carry = out.limbs_[i] >> 26;
        out.limbs_[i] &= kMask;
        out.limbs_[(i + 1) % 5] += carry * (i == 4 ? 5 : 1);
      }
    }
    return out;
  }

  // The one number below 2^130 − 5.
  Field Reduced() const {
    Field out = Carried().Carried();
    Field plus5 = out;
    plus5.limbs_[0] += 5;
    for (size_t i = 0; i < 4; ++i) {
      plus5.limbs_[i + 1] += plus5.limbs_[i] >> 26;
      plus5.limbs_[i] &= kMask;
    }
    if (plus5.limbs_[4] >> 26 == 0) return out;
    plus5.limbs_[4] &= kMask;
    return plus5;
  }

  std::array<uint64_t, 5> limbs_{};
};

// The one-time key of Poly1305 under an AEAD key and the zero nonce.
struct OneTimeKey {
  Field r;
  std::array<uint8_t, 16> s;
};

OneTimeKey OneTimeKeyOf(ByteView key) {
  const AeadNonce nonce{};
  std::array<uint8_t, 32> block;
  crypto_stream_chacha20_ietf(block.data(), block.size(), nonce.data(), key.data());
  for (const size_t i : {3U, 7U, 11U, 15U}) block[i] &= 15;
  for (const size_t i : {4U, 8U, 12U}) block[i] &= 252;
  OneTimeKey out;
  out.r = Field::FromLittleEndian(ByteView(block).first(16));
  std::copy_n(block.begin() + 16, 16, out.s.begin());
  return out;
}

// What the polynomial must come to for the tag to be `tag`.
Field Target(const std::array<uint8_t, 16>& tag, const OneTimeKey& key) {
  std::array<uint8_t, 16> bytes;
  int borrow = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int difference = tag[i] - key.s[i] - borrow;
    bytes[i] = static_cast<uint8_t>(difference);
    borrow = difference < 0 ? 1 : 0;
  }
  return Field::FromLittleEndian(bytes);
}

// Two blocks and a tag, ciphertext of ChaCha20-Poly1305 with the zero nonce and without additional
// data, that are authentic under both keys (Dodis, Grubbs, Ristenpart, Woodage: Fast Message
// Franking, 2018). For each key: c1·r³ + c2·r² + lengths·r = tag − s: two equations, two unknowns;
// a solution is a pair of blocks one time in sixteen.
Bytes OpensUnderBoth(ByteView key1, ByteView key2, Random& random) {
  const OneTimeKey a = OneTimeKeyOf(key1);
  const OneTimeKey b = OneTimeKeyOf(key2);
  std::array<uint8_t, 17> lengths{};  // no additional data, 32 bytes of ciphertext
  lengths[8] = 32;
  lengths[16] = 1;
  const Field length_block = Field::FromLittleEndian(lengths);
  for (int attempt = 0; attempt < 10'000; ++attempt) {
    const auto tag = RandomArray<16>(random);
    // Divided by r², each is: c1·r + c2 = right.
    const Field right_a = (Target(tag, a) - length_block * a.r) * (a.r * a.r).Inverse();
    const Field right_b = (Target(tag, b) - length_block * b.r) * (b.r * b.r).Inverse();
    const Field c1 = (right_a - right_b) * (a.r - b.r).Inverse();
    const Field c2 = right_a - c1 * a.r;
    const auto block1 = c1.AsBlock();
    const auto block2 = c2.AsBlock();
    if (!block1 || !block2) continue;
    Bytes out(block1->begin(), block1->end());
    out.insert(out.end(), block2->begin(), block2->end());
    out.insert(out.end(), tag.begin(), tag.end());
    return out;
  }
  return {};
}

std::array<uint8_t, 64> Derive(const Key& key, ByteView salt, ByteView aad) {
  Bytes input(salt.begin(), salt.end());
  input.insert(input.end(), aad.begin(), aad.end());
  std::array<uint8_t, 64> out;
  key.Reveal([&](ByteView bytes) {
    crypto_generichash_blake2b(out.data(), out.size(), input.data(), input.size(), bytes.data(),
                               bytes.size());
  });
  return out;
}

TEST(TwoKeys, OneCiphertextOpensUnderBothOnThePlainAead) {
  testing::TestRandom random(6);
  const auto key1 = RandomArray<32>(random);
  const auto key2 = RandomArray<32>(random);
  const Bytes sealed = OpensUnderBoth(key1, key2, random);
  ASSERT_EQ(sealed.size(), 48U);
  std::array<uint8_t, 32> plaintext1;
  std::array<uint8_t, 32> plaintext2;
  EXPECT_TRUE(AeadOpen(key1, {}, {}, sealed, plaintext1));
  EXPECT_TRUE(AeadOpen(key2, {}, {}, sealed, plaintext2));
  EXPECT_NE(plaintext1, plaintext2);
}

TEST(TwoKeys, Suite1OpensItUnderNoMoreThanOne) {
  testing::TestRandom random(7);
  const PurposeKey billing = *PurposeKey::Generate(random);
  const PurposeKey support = *PurposeKey::Generate(random);
  const EncodedWrapBinding aad = Encode(WrapBinding{
      .binding = {.label = Label::kWrap, .vault = {}}, .purpose = {}, .key_version = 1});
  const auto salt = RandomArray<24>(random);
  const auto derived1 = Derive(billing, salt, aad);
  const auto derived2 = Derive(support, salt, aad);
  const Bytes sealed =
      OpensUnderBoth(ByteView(derived1).first(32), ByteView(derived2).first(32), random);
  ASSERT_EQ(sealed.size(), 48U);

  const auto envelope_committed_to = [&](const std::array<uint8_t, 64>& derived) {
    Bytes envelope(salt.begin(), salt.end());
    envelope.insert(envelope.end(), derived.begin() + 32, derived.end());
    envelope.insert(envelope.end(), sealed.begin(), sealed.end());
    return envelope;
  };
  const auto wrong_key = testing::ErrorIs(Code::kKey, "crypto.wrong-key");
  const Bytes first = envelope_committed_to(derived1);
  EXPECT_TRUE(Open(billing, aad, first).ok()) << "the envelope itself is well made";
  EXPECT_THAT(testing::StatusOf(Open(support, aad, first)), wrong_key);
  const Bytes second = envelope_committed_to(derived2);
  EXPECT_TRUE(Open(support, aad, second).ok());
  EXPECT_THAT(testing::StatusOf(Open(billing, aad, second)), wrong_key);
}

}  // namespace
}  // namespace bailee::crypto
