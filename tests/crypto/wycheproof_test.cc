// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <optional>

#include "crypto/aead.h"
#include "crypto/box.h"
#include "crypto/sign.h"
#include "support/data.h"
#include "support/vectors.h"

namespace bailee::crypto {
namespace {

using testing::Hex;
using testing::HexArray;

// Published attacks on implementations (github.com/C2SP/wycheproof), run through our own functions.
// Its vectors for XChaCha20-Poly1305 and HMAC are not run: Bailee uses neither.
std::optional<nlohmann::json> Wycheproof(const std::string& name) {
  const std::string path = testing::DataPath("wycheproof/" + name);
  std::ifstream file(path);
  if (file) return nlohmann::json::parse(file);
  std::cout << "no Wycheproof vectors at " << path << ": set BAILEE_TEST_DATA to where they are\n";
  return std::nullopt;
}

TEST(Wycheproof, X25519RefusesAZeroResultAndAgreesOnEveryOther) {
  const auto file = Wycheproof("x25519_test.json");
  if (!file) GTEST_SKIP() << "no vectors";
  size_t agreed = 0;
  size_t refused = 0;
  for (const auto& group : (*file)["testGroups"]) {
    for (const auto& test : group["tests"]) {
      const BoxSecret secret = *BoxSecret::FromBytes(Hex(test["private"]));
      const Result<Secret> shared = Agree(secret, {HexArray<32>(test["public"])});
      if (test["shared"] == std::string(64, '0')) {
        EXPECT_EQ(shared.status().name(), "crypto.weak-public-key") << test["tcId"];
        ++refused;
        continue;
      }
      ASSERT_TRUE(shared.ok()) << test["tcId"];
      shared->RevealBytes([&](ByteView b) {
        EXPECT_EQ(ToHex(b), test["shared"].get<std::string>()) << test["tcId"];
      });
      ++agreed;
    }
  }
  EXPECT_EQ(agreed + refused, (*file)["numberOfTests"].get<size_t>());
  EXPECT_GT(agreed, 400U);
  EXPECT_GT(refused, 20U);
}

TEST(Wycheproof, Ed25519AcceptsWhatIsValidAndNothingElse) {
  const auto file = Wycheproof("ed25519_test.json");
  if (!file) GTEST_SKIP() << "no vectors";
  size_t run = 0;
  for (const auto& group : (*file)["testGroups"]) {
    const VerifyKey key{HexArray<32>(group["publicKey"]["pk"])};
    for (const auto& test : group["tests"]) {
      EXPECT_EQ(internal::VerifyRaw(key, Hex(test["msg"]), Hex(test["sig"])),
                test["result"] == "valid")
          << test["tcId"];
      ++run;
    }
  }
  EXPECT_EQ(run, (*file)["numberOfTests"].get<size_t>());
}

void CheckAead(const nlohmann::json& test) {
  const Bytes key = Hex(test["key"]);
  const AeadNonce nonce = HexArray<12>(test["iv"]);
  const Bytes aad = Hex(test["aad"]);
  const Bytes message = Hex(test["msg"]);
  Bytes sealed = Hex(test["ct"]);
  const Bytes tag = Hex(test["tag"]);
  sealed.insert(sealed.end(), tag.begin(), tag.end());
  Bytes opened(message.size(), 0xAB);
  const bool valid = test["result"] == "valid";
  EXPECT_EQ(AeadOpen(key, nonce, aad, sealed, opened), valid) << test["tcId"];
  EXPECT_EQ(opened, valid ? message : Bytes(message.size())) << test["tcId"];
  if (!valid) return;
  Bytes again(sealed.size());
  AeadSeal(key, nonce, aad, message, again);
  EXPECT_EQ(again, sealed) << test["tcId"];
}

TEST(Wycheproof, ChaCha20Poly1305AgreesOnEveryNonceItCanExpress) {
  const auto file = Wycheproof("chacha20_poly1305_test.json");
  if (!file) GTEST_SKIP() << "no vectors";
  size_t run = 0;
  size_t other_nonces = 0;
  for (const auto& group : (*file)["testGroups"]) {
    for (const auto& test : group["tests"]) {
      // A nonce of another length does not fit the type.
      if (Hex(test["iv"]).size() != sizeof(AeadNonce)) {
        EXPECT_EQ(test["result"], "invalid");
        ++other_nonces;
        continue;
      }
      CheckAead(test);
      ++run;
    }
  }
  EXPECT_EQ(run + other_nonces, (*file)["numberOfTests"].get<size_t>());
  EXPECT_GT(run, 300U);
}

}  // namespace
}  // namespace bailee::crypto
