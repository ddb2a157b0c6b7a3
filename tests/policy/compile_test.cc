// SPDX-License-Identifier: Apache-2.0
#include "policy/everything.h"
#include "policy/support.h"
#include "policy/tables.h"

// Whatever a policy says is in its tables as it was written, each thing in its place.
namespace bailee::policy {
namespace {

class Compiled : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(policy_, nullptr); }
  const CategoryInfo& Category(std::string_view id) const {
    return policy_->category(policy_->FindCategory(id));
  }
  const FieldInfo& Field(std::string_view category, std::string_view name) const {
    const CategoryIndex index = policy_->FindCategory(category);
    return policy_->field(index, policy_->FindField(index, name));
  }
  std::string Names(const PurposeSet& set) const {
    std::string out;
    for (size_t i = 0; i < policy_->purposes().size(); ++i) {
      if (set[i]) out += policy_->purposes()[i].id + " ";
    }
    return out;
  }
  std::string SourcesOf(const std::vector<SourceIndex>& sources) const {
    std::string out;
    for (const SourceIndex source : sources) out += policy_->source(source).id + " ";
    return out;
  }
  std::string FieldsOf(std::string_view category, const std::vector<FieldIndex>& fields) const {
    std::string out;
    for (const FieldIndex field : fields)
      out += policy_->field(policy_->FindCategory(category), field).name + " ";
    return out;
  }
  PolicyPtr policy_ = Loaded(kEverything);
};

TEST_F(Compiled, Head) {
  EXPECT_EQ(policy_->name(), "everything");
  EXPECT_EQ(policy_->version(), 7u);
  EXPECT_EQ(policy_->effective().unix_ms, 1'577'923'200'000);
}

TEST_F(Compiled, Purposes) {
  const PurposeInfo& billing = policy_->purpose(policy_->FindPurpose("billing"));
  EXPECT_EQ(billing.says, "to bill");
  EXPECT_EQ(billing.clause, "P 1");
  EXPECT_TRUE(billing.may_know_existence && billing.combines && billing.leaf);
  EXPECT_EQ(billing.line, 2);
  const PurposeInfo& news = policy_->purpose(policy_->FindPurpose("news"));
  EXPECT_EQ(news.clause, "P 2");
  EXPECT_FALSE(news.may_know_existence || news.combines);
}

TEST_F(Compiled, SourcesNoticesAndSignals) {
  const SourceInfo& shop = policy_->source(policy_->FindSource("shop"));
  EXPECT_EQ(shop.role, Role::kPartner);
  EXPECT_EQ(shop.line, 6);
  const NoticeInfo& all = policy_->notice(policy_->FindNotice("all"));
  EXPECT_EQ(all.sha256.back(), '1');
  EXPECT_EQ(Names(all.purposes), "billing news ");
  EXPECT_EQ(SourcesOf(all.sources), "shop ");
  EXPECT_EQ(all.line, 7);
  ASSERT_EQ(policy_->signals().size(), 1u);
  const SignalInfo& gpc = policy_->signals()[0];
  EXPECT_EQ(gpc.id, "gpc");
  EXPECT_EQ(gpc.purposes, (std::vector<std::string>{"news", "billing"}));
  EXPECT_EQ(gpc.clause, "S 1");
  EXPECT_EQ(gpc.line, 10);
}

TEST_F(Compiled, Recipients) {
  const RecipientInfo& bank = policy_->recipients()[policy_->FindRecipient("bank").value];
  EXPECT_EQ(bank.role, RecipientRole::kAuthority);
  EXPECT_EQ(bank.says, "a bank");
  EXPECT_EQ(bank.clause, "R 1");
  EXPECT_EQ(bank.agreement, "paper");
  EXPECT_EQ(bank.public_key, "");
  EXPECT_EQ(bank.line, 11);
  EXPECT_EQ(policy_->recipients()[policy_->FindRecipient("buyer").value].public_key.substr(0, 2),
            "09");
}

TEST_F(Compiled, Categories) {
  const CategoryInfo& card = Category("card");
  EXPECT_EQ(card.says, "cards");
  EXPECT_EQ(card.clause, "C 1");
  EXPECT_EQ(card.about, About::kSubject);
  EXPECT_EQ(card.holds, Holds::kMany);
  EXPECT_FALSE(card.sensitive || card.needs_tag);
  EXPECT_EQ(card.line, 14);
  EXPECT_EQ(card.bucket_width_ms, int64_t{4} * 24 * 3'600 * 1'000 / 8) << "of the shortest";
  EXPECT_EQ(Category("click").about, About::kBrowser);
  EXPECT_TRUE(Category("click").needs_tag);
  EXPECT_TRUE(Category("health").sensitive);
  EXPECT_EQ(Category("health").holds, Holds::kOne);
}

TEST_F(Compiled, FieldsAndViews) {
  const FieldInfo& pan = Field("card", "pan");
  EXPECT_EQ(pan.kind, Kind::kPan);
  EXPECT_TRUE(pan.required);
  EXPECT_EQ(pan.max_bytes, 19u);
  EXPECT_EQ(pan.line, 16);
  const FieldInfo& last4 = Field("card", "pan.last4");
  EXPECT_EQ(last4.transform, Transform::kLast4);
  EXPECT_FALSE(last4.required);
  EXPECT_EQ(last4.line, 16);
  EXPECT_EQ(Field("card", "at.day").transform, Transform::kDay);
  EXPECT_EQ(Names(Field("card", "at").lookups), "support ");
  EXPECT_EQ(Names(Field("card", "at").readers), "billing news support ");
  EXPECT_EQ(Names(Field("card", "pan").readers), "billing ");
  EXPECT_EQ(Field("card", "scan").max_bytes, limits::kBlobBytesMax);
  EXPECT_EQ(Field("card", "at").max_bytes, limits::kFieldBytesMax);
}

TEST(CompiledField, MayHoldOneByteAndSaysWhereItsViewIs) {
  const PolicyPtr policy = Loaded(With(With(kEverything, "max_bytes: 19", "max_bytes: 1"),
                                       "view { id: \"last4\"", "\nview { id: \"last4\""));
  ASSERT_NE(policy, nullptr);
  const CategoryIndex card = policy->FindCategory("card");
  const FieldInfo& pan = policy->field(card, policy->FindField(card, "pan"));
  EXPECT_EQ(pan.max_bytes, 1u);
  EXPECT_EQ(pan.line, 16);
  EXPECT_EQ(policy->field(card, policy->FindField(card, "pan.last4")).line, 17);
}

TEST_F(Compiled, Allows) {
  const std::vector<AllowRule>& allows = Category("card").allows;
  ASSERT_EQ(allows.size(), 2u);
  EXPECT_EQ(allows[0].clause, "A 1");
  EXPECT_EQ(allows[0].words, "card allows billing");
  EXPECT_EQ(allows[0].fields.count(), 5u);
  EXPECT_EQ(allows[0].line, 19);
  EXPECT_EQ(allows[1].clause, "C 1") << "the category's";
  EXPECT_EQ(allows[1].basis, Basis::kOptIn);
  EXPECT_EQ(Names(allows[1].purposes), "news support ");
  EXPECT_EQ(SourcesOf(allows[1].sources), "web shop ");
  EXPECT_EQ(allows[1].words, "card allows news, support: at from web, shop (OPT_IN)");
}

TEST_F(Compiled, Retentions) {
  const std::vector<Retention>& kept = Category("card").retentions;
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].purpose, policy_->FindPurpose("billing"));
  EXPECT_EQ(kept[0].days, 10);
  EXPECT_EQ(kept[0].from, RetainFrom::kCollection);
  EXPECT_EQ(kept[0].clause, "T 1");
  EXPECT_EQ(kept[0].line, 21);
  EXPECT_EQ(kept[2].purpose, policy_->FindPurpose("support"));
  EXPECT_EQ(kept[2].days, 4);
  EXPECT_EQ(kept[2].from, RetainFrom::kEvent);
  EXPECT_EQ(kept[2].event, "closed");
  EXPECT_EQ(kept[2].at_most_days, 40);
  EXPECT_EQ(kept[2].clause, "C 1");
}

TEST_F(Compiled, Discloses) {
  const std::vector<DiscloseRule>& rules = Category("card").discloses;
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].recipient, policy_->FindRecipient("bank"));
  EXPECT_EQ(rules[0].ground, Ground::kLaw);
  EXPECT_EQ(rules[0].purpose, policy_->FindPurpose("billing"));
  EXPECT_EQ(FieldsOf("card", rules[0].fields), "pan at ");
  EXPECT_EQ(rules[0].clause, "D 1");
  EXPECT_EQ(rules[0].line, 23);
  EXPECT_EQ(rules[1].ground, Ground::kSuccession);
  EXPECT_EQ(rules[1].notice, policy_->FindNotice("sold"));
  EXPECT_EQ(rules[1].wait_days, 5);
  EXPECT_EQ(rules[1].until_days, 6);
  EXPECT_EQ(rules[1].clause, "C 1");
}

TEST_F(Compiled, Controllers) {
  const ControllerInfo& acme = policy_->controller(policy_->FindController("acme"));
  EXPECT_EQ(acme.agreement, "their word");
  EXPECT_EQ(acme.line, 40);
  ASSERT_EQ(acme.rules.size(), 1u);
  EXPECT_EQ(acme.rules[0].category, policy_->FindCategory("card"));
  EXPECT_EQ(Names(acme.rules[0].purposes), "billing ");
  EXPECT_EQ(acme.rules[0].fields.count(), 1u);
}

TEST_F(Compiled, Reports) {
  ASSERT_EQ(policy_->reports().size(), 1u);
  const ReportInfo& visits = policy_->reports()[0];
  EXPECT_EQ(visits.id, "visits");
  EXPECT_EQ(visits.category, policy_->FindCategory("click"));
  EXPECT_EQ(visits.count, ReportCount::kRecords);
  EXPECT_EQ(FieldsOf("click", visits.by), "url ");
  EXPECT_EQ(visits.bucket, ReportBucket::kWeek);
  EXPECT_EQ(visits.of, policy_->FindField(visits.category, "at"));
  EXPECT_EQ(visits.min_subjects, 12u);
  EXPECT_EQ(visits.purpose, policy_->FindPurpose("billing"));
  EXPECT_EQ(visits.recipients, std::vector{policy_->FindRecipient("bank")});
  EXPECT_EQ(visits.feed, ReportFeed::kStored);
  EXPECT_EQ(visits.clause, "E 1");
  EXPECT_EQ(visits.line, 42);
  for (const char* input : {"url", "at"}) {
    EXPECT_EQ(Names(Field("click", input).report_purposes), "billing ");
    EXPECT_EQ(Names(Field("click", input).stored_report_purposes), "billing ");
  }
}

}  // namespace
}  // namespace bailee::policy
