// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"
#include "support/raw_reader.h"
#include "vault/stories.h"

// Fields that are of use through their views alone: the views are stored, and nothing else.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using ::testing::Pair;
using testing::StatusOf;
using ::testing::UnorderedElementsAre;

constexpr char kPolicy[] = R"(name: "views" version: 1 effective: "2013-01-01"
purpose { id: "count" says: "c" may_know_existence: true }
purpose { id: "watch" says: "w" may_know_existence: true }
purpose { id: "mail" says: "m" may_know_existence: true }
source { id: "web" role: OWN }
source { id: "desk" role: OWN }
notice { id: "all" purpose: ["count", "watch", "mail"] }
category {
  id: "visit" says: "v" about: SUBJECT holds: MANY
  field { id: "page" kind: URL required: true view { id: "path" coarsen: PATH } view { id: "host" coarsen: HOST } }
  field { id: "ip" kind: IP view { id: "net" coarsen: PREFIX } }
  field { id: "email" kind: EMAIL view { id: "domain" coarsen: DOMAIN } lookup { purpose: "mail" } }
  allow { purpose: "count" basis: NECESSARY field: ["page.path", "ip.net", "email.domain"] }
  allow { purpose: "watch" basis: NECESSARY field: "ip" }
  allow { purpose: "mail" basis: OPT_IN field: ["email", "page.host"] source: "web" }
  allow { purpose: "mail" basis: NECESSARY field: ["email", "page.host"] source: "desk" }
  retain { purpose: ["count", "mail"] days: 100 from: COLLECTION }
  retain { purpose: "watch" days: 10 from: COLLECTION }
}
)";

class Views : public ::testing::Test {
 protected:
  Result<Collected> Store(Vault& vault, std::string_view source, int64_t age_days = 0) {
    return vault
        .Collect({.who = Who::Ref(kUser),
                  .notice = "all",
                  .source = source,
                  .on_behalf_of = {},
                  .collected_at = Timestamp{kJune2013.unix_ms - age_days * kMillisPerDay}})
        .Put("visit",
             {{"page", MakeSecret("https://shop.example/cart?name=ada")},
              {"ip", MakeSecret("192.0.2.77")},
              {"email", MakeSecret("ada@analytical.example")}},
             IdOf(1))
        .Commit();
  }
  // The same by a process that holds these purposes, and closes the vault again.
  Result<Collected> StoreAs(const std::vector<std::string>& purposes, std::string_view source,
                            int64_t age_days = 0) {
    Vault vault = temp_.Open(purposes);
    return Store(vault, source, age_days);
  }

  // Everything in the one record there is, by name, for whoever has this keyring and the files.
  std::map<std::string, std::string> Raw(const std::string& purpose) {
    const RawRows rows(temp_.path());
    const Keyring keyring = temp_.Granted("raw", {purpose});
    RawReader reader(rows, temp_.id(), keyring.keys());
    const auto [key, row] = rows.Only(store::Table::kRecords);
    std::map<std::string, std::string> named;
    for (auto& [field, value] : reader.Values(key, row))
      named[policy_->category({0}).fields[field].name] = std::move(value);
    return named;
  }
  size_t Lookups() { return RawRows(temp_.path()).Count(store::Table::kLookup); }

  TempVault temp_{kPolicy};
  std::shared_ptr<const policy::Policy> policy_ = *policy::Policy::FromText(kPolicy, "views");
};

TEST_F(Views, AFieldThatNoPurposeMayUseItselfIsNeverStored) {
  for (const std::vector<std::string>& held :
       {std::vector<std::string>{}, {"count", "watch", "mail", "rights"}}) {
    ASSERT_THAT(StatusOf(StoreAs(held, "web")), IsOk());
    for (const std::string key : {"upkeep", "rights"}) {
      EXPECT_THAT(Raw(key),
                  UnorderedElementsAre(Pair("page.path", "/cart"), Pair("ip", "192.0.2.77"),
                                       Pair("ip.net", "192.0.2.0/24"),
                                       Pair("email.domain", "analytical.example")))
          << key;
    }
    EXPECT_THAT(Raw("count"),
                UnorderedElementsAre(Pair("page.path", "/cart"), Pair("ip.net", "192.0.2.0/24"),
                                     Pair("email.domain", "analytical.example")));
  }
}

TEST_F(Views, AreReadWhereTheirFieldIsRefused) {
  ASSERT_THAT(StatusOf(StoreAs({}, "web")), IsOk());
  Vault vault = temp_.Open({"count", "rights"});
  Result<Session> count = vault.As("count");
  ASSERT_THAT(StatusOf(count), IsOk());
  const auto read = [](Session& session, std::string_view field) {
    return session.Read(
        {.who = Who::Ref(kUser), .category = "visit", .record = IdOf(1), .fields = {field}});
  };
  const Result<Record> path = read(*count, "page.path");
  ASSERT_THAT(StatusOf(path), IsOk());
  EXPECT_EQ(TextOf(path->At("page.path")), "/cart");
  const Result<Record> page = read(*count, "page");
  ASSERT_NE(page.status().refusal(), nullptr);
  EXPECT_EQ(page.status().refusal()->reasons.front(), Reason::kNotCollectedFor);
  EXPECT_EQ(page.status().refusal()->offer, "ask for page.path");
  // Nor can it be exported: there is nothing to export.
  Result<Session> rights = vault.As("rights");
  ASSERT_THAT(StatusOf(rights), IsOk());
  const Result<Record> exported = read(*rights, "page");
  ASSERT_THAT(StatusOf(exported), IsOk());
  EXPECT_FALSE(exported->Has("page"));
}

TEST_F(Views, AFieldPastItsOwnTimeIsForgottenAndItsViewsAreNot) {
  ASSERT_THAT(StatusOf(StoreAs({}, "web", 9)), IsOk());
  EXPECT_EQ(Raw("rights").count("ip"), 1u);
  ASSERT_THAT(StatusOf(StoreAs({}, "web", 10)), IsOk());
  EXPECT_EQ(Raw("rights").count("ip"), 0u);
  EXPECT_EQ(Raw("count").at("ip.net"), "192.0.2.0/24");
}

TEST_F(Views, WhatIsNotStoredCannotBeFoundBy) {
  for (const std::vector<std::string>& held : {std::vector<std::string>{}, {"mail"}}) {
    ASSERT_THAT(StatusOf(StoreAs(held, "web")), IsOk());
    EXPECT_EQ(Lookups(), 1u) << "the ref's";
  }
  ASSERT_THAT(StatusOf(StoreAs({"mail"}, "desk")), IsOk());
  EXPECT_EQ(Lookups(), 3u) << "the address's, and the row back to it";
  EXPECT_EQ(Raw("mail").at("email"), "ada@analytical.example");
}

TEST_F(Views, ARequiredFieldMustBeGivenEvenIfItIsNotStored) {
  Vault vault = temp_.Open({});
  EXPECT_THAT(
      StatusOf(
          vault
              .Collect(
                  {.who = Who::Ref(kUser), .notice = "all", .source = "web", .on_behalf_of = {}})
              .Put("visit", {{"ip", MakeSecret("192.0.2.77")}})
              .Commit()),
      ErrorIs(Code::kInvalidValue, "collect.required"));
}

TEST_F(Views, ARetryIsKnownByWhatIsStored) {
  const std::vector<std::string> all = {"count", "watch", "mail", "rights"};
  ASSERT_THAT(StatusOf(StoreAs(all, "web")), IsOk());
  const Result<Collected> again = StoreAs(all, "web");
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_EQ(again->unchanged, 1u);
  // Once nobody may use the whole address any more, a retry takes it away.
  temp_.clock().AdvanceDays(10);
  const Result<Collected> late = StoreAs(all, "web");
  ASSERT_THAT(StatusOf(late), IsOk());
  EXPECT_EQ(late->replaced, 1u);
  EXPECT_EQ(Raw("rights").count("ip"), 0u);
}

}  // namespace
}  // namespace bailee
