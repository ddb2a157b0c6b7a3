// SPDX-License-Identifier: Apache-2.0
#include "faults/fault_world.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "support/checked.h"
#include "support/must.h"
#include "vault/next_policy.h"

namespace bailee::faults {
namespace {

namespace fs = std::filesystem;

// So that whole blocks of the trail can be pruned a year later.
constexpr int kReads = 260;

std::vector<std::string> EveryPurpose() {
  std::vector<std::string> purposes = kEveryPurpose;
  purposes.emplace_back("research");
  return purposes;
}

// In memory where there is some: a case writes and syncs a hundred times.
const std::string& Policy() {
  static const std::string text = [] {
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
    return PolicyText("livelook_2013");
  }();
  return text;
}

void Say(Vault& vault, std::string_view who, const LedgerEvent& event) {
  Must(vault.Record(Who::Ref(who), event).status(), "a ledger event");
}

void StoreVisit(Vault& vault, Who who) {
  Must(vault.Collect({.who = who, .notice = "visit-1", .source = "web", .on_behalf_of = {}})
           .Put("web_log",
                {{"request", MakeSecret("https://example.org/a?b=c")},
                 {"ip", MakeSecret("192.0.2.7")},
                 {"at", MakeSecret("2013-05-31T10:00:00Z")}},
                IdOf(5))
           .Commit()
           .status(),
       "a visit");
}

Keyring Opened(const std::string& file) {
  return Must(Keyring::Open({"granted", MakeSecret(file)}));
}

}  // namespace

FaultWorld::FaultWorld() : made_(Policy()), root_(made_.directory() / "case") {
  Grant();
  Collect();
  Act();
  Sign();
}

void FaultWorld::Grant() {
  const auto granted = [&](std::string_view actor, const std::vector<std::string>& purposes) {
    const Keyring authority = Origin("authority");
    std::vector<Keyring> origins;
    origins.push_back(Origin("storage"));
    for (const std::string& each : purposes) origins.push_back(Origin(each));
    std::vector<const Keyring*> sources;
    for (const Keyring& each : origins) sources.push_back(&each);
    const KeyringFile file = Must(bailee::Grant(authority, sources, {std::string(actor), purposes},
                                                Unlock::Nothing(), Clock::System()));
    return TextOf(file.bytes);
  };
  everyone_ = granted("everyone", EveryPurpose());
  collector_ = granted("collector", {});
  billing_ = granted("billing", {"billing"});
}

Keyring FaultWorld::Everyone() const { return Opened(everyone_); }
Keyring FaultWorld::Collector() const { return Opened(collector_); }
KeyringFile FaultWorld::BillingFile() const { return {"billing", MakeSecret(billing_)}; }

Keyring FaultWorld::EveryoneWith(const std::map<std::string, KeyringFile>& newer) const {
  std::vector<Keyring> origins;
  const auto take = [&](const std::string& name) {
    const auto found = newer.find(name);
    origins.push_back(found == newer.end() ? Origin(name) : Must(Keyring::Open(found->second)));
  };
  take("storage");
  for (const std::string& each : EveryPurpose()) take(each);
  std::vector<const Keyring*> sources;
  for (const Keyring& each : origins) sources.push_back(&each);
  const Keyring authority = Origin("authority");
  const KeyringFile file = Must(bailee::Grant(authority, sources, {"everyone", EveryPurpose()},
                                              Unlock::Nothing(), Clock::System()));
  return Must(Keyring::Open(file));
}

void FaultWorld::Collect() {
  OpenOptions options{.clock = &made_.clock()};
  options.map_bytes = kMapBytes;
  {
    Vault vault = Must(Vault::Open(made_.path(), Everyone(), options));
    Must(vault
             .Collect(
                 {.who = Who::Ref(kAda), .notice = "signup-1", .source = "web", .on_behalf_of = {}})
             .Put("account", {{"name", MakeSecret("Ada")},
                              {"email", MakeSecret("ada@analytical.example")},
                              {"password", MakeSecret("open sesame")}})
             .Commit()
             .status());
    for (const uint8_t card : {uint8_t{1}, uint8_t{2}}) {
      Must(StoreCard(vault, IdOf(card), kCardNumber, Who::Ref(kAda)).status());
    }
    for (const auto who : {kRestricted, kHeld, kOther, kProbe}) {
      Must(StoreCard(vault, IdOf(1), kOtherCardNumber, Who::Ref(who)).status());
    }
    Must(StoreAccount(vault, Who::Ref(kWithdrawn)));
    Must(vault
             .Collect({.who = Who::Ref("user-gone"),
                       .notice = "signup-1",
                       .source = "web",
                       .on_behalf_of = {}})
             .Put("account", {{"email", MakeSecret("gone@example.org")}})
             .Commit()
             .status());
    StoreVisit(vault, Who::Ref(kAda));
    StoreVisit(vault, Who::Ref("user-visitor"));
    Must(vault
             .Collect({.who = Who::Tag(kBrowser),
                       .notice = "visit-1",
                       .source = "web",
                       .on_behalf_of = {}})
             .Put("browser_preferences", {{"language", MakeSecret("en")}})
             .Commit()
             .status());
  }
  Vault vault = Must(Vault::Open(made_.path(), Collector(), options));
  Must(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref(kCollected)).status());
}

void FaultWorld::Act() {
  OpenOptions options{.clock = &made_.clock()};
  options.map_bytes = kMapBytes;
  {
    Vault vault = Must(Vault::Open(made_.path(), Everyone(), options));
    const LedgerEvent news{
        .kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"};
    Say(vault, kAda, news);
    Say(vault, kWithdrawn, news);
    Say(vault, kWithdrawn, {.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"});
    Say(vault, kRestricted, {.kind = LedgerKind::kRestricted});
    Say(vault, kHeld, {.kind = LedgerKind::kHold, .reference = "CASE-1"});
    Must(DiscloseCard(vault, IdOf(1), Who::Ref(kAda)));
    const Secret address = MakeSecret(kSuppressed);
    Must(vault.Suppress({&address, 1}).status());
    Session billing = Must(vault.As("billing"));
    for (int i = 0; i < kReads; ++i) {
      Record record = Must(billing.Read({.who = Who::Ref(kAda),
                                         .category = "payment_card",
                                         .record = IdOf(1),
                                         .fields = {"pan"}}));
      read_ = record.decision;
      ada_ = record.handle;
    }
    erased_ = Must(vault.Erase(Who::Ref("user-gone"))).decisions.front();
    const std::string& directory = made_.directory().path();
    Must(vault.BackUpData({.file = directory + "/data", .base = {}, .progress = {}}).status());
    Must(vault.BackUpKeys({.file = directory + "/keys", .base = {}, .progress = {}}).status());
  }
}

void FaultWorld::Sign() {
  AuditTrail::Options options{.clock = &made_.clock(), .map_bytes = kMapBytes};
  {
    AuditTrail trail = Must(AuditTrail::Open(made_.path(), Origin("log"), options));
    checkpoint_ = Must(trail.Sign(""));
    trail_origin_ = trail.origin();
    log_keys_ = trail.log_keys();
  }
  AuditTrail trail = Must(AuditTrail::Open(made_.path(), Origin("auditor"), options));
  receipt_ = Must(trail.Receipt(erased_, checkpoint_));
}

void FaultWorld::Renew() const {
  fs::remove_all(root_);
  fs::create_directory(root_);
  Fill();
}

void FaultWorld::Fill() const {
  fs::copy(made_.path(), vault_path(), fs::copy_options::recursive);
  for (const char* name : {"data", "keys"}) {
    fs::copy(made_.directory() / name, stream(name));
  }
}

const FaultWorld& TheWorld() {
  static const FaultWorld world;
  return world;
}

}  // namespace bailee::faults
