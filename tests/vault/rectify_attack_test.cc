// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "record/row.h"
#include "vault/rectify_world.h"

// What lies sealed together when values are put right, and somebody who can write the file.
namespace bailee {
namespace {

using audit::EventKind;
using audit::Outcome;
using store::Table;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusOf;

class RectifyTogether : public RectifyTest {
 protected:
  RectifyTogether() : RectifyTest(std::string(kDays)) {
    Vault vault = Open({});
    const auto stored =
        vault
            .Collect(
                {.who = Who::Ref(kUser), .notice = "form-1", .source = "web", .on_behalf_of = {}})
            .Put("dates", {{"born", MakeSecret("1815-12-10T12:00:00Z")},
                           {"moved", MakeSecret("1835-07-08T12:00:00Z")}})
            .Commit();
    EXPECT_THAT(StatusOf(stored), IsOk());
  }
  Result<Rectified> RectifyDates(const std::vector<std::string>& held, const Texts& texts) {
    Vault vault = Open(held);
    return Rectify(vault, "support", texts, Who::Ref(kUser), "dates");
  }
  std::string Day(std::string_view field) {
    Vault vault = Open({"research"});
    return *Read(vault, "research", field, "dates");
  }
};

TEST_F(RectifyTogether, RefusesToLoseWhatItMayNotOpenAndSaysWhat) {
  Events(EventKind::kRectify);
  const Bytes before = Row().second;
  const auto refused = RectifyDates({"support"}, {{"born", "1815-12-11T12:00:00Z"}});
  ASSERT_NE(refused.status().refusal(), nullptr);
  EXPECT_THAT(refused.status().refusal()->reasons, ElementsAre(Reason::kPurposeKeyMissing));
  EXPECT_THAT(refused.status().refusal()->rule, HasSubstr("moved.day"));
  EXPECT_EQ(Row().second, before);
  const auto seen = Events(EventKind::kRectify);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome, Outcome::kRefused);
}

TEST_F(RectifyTogether, WritesWhatItMayNotOpenIfAllOfItIsNew) {
  ASSERT_THAT(StatusOf(RectifyDates({"support"}, {{"born", "1815-12-11T12:00:00Z"},
                                                  {"moved", "1835-07-09T12:00:00Z"}})),
              IsOk());
  EXPECT_EQ(Day("born.day"), "1815-12-11");
  EXPECT_EQ(Day("moved.day"), "1835-07-09");
}

TEST_F(RectifyTogether, KeepsItWithAnyKeyOfTheProcess) {
  ASSERT_THAT(StatusOf(RectifyDates({"support", "research"}, {{"born", "1815-12-11T12:00:00Z"}})),
              IsOk());
  EXPECT_EQ(Day("born.day"), "1815-12-11");
  EXPECT_EQ(Day("moved.day"), "1835-07-08");
}

// What no purpose may use is never stored, by whomever it is put right.
TEST_F(RectifyTogether, ByRightsStoresNothingThatWasForgotten) {
  Vault vault = Open({"rights", "history"});
  const auto rectify = [&](const Texts& texts) {
    return Rectify(vault, "rights", texts, Who::Ref(kUser), "dates");
  };
  ASSERT_THAT(StatusOf(rectify({{"seen", "1852-11-27T12:00:00Z"}})), IsOk());
  EXPECT_EQ(*Read(vault, "history", "seen.day", "dates"), "1852-11-27");
  EXPECT_FALSE((*vault.As("rights"))
                   .Read({.who = Who::Ref(kUser), .category = "dates", .fields = {"seen"}})
                   ->Has("seen"));
}

TEST_F(RectifyTogether, ByRightsAfterTheRetentionAddsNothingMore) {
  temp_.clock().AdvanceDays(400);
  Vault vault = Open({"rights"});
  const auto rectify = [&](const Texts& texts) {
    return Rectify(vault, "rights", texts, Who::Ref(kUser), "dates");
  };
  EXPECT_THAT(StatusOf(rectify({{"born", "1815-12-11T12:00:00Z"}})), IsOk());
  const auto refused = rectify({{"seen", "1852-11-27T12:00:00Z"}});
  ASSERT_NE(refused.status().refusal(), nullptr);
  EXPECT_EQ(refused.status().refusal()->reasons.front(), Reason::kNotCollectedFor);
}

class RectifyAttack : public RectifyTest {
 protected:
  // A record of which the address was put right by who may not open all of it, and its row before.
  void SetUp() override {
    Register();
    {
      Vault vault = Open({"service"});  // folds, so that one D is used throughout
      ASSERT_THAT(StatusOf(Rectify(vault, "service", {{"email", "ada@first.example"}})), IsOk());
    }
    before_ = Row();
    Vault vault = Open({"service"});
    ASSERT_THAT(StatusOf(Rectify(vault, "service", {{"email", kRight}})), IsOk());
  }
  // The row as it is, changed.
  void Change(const std::function<void(std::vector<record::RowEntry>&, record::RecordHead&,
                                       ByteView& revisions)>& change) {
    const RawRows rows(temp_.path());
    const RawRows::Row now = rows.Only(Table::kRecords);
    const auto row = *record::ParseRecordRow(now.second);
    std::vector<record::RowEntry> entries;
    for (const record::RowEntry& entry : row) entries.push_back(entry);
    record::RecordHead head = row.head();
    ByteView revisions = row.revisions();
    change(entries, head, revisions);
    rows.Put(Table::kRecords, now.first, record::EncodeRecordRow(head, entries, revisions));
  }
  Code CodeOfReading(std::string_view field) {
    Vault vault = Open({"service"});
    return Read(vault, "service", field).status().code();
  }

  RawRows::Row before_;
};

TEST_F(RectifyAttack, ARowOfAnEarlierRevisionPutBackIsDamage) {
  RawRows(temp_.path()).Put(Table::kRecords, before_.first, before_.second);
  EXPECT_EQ(CodeOfReading("email"), Code::kDamage);
}

TEST_F(RectifyAttack, AnEarlierCompartmentPutBackIsDamage) {
  const auto old = *record::ParseRecordRow(before_.second);
  Change([&](auto& entries, auto&, ByteView&) {
    for (record::RowEntry& entry : entries) entry = *old.Find(entry.compartment);
  });
  EXPECT_EQ(CodeOfReading("email"), Code::kDamage);
  EXPECT_EQ(CodeOfReading("name"), Code::kOk) << "the same in both";
}

TEST_F(RectifyAttack, EarlierRevisionsPutBackAreDamage) {
  const auto old = *record::ParseRecordRow(before_.second);
  Change([&](auto&, auto&, ByteView& revisions) { revisions = old.revisions(); });
  EXPECT_EQ(CodeOfReading("name"), Code::kDamage);
}

TEST_F(RectifyAttack, RevisionsTakenAwayAreDamage) {
  Change([](auto&, auto&, ByteView& revisions) { revisions = {}; });
  EXPECT_EQ(CodeOfReading("name"), Code::kDamage);
}

}  // namespace
}  // namespace bailee
