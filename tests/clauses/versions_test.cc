// SPDX-License-Identifier: Apache-2.0
#include "bailee/publish.h"
#include "support/event_recorder.h"
#include "vault/next_policy.h"

// What the LiveLOOK policy says of its own changes, on a vault that lives through one.
namespace bailee {
namespace {

using ::testing::Contains;
using testing::ErrorIs;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusOf;

class Versions : public ::testing::Test {
 protected:
  Result<Published> Publish(Vault& vault, const std::string& text, std::string_view notice) {
    vault_.clock().Set(kJuly2013);
    PublishRequest request{.policy_text = text, .notice = notice};
    if (!notice.empty()) request.announced_at = kAnnounced;
    return vault.Publish(authority_, request);
  }

  TempVault vault_{PolicyText("livelook_2013")};
  const Keyring authority_ = vault_.Origin("authority");
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
};

TEST_F(Versions, LL_18_AChangeThatReducesRightsIsAnnouncedFirstAndLeavesHeldDataAsItWas) {
  Vault vault = vault_.Open({"support"}, {.events = events_});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  (void)events_->Take();

  // Refused: nobody was told.
  EXPECT_THAT(StatusOf(Publish(vault, Next(kWider), "")),
              ErrorIs(Code::kInvalidValue, "publish.notice-owed"));
  // Allowed: it was announced before it takes effect.
  const auto published = Publish(vault, Next(kWider), "change-2");
  ASSERT_THAT(StatusOf(published), IsOk());
  EXPECT_EQ(published->subjects_affected, 1u);
  EXPECT_EQ(vault.PolicyHistory()->back().notice, "change-2");

  // What is held keeps its terms; only what is collected from now on has the new ones.
  const auto held = ReadAccount(vault, "support", "email.domain");
  ASSERT_NE(held.status().refusal(), nullptr);
  EXPECT_THAT(held.status().refusal()->reasons, Contains(Reason::kConsentMissing));
  ASSERT_THAT(StoreAccount(vault, Who::Ref("user-2")), IsOk());
  EXPECT_EQ(*ReadAccount(vault, "support", "email.domain", Who::Ref("user-2")),
            "analytical.example");

  // The trail: the refused attempt, then the publication in its own transaction.
  std::vector<EventRecorder::Seen> seen = events_->Take();
  std::erase_if(seen, [](const auto& each) { return each.kind != audit::EventKind::kPublish; });
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].outcome, audit::Outcome::kFailed);
  EXPECT_EQ(seen[1].outcome, audit::Outcome::kAllowed);
  EXPECT_TRUE(seen[1].write);
}

TEST_F(Versions, LL_18_WhoeverAgreesToTheNewVersionIsUnderIt) {
  Vault vault = vault_.Open({"support", "service", "upkeep"});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  ASSERT_THAT(StatusOf(Publish(vault, Next(kWider), "change-2")), IsOk());
  EXPECT_FALSE(ReadAccount(vault, "support", "email.domain").ok());
  ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser),
                                    {.kind = LedgerKind::kNoticeShown, .notice = "change-2"})),
              IsOk());
  EXPECT_FALSE(ReadAccount(vault, "support", "email.domain").ok()) << "to be told is not to agree";
  ASSERT_THAT(
      StatusOf(vault.Record(Who::Ref(kUser), {.kind = LedgerKind::kAgreed, .policy_version = 2})),
      IsOk());
  EXPECT_EQ(*ReadAccount(vault, "support", "email.domain"), "analytical.example");
}

TEST_F(Versions, LL_18_ANarrowerVersionHoldsAtOnceAndNeedsNoNotice) {
  Vault vault = vault_.Open({"support"});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  Session session = *vault.As("support");
  ASSERT_TRUE(ReadAccount(session, "email").ok());
  ASSERT_THAT(StatusOf(Publish(vault, Next(kNarrower), "")), IsOk());
  EXPECT_EQ(StatusOf(ReadAccount(session, "email")).code(), Code::kRefused);
}

TEST_F(Versions, LL_11_ADifferentUseOfWhatIsHeldNeedsConsentFirst) {
  Vault vault = vault_.Open({"support", "service", "upkeep"});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  ASSERT_THAT(StatusOf(Publish(vault, Next(kWider), "change-2")), IsOk());
  const auto before = ReadAccount(vault, "support", "email.domain");
  ASSERT_NE(before.status().refusal(), nullptr);
  EXPECT_THAT(before.status().refusal()->reasons, Contains(Reason::kConsentMissing));
  EXPECT_THAT(before.status().refusal()->offer, HasSubstr("show notice "));
  ASSERT_THAT(StatusOf(vault.Record(
                  Who::Ref(kUser),
                  {.kind = LedgerKind::kGiven, .purpose = "support", .notice = "change-2"})),
              IsOk());
  EXPECT_EQ(*ReadAccount(vault, "support", "email.domain"), "analytical.example");
  // Only theirs.
  ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser),
                                    {.kind = LedgerKind::kWithdrawn, .purpose = "support"})),
              IsOk());
  EXPECT_FALSE(ReadAccount(vault, "support", "email.domain").ok());
}

}  // namespace
}  // namespace bailee
