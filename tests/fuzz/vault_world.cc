// SPDX-License-Identifier: Apache-2.0
#include "fuzz/vault_world.h"

#include <unistd.h>

#include <filesystem>

#include "bailee/check.h"
#include "fuzz/target.h"

namespace bailee::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPolicy = R"(
name: "fuzz" version: 1 effective: "2013-01-01"
purpose { id: "billing" says: "Charge" clause: "F-1" may_know_existence: true }
purpose { id: "support" says: "Answer" clause: "F-2" may_know_existence: true }
purpose { id: "contact.news" says: "Send news" clause: "F-3" }
notice { id: "narrow" sha256: "0123456789012345678901234567890123456789012345678901234567890123"
  purpose: "billing" purpose: "support" source: "web" }
notice { id: "wide" sha256: "0123456789012345678901234567890123456789012345678901234567890124"
  purpose: "billing" purpose: "support" purpose: "contact.news" source: "web" }
source { id: "web" role: OWN }
category { id: "card" says: "Card" clause: "F-1" about: SUBJECT holds: MANY
  field { id: "pan" kind: PAN view { id: "last4" mask: LAST4 } lookup { purpose: "billing" } }
  field { id: "note" kind: TEXT }
  allow { purpose: "billing" basis: NECESSARY }
  allow { purpose: "support" basis: OPT_OUT field: "pan.last4" }
  allow { purpose: "contact.news" basis: OPT_IN field: "note" }
  retain { purpose: "billing" days: 540 from: COLLECTION }
  retain { purpose: "support" days: 90 from: COLLECTION }
  retain { purpose: "contact.news" days: 365 from: COLLECTION } }
category { id: "profile" says: "Profile" clause: "F-2" about: SUBJECT holds: ONE
  field { id: "name" kind: TEXT }
  allow { purpose: "support" basis: NECESSARY }
  allow { purpose: "contact.news" basis: OPT_IN }
  retain { purpose: "support" days: 30 from: COLLECTION }
  retain { purpose: "contact.news" days: 365 from: COLLECTION } }
)";

// The vault that every run begins with, and its keyrings.
struct Template {
  Template() {
    const char* const where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    root = std::string(where) + "/bailee_fuzz_vault_" + std::to_string(getpid());
    fs::remove_all(root);
    fs::create_directories(root);
    const FixedClock clock(kJune2013);
    CreatedVault created =
        Must(Vault::Create(Directory(), {.policy_text = std::string(kPolicy), .clock = &clock}));
    for (std::vector<KeyringFile>* kind : {&created.reserved, &created.origins}) {
      for (KeyringFile& file : *kind) files.emplace(file.name, std::move(file));
    }
    for (const auto holder :
         {VaultWorld::Holder::kAll, VaultWorld::Holder::kCollector, VaultWorld::Holder::kSupport}) {
      granted.emplace(holder, GrantFor(holder));
    }
  }
  ~Template() {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  std::string Directory() const { return root + "/vault"; }

  Keyring Load(VaultWorld::Holder holder) const { return Must(Keyring::Open(granted.at(holder))); }

  KeyringFile GrantFor(VaultWorld::Holder holder) const {
    std::vector<std::string> purposes;
    if (holder == VaultWorld::Holder::kAll) {
      purposes = {"billing", "support", "contact.news", "rights", "upkeep"};
    }
    if (holder == VaultWorld::Holder::kSupport) purposes = {"support"};
    const Keyring authority = Must(Keyring::Open(files.at("authority")));
    std::vector<Keyring> origins;
    origins.push_back(Must(Keyring::Open(files.at("storage"))));
    for (const std::string& each : purposes) origins.push_back(Must(Keyring::Open(files.at(each))));
    std::vector<const Keyring*> sources;
    for (const Keyring& each : origins) sources.push_back(&each);
    return Must(
        Grant(authority, sources, {"fuzzer", purposes}, Unlock::Nothing(), Clock::System()));
  }

  std::string root;
  std::map<std::string, KeyringFile> files;
  std::map<VaultWorld::Holder, KeyringFile> granted;
};

const Template& TheTemplate() {
  static const Template made;
  return made;
}

constexpr uint64_t kMapBytes = uint64_t{64} << 20;

}  // namespace

VaultWorld::VaultWorld() : directory_(TheTemplate().root + "/run") {
  fs::remove_all(directory_);
  fs::copy(TheTemplate().Directory(), directory_, fs::copy_options::recursive);
  Open(Holder::kAll);
}

VaultWorld::~VaultWorld() {
  vault_.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void VaultWorld::Open(Holder holder) {
  vault_.reset();
  holder_ = holder;
  vault_.emplace(Must(Vault::Open(directory_, TheTemplate().Load(holder),
                                  {.clock = &clock, .map_bytes = kMapBytes})));
}

bool VaultWorld::IsSound() {
  vault_.reset();
  bool sound = true;
  CheckOptions options{.clock = &clock, .slices = 1};
  options.map_bytes = kMapBytes;
  options.visit = [](const CheckFinding& each) {
    std::fprintf(stderr, "fuzz: check: %s in %s\n", std::string(each.kind).c_str(),
                 std::string(each.table).c_str());
  };
  const auto report = Check(directory_, TheTemplate().Load(Holder::kAll), options);
  sound = report.ok() && report->damages == 0;
  Open(holder_);
  return sound;
}

}  // namespace bailee::fuzz
