// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "keys/issued.h"

namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

class Granting : public ::testing::Test {
 protected:
  Result<Keyring::Description> Try(const Keyring& authority,
                                   const std::vector<const Keyring*>& sources,
                                   const GrantRequest& request) {
    Result<KeyringFile> file =
        Grant(authority, sources, request, Unlock::Nothing(), Clock::System());
    if (!file.ok()) return file.status();
    auto parsed = file->bytes.RevealBytes(
        [](ByteView bytes) { return keys::ParseKeyring(bytes, Unlock::Nothing()); });
    if (!parsed.ok()) return parsed.status();
    return Keyring(std::make_unique<keys::KeyringKeys>(*std::move(parsed))).Describe();
  }

  Issued issued_;
  Keyring authority_ = issued_.Load("authority");
  Keyring billing_ = issued_.Load("billing");
  Keyring support_ = issued_.Load("support");
  Keyring storage_ = issued_.Load("storage");
};

TEST_F(Granting, GivesExactlyThePurposesAskedForAndTheirIndexes) {
  const auto said = Try(authority_, {&billing_, &support_}, {"desk", {"support"}});
  ASSERT_THAT(StatusOf(said), IsOk());
  EXPECT_EQ(said->purposes, std::vector<std::string>{"support"});
  EXPECT_TRUE(said->indexes.empty());
  EXPECT_TRUE(said->roles.empty());
  const auto both = Try(authority_, {&billing_, &support_}, {"desk", {"billing", "support"}});
  ASSERT_THAT(StatusOf(both), IsOk());
  EXPECT_EQ(both->indexes, std::vector<std::string>{"card.pan/billing"});
}

TEST_F(Granting, GivesStorageAloneToWhoeverOnlyCollects) {
  const auto said = Try(authority_, {&storage_}, {"web", {}});
  ASSERT_THAT(StatusOf(said), IsOk());
  EXPECT_TRUE(said->storage);
  EXPECT_TRUE(said->purposes.empty());
}

TEST_F(Granting, NeedsTheAuthority) {
  EXPECT_THAT(StatusOf(Try(billing_, {&billing_}, {"x", {"billing"}})),
              ErrorIs(Code::kKey, "key.authority-missing"));
}

TEST_F(Granting, NeedsEachPurposeAndTheStorageKey) {
  EXPECT_THAT(StatusOf(Try(authority_, {&billing_}, {"x", {"support"}})),
              ErrorIs(Code::kKey, "key.source-missing"));
  EXPECT_THAT(StatusOf(Try(authority_, {}, {"x", {}})), ErrorIs(Code::kKey, "key.source-missing"));
  const auto made_up = Try(authority_, {&billing_}, {"x", {"marketing"}});
  EXPECT_THAT(StatusOf(made_up), ErrorIs(Code::kKey, "key.source-missing"));
}

TEST_F(Granting, RefusesKeyringsOfAnotherVault) {
  const Issued other(2);
  const Keyring theirs = other.Load("billing");
  EXPECT_THAT(StatusOf(Try(authority_, {&storage_, &theirs}, {"x", {"billing"}})),
              ErrorIs(Code::kKey, "key.other-vault"));
}

// A keyring vouches for itself, so anybody can make one up for this vault's id.
TEST_F(Granting, RefusesKeysThatTheAuthorityDidNotSign) {
  const Issued forged(1);
  const Keyring theirs = forged.Load("billing");
  EXPECT_THAT(StatusOf(Try(authority_, {&storage_, &theirs}, {"x", {"billing"}})),
              ErrorIs(Code::kKey, "key.other-authority"));
}

TEST_F(Granting, TakesOnlyNamesOfActors) {
  const std::string longest(64, 'a');
  for (const std::string& name : {std::string("a"), std::string("0.b-c_d"), longest}) {
    EXPECT_THAT(StatusOf(Try(authority_, {&storage_}, {name, {}})), IsOk()) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("A"), std::string("-a"), std::string("a b"), longest + "a",
        std::string("a\n"), std::string("a\0", 2), std::string("\xc3\xa4")}) {
    EXPECT_THAT(StatusOf(Try(authority_, {&storage_}, {name, {}})),
                ErrorIs(Code::kUsage, "key.actor-name"))
        << name;
  }
}

TEST_F(Granting, NamingAPurposeTwiceGivesItOnce) {
  const auto said = Try(authority_, {&billing_}, {"x", {"billing", "billing"}});
  ASSERT_THAT(StatusOf(said), IsOk());
  EXPECT_EQ(said->purposes.size(), 1u);
}

}  // namespace
}  // namespace bailee
