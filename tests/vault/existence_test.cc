// SPDX-License-Identifier: Apache-2.0
#include <tuple>

#include "support/event_recorder.h"
#include "vault/stories.h"

// Purposes that may not know whether somebody or something exists.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

auto All(const Status& status) {
  return std::tuple(status.code(), std::string(status.name()), std::string(status.message()),
                    std::string(status.hint()), status.refusal() == nullptr);
}

class Existence : public ::testing::Test {
 protected:
  // `security` may read account.email and is not marked may_know_existence.
  Existence() {
    Vault vault = vault_.Open({});
    const auto store = [&](std::string_view who, std::string_view notice, std::string_view source) {
      EXPECT_THAT(StatusOf(vault
                               .Collect({.who = Who::Ref(who),
                                         .notice = notice,
                                         .source = source,
                                         .on_behalf_of = {}})
                               .Put("account", {{"email", MakeSecret("ada@example.org")}})
                               .Commit()),
                  IsOk());
    };
    store("allowed", "signup-1", "web");
    store("forbidden", "partner-1", "partner-site");
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref("absent"))), IsOk());
  }
  Status Read(Session& session, Who who) {
    return session.Read({.who = who, .category = "account", .fields = {"email"}}).status();
  }

  TempVault vault_{PolicyText("livelook_2013")};
};

TEST_F(Existence, UnknownAbsentAndForbiddenAreTheSameAnswer) {
  Vault vault = vault_.Open({"security"});
  Session session = *vault.As("security");
  EXPECT_THAT(Read(session, Who::Ref("allowed")), IsOk());
  const Status unknown = Read(session, Who::Ref("unknown"));
  EXPECT_EQ(unknown.code(), Code::kNotFound);
  EXPECT_EQ(All(Read(session, Who::Ref("absent"))), All(unknown));
  EXPECT_EQ(All(Read(session, Who::Ref("forbidden"))), All(unknown));
  EXPECT_EQ(All(Read(session, Who::ByHandle(Handle{}))), All(unknown));
  EXPECT_EQ(All(Read(session, Who::Tag("allowed"))), All(unknown));
}

TEST_F(Existence, ListingIsTheSameAnswer) {
  Vault vault = vault_.Open({"security"});
  Session session = *vault.As("security");
  EXPECT_THAT(StatusOf(session.List(Who::Ref("allowed"))), IsOk());
  const Status unknown = session.List(Who::Ref("unknown")).status();
  EXPECT_EQ(unknown.code(), Code::kNotFound);
  EXPECT_EQ(All(session.List(Who::Ref("absent")).status()), All(unknown));
  EXPECT_EQ(All(session.List(Who::Ref("forbidden")).status()), All(unknown));
}

TEST_F(Existence, ReadAllGivesNothingForAllThree) {
  Vault vault = vault_.Open({"security"});
  Session session = *vault.As("security");
  for (const char* who : {"unknown", "absent", "forbidden"}) {
    const auto all =
        session.ReadAll({.who = Who::Ref(who), .category = "account", .fields = {"email"}});
    ASSERT_THAT(StatusOf(all), IsOk()) << who;
    EXPECT_TRUE(all->empty()) << who;
  }
}

TEST_F(Existence, VerifyingAPasswordIsFalseForAllThree) {
  Vault vault = vault_.Open({"service"});
  Session session = *vault.As("service");
  const Secret attempt = MakeSecret("open sesame");
  for (const char* who : {"unknown", "absent", "allowed"}) {
    const auto same = session.VerifyPassword(
        {.who = Who::Ref(who), .category = "account", .field = "password", .attempt = attempt});
    ASSERT_THAT(StatusOf(same), IsOk()) << who;
    EXPECT_FALSE(*same) << who;
  }
}

TEST_F(Existence, WhoMayKnowIsToldWhy) {
  Vault vault = vault_.Open({"support"});
  Session session = *vault.As("support");
  EXPECT_EQ(Read(session, Who::Ref("forbidden")).code(), Code::kRefused);
  EXPECT_EQ(Read(session, Who::Ref("unknown")).code(), Code::kNotFound);
}

}  // namespace
}  // namespace bailee
