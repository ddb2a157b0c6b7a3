// SPDX-License-Identifier: Apache-2.0
#include "crypto/password.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>

#include "support/child.h"
#include "support/error_is.h"
#include "support/sanitized.h"

namespace bailee::crypto {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

std::string TextOf(const Secret& secret) {
  return secret.Reveal([](std::string_view text) { return std::string(text); });
}

Bytes DerivedFrom(std::string_view passphrase, uint8_t salt_byte, PasswordCost cost) {
  PasswordSalt salt;
  salt.fill(salt_byte);
  const Result<UnlockKey> key = DeriveUnlockKey(*Secret::From(passphrase), salt, cost);
  return key->Reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
}

TEST(PasswordCost, IsAcceptedAtItsBoundsAndRefusedOneBeyond) {
  EXPECT_THAT(CheckCost({}), IsOk());
  EXPECT_THAT(CheckCost({.ops = 1, .mem_kib = 8'192}), IsOk());
  EXPECT_THAT(CheckCost({.ops = 10, .mem_kib = 1'048'576}), IsOk());
  for (const PasswordCost cost :
       {PasswordCost{0, 8'192}, PasswordCost{11, 8'192}, PasswordCost{1, 8'191},
        PasswordCost{1, 1'048'577}, PasswordCost{~0U, ~0U}}) {
    EXPECT_THAT(CheckCost(cost), ErrorIs(Code::kDamage, "crypto.password-cost"));
    EXPECT_THAT(StatusOf(DeriveUnlockKey(*Secret::From("p"), {}, cost)),
                ErrorIs(Code::kDamage, "crypto.password-cost"));
    EXPECT_THAT(StatusOf(MakePasswordVerifier(*Secret::From("p"), cost)),
                ErrorIs(Code::kDamage, "crypto.password-cost"));
  }
}

TEST(DeriveUnlockKey, DependsOnPassphraseSaltAndCost) {
  const Bytes base = DerivedFrom("correct horse", 1, kPasswordCostMin);
  EXPECT_EQ(base, DerivedFrom("correct horse", 1, kPasswordCostMin));
  EXPECT_NE(base, DerivedFrom("correct horsf", 1, kPasswordCostMin));
  EXPECT_NE(base, DerivedFrom("", 1, kPasswordCostMin));
  EXPECT_NE(base, DerivedFrom("correct horse", 2, kPasswordCostMin));
  EXPECT_NE(base, DerivedFrom("correct horse", 1, {.ops = 2, .mem_kib = 8'192}));
  EXPECT_NE(base, DerivedFrom("correct horse", 1, {.ops = 1, .mem_kib = 8'193}));
}

TEST(DeriveUnlockKey, SaysWhenThereIsNoMemory) {
  if (testing::kSanitized) GTEST_SKIP() << "a sanitizer needs the address space taken away here";
  EXPECT_EQ(testing::ExitCodeOfChild([] {
              const Result<Secret> passphrase = Secret::From("p");
              const rlimit little{200U << 20, 200U << 20};
              ::setrlimit(RLIMIT_AS, &little);
              const Status status =
                  StatusOf(DeriveUnlockKey(*passphrase, {}, {.ops = 1, .mem_kib = 1'048'576}));
              return status.name() == "crypto.password-memory" ? 0 : 1;
            }),
            0);
}

TEST(PasswordVerifier, IsAPhcStringThatOnlyItsPasswordFits) {
  const Secret verifier = *MakePasswordVerifier(*Secret::From("hunter2"), kPasswordCostMin);
  EXPECT_EQ(TextOf(verifier).substr(0, 30), "$argon2id$v=19$m=8192,t=1,p=1$");
  EXPECT_LT(verifier.size_bytes(), 128U);
  EXPECT_TRUE(*CheckPassword(verifier, *Secret::From("hunter2")));
  EXPECT_FALSE(*CheckPassword(verifier, *Secret::From("hunter3")));
  EXPECT_FALSE(*CheckPassword(verifier, *Secret::From("")));
}

TEST(PasswordVerifier, IsSaltedAnew) {
  const Secret password = *Secret::From("hunter2");
  EXPECT_NE(TextOf(*MakePasswordVerifier(password, kPasswordCostMin)),
            TextOf(*MakePasswordVerifier(password, kPasswordCostMin)));
}

TEST(PasswordVerifier, MadeEarlierIsStillUnderstood) {
  // Stored once and kept: a later library must still read it.
  const Secret verifier = *Secret::From(
      "$argon2id$v=19$m=8192,t=1,p=1$vMAnmWX+Yv5PYB/"
      "5txiKrw$YYwweZTyuXCc0FG8+Yq+orn+GmEXns9XeCo1ZSsYSlA");
  EXPECT_TRUE(*CheckPassword(verifier, *Secret::From("correct horse battery staple")));
}

TEST(PasswordVerifier, WithAnInsaneCostIsRefusedBeforeItRuns) {
  const std::string rest = ",p=1$" + std::string(22, 'A') + "$" + std::string(43, 'A');
  for (const char* cost :
       {"m=4194304,t=3", "m=8191,t=1", "m=8192,t=11", "m=8192,t=4000000000", "m=1048577,t=1"}) {
    const Secret verifier = *Secret::From("$argon2id$v=19$" + std::string(cost) + rest);
    EXPECT_THAT(StatusOf(CheckPassword(verifier, *Secret::From("p"))),
                ErrorIs(Code::kDamage, "crypto.password-cost"))
        << cost;
  }
}

TEST(PasswordVerifier, OfAnyOtherShapeIsDamage) {
  const std::string good = TextOf(*MakePasswordVerifier(*Secret::From("p"), kPasswordCostMin));
  const auto check = [](const std::string& text) {
    return StatusOf(CheckPassword(*Secret::From(text), *Secret::From("p")));
  };
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(check(good.substr(0, size)), ErrorIs(Code::kDamage, "crypto.bad-verifier"));
  }
  for (const std::string& bad :
       {good + "A", good + std::string(1, '\0'), "x" + good,
        "$argon2i$v=19$m=8192,t=1,p=1$" + good.substr(30), "$argon2id$v=16" + good.substr(14),
        "$argon2id$v=19$m=08192,t=1,p=1$" + good.substr(30),
        "$argon2id$v=19$m=8192,t=1,p=2$" + good.substr(30),
        "$argon2id$v=19$m=8192,t=99999999999,p=1$" + good.substr(30),
        "$argon2id$v=19$m=-8192,t=1,p=1$" + good.substr(30),
        good.substr(0, 30) + "*" + good.substr(31)}) {
    EXPECT_THAT(check(bad), ErrorIs(Code::kDamage, "crypto.bad-verifier")) << bad;
  }
}

TEST(PasswordVerifier, WithoutOneOfItsPartsIsDamage) {
  const std::vector<std::string> parts = {
      "$argon2id$v=19$m=", "8192", ",t=", "1", ",p=1$", std::string(22, 'A'), "$",
      std::string(43, 'A')};
  for (size_t without = 0; without < parts.size(); ++without) {
    std::string text;
    for (size_t i = 0; i < parts.size(); ++i) text += i == without ? "" : parts[i];
    EXPECT_THAT(StatusOf(CheckPassword(*Secret::From(text), *Secret::From("p"))),
                ErrorIs(Code::kDamage, "crypto.bad-verifier"))
        << text;
  }
}

}  // namespace
}  // namespace bailee::crypto
