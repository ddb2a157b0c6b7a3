// SPDX-License-Identifier: Apache-2.0
#include "clauses/clause_world.h"
#include "support/kept_export.h"

// What a person, a browser or a controller is owed when they ask what is held.
namespace bailee {
namespace {

using audit::EventKind;
using ::testing::Contains;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;

const Who kBrowser = Who::Tag("cookie-9f2c");

// Their whole file, asked for by a process that holds this keyring.
Status Export(ClauseWorld& world, std::string_view purpose, const Who& who, KeptExport& kept,
              const std::string& on_behalf_of = {}) {
  return world.With({std::string(purpose)}, [&](Vault& vault) {
    return StatusOf(vault.Export(who, {.on_behalf_of = on_behalf_of}, kept));
  });
}

class Browsers : public ClauseTest {
 protected:
  Browsers() : ClauseTest("liveops_2016", kJuly2016, kBrowser) {}

  static std::vector<FieldInput> Preferences(std::string_view language) {
    std::vector<FieldInput> fields;
    fields.emplace_back("language", MakeSecret(language));
    fields.emplace_back("layout", MakeSecret("3"));
    return fields;
  }
};

TEST_F(Browsers, LO_05_ATagsHolderMaySeeWhatIsHeldOfItAndNobodyElseMay) {
  const Collected stored =
      Store(Under("cookie-1", "site-vendor"), "browser_preferences", Preferences("en-GB"));
  Store(Under("cookie-1", "site-vendor", Who::Tag("cookie-other")), "browser_preferences",
        Preferences("de-DE"));

  KeptExport kept;
  ASSERT_THAT(Export(world_, "rights", kBrowser, kept), IsOk());
  const auto seen = world_.Events(EventKind::kExportSubject);
  ASSERT_EQ(seen.size(), 2U) << "the whole, then what it has";
  EXPECT_EQ(seen[0].outcome, audit::Outcome::kAllowed);
  EXPECT_EQ(seen[0].handle, stored.handle);
  EXPECT_EQ(seen[1].records, stored.records);
  EXPECT_TRUE(kept.browser);
  EXPECT_EQ(kept.handle, stored.handle);
  EXPECT_EQ(kept.ref, "cookie-9f2c");
  ASSERT_EQ(kept.records.size(), 1U) << "its own alone";
  EXPECT_EQ(kept.records[0].values.at("language"), "en-GB");
  EXPECT_EQ(kept.records[0].source, "site-vendor");
  // For service and for nothing else.
  for (const auto& [purpose, use] : kept.records[0].uses) {
    EXPECT_EQ(!use.fields.empty(), purpose == "service") << purpose;
  }

  // A person of the same name is somebody else.
  KeptExport none;
  EXPECT_EQ(Export(world_, "rights", Who::Ref("cookie-9f2c"), none).code(), Code::kNotFound);
  world_.Events(EventKind::kExportSubject);
  // Whoever serves the browser may read its preferences and not take its file.
  EXPECT_EQ(WhyNot(Export(world_, "service", kBrowser, none)), Reason::kPurposeKeyMissing);
  world_.ExpectRefused(EventKind::kExportSubject, "rights", Reason::kPurposeKeyMissing);
  EXPECT_TRUE(none.empty());
  EXPECT_THAT(world_.RawReaders(stored.handle, "browser_preferences", "language"),
              ::testing::UnorderedElementsAre("service", "rights", "upkeep"));
}

class People : public ClauseTest {
 protected:
  People() : ClauseTest("livelook_2013", kJune2013, kAda) {}

  Collected StoreMessage(std::string_view on_behalf_of, std::string_view body) {
    CollectRequest request = Under("inquiry-1", "mail");
    request.on_behalf_of = on_behalf_of;
    std::vector<FieldInput> fields;
    fields.emplace_back("body", MakeSecret(body));
    return Store(request, "communication", std::move(fields));
  }
};

TEST_F(People, LL_09_AControllerGetsWhatIsHeldForItAndNothingElse) {
  StoreMessage("", "to you");
  const Collected theirs = StoreMessage("technology-partner", "to them");

  KeptExport kept;
  ASSERT_THAT(Export(world_, "rights", kAda, kept, "technology-partner"), IsOk());
  const auto seen = world_.Events(EventKind::kExportSubject);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].on_behalf_of, "technology-partner");
  EXPECT_EQ(seen[1].records, theirs.records);
  ASSERT_EQ(kept.records.size(), 1U);
  EXPECT_EQ(kept.records[0].values.at("body"), "to them");
  for (const auto& [purpose, use] : kept.records[0].uses) {
    EXPECT_EQ(!use.fields.empty(), purpose == "support") << purpose << ": as it instructs";
  }

  KeptExport ours;
  ASSERT_THAT(Export(world_, "rights", kAda, ours), IsOk());
  ASSERT_EQ(ours.records.size(), 1U);
  EXPECT_EQ(ours.records[0].values.at("body"), "to you");

  world_.Events(EventKind::kExportSubject);
  KeptExport none;
  EXPECT_EQ(WhyNot(Export(world_, "rights", kAda, none, "another-partner")),
            Reason::kOutsideInstructions);
  world_.ExpectRefused(EventKind::kExportSubject, "rights", Reason::kOutsideInstructions);
  EXPECT_TRUE(none.empty());
}

TEST_F(People, LL_16_PeopleAreShownAllThatIsHeldSoThatTheyCanCorrectIt) {
  std::vector<FieldInput> account;
  account.emplace_back("name", MakeSecret("Ada Lovelace"));
  account.emplace_back("email", MakeSecret("ada@analytical.example"));
  account.emplace_back("password", MakeSecret("correct horse battery"));
  const Collected stored = Store(Under("signup-1", "web"), "account", std::move(account));
  StoreMessage("", "to you");

  KeptExport kept;
  ASSERT_THAT(Export(world_, "rights", kAda, kept), IsOk());
  ASSERT_EQ(kept.records.size(), 2U);
  EXPECT_EQ(kept.Of("account").values.at("name"), "Ada Lovelace");
  EXPECT_EQ(kept.Of("communication").values.at("body"), "to you");
  // What it is used for is what its purposes are, each with the reason if not.
  for (const auto& [purpose, use] : kept.Of("account").uses) {
    EXPECT_TRUE(!use.fields.empty() || !use.reasons.empty()) << purpose;
  }
  // A password cannot be shown, only that there is one.
  EXPECT_EQ(kept.Of("account").values.count("password"), 0U);
  EXPECT_EQ(kept.Of("account").gaps.count("password"), 1U);
  EXPECT_THAT(world_.RawReaders(stored.handle, "account", "password"),
              ::testing::Not(Contains("rights")));
  world_.Events(EventKind::kExportSubject);

  // Somebody unknown and somebody of whom nothing is held: nothing.
  KeptExport none;
  EXPECT_EQ(Export(world_, "rights", Who::Ref("nobody"), none).code(), Code::kNotFound);
  EXPECT_THAT(none.records, IsEmpty());
}

}  // namespace
}  // namespace bailee
