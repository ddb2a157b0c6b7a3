// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bailee/vault.h"
#include "support/temp_vault.h"
#include "vault/stories.h"

namespace bailee {
namespace {

using ::testing::ElementsAre;

// One subject with a card, stored by a process that may read nothing.
class MainJob : public ::testing::Test {
 protected:
  MainJob() {
    Vault collector = vault_.Open({});
    Result<Collected> stored = collector
                                   .Collect({.who = Who::Ref("user-4711"),
                                             .notice = "checkout-1",
                                             .source = "web",
                                             .on_behalf_of = {}})
                                   .Put("payment_card", {{"pan", MakeSecret(kCardNumber)},
                                                         {"expiry", MakeSecret("12/15")}})
                                   .Commit();
    EXPECT_TRUE(stored.ok()) << stored.status().name() << " " << stored.status().message();
    if (stored.ok()) card_ = stored->records.front();
  }

  Result<Record> Read(std::string_view purpose, std::vector<std::string_view> fields) {
    Vault vault = vault_.Open({std::string(purpose)});
    Result<Session> session = vault.As(purpose);
    if (!session.ok()) return session.status();
    return session->Read({.who = Who::Ref("user-4711"),
                          .category = "payment_card",
                          .record = card_,
                          .fields = fields});
  }

  TempVault vault_{PolicyText("livelook_2013")};
  RecordId card_;
};

TEST_F(MainJob, BillingReadsTheCard) {
  const Result<Record> card = Read("billing", {"pan", "expiry"});
  ASSERT_TRUE(card.ok()) << card.status().message();
  EXPECT_EQ(TextOf(card->At("pan")), kCardNumber);
  EXPECT_EQ(TextOf(card->At("expiry")), "2015-12");
}

TEST_F(MainJob, SupportSeesFourDigits) {
  const Result<Record> card = Read("support", {"pan.last4"});
  ASSERT_TRUE(card.ok()) << card.status().message();
  EXPECT_EQ(TextOf(card->At("pan.last4")), "1111");
}

TEST_F(MainJob, SupportIsRefusedTheWholeNumber) {
  const Result<Record> card = Read("support", {"pan"});
  ASSERT_EQ(card.status().code(), Code::kRefused);
  EXPECT_THAT(card.status().refusal()->reasons, ElementsAre(Reason::kNotCollectedFor));
}

TEST_F(MainJob, NewsIsRefused) {
  const Result<Record> card = Read("contact.news", {"pan.last4"});
  ASSERT_EQ(card.status().code(), Code::kRefused);
  EXPECT_THAT(card.status().refusal()->reasons, ElementsAre(Reason::kNotCollectedFor));
}

TEST_F(MainJob, BillingFindsTheCardByItsNumber) {
  Vault vault = vault_.Open({"billing"});
  Result<Session> billing = vault.As("billing");
  ASSERT_TRUE(billing.ok());
  const Secret number = MakeSecret("4111 1111 1111 1111");
  const Result<std::vector<Found>> found =
      billing->Find({.category = "payment_card", .field = "pan", .value = number});
  ASSERT_TRUE(found.ok()) << found.status().message();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().record, card_);
}

}  // namespace
}  // namespace bailee
