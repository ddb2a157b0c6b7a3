// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "audit/event.h"
#include "bailee/check.h"
#include "support/kept_export.h"
#include "vault/backup_world.h"
#include "vault/next_policy.h"

// Nothing that can be done to a vault is missing from its trail, as its auditor reads it.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

class EveryEvent : public ::testing::Test {
 protected:
  const Who kAda = Who::Ref(kUser);
  // Opened for every purpose that somebody here acts for.
  Vault Open() {
    return world_.vault.Open(
        {"service", "billing", "support", "contact.news", "rights", "upkeep", "tally", "research"});
  }
  AuditTrail OpenTrail(std::string_view keyring, const std::string& directory) {
    return *AuditTrail::Open(directory, world_.vault.Origin(keyring),
                             {.clock = &world_.vault.clock(), .map_bytes = uint64_t{1} << 30});
  }
  void Take(AuditTrail& trail) {
    EXPECT_THAT(StatusOf(trail.Entries({}, 0,
                                       [&](const TrailEntry& entry) {
                                         seen_.insert(entry.kind);
                                         return true;
                                       })),
                IsOk());
  }

  void Collect();
  void ReadAsServices();
  void Answer();
  void LookAfter();
  void Rotate();
  void BackUpAndRestore();
  void LookAtTheTrail();
  void EraseAndCheck();

  BackupWorld world_;
  Handle handle_;
  std::set<std::string> seen_;
};

// By a process that may not read it.
void EveryEvent::Collect() {
  Vault vault = world_.vault.Open({});
  ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  ASSERT_THAT(StoreAccount(vault), IsOk());
}

void EveryEvent::ReadAsServices() {
  Vault vault = Open();  // folds the lookups that wait
  EXPECT_EQ(vault.As("nonsense").status().code(), Code::kRefused);
  Session billing = *vault.As("billing");
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
  EXPECT_THAT(
      StatusOf(billing.ReadAll({.who = kAda, .category = "payment_card", .fields = {"pan"}})),
      IsOk());
  EXPECT_THAT(billing.Scan({.category = "payment_card", .fields = {"pan"}},
                           [](const Record&) { return true; }),
              IsOk());
  EXPECT_EQ(FindCard(vault)->size(), 1u);
  handle_ = billing.List(kAda)->front().handle;
  const Secret attempt = MakeSecret("open sesame");
  EXPECT_THAT(StatusOf(vault.As("service")->VerifyPassword(
                  {.who = kAda, .category = "account", .field = "password", .attempt = attempt})),
              IsOk());
  EXPECT_THAT(StatusOf(vault.Subjects({}, 10)), IsOk());
  EXPECT_THAT(StatusOf(vault.RefOf(handle_)), IsOk());
  EXPECT_THAT(DiscloseCard(vault, IdOf(1)), IsOk());
}

void EveryEvent::Answer() {
  Vault vault = Open();
  Session rights = *vault.As("rights");
  EXPECT_THAT(StatusOf(rights.Disclosures(kAda)), IsOk());
  std::vector<FieldInput> fields;
  fields.emplace_back("email", MakeSecret("ada@lovelace.example"));
  EXPECT_THAT(
      StatusOf(rights.Rectify({.who = kAda, .category = "account", .fields = std::move(fields)})),
      IsOk());
  EXPECT_THAT(
      StatusOf(vault.Record(
          kAda, {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"})),
      IsOk());
  EXPECT_THAT(StatusOf(vault.Ledger(kAda)), IsOk());
  KeptExport kept;
  EXPECT_THAT(StatusOf(vault.Export(kAda, {}, kept)), IsOk());
  const Secret address = MakeSecret("ada@lovelace.example");
  (void)vault.MayContact("contact.news", kAda, address);
  EXPECT_THAT(StatusOf(vault.Suppress({&address, 1})), IsOk());
  const Timestamp now = world_.vault.clock().Now();
  EXPECT_THAT(StatusOf(vault.Report({.id = "sessions_by_region_day",
                                     .from = {now.unix_ms - 2 * kMillisPerDay},
                                     .until = {now.unix_ms - kMillisPerDay},
                                     .recipient = "public"})),
              IsOk());
}

void EveryEvent::LookAfter() {
  world_.vault.clock().Set(kJuly2013);
  Vault vault = Open();
  EXPECT_THAT(
      StatusOf(vault.Publish(world_.vault.Origin("authority"), {.policy_text = Next(kNarrower)})),
      IsOk());
  EXPECT_THAT(StatusOf(vault.Upkeep()), IsOk());
  EXPECT_THAT(StatusOf(vault.PlanRetention()), IsOk());
  EXPECT_THAT(StatusOf(vault.Review()), IsOk());
}

void EveryEvent::Rotate() {
  Vault vault = Open();
  const RotateOptions options{
      .keep = [this](const std::vector<KeyringFile>& files) { return world_.vault.Keep(files); }};
  EXPECT_THAT(
      StatusOf(vault.BeginRotation(world_.vault.Origin("authority"), "purpose/billing", options)),
      IsOk());
}

void EveryEvent::BackUpAndRestore() {
  ASSERT_THAT(StatusOf(world_.Data("data")), IsOk());
  const auto keys = world_.Keys();
  ASSERT_THAT(StatusOf(keys), IsOk());
  ASSERT_THAT(StatusOf(Open().StateDestroyed(*keys->sha256)), IsOk());
  ASSERT_THAT(StatusOf(world_.Restore({"data", "keys"})), IsOk());
  AuditTrail trail = OpenTrail("auditor", world_.File("restored"));
  Take(trail);
}

void EveryEvent::LookAtTheTrail() {
  std::string checkpoint;
  {
    AuditTrail trail = OpenTrail("log", world_.vault.path());
    checkpoint = *trail.Sign("");
  }
  AuditTrail trail = OpenTrail("auditor", world_.vault.path());
  EXPECT_THAT(StatusOf(trail.Verify({.entries = true})), IsOk());
  EXPECT_THAT(StatusOf(trail.Prove(0, checkpoint)), IsOk());
  EXPECT_THAT(StatusOf(trail.Pin()), IsOk());
  EXPECT_THAT(StatusOf(trail.Export(0, checkpoint, [](ByteView) { return Status(); })), IsOk());
  EXPECT_EQ(trail.Prune({.checkpoint = checkpoint}).status().code(), Code::kNotFound);
  EXPECT_EQ(trail.Find({}).status().code(), Code::kNotFound);
}

void EveryEvent::EraseAndCheck() {
  {
    Vault vault = Open();
    EXPECT_THAT(StatusOf(vault.Erase(kAda)), IsOk());
    EXPECT_THAT(StatusOf(vault.Compact()), IsOk());
  }
  EXPECT_THAT(StatusOf(Check(world_.vault.path(), world_.vault.Origin("storage"),
                             {.clock = &world_.vault.clock(), .map_bytes = uint64_t{1} << 30})),
              IsOk());
  AuditTrail trail = OpenTrail("auditor", world_.vault.path());
  Take(trail);  // which is one itself
  Take(trail);
}

TEST_F(EveryEvent, IsInTheTrail) {
  Collect();
  ReadAsServices();
  Answer();
  LookAfter();
  Rotate();
  BackUpAndRestore();
  LookAtTheTrail();
  EraseAndCheck();
  for (size_t kind = 1; kind <= audit::kEventKindCount; ++kind) {
    // A disk that is full is made elsewhere.
    if (static_cast<audit::EventKind>(kind) == audit::EventKind::kAuditFull) continue;
    const std::string word(audit::EventKindWord(static_cast<audit::EventKind>(kind)));
    EXPECT_TRUE(seen_.contains(word)) << "nobody saw: " << word;
  }
}

}  // namespace
}  // namespace bailee
