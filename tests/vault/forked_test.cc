// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <regex>
#include <set>

#include "bailee/audit_trail.h"
#include "bailee/backup.h"
#include "bailee/check.h"
#include "support/child.h"
#include "support/kept_export.h"
#include "vault/next_policy.h"

// A child that was forked while a vault was open: every public call in it is refused, and what its
// parent has goes on as if nothing had been.
namespace bailee {
namespace {

using testing::ExitCodeOfChild;
using testing::IsOk;
using testing::StatusOf;

struct Call {
  std::string name;  // as in its header
  std::function<Status()> make;
};

// The calls of a class that can fail, as its header declares them.
std::set<std::string> DeclaredIn(const std::string& header, const std::string& name) {
  const std::string text = ReadFile(BAILEE_SOURCE_DIR "/lib/include/bailee/" + header);
  const size_t begin = text.find("class BAILEE_EXPORT " + name + " {");
  EXPECT_NE(begin, std::string::npos);
  const std::string body = text.substr(begin, text.find("\n private:", begin) - begin);
  std::set<std::string> calls;
  const std::regex declaration(R"((?:^|\n)  (?:Result<[^;(]*>|Status)\s+(\w+)\()");
  for (std::sregex_iterator it(body.begin(), body.end(), declaration), end; it != end; ++it)
    calls.insert((*it)[1]);
  return calls;
}

void ExpectAllAreThere(const std::vector<Call>& calls, const std::string& header,
                       const std::string& name) {
  std::set<std::string> made;
  for (const Call& call : calls) made.insert(call.name);
  EXPECT_EQ(made, DeclaredIn(header, name)) << "of " << name;
}

// Each in a child of its own: 0, or the first that was not refused as it must be, from 1.
void ExpectRefused(const std::vector<Call>& calls, std::string_view name = "store.forked") {
  for (const Call& call : calls) {
    const int code = ExitCodeOfChild([&] {
      const Status status = call.make();
      if (status.name() == name) return 0;
      std::fprintf(stderr, "%s: %s\n", call.name.c_str(), std::string(status.name()).c_str());
      return 1;
    });
    EXPECT_EQ(code, 0) << call.name;
  }
}

class Forked : public ::testing::Test {
 protected:
  std::vector<Call> CallsOf(Vault& vault);
  std::vector<Call> MoreCallsOf(Vault& vault);
  std::vector<Call> CallsOf(Session& session);
  std::vector<Call> CallsOf(AuditTrail& trail);
  std::vector<Call> CallsWithKeyrings();
  std::string File(const char* name) const { return temp_.directory() / name; }

  static std::vector<FieldInput> CardFields() {
    std::vector<FieldInput> fields;
    fields.emplace_back("pan", MakeSecret(kOtherCardNumber));
    fields.emplace_back("expiry", MakeSecret("12/15"));
    return fields;
  }

  const Who who_ = Who::Ref(kUser);
  TempVault temp_{PolicyText("livelook_2013")};
  const Secret address_ = MakeSecret("ada@example.org");
  const Secret number_ = MakeSecret(kCardNumber);
  const Keyring authority_ = temp_.Origin("authority");
  const Keyring backup_ = temp_.Origin("backup");
  Keyring auditor_ = temp_.Origin("auditor");
  Keyring storage_ = temp_.Granted("tester", {});
  const std::string next_ = Next(kNarrower);
  const RotateOptions rotate_{.keep = [](const std::vector<KeyringFile>&) { return Status(); }};
  const RetentionPlan plan_{};
  KeptExport kept_;
  // Made before the fork, as everything secret here: in the child it is not there to be looked at.
  RectifyRequest rectify_{
      .who = who_, .category = "payment_card", .record = IdOf(1), .fields = CardFields()};
  std::vector<FieldInput> collected_ = CardFields();
};

std::vector<Call> Forked::CallsOf(Vault& vault) {
  return {
      {"As", [&] { return vault.As("billing").status(); }},
      {"Record", [&] { return vault.Record(who_, {.kind = LedgerKind::kRestricted}).status(); }},
      {"Record",
       [&] {
         const LedgerEvent event{.kind = LedgerKind::kRestricted};
         return vault.Record(who_, std::span(&event, 1)).status();
       }},
      {"Ledger", [&] { return vault.Ledger(who_).status(); }},
      {"Export", [&] { return vault.Export(who_, {}, kept_).status(); }},
      {"ScopeOfBreach", [&] { return vault.ScopeOfBreach(authority_.Describe()).status(); }},
      {"Upkeep", [&] { return vault.Upkeep().status(); }},
      {"Erase", [&] { return vault.Erase(who_).status(); }},
      {"Erase", [&] { return vault.Erase(std::span(&who_, 1)).status(); }},
      {"Compact", [&] { return vault.Compact().status(); }},
      {"BackUpData", [&] { return vault.BackUpData({.file = File("data")}).status(); }},
      {"BackUpKeys", [&] { return vault.BackUpKeys({.file = File("keys")}).status(); }},
      {"StateDestroyed", [&] { return vault.StateDestroyed({}).status(); }},
      {"PlanRetention", [&] { return vault.PlanRetention().status(); }},
      {"RunRetention", [&] { return vault.RunRetention(plan_).status(); }},
      {"Review", [&] { return vault.Review().status(); }},
      {"Subjects", [&] { return vault.Subjects({}, 1).status(); }},
      {"RefOf", [&] { return vault.RefOf(Handle{}).status(); }},
      {"MayContact", [&] { return vault.MayContact("contact.news", who_, address_).status(); }},
      {"MayContact", [&] { return vault.MayContact("contact.news", address_).status(); }},
      {"Suppress",
       [&] {
         return vault.Suppress({&address_, 1}).status();
       }},
      {"Unsuppress",
       [&] {
         return vault.Unsuppress({&address_, 1}).status();
       }},
  };
}

std::vector<Call> Forked::MoreCallsOf(Vault& vault) {
  return {
      {"SuppressTags",
       [&] {
         const SuppressionTag tag;
         return vault.SuppressTags({&tag, 1}).status();
       }},
      {"Suppressions", [&] { return vault.Suppressions({}, 1).status(); }},
      {"FoldPendingLookups", [&] { return vault.FoldPendingLookups().status(); }},
      {"Reports", [&] { return vault.Reports().status(); }},
      {"Report",
       [&] {
         return vault
             .Report({.id = "sessions_by_region_day",
                      .from = {kJune2013.unix_ms - 2 * kMillisPerDay},
                      .until = {kJune2013.unix_ms - kMillisPerDay},
                      .recipient = "public"})
             .status();
       }},
      {"Disregards", [&] { return vault.Disregards().status(); }},
      {"PolicyInForce", [&] { return vault.PolicyInForce().status(); }},
      {"Publish", [&] { return vault.Publish(authority_, {.policy_text = next_}).status(); }},
      {"BeginRotation",
       [&] { return vault.BeginRotation(authority_, "purpose/billing", rotate_).status(); }},
      {"RunRotation", [&] { return vault.RunRotation("purpose/billing").status(); }},
      {"FinishRotation",
       [&] { return vault.FinishRotation(authority_, "purpose/billing", rotate_).status(); }},
      {"Rotations", [&] { return vault.Rotations().status(); }},
      {"PolicyHistory", [&] { return vault.PolicyHistory().status(); }},
      {"PolicyAsOf", [&] { return vault.PolicyAsOf(kJune2013).status(); }},
      {"Info", [&] { return vault.Info().status(); }},
      {"CheckHealth", [&] { return vault.CheckHealth().status(); }},
  };
}

std::vector<Call> Forked::CallsOf(Session& session) {
  return {
      {"Read",
       [&] {
         return session
             .Read({.who = who_, .category = "payment_card", .record = IdOf(1), .fields = {"pan"}})
             .status();
       }},
      {"ReadAll",
       [&] {
         return session.ReadAll({.who = who_, .category = "payment_card", .fields = {"pan"}})
             .status();
       }},
      {"Scan",
       [&] {
         return session.Scan({.category = "payment_card", .fields = {"pan"}},
                             [](const Record&) { return true; });
       }},
      {"Find",
       [&] {
         return session.Find({.category = "payment_card", .field = "pan", .value = number_})
             .status();
       }},
      {"ReadWhere",
       [&] {
         return session
             .ReadWhere(
                 {.category = "payment_card", .field = "pan", .value = number_, .fields = {"pan"}})
             .status();
       }},
      {"VerifyPassword",
       [&] {
         return session
             .VerifyPassword(
                 {.who = who_, .category = "account", .field = "password", .attempt = number_})
             .status();
       }},
      {"Rectify", [&] { return session.Rectify(rectify_).status(); }},
      {"Rectify",
       [&] {
         return session.Rectify({&rectify_, 1}).status();
       }},
      {"List", [&] { return session.List(who_).status(); }},
      {"Disclose",
       [&] {
         return session
             .Disclose({.who = who_,
                        .category = "payment_card",
                        .records = {IdOf(1)},
                        .fields = {"pan"},
                        .recipient = "acquirer",
                        .ground = "ON_OUR_BEHALF"})
             .status();
       }},
      {"Disclosures", [&] { return session.Disclosures(who_).status(); }},
      {"EndedShares",
       [&] { return session.EndedShares([](const DisclosureInfo&) { return true; }); }},
  };
}

TEST_F(Forked, ChildIsRefusedEveryCallOfAVault) {
  Vault vault = temp_.Open({"service", "billing", "rights", "upkeep", "tally"});
  ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  const auto entries = vault.CheckHealth()->audit_leaves;
  std::vector<Call> calls = CallsOf(vault);
  for (Call& call : MoreCallsOf(vault)) calls.push_back(std::move(call));
  ExpectAllAreThere(calls, "vault.h", "Vault");
  calls.push_back({"Collect", [&] { return StoreCard(vault, IdOf(2)).status(); }});
  calls.push_back({"Put", [&] {
                     return vault.Collect(Checkout())
                         .Put("payment_card", std::move(collected_), IdOf(2))
                         .Commit()
                         .status();
                   }});
  calls.push_back({"CollectBatch", [&] {
                     Batch batch = vault.CollectBatch();
                     batch.Add(Checkout())
                         .Put("payment_card",
                              {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}},
                              IdOf(2));
                     return batch.Commit().status();
                   }});
  ExpectRefused(calls);
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
  EXPECT_EQ(vault.Info()->records, 1u);
  EXPECT_GE(vault.CheckHealth()->audit_leaves, entries);
}

TEST_F(Forked, ChildIsRefusedEveryCallOfASession) {
  Vault vault = temp_.Open({"service", "billing", "rights"});
  ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  Session billing = *vault.As("billing");
  Session rights = *vault.As("rights");
  std::vector<Call> calls = CallsOf(billing);
  ExpectAllAreThere(calls, "session.h", "Session");
  for (Call& call : CallsOf(rights)) calls.push_back(std::move(call));
  ExpectRefused(calls);
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
}

std::vector<Call> Forked::CallsOf(AuditTrail& trail) {
  return {
      {"Head", [&] { return trail.Head().status(); }},
      {"Entries",
       [&] { return trail.Entries({}, 0, [](const TrailEntry&) { return true; }).status(); }},
      {"FieldUses", [&] { return trail.FieldUses({}).status(); }},
      {"Find", [&] { return trail.Find({}).status(); }},
      {"Verify", [&] { return trail.Verify({}).status(); }},
      // Policy says what is public and lies in memory.
      {"Pin", [&] { return trail.Pin().status(); }},
  };
}

TEST_F(Forked, ChildIsRefusedATrail) {
  { Vault vault = temp_.Open({}); }
  AuditTrail trail = *AuditTrail::Open(temp_.path(), temp_.Origin("auditor"),
                                       {.clock = &temp_.clock(), .map_bytes = uint64_t{1} << 30});
  ExpectRefused(CallsOf(trail));
  EXPECT_THAT(StatusOf(trail.Verify({.entries = true})), IsOk());
}

// Of every function that takes a Keyring; those of a Vault on one that the child opened itself.
std::vector<Call> Forked::CallsWithKeyrings() {
  const auto with_vault = [this](const auto& call) {
    Vault vault = temp_.Open({"billing"});
    return call(vault);
  };
  const auto grant = [](const Keyring& authority, const Keyring& source) {
    const GrantRequest request{.actor = "shop", .purposes = {}};
    return Grant(authority, {&source}, request, Unlock::Nothing(), Clock::System()).status();
  };
  return {
      {"Open", [this] { return temp_.TryOpen(std::move(storage_)).status(); }},
      {"Open", [this] { return AuditTrail::Open(temp_.path(), std::move(auditor_)).status(); }},
      {"Check", [=, this] { return Check(temp_.path(), std::move(storage_), {}).status(); }},
      {"Grant", [=, this] { return grant(authority_, temp_.Origin("storage")); }},
      {"Grant", [=, this] { return grant(temp_.Origin("authority"), storage_); }},
      {"VerifyBackup", [this] { return VerifyBackup(backup_, {File("data")}).status(); }},
      {"RestoreVault",
       [this] {
         return RestoreVault({.directory = File("new"), .files = {File("data")}},
                             {backup_, authority_, storage_})
             .status();
       }},
      {"Publish",
       [=, this] {
         return with_vault([&](Vault& vault) {
           return vault.Publish(authority_, {.policy_text = next_}).status();
         });
       }},
      {"BeginRotation",
       [=, this] {
         return with_vault([&](Vault& vault) {
           return vault.BeginRotation(authority_, "purpose/billing", rotate_).status();
         });
       }},
      {"FinishRotation",
       [=, this] {
         return with_vault([&](Vault& vault) {
           return vault.FinishRotation(authority_, "purpose/billing", rotate_).status();
         });
       }},
  };
}

TEST_F(Forked, ChildIsRefusedAKeyringOfItsParent) {
  { Vault vault = temp_.Open({}); }
  ExpectRefused(CallsWithKeyrings(), "key.forked");
}

}  // namespace
}  // namespace bailee
