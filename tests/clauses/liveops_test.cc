// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "bailee/policy.h"
#include "clauses/clause_world.h"

// The LiveOps policy of 2016, clause by clause: what it allows, what it refuses and why, what is
// recorded of it, and what the keys alone prevent.
namespace bailee {
namespace {

using audit::EventKind;
using testing::ErrorIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using testing::StatusOf;
using ::testing::UnorderedElementsAre;

const Who kBrowser = Who::Tag("cookie-9f2c");

class Clauses : public ClauseTest {
 protected:
  Clauses() : ClauseTest("liveops_2016", kJuly2016, kBrowser) {}

  static std::vector<FieldInput> Click() {
    std::vector<FieldInput> fields;
    fields.emplace_back("page", MakeSecret("https://liveops.example/careers?from=ada"));
    fields.emplace_back("from", MakeSecret("https://mail.ada.example/inbox/17"));
    fields.emplace_back("ip", MakeSecret("83.149.9.216"));
    fields.emplace_back("at", MakeSecret("2016-06-30T10:05:03Z"));
    return fields;
  }
  static std::vector<FieldInput> Preferences(std::string_view language, std::string_view layout) {
    std::vector<FieldInput> fields;
    fields.emplace_back("language", MakeSecret(language));
    fields.emplace_back("layout", MakeSecret(layout));
    return fields;
  }
};

TEST_F(Clauses, LO_01_TrendsSeeDomainsAndActivityAndNotTheVisitor) {
  const Collected stored = Store(Under("visit-1", "web", Who::Nobody()), "clickstream", Click());
  const Who visitor = Who::ByHandle(stored.handle);
  const RecordId id = stored.records.front();

  EXPECT_EQ(*world_.Read({"trends", visitor, "clickstream", "from.domain", id}), "ada.example");
  world_.ExpectAllowed(EventKind::kRead, "trends", "from.domain");
  EXPECT_EQ(*world_.Read({"trends", visitor, "clickstream", "from.host", id}), "mail.ada.example");
  EXPECT_EQ(*world_.Read({"trends", visitor, "clickstream", "page.path", id}), "/careers");
  EXPECT_EQ(*world_.Read({"trends", visitor, "clickstream", "at.day", id}), "2016-06-30");
  world_.Events(EventKind::kRead);
  for (const std::string_view field : {"from", "page", "ip"}) {
    EXPECT_EQ(WhyNot(world_.Read({"trends", visitor, "clickstream", field, id})),
              Reason::kNotCollectedFor);
    world_.ExpectRefused(EventKind::kRead, "trends", Reason::kNotCollectedFor);
  }
  EXPECT_EQ(WhyNot(world_.Read({"trends", visitor, "clickstream", "at", id})),
            Reason::kIndividualReadOfReportData);
  world_.ExpectRefused(EventKind::kRead, "trends", Reason::kIndividualReadOfReportData);
  // The whole page and referrer are not even there.
  const auto raw = world_.Raw(stored.handle, "clickstream");
  EXPECT_EQ(raw.count("from") + raw.count("page"), 0u);
  EXPECT_EQ(raw.at("page.path").at("trends"), "/careers");
  EXPECT_THAT(world_.RawReaders(stored.handle, "clickstream", "from.host"),
              UnorderedElementsAre("trends", "rights", "upkeep"));
}

TEST_F(Clauses, LO_01_ClickstreamIsAboutBrowsersAndNotAboutPersons) {
  const std::vector<size_t> before = world_.Rows();
  EXPECT_THAT(StatusOf(world_.Collect(Under("visit-1", "web", Who::Ref("user-4711")), "clickstream",
                                      Click())),
              ErrorIs(Code::kInvalidValue, "collect.about"));
  const auto seen = world_.Events(EventKind::kCollect);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen.front().outcome, audit::Outcome::kFailed);
  EXPECT_EQ(world_.Rows(), before);
}

TEST_F(Clauses, LO_01_NoFieldOfABrowserCanHoldWhatIdentifies) {
  const std::string text = PolicyText("liveops_2016");
  const std::string page = "field { id: \"page\"  kind: URL  required: true";
  ASSERT_NE(text.find(page), std::string::npos);
  for (const std::string kind : {"TEXT", "EMAIL", "PHONE", "PAN", "IBAN", "PASSWORD", "BLOB"}) {
    std::string changed = text;
    changed.insert(text.find(page), "field { id: \"more\"  kind: " + kind + " }\n  ");
    const auto document = PolicyDocument::FromText(changed, "more");
    EXPECT_THAT(StatusOf(document), ErrorIs(Code::kPolicyInvalid, "policy.invalid")) << kind;
    EXPECT_THAT(std::string(document.status().message()), HasSubstr("can identify a person"));
  }
  std::string bare = text;
  const std::string view = "view { id: \"path\"  coarsen: PATH }";
  bare.erase(bare.find(view), view.size());
  EXPECT_THAT(std::string(PolicyDocument::FromText(bare, "bare").status().message()),
              HasSubstr("needs a host or path view"));
}

TEST_F(Clauses, LO_04_ABrowserThatDeclinesIsAnotherOneEachTimeAndKeepsNoPreferences) {
  const Collected first = Store(Under("visit-1", "web", Who::Nobody()), "clickstream", Click());
  const Collected second = Store(Under("visit-1", "web", Who::Nobody()), "clickstream", Click());
  EXPECT_NE(first.handle, second.handle) << "nothing says that it came back";
  EXPECT_EQ(*world_.Read({"trends", Who::ByHandle(second.handle), "clickstream", "from.domain",
                          second.records.front()}),
            "ada.example");
  world_.ExpectAllowed(EventKind::kRead, "trends", "from.domain");

  const Result<Collected> none = world_.Collect(Under("cookie-1", "web", Who::Nobody()),
                                                "browser_preferences", Preferences("de", "2"));
  ASSERT_THAT(StatusOf(none), IsOk());
  EXPECT_EQ(none->disregarded, 1u);
  EXPECT_THAT(world_.Events(EventKind::kCollect), IsEmpty());
  const RawRows raw(world_.vault().path());
  EXPECT_TRUE(raw.All(store::Table::kLookup).empty()) << "by which anybody would be found again";
}

// Persons and browsers of the same names, each stored in an order of its own. Somebody who has the
// file, and every keyring but their names, is to say which browser is whose.
class Unlinkable : public Clauses {
 protected:
  static constexpr size_t kPairs = 300;
  struct Pairs {
    std::vector<Handle> people = std::vector<Handle>(kPairs);
    std::vector<Handle> browsers = std::vector<Handle>(kPairs);
  };

  Pairs Make() {
    Pairs pairs;
    std::mt19937 order(7);
    std::vector<size_t> numbers(kPairs);
    std::iota(numbers.begin(), numbers.end(), 0);
    world_.With({}, [&](Vault& vault) {
      for (const bool person : {true, false}) {
        std::shuffle(numbers.begin(), numbers.end(), order);
        Batch batch = vault.CollectBatch();
        for (const size_t number : numbers) Add(batch, person, number);
        const auto done = *batch.Commit();
        for (size_t i = 0; i < kPairs; ++i)
          (person ? pairs.people : pairs.browsers)[numbers[i]] = done[i]->handle;
      }
      return 0;
    });
    return pairs;
  }

  // How many browsers are given to their person if the n-th of the one in the order of `key` is
  // held for the n-th of the other.
  template <typename Key>
  static size_t Right(const Pairs& pairs, const Key& key) {
    const auto ranked = [&](const std::vector<Handle>& handles) {
      std::vector<size_t> numbers(kPairs);
      std::iota(numbers.begin(), numbers.end(), 0);
      std::sort(numbers.begin(), numbers.end(), [&](size_t a, size_t b) {
        return std::pair(key(handles[a]), handles[a]) < std::pair(key(handles[b]), handles[b]);
      });
      return numbers;
    };
    const std::vector<size_t> people = ranked(pairs.people);
    const std::vector<size_t> browsers = ranked(pairs.browsers);
    size_t right = 0;
    for (size_t i = 0; i < kPairs; ++i) right += people[i] == browsers[i] ? 1 : 0;
    return right;
  }

 private:
  void Add(Batch& batch, bool person, size_t number) {
    const std::string name = "name-" + std::to_string(number);
    if (!person) {
      batch.Add(Under("cookie-1", "web", Who::Tag(name)))
          .Put("browser_preferences", Preferences("de", "2"));
      return;
    }
    std::vector<FieldInput> order;
    order.emplace_back("reference", MakeSecret("A-1"));
    order.emplace_back("at", MakeSecret("2016-06-30T10:05:03Z"));
    batch.Add(Under("transaction-1", "web", Who::Ref(name))).Put("transaction", std::move(order));
  }
};

// Chance gives one on the average, and more than ten once in a hundred million times.
constexpr size_t kByChance = 10;

TEST_F(Unlinkable, LO_04_ATagIsOfTheComputerAndNotOfThePersonWhoseNameItHas) {
  const Pairs pairs = Make();
  const RawRows raw(world_.vault().path());
  // The tag of a name, where it is a browser's and where it is a person's: two key domains.
  const auto tags = [&](uint8_t kind) {
    std::set<Bytes> all;
    const Bytes prefix = {kind};
    for (const RawRows::Row& row : raw.All(store::Table::kLookup, prefix))
      all.emplace(row.first.begin() + 1, row.first.end());
    return all;
  };
  const std::set<Bytes> people = tags(1);
  const std::set<Bytes> browsers = tags(2);
  ASSERT_EQ(people.size(), kPairs);
  ASSERT_EQ(browsers.size(), kPairs);
  for (const Bytes& tag : browsers) EXPECT_FALSE(people.contains(tag));
  const auto size_of = [&](store::Table table) {
    return [&raw, table](const Handle& handle) {
      size_t bytes = 0;
      for (const RawRows::Row& row : raw.All(table, handle.view())) bytes += row.second.size();
      return bytes;
    };
  };
  EXPECT_LE(Right(pairs, [](const Handle& handle) { return handle; }), kByChance);
  EXPECT_LE(Right(pairs, size_of(store::Table::kSubjects)), kByChance);
  EXPECT_LE(Right(pairs, size_of(store::Table::kRecords)), kByChance);
  // It would be seen: with the names, every browser has its person.
  std::map<Handle, size_t> names;
  for (size_t i = 0; i < kPairs; ++i) names[pairs.people[i]] = names[pairs.browsers[i]] = i;
  EXPECT_EQ(Right(pairs, [&](const Handle& handle) { return names[handle]; }), kPairs);
}

TEST_F(Clauses, LO_05_CookiesOfVendorsAndCustomersServeReturningVisitorsAndNothingElse) {
  for (const std::string_view source : {"web", "site-vendor", "call-customer"}) {
    const Who browser = Who::Tag(source);
    const Collected stored =
        Store(Under("cookie-1", source, browser), "browser_preferences", Preferences("de", "2"));
    EXPECT_EQ(*world_.Read({"service", browser, "browser_preferences", "language"}), "de");
    world_.ExpectAllowed(EventKind::kRead, "service", "language");
    for (const std::string_view purpose : {"trends", "regions", "security"}) {
      EXPECT_EQ(WhyNot(world_.Read({purpose, browser, "browser_preferences", "language"})),
                Reason::kNotCollectedFor);
      world_.ExpectRefused(EventKind::kRead, purpose, Reason::kNotCollectedFor);
    }
    EXPECT_THAT(world_.RawReaders(stored.handle, "browser_preferences", "language"),
                UnorderedElementsAre("service", "rights", "upkeep"));
  }
}

TEST_F(Clauses, LO_05_AReturningTagFindsItsOwnPreferencesOnly) {
  const Collected mine =
      Store(Under("cookie-1", "web"), "browser_preferences", Preferences("de", "2"));
  const Who other = Who::Tag("cookie-0000");
  Store(Under("cookie-1", "site-vendor", other), "browser_preferences", Preferences("fr", "3"));

  EXPECT_EQ(*world_.Read({"service", kBrowser, "browser_preferences", "language"}), "de");
  EXPECT_EQ(*world_.Read({"service", other, "browser_preferences", "language"}), "fr");
  world_.Events(EventKind::kRead);
  // A tag nobody accepted, and a person of that very name.
  for (const Who& who : {Who::Tag("cookie-9f2d"), Who::Ref("cookie-9f2c")}) {
    const auto seen = world_.Read({"service", who, "browser_preferences", "language"});
    EXPECT_EQ(seen.status().code(), Code::kNotFound);
    EXPECT_EQ(world_.Events(EventKind::kRead).size(), 1u);
  }
  // It returns: the same browser, its preferences changed.
  const Collected again =
      Store(Under("cookie-1", "web"), "browser_preferences", Preferences("en", "2"));
  EXPECT_EQ(again.handle, mine.handle);
  EXPECT_EQ(again.replaced, 1u);
  EXPECT_EQ(*world_.Read({"service", kBrowser, "browser_preferences", "language"}), "en");
}

TEST_F(Clauses, LO_06_BeaconNoticesKeepThePathForReportsAndNothingOfTheVisitor) {
  std::vector<FieldInput> fields;
  fields.emplace_back("page", MakeSecret("https://customer.example/offer?visitor=ada"));
  fields.emplace_back("at", MakeSecret("2016-06-30T10:05:03Z"));
  const Collected stored =
      Store(Under("beacon-1", "site-vendor"), "beacon_notice", std::move(fields));
  const Who visitor = Who::ByHandle(stored.handle);
  const RecordId id = stored.records.front();
  for (const std::string_view field : {"page.path", "at"}) {
    EXPECT_EQ(WhyNot(world_.Read({"trends", visitor, "beacon_notice", field, id})),
              Reason::kIndividualReadOfReportData);
    world_.ExpectRefused(EventKind::kRead, "trends", Reason::kIndividualReadOfReportData);
  }
  for (const std::string& purpose : world_.Leaves()) {
    EXPECT_EQ(WhyNot(world_.Read({purpose, visitor, "beacon_notice", "page", id})),
              Reason::kNotCollectedFor);
    world_.ExpectRefused(EventKind::kRead, purpose, Reason::kNotCollectedFor);
  }
  const auto raw = world_.Raw(stored.handle, "beacon_notice");
  EXPECT_EQ(raw.count("page"), 0u);
  EXPECT_EQ(raw.at("page.path").at("tally"), "/offer");
  EXPECT_THAT(world_.RawReaders(stored.handle, "beacon_notice", "page.path"),
              UnorderedElementsAre("tally", "rights", "upkeep"));
}

TEST_F(Clauses, LO_08_RegionsAreForReportsAndWholeAddressesForSecurity) {
  const Collected stored = Store(Under("visit-1", "web", Who::Nobody()), "clickstream", Click());
  const Who visitor = Who::ByHandle(stored.handle);
  const RecordId id = stored.records.front();
  EXPECT_EQ(*world_.Read({"security", visitor, "clickstream", "ip", id}), "83.149.9.216");
  world_.ExpectAllowed(EventKind::kRead, "security", "ip");
  EXPECT_EQ(WhyNot(world_.Read({"regions", visitor, "clickstream", "ip.region", id})),
            Reason::kIndividualReadOfReportData);
  world_.ExpectRefused(EventKind::kRead, "regions", Reason::kIndividualReadOfReportData);
  EXPECT_EQ(WhyNot(world_.Read({"regions", visitor, "clickstream", "ip", id})),
            Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kRead, "regions", Reason::kNotCollectedFor);
  EXPECT_EQ(WhyNot(world_.Read({"trends", visitor, "clickstream", "ip", id})),
            Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kRead, "trends", Reason::kNotCollectedFor);

  EXPECT_THAT(world_.RawReaders(stored.handle, "clickstream", "ip"),
              UnorderedElementsAre("security", "rights", "upkeep"));
  EXPECT_THAT(world_.RawReaders(stored.handle, "clickstream", "ip.region"),
              UnorderedElementsAre("tally", "rights", "upkeep"));
}

TEST_F(Clauses, LO_08_WithoutAFileOfRegionsARegionIsUnknownAndNeverAPrefix) {
  std::vector<FieldInput> sixth = Click();
  sixth[2].value = MakeSecret("2001:db8:85a3::8a2e:370:7334");
  for (bool v6 : {false, true}) {
    const Collected stored = Store(Under("visit-1", "web", Who::Nobody()), "clickstream",
                                   v6 ? std::move(sixth) : Click());
    auto raw = world_.Raw(stored.handle, "clickstream");
    EXPECT_EQ(raw["ip.region"].size(), 3u);
    for (const auto& [purpose, value] : raw["ip.region"]) EXPECT_EQ(value, "unknown") << purpose;
  }
  EXPECT_THAT(PolicyText("liveops_2016"), Not(HasSubstr("PREFIX")));
}

TEST_F(Clauses, LO_09_LocalStorageOfPartnersIsASourceLikeAnyOther) {
  const Collected stored =
      Store(Under("storage-1", "feature-partner"), "browser_preferences", Preferences("de", "2"));
  EXPECT_EQ(*world_.Read({"service", kBrowser, "browser_preferences", "layout"}), "2");
  world_.ExpectAllowed(EventKind::kRead, "service", "layout");
  EXPECT_EQ(WhyNot(world_.Read({"trends", kBrowser, "browser_preferences", "layout"})),
            Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kRead, "trends", Reason::kNotCollectedFor);
  EXPECT_THAT(world_.RawReaders(stored.handle, "browser_preferences", "layout"),
              UnorderedElementsAre("service", "rights", "upkeep"));

  // Under its own notice only, and for nothing but preferences.
  const std::vector<size_t> before = world_.Rows();
  EXPECT_EQ(WhyNot(world_.Collect(Under("cookie-1", "feature-partner"), "browser_preferences",
                                  Preferences("fr", "3"))),
            Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kCollect, "", Reason::kNotCollectedFor);
  EXPECT_EQ(WhyNot(world_.Collect(Under("storage-1", "feature-partner"), "clickstream", Click())),
            Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kCollect, "", Reason::kNotCollectedFor);
  EXPECT_EQ(world_.Rows(), before);
}

TEST_F(Clauses, LO_11_WhatSocialButtonsCollectIsRefusedAndNothingOfItStored) {
  std::vector<size_t> before = world_.Rows();
  ++before[static_cast<size_t>(store::Table::kReports) - 1];  // one counter; meta is left out
  for (const std::string_view notice : {"visit-1", "cookie-1", "beacon-1"}) {
    for (const Who& who : {kBrowser, Who::Nobody()}) {
      const auto refused =
          world_.Collect(Under(notice, "social-button", who), "clickstream", Click());
      EXPECT_EQ(WhyNot(refused), Reason::kSourceIndependent);
      world_.ExpectRefused(EventKind::kCollect, "", Reason::kSourceIndependent);
    }
  }
  EXPECT_EQ(world_.Rows(), before);
  // The same page from our own server is collected.
  EXPECT_THAT(StatusOf(world_.Collect(Under("visit-1", "web"), "clickstream", Click())), IsOk());
}

}  // namespace
}  // namespace bailee
