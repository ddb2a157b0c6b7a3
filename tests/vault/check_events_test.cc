// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "bailee/audit_trail.h"
#include "base/codec.h"
#include "support/checked.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/frame/vault_impl.h"
#include "vault/frame/writable_subject.h"
#include "vault/ledger/ledger.h"
#include "vault/ledger/ledger_entry.h"
#include "vault/stories.h"

// Rows that are whole, and are not those that the trail tells of.
namespace bailee {
namespace {

using store::Table;
using testing::IsOk;
using testing::StatusOf;

constexpr std::array kTablesOfPeople = {Table::kTerms,   Table::kSubjects, Table::kRecords,
                                        Table::kLookup,  Table::kLedger,   Table::kDisclosures,
                                        Table::kKeywork, Table::kDue};

class CheckEvents : public ::testing::Test {
 protected:
  using Rows = std::map<Table, std::map<Bytes, Bytes>>;

  Checked Run(CheckOptions options = {}) {
    const Keyring auditor = vault_.Origin("auditor");
    options.auditor = &auditor;
    return RunWithout(std::move(options));
  }
  // As a check without the auditor's keyring.
  Checked RunWithout(CheckOptions options = {}) {
    options.clock = &vault_.clock();
    return RunCheck(vault_.path(), vault_.Granted("checker", kEveryPurpose), std::move(options));
  }

  // Ada: two cards, one of them overwritten; something a partner wrote; and what she said.
  void Live() {
    Vault vault = vault_.Open({"billing"});
    const auto stored = StoreCard(vault, IdOf(1));
    ASSERT_THAT(StatusOf(stored), IsOk());
    ada_ = stored->handle;
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(2))), IsOk());
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(3), kCardNumber, Who::Ref("user-eve"))), IsOk());
    Visit(vault);
    Say(vault, {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"});
    Say(vault, {.kind = LedgerKind::kObjected, .purpose = "improve.combined"});
    ASSERT_THAT(DiscloseCard(vault, IdOf(1)), IsOk());
    ASSERT_THAT(DiscloseCard(vault, IdOf(2)), IsOk());
  }
  void Visit(Vault& vault) const {
    ASSERT_THAT(
        StatusOf(vault
                     .Collect({.who = Who::Ref(kUser),
                               .notice = "visit-1",
                               .source = "web",
                               .collected_at = Timestamp{kJune2013.unix_ms - 179 * kMillisPerDay}})
                     .Put("web_log",
                          {{"request", MakeSecret("https://example.org/a")},
                           {"ip", MakeSecret("192.0.2.7")},
                           {"at", MakeSecret("2013-05-30T10:00:00Z")}},
                          IdOf(7))
                     .Commit()),
        IsOk());
  }
  static void Say(Vault& vault, const LedgerEvent& event) {
    ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser), event)), IsOk());
  }

  // Everything that is held of people.
  Rows Save() const {
    const RawRows raw(vault_.path());
    Rows saved;
    for (const Table table : kTablesOfPeople) {
      for (const RawRows::Row& row : raw.All(table)) saved[table].insert(row);
    }
    return saved;
  }
  // Puts it back as it was, by somebody who can write the file and has no key.
  void PutBack(const Rows& saved) const {
    const Rows now = Save();
    const RawRows raw(vault_.path());
    for (const Table table : kTablesOfPeople) {
      const auto rows = saved.find(table);
      if (const auto there = now.find(table); there != now.end()) {
        for (const auto& [key, value] : there->second) raw.Delete(table, key);
      }
      if (rows == saved.end()) continue;
      for (const auto& [key, value] : rows->second) raw.Put(table, key, value);
    }
  }
  size_t Delete(Table table, ByteView prefix) const {
    const RawRows raw(vault_.path());
    const auto rows = raw.All(table, prefix);
    for (const RawRows::Row& row : rows) raw.Delete(table, row.first);
    return rows.size();
  }
  Bytes Of(const Handle& handle, std::string_view category = {}) const {
    Bytes key(handle.bytes.begin(), handle.bytes.end());
    if (!category.empty()) Writer(key).Put(crypto::NameIdOf(category).view());
    return key;
  }
  // A write by somebody who has the storage key and records nothing.
  void Forge(const std::function<Status(vault::VaultImpl&, vault::Frame&)>& job) {
    auto opened =
        vault::VaultImpl::Open(vault_.path(), vault_.Granted("forger", {"service"}),
                               {.clock = &vault_.clock(), .map_bytes = uint64_t{1} << 30});
    ASSERT_THAT(StatusOf(opened), IsOk());
    ASSERT_THAT((*opened)->Write([&](vault::Frame& frame) { return job(**opened, frame); }),
                IsOk());
  }

  // That what is planted is seen with the auditor's keyring, and not without.
  void ExpectSeenWithEventsAlone(std::string_view kind, const Handle& whose) {
    const Checked without = RunWithout();
    EXPECT_NE(without.status().code(), Code::kDamage) << ::testing::PrintToString(without);
    ExpectFound(Run(), kind, whose);
    // However little of it is kept at once.
    ExpectFound(Run({.told_max = 4}), kind, whose);
  }
  static void ExpectFound(const Checked& checked, std::string_view kind, const Handle& whose) {
    EXPECT_EQ(checked.status().code(), Code::kDamage) << ::testing::PrintToString(checked);
    ASSERT_EQ(checked.Count(kind), 1u) << ::testing::PrintToString(checked);
    EXPECT_EQ(checked.First(kind)->handle, whose);
  }

  TempVault vault_{PolicyText("livelook_2013")};
  Handle ada_;
};

TEST_F(CheckEvents, TellOfEverythingInAVaultThatWasLeftAlone) {
  Live();
  for (const uint32_t told_max : {500'000u, 4u}) {
    const Checked checked = Run({.slices = 1, .told_max = told_max});
    EXPECT_THAT(checked.status(), IsOk()) << ::testing::PrintToString(checked);
    EXPECT_EQ(checked.report->events_passes > 1, told_max == 4);
    EXPECT_GT(checked.report->events_read, 8u);
  }
}

TEST_F(CheckEvents, FindAnOlderRowThatWasPutBackWithItsPersonsRow) {
  Live();
  const Rows before = Save();
  {
    Vault vault = vault_.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1), kOtherCardNumber)), IsOk());
  }
  PutBack(before);
  ExpectSeenWithEventsAlone("events.record-other", ada_);
}

TEST_F(CheckEvents, FindAnOlderRowWhereAValueWasPutRight) {
  {
    Vault vault = vault_.Open({"billing"});
    const auto stored =
        vault.Collect({.who = Who::Ref(kUser), .notice = "signup-1", .source = "web"})
            .Put("account",
                 {{"name", MakeSecret("Ada")}, {"email", MakeSecret("ada@analytical.example")}})
            .Commit();
    ASSERT_THAT(StatusOf(stored), IsOk());
    ada_ = stored->handle;
  }
  const Rows before = Save();
  {
    Vault vault = vault_.Open({"rights"});
    std::vector<FieldInput> fields;
    fields.emplace_back("email", MakeSecret("ada@lovelace.example"));
    ASSERT_THAT(StatusOf(vault.As("rights")->Rectify(
                    {.who = Who::Ref(kUser), .category = "account", .fields = std::move(fields)})),
                IsOk());
  }
  PutBack(before);
  ExpectSeenWithEventsAlone("events.record-other", ada_);
}

TEST_F(CheckEvents, FindARecordThatIsGone) {
  Live();
  ASSERT_EQ(Delete(Table::kRecords, Of(ada_, "web_log")), 1u);
  ExpectSeenWithEventsAlone("events.record-gone", ada_);
}

TEST_F(CheckEvents, FindARecordThatRetentionDeletedAndIsBack) {
  Live();
  const Rows before = Save();
  {
    Vault vault = vault_.Open({"upkeep"});
    vault_.clock().AdvanceDays(5);
    const auto plan = vault.PlanRetention();
    ASSERT_THAT(StatusOf(plan), IsOk());
    const auto done = vault.RunRetention(*plan);
    ASSERT_THAT(StatusOf(done), IsOk());
    ASSERT_EQ(done->deleted, 1u);
  }
  EXPECT_THAT(Run().status(), IsOk());
  PutBack(before);
  ExpectSeenWithEventsAlone("events.record-back", ada_);
}

TEST_F(CheckEvents, FindARecordThatNobodyCollected) {
  Live();
  {
    const RawRows raw(vault_.path());
    RawRows::Row row = raw.All(Table::kRecords, Of(ada_, "payment_card")).front();
    row.first.back() ^= 1;
    raw.Put(Table::kRecords, row.first, row.second);
  }
  ExpectSeenWithEventsAlone("events.record-never", ada_);
}

TEST_F(CheckEvents, FindAPersonOfWhomNothingIsLeft) {
  Live();
  const Rows all = Save();
  {
    // Everything that names them goes, and what leads to them: only eve was there.
    const RawRows raw(vault_.path());
    for (const auto& [table, rows] : all) {
      for (const auto& [key, value] : rows) {
        const bool names =
            std::search(key.begin(), key.end(), ada_.bytes.begin(), ada_.bytes.end()) != key.end();
        if (names) raw.Delete(table, key);
      }
    }
  }
  {
    // Upkeep sweeps the lookups that lead nowhere.
    Vault vault = vault_.Open({"upkeep"});
    ASSERT_THAT(StatusOf(vault.Upkeep()), IsOk());
  }
  const Checked checked = Run();
  ExpectFound(checked, "events.subject-gone", ada_);
  EXPECT_EQ(checked.Count("events.record-gone"), 3u) << ::testing::PrintToString(checked);
}

TEST_F(CheckEvents, FindAPersonWhoWasErasedAndIsBack) {
  Live();
  const Rows before = Save();
  {
    Vault vault = vault_.Open({"rights"});
    ASSERT_THAT(StatusOf(vault.Erase(Who::Ref(kUser), {.defer = true})), IsOk());
  }
  EXPECT_THAT(Run().status(), IsOk());
  PutBack(before);
  ExpectSeenWithEventsAlone("events.subject-back", ada_);
  EXPECT_EQ(Run().Count("events.record-back"), 3u);
}

TEST_F(CheckEvents, FindAWithdrawalThatWasTakenBackByWhoeverWritesTheFile) {
  Live();
  const Rows before = Save();
  {
    Vault vault = vault_.Open({});
    Say(vault, {.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"});
  }
  EXPECT_THAT(Run().status(), IsOk());
  PutBack(before);
  ExpectSeenWithEventsAlone("events.ledger-short", ada_);
}

// With the storage key, and nothing recorded: what Ada is said to have said.
Status WriteEntry(vault::VaultImpl& vault, vault::Frame& frame, const Handle& handle,
                  LedgerEntry entry) {
  auto subject = vault::FindForWrite(vault, frame, handle);
  if (!subject.ok()) return subject.status();
  vault::WritableSubject& person = **subject;
  const crypto::HistoryKey& history = person.subject.history;
  auto entries =
      vault::ReadLedger(*frame.snapshot, vault.id(), handle, history, person.ledger.entries);
  if (!entries.ok()) return entries.status();
  entries->resize(entry.sequence - 1);
  person.ledger = {};
  for (const LedgerEntry& each : *entries) vault::Fold(each, person.ledger);
  vault::Fold(entry, person.ledger);
  person.changed = true;
  Status status =
      frame.transaction->Delete(Table::kLedger, vault::EntryKeyOf(handle, entry.sequence));
  if (status.ok()) {
    status = vault::PutLedgerEntry(*frame.transaction, vault.id(), handle, history, entry,
                                   vault.random());
  }
  return status.ok() ? vault::PutSubject(vault, frame, person) : status;
}

LedgerEntry Yes(uint64_t sequence) {
  LedgerEntry entry;
  entry.sequence = sequence;
  entry.kind = LedgerKind::kGiven;
  entry.recorded_at = entry.at = kJune2013;
  entry.policy_version = 1;
  entry.purpose = "improve.combined";
  return entry;
}

TEST_F(CheckEvents, FindAnEntryThatWasAddedWithoutAnEvent) {
  Live();
  Forge([&](vault::VaultImpl& vault, vault::Frame& frame) {
    return WriteEntry(vault, frame, ada_, Yes(3));
  });
  ExpectSeenWithEventsAlone("events.ledger-long", ada_);
}

TEST_F(CheckEvents, FindAnEntryThatSaysSomethingElse) {
  Live();
  Forge([&](vault::VaultImpl& vault, vault::Frame& frame) {
    return WriteEntry(vault, frame, ada_, Yes(2));
  });
  ExpectSeenWithEventsAlone("events.ledger-other", ada_);
}

TEST_F(CheckEvents, FindADisclosureThatIsNotAccountedFor) {
  Live();
  ASSERT_EQ(Delete(Table::kDisclosures, vault::DisclosureKeyOf(ada_, 2)), 1u);
  ExpectSeenWithEventsAlone("events.disclosure-gone", ada_);
}

TEST_F(CheckEvents, FindADisclosureThatWasNotMade) {
  Live();
  {
    const RawRows raw(vault_.path());
    const RawRows::Row row = raw.Only(Table::kDisclosures, vault::DisclosureKeyOf(ada_, 1));
    raw.Put(Table::kDisclosures, vault::DisclosureKeyOf(ada_, 3), row.second);
  }
  ExpectFound(Run(), "events.disclosure-never", ada_);
}

TEST_F(CheckEvents, FindThatSomethingWasPutBackAndWrittenOn) {
  Live();
  const Rows before = Save();
  const auto overwrite = [&](std::string_view pan) {
    vault_.clock().AdvanceDays(1);
    Vault vault = vault_.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1), pan)), IsOk());
  };
  overwrite(kOtherCardNumber);
  PutBack(before);
  overwrite("378282246310005");
  ExpectSeenWithEventsAlone("events.order", ada_);
}

TEST_F(CheckEvents, FindThatAWithdrawalWasTakenBackAndAnotherThingSaid) {
  Live();
  const Rows before = Save();
  {
    Vault vault = vault_.Open({});
    Say(vault, {.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"});
  }
  PutBack(before);
  {
    Vault vault = vault_.Open({});
    Say(vault, {.kind = LedgerKind::kObjected, .purpose = "improve.service"});
  }
  ExpectSeenWithEventsAlone("events.order", ada_);
}

TEST_F(CheckEvents, ThatWerePrunedAreSaidToBeAndTellNothing) {
  Live();
  {
    Vault vault = vault_.Open({"billing"});
    for (int i = 0; i < 300; ++i)
      ASSERT_THAT(StatusOf(ReadCard(vault, "billing", IdOf(1), "pan")), IsOk());
  }
  std::string checkpoint;
  {
    auto log = AuditTrail::Open(vault_.path(), vault_.Origin("log"), {.clock = &vault_.clock()});
    checkpoint = *log->Sign("");
  }
  {
    auto trail =
        AuditTrail::Open(vault_.path(), vault_.Origin("auditor"), {.clock = &vault_.clock()});
    vault_.clock().AdvanceDays(1);
    ASSERT_THAT(
        StatusOf(trail->Prune(
            {.checkpoint = checkpoint, .older_than = vault_.clock().Now(), .keep_days = 0})),
        IsOk());
  }
  const Rows before = Save();
  {
    Vault vault = vault_.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1), kOtherCardNumber)), IsOk());
  }
  const Checked checked = Run();
  EXPECT_THAT(checked.status(), IsOk()) << "it is information, not a note";
  ASSERT_EQ(checked.Count("events.pruned"), 1u);
  EXPECT_EQ(checked.First("events.pruned")->weight, CheckFinding::Weight::kInformation);
  PutBack(before);
  ExpectFound(Run(), "events.record-other", ada_);
}

TEST_F(CheckEvents, AreLookedAtFromWhereItStopped) {
  Live();
  ASSERT_EQ(Delete(Table::kRecords, Of(ada_, "web_log")), 1u);
  ASSERT_EQ(Delete(Table::kDisclosures, vault::DisclosureKeyOf(ada_, 2)), 1u);
  std::map<std::string, size_t> kinds;
  std::string from;
  size_t runs = 0;
  do {
    // The trail asks before its first leaf, and is verified as a whole.
    size_t goes_on = from.find(".12.0.0.") != std::string::npos ? 1 : 0;
    const Checked piece = Run({.from = from, .told_max = 4, .progress = [&](uint64_t, uint64_t) {
                                 return goes_on > 0 && goes_on-- > 0;
                               }});
    for (const CheckFinding& each : piece.findings) ++kinds[each.kind];
    from = piece.report->next;
    ASSERT_LT(++runs, 100u);
    if (from.substr(0, from.find('.') + 4).ends_with(".13.") && from.back() != '.') {
      EXPECT_THAT(RunWithout({.from = from}).status(),
                  testing::ErrorIs(Code::kUsage, "check.auditor"));
    }
  } while (!from.empty());
  EXPECT_EQ(kinds, (std::map<std::string, size_t>{{"events.record-gone", 1},
                                                  {"events.disclosure-gone", 1}}));
}

TEST_F(CheckEvents, TakeTheAuditorsKeyringOfThisVault) {
  const TempVault other(PolicyText("livelook_2013"));
  const Keyring foreign = other.Origin("auditor");
  const Keyring log = vault_.Origin("log");
  EXPECT_THAT(RunWithout({.auditor = &foreign}).status(),
              testing::ErrorIs(Code::kKey, "key.other-vault"));
  EXPECT_THAT(RunWithout({.auditor = &log}).status(),
              testing::ErrorIs(Code::kKey, "key.auditor-missing"));
  EXPECT_THAT(Run({.told_max = 3}).status(), testing::ErrorIs(Code::kUsage, "check.told-max"));
}

// An event that was changed in its place: what it told of is not known, and that is said.
TEST_F(CheckEvents, ThatDoNotOpenAreDamage) {
  Live();
  {
    const RawRows raw(vault_.path());
    for (RawRows::Row row : raw.All(Table::kAuditLeaf)) {
      if (row.second[1] != 3) continue;  // of a write
      row.second.back() ^= 1;
      raw.Put(Table::kAuditLeaf, row.first, row.second);
      break;
    }
  }
  const Checked checked = Run();
  EXPECT_EQ(checked.status().code(), Code::kDamage);
  EXPECT_EQ(checked.Count("trail.forged-entry"), 1u) << ::testing::PrintToString(checked);
  EXPECT_EQ(checked.Count("events.record-never"), 0u) << ::testing::PrintToString(checked);
}

}  // namespace
}  // namespace bailee
