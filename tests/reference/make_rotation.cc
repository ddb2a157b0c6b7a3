// SPDX-License-Identifier: Apache-2.0
// Makes a vault whose keys are replaced, with copies of it before, while both versions are open and
// afterwards, and with the keyrings of each: make_rotation OUT.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bailee/audit_trail.h"
#include "vault/rotate_world.h"

namespace bailee {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKeys[] = {"purpose/billing", "index/payment_card.pan/billing",
                                      "storage", "log", "authority"};

void Require(const Status& status, std::string_view what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(),
               std::string(status.name()).c_str());
  std::exit(1);
}

class Maker {
 public:
  explicit Maker(std::string out) : out_(std::move(out)) {}

  void Make() {
    {
      Vault vault = world_.Open({"billing"});
      Require(StoreCard(vault, IdOf(1)).status(), "storing");
    }
    Collect(2, 9);
    Save("before");
    Sign("before");
    for (const std::string_view key : kKeys) {
      Vault vault = OpenFor(key);
      RotateOptions options = options_;
      std::vector<Keyring> kept;
      if (key == "authority") kept = AllKept();
      for (const Keyring& each : kept) options.keyrings.push_back(&each);
      Require(vault.BeginRotation(world_.Origin("authority"), key, options).status(), key);
    }
    Collect(10, 12);
    for (const std::string_view key : kKeys) Require(OpenFor(key).RunRotation(key).status(), key);
    Save("open");
    Sign("open");
    for (const std::string_view key : kKeys) {
      Vault vault = OpenFor(key);
      Require(vault.FinishRotation(world_.Origin("authority"), key, options_).status(), key);
    }
    Collect(13, 14);
    Save("after");
    Sign("after");
    SaveKeyring("backup", world_.Origin("backup"));
  }

 private:
  Vault OpenFor(std::string_view key) {
    return world_.Open(key.find('/') == std::string_view::npos
                           ? std::vector<std::string>()
                           : std::vector<std::string>{"billing"});
  }
  std::vector<Keyring> AllKept() const {
    std::vector<Keyring> kept;
    for (const std::string& name : names_) kept.push_back(world_.Origin(name));
    return kept;
  }
  // A checkpoint by the newest key of the log.
  void Sign(const std::string& name) {
    auto trail = AuditTrail::Open(world_.path(), world_.Origin("log"), {.clock = &world_.clock()});
    Require(trail.status(), "opening the trail");
    const auto text = trail->Sign("");
    Require(text.status(), "signing");
    std::ofstream(out_ + "/" + name + ".checkpoint", std::ios::binary) << *text;
  }
  void Collect(uint8_t from, uint8_t to) {
    Vault vault = world_.Open({});
    for (uint8_t card = from; card <= to; ++card)
      Require(StoreCard(vault, IdOf(card), kOtherCardNumber).status(), "collecting");
  }
  void SaveKeyring(const std::string& name, const Keyring&) {
    fs::copy_file(world_.directory() / (name + ".keyring"), out_ + "/" + name + ".keyring");
  }
  void Save(const std::string& name) {
    fs::create_directory(out_ + "/" + name);
    for (const char* file : {"data.mdb", "epoch"})
      fs::copy_file(world_.path() + "/" + file, out_ + "/" + name + "/" + file);
    const Keyring authority = world_.Origin("authority");
    const Keyring billing = world_.Origin("billing");
    const Keyring storage = world_.Origin("storage");
    const auto granted =
        Grant(authority, {&billing, &storage}, {.actor = "holder", .purposes = {"billing"}},
              Unlock::Nothing(), Clock::System());
    Require(granted.status(), "granting");
    granted->bytes.Reveal([&](std::string_view bytes) {
      std::ofstream(out_ + "/" + name + ".keyring", std::ios::binary)
          .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    });
  }

  const std::string out_;
  TempVault world_{PolicyText("livelook_2013")};
  const std::vector<std::string> names_ = KeptNames(world_);
  const RotateOptions options_{
      .keep = [this](const std::vector<KeyringFile>& files) { return world_.Keep(files); }};
};

}  // namespace
}  // namespace bailee

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  bailee::Maker(argv[1]).Make();
  return 0;
}
