// SPDX-License-Identifier: Apache-2.0
#include "bailee/publish.h"
#include "vault/next_policy.h"

// Everything for which a new version is not put in force; each leaves the vault as it was.
namespace bailee {
namespace {

using testing::ErrorIs;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusOf;

class Refusing : public ::testing::Test {
 protected:
  Refusing() { vault_.clock().Set(kJuly2013); }

  Status Try(PublishRequest request) {
    Vault vault = vault_.Open({});
    const VaultInfo before = *vault.Info();
    // The dry run says the same.
    request.dry_run = true;
    const Status planned = vault.Publish(authority_, request).status();
    request.dry_run = false;
    const Status status = vault.Publish(authority_, request).status();
    EXPECT_EQ(planned.name(), status.name());
    EXPECT_EQ(vault.Info()->manifest, before.manifest + (status.ok() ? 1 : 0));
    return status;
  }
  Status TryAnnounced(const std::string& text, std::string_view notice = "change-2",
                      Timestamp announced_at = kAnnounced) {
    return Try({.policy_text = text, .notice = notice, .announced_at = announced_at});
  }

  TempVault vault_{PolicyText("livelook_2013")};
  Keyring authority_ = vault_.Origin("authority");
};

TEST_F(Refusing, ATextThatIsNoPolicy) {
  EXPECT_THAT(Try({.policy_text = "name: \"livelook\""}),
              ErrorIs(Code::kPolicyInvalid, "policy.invalid"));
  EXPECT_THAT(Try({.policy_text = ""}), ErrorIs(Code::kPolicyInvalid, "policy.invalid"));
  EXPECT_THAT(Try({.policy_text = std::string_view("\xff\0\x80", 3)}),
              ErrorIs(Code::kPolicyInvalid, "policy.invalid"));
}

TEST_F(Refusing, AKeyringThatIsNotTheAuthoritys) {
  authority_ = vault_.Origin("storage");
  EXPECT_THAT(TryAnnounced(Next(kWider)), ErrorIs(Code::kKey, "key.authority-missing"));
  const TempVault other(PolicyText("livelook_2013"));
  authority_ = other.Origin("authority");
  EXPECT_THAT(TryAnnounced(Next(kWider)), ErrorIs(Code::kKey, "key.other-vault"));
}

TEST_F(Refusing, AVersionThatIsNotNewer) {
  EXPECT_THAT(Try({.policy_text = PolicyText("livelook_2013")}),
              ErrorIs(Code::kConflict, "publish.in-force"));
  EXPECT_THAT(TryAnnounced(Edited(Next(kWider), {{"version: 2\n", "version: 1\n"}})),
              ErrorIs(Code::kConflict, "publish.version-taken"));
  ASSERT_THAT(TryAnnounced(Edited(Next(kWider), {{"version: 2\n", "version: 5\n"}})), IsOk());
  EXPECT_THAT(TryAnnounced(Next(kWider)), ErrorIs(Code::kConflict, "publish.version-not-newer"));
}

TEST_F(Refusing, ThePolicyOfAnotherVault) {
  EXPECT_THAT(Try({.policy_text = PolicyText("liveops_2016")}),
              ErrorIs(Code::kConflict, "publish.other-policy"));
}

TEST_F(Refusing, ADayThatHasNotComeOrIsBeforeThatOfTheVersionInForce) {
  const auto from = [](const char* day) {
    return Edited(Next({}), {{"\"2013-06-20\"", "\"" + std::string(day) + "\""}});
  };
  EXPECT_THAT(Try({.policy_text = from("2013-07-02")}),
              ErrorIs(Code::kInvalidValue, "publish.not-yet"));
  EXPECT_THAT(Try({.policy_text = from("2013-05-23")}),
              ErrorIs(Code::kInvalidValue, "publish.effective-earlier"));
  EXPECT_THAT(Try({.policy_text = from("2013-07-01")}), IsOk());
}

TEST_F(Refusing, AWideningThatNoNoticeAnnounced) {
  const Status owed = Try({.policy_text = Next(kWider)});
  EXPECT_THAT(owed, ErrorIs(Code::kInvalidValue, "publish.notice-owed"));
  EXPECT_THAT(owed.hint(), HasSubstr("support"));
  EXPECT_THAT(Try({.policy_text = Next(kWider), .notice = "change-2"}),
              ErrorIs(Code::kInvalidValue, "publish.notice-owed"));
  EXPECT_THAT(Try({.policy_text = Next(kWider), .announced_at = kAnnounced}),
              ErrorIs(Code::kInvalidValue, "publish.notice-owed"));
}

TEST_F(Refusing, ANoticeThatIsUnknownOldOrIncomplete) {
  EXPECT_THAT(TryAnnounced(Next(kWider), "change-3"),
              ErrorIs(Code::kInvalidValue, "publish.notice-unknown"));
  EXPECT_THAT(TryAnnounced(Next(kWider), std::string_view("a\nb\xff", 4)),
              ErrorIs(Code::kInvalidValue, "publish.notice-unknown"));
  EXPECT_THAT(TryAnnounced(Next(kWider), "signup-1"),
              ErrorIs(Code::kInvalidValue, "publish.notice-old"));
  const Status incomplete = TryAnnounced(Next(kWider, "billing"));
  EXPECT_THAT(incomplete, ErrorIs(Code::kInvalidValue, "publish.notice-incomplete"));
  EXPECT_THAT(incomplete.hint(), HasSubstr("support"));
}

TEST_F(Refusing, ADateInTheFutureOrNotBeforeTheVersionTakesEffect) {
  const Timestamp effective{1'371'686'400'000};  // 2013-06-20
  EXPECT_THAT(TryAnnounced(Next(kWider), "change-2", {kJuly2013.unix_ms + 1}),
              ErrorIs(Code::kInvalidValue, "publish.announced-future"));
  EXPECT_THAT(TryAnnounced(Next(kWider), "change-2", kJuly2013),
              ErrorIs(Code::kInvalidValue, "publish.announced-late"));
  EXPECT_THAT(TryAnnounced(Next(kWider), "change-2", effective),
              ErrorIs(Code::kInvalidValue, "publish.announced-late"));
  EXPECT_THAT(TryAnnounced(Next(kWider), "change-2", {effective.unix_ms - 1}), IsOk());
}

TEST_F(Refusing, ADateWithoutANotice) {
  EXPECT_THAT(Try({.policy_text = Next(kNarrower), .announced_at = kAnnounced}),
              ErrorIs(Code::kUsage, "publish.date-without-notice"));
}

TEST_F(Refusing, ANoticeThatComesBack) {
  const std::string without =
      Edited(Next(kNarrower),
             {{"notice {\n  id: \"develop-1\"\n  sha256: "
               "\"4a3a58548cb65a8c32833bfe9432516d289d8be2909de7cf4e51f819dbc3245b\"\n  purpose: "
               "\"develop\"\n}",
               ""}});
  // Nobody may be asked any more, so nobody may use it.
  ASSERT_THAT(Try({.policy_text = without}), IsOk());
  EXPECT_THAT(Try({.policy_text = Edited(Next(kNarrower), {{"version: 2\n", "version: 3\n"}})}),
              ErrorIs(Code::kConflict, "publish.notice-reused"));
}

class Breaking : public Refusing {
 protected:
  // The address as a text of any kind.
  const std::string text_ =
      Next({{"field { id: \"holder\"  kind: TEXT  max_bytes: 128 }",
             "field { id: \"holder\"  kind: TEXT  max_bytes: 128  required: true }"}});
};

TEST_F(Breaking, AChangeThatHeldDataCannotSurvive) {
  {
    Vault vault = vault_.Open({});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  const Status refused = Try({.policy_text = text_});
  EXPECT_THAT(refused, ErrorIs(Code::kConflict, "publish.breaks"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("payment_card.holder is required"));
  Vault vault = vault_.Open({"billing"});
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
}

TEST_F(Breaking, IsPublishedWhereNothingOfItIsHeld) {
  {
    Vault vault = vault_.Open({});
    ASSERT_THAT(StoreAccount(vault), IsOk());
  }
  EXPECT_THAT(Try({.policy_text = text_}), IsOk());
}

TEST_F(Breaking, ANoticeWithAnotherTextWhateverIsHeld) {
  const std::string other =
      Edited(Next({}), {{"4a3a58548cb65a8c32833bfe9432516d289d8be2909de7cf4e51f819dbc3245b",
                         "5b3a58548cb65a8c32833bfe9432516d289d8be2909de7cf4e51f819dbc3245b"}});
  EXPECT_THAT(Try({.policy_text = other}), ErrorIs(Code::kConflict, "publish.breaks"));
}

}  // namespace
}  // namespace bailee
