// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "keys/manifest.h"
#include "support/raw_reader.h"
#include "vault/stories.h"

namespace bailee {

// The names of all keyrings that Create wrote but the authority's, by the first manifest.
inline std::vector<std::string> KeptNames(const TempVault& world) {
  std::vector<std::string> names = {"log", "auditor", "backup", "storage"};
  const auto manifest = keys::ParseManifest(
      RawRows(world.path()).Only(store::Table::kMeta, AsBytes("manifest")).second, world.id(),
      world.Origin("authority").keys().header.authority, 1);
  for (const auto& purpose : manifest->purposes) names.push_back(purpose.name);
  return names;
}

// A vault whose keys are rotated, with somebody who keeps the keyrings that come out of it.
class RotateWorld : public ::testing::Test {
 protected:
  static constexpr int kUsers = 6;
  static std::string UserName(int number) { return "user-" + std::to_string(number); }

  RotateOptions Keeping(bool leaked = false) {
    return {.leaked = leaked,
            .keep = [this](const std::vector<KeyringFile>& files) { return world_.Keep(files); },
            .progress = {},
            .shred = {.wait = std::chrono::milliseconds(0)}};
  }

  // Cards of each user: one by billing, and seven by a collector, the last of them with wraps that
  // travel.
  void StoreCards() {
    {
      Vault vault = world_.Open({"billing"});
      for (int i = 0; i < kUsers; ++i)
        ASSERT_TRUE(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref(UserName(i))).ok());
    }
    Vault vault = world_.Open({});
    for (int i = 0; i < kUsers; ++i) {
      for (uint8_t card = 2; card < 9; ++card)
        ASSERT_TRUE(StoreCard(vault, IdOf(card), kOtherCardNumber, Who::Ref(UserName(i))).ok());
    }
  }

  // Every card that was stored is there, in full, for billing.
  static void ExpectReadable(Vault& vault) {
    for (int i = 0; i < kUsers; ++i) {
      for (uint8_t card = 1; card < 9; ++card) {
        const auto pan = ReadCard(vault, "billing", IdOf(card), "pan", Who::Ref(UserName(i)));
        ASSERT_TRUE(pan.ok()) << pan.status().name() << " " << i << " " << int{card};
        ASSERT_EQ(*pan, card == 1 ? kCardNumber : kOtherCardNumber);
      }
    }
  }

  Result<Rotated> Begin(std::string_view key, const std::vector<std::string>& purposes,
                        bool leaked = false) {
    Vault vault = world_.Open(purposes);
    return vault.BeginRotation(world_.Origin("authority"), key, Keeping(leaked));
  }
  Result<Rotated> Run(std::string_view key, const std::vector<std::string>& purposes) {
    Vault vault = world_.Open(purposes);
    return vault.RunRotation(key);
  }
  Result<Rotated> Finish(std::string_view key, const std::vector<std::string>& purposes) {
    Vault vault = world_.Open(purposes);
    return vault.FinishRotation(world_.Origin("authority"), key, Keeping());
  }
  void Rotate(std::string_view key, const std::vector<std::string>& purposes, bool leaked = false) {
    ASSERT_THAT(testing::StatusOf(Begin(key, purposes, leaked)), testing::IsOk());
    ASSERT_THAT(testing::StatusOf(Run(key, purposes)), testing::IsOk());
    ASSERT_THAT(testing::StatusOf(Finish(key, purposes)), testing::IsOk());
  }

  // The compartments that somebody with the files of `directory`, a file of epochs and a keyring
  // opens, without asking anybody.
  size_t OpensIn(const std::string& directory, const Keyring& keyring,
                 const std::string& epoch = {}) const {
    const RawRows rows(directory);
    RawReader reader(rows, world_.id(), keyring.keys(), epoch);
    size_t opened = 0;
    for (const auto& [key, value] : rows.All(store::Table::kRecords))
      opened += reader.Opens(key, value).size();
    return opened;
  }

  // The same of the vault as it is, with the data keys that the keyring opens in an earlier copy of
  // everything.
  size_t OpensWithKeysOf(const std::string& then, const Keyring& keyring) const {
    const RawRows old_rows(then);
    RawReader old_reader(old_rows, world_.id(), keyring.keys());
    const RawRows rows(world_.path());
    RawReader reader(rows, world_.id(), keyring.keys());
    reader.TakeKeysFrom(old_reader);
    size_t opened = 0;
    for (const auto& [key, value] : rows.All(store::Table::kRecords))
      opened += reader.Opens(key, value).size();
    return opened;
  }

  // A copy of the vault's database and, if asked for, its file of epochs.
  void CopyTo(const TempDirectory& to, bool epoch) const {
    namespace fs = std::filesystem;
    for (const char* name : {"data.mdb", "epoch"}) {
      if (!epoch && std::string_view(name) == "epoch") continue;
      fs::copy_file(world_.path() + "/" + name, to / name, fs::copy_options::overwrite_existing);
    }
  }

  TempVault world_{PolicyText("livelook_2013")};
};

}  // namespace bailee
