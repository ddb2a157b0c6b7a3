// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "crypto/init.h"
#include "crypto/random.h"
#include "keys/issue.h"
#include "keys/keyring_file.h"
#include "keys/manifest.h"
#include "support/child.h"
#include "vault/collect/collection_impl.h"
#include "vault/inner.h"
#include "vault/stories.h"

// What opening and making a vault answer: each cause its own code, with a hint.
namespace bailee {
namespace {

namespace fs = std::filesystem;
using store::Table;
using testing::ErrorIs;
using testing::ExitCodeOfChild;
using testing::IsOk;
using testing::StatusOf;

class Opening : public ::testing::Test {
 protected:
  Status Open(const std::string& directory) {
    return Vault::Open(directory, vault_.Granted("t", {"billing"}),
                       {.clock = &vault_.clock(), .map_bytes = uint64_t{1} << 30})
        .status();
  }
  Status OpenIt() { return vault_.TryOpen(vault_.Granted("t", {"billing"})).status(); }
  void Flip(std::string_view meta_key, size_t byte) {
    const RawRows rows(vault_.path());
    RawRows::Row row = rows.Only(Table::kMeta, AsBytes(meta_key));
    row.second[byte] ^= 1;
    rows.Put(Table::kMeta, row.first, row.second);
  }

  TempVault vault_{PolicyText("livelook_2013")};
};

TEST_F(Opening, WhereNothingIsSaysSo) {
  const Status none = Open(vault_.directory() / "none");
  EXPECT_EQ(none.code(), Code::kNoVault);
  EXPECT_FALSE(none.hint().empty());
  const std::string empty = vault_.directory() / "empty";
  fs::create_directory(empty);
  EXPECT_EQ(Open(empty).code(), Code::kNoVault);
  std::ofstream(vault_.directory() / "file") << "x";
  EXPECT_EQ(Open(vault_.directory() / "file").code(), Code::kNoVault);
  EXPECT_TRUE(fs::is_empty(empty)) << "opening must leave nothing behind";
}

TEST_F(Opening, WhatIsNoVaultSaysSo) {
  for (const size_t size : {size_t{1}, size_t{4096}, size_t{1} << 16}) {
    const std::string directory = vault_.directory() / ("random-" + std::to_string(size));
    fs::create_directory(directory);
    std::string content(size, '\0');
    for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 131 + i / 7);
    std::ofstream(directory + "/data.mdb", std::ios::binary) << content;
    const Status status = Open(directory);
    EXPECT_TRUE(status.code() == Code::kNoVault || status.code() == Code::kDamage)
        << size << " " << status.name();
    EXPECT_FALSE(status.hint().empty());
  }
  RawRows(vault_.path()).Delete(Table::kMeta, AsBytes("vault"));
  EXPECT_THAT(OpenIt(), ErrorIs(Code::kNoVault, "vault.not-a-vault"));
}

TEST_F(Opening, ATruncatedFileIsNeverOpenedAndNeverStopsTheProcess) {
  const std::string data = vault_.path() + "/data.mdb";
  const auto whole = fs::file_size(data);
  for (const uintmax_t size :
       {uintmax_t{0}, uintmax_t{100}, uintmax_t{4096}, uintmax_t{8192}, whole / 2, whole * 3 / 4}) {
    const std::string copy = vault_.directory() / ("cut-" + std::to_string(size));
    fs::create_directory(copy);
    fs::copy_file(data, copy + "/data.mdb");
    fs::resize_file(copy + "/data.mdb", size);
    const Status status = Open(copy);
    EXPECT_TRUE(status.code() == Code::kDamage || status.code() == Code::kNoVault)
        << size << " " << status.name();
  }
}

TEST_F(Opening, WithTheWrongKeysIsAKeyErrorAndNotDamage) {
  TempVault other(PolicyText("livelook_2013"));
  EXPECT_THAT(StatusOf(vault_.TryOpen(other.Granted("t", {"billing"}))),
              ErrorIs(Code::kKey, "key.other-vault"));
  for (const char* name : {"authority", "log", "auditor", "backup"}) {
    const Status status = vault_.TryOpen(vault_.Origin(name)).status();
    EXPECT_THAT(status, ErrorIs(Code::kKey, "key.no-storage")) << name;
    EXPECT_FALSE(status.hint().empty());
  }
}

TEST_F(Opening, ANewerFormatIsTooNew) {
  Flip("vault", 8);
  EXPECT_THAT(OpenIt(), ErrorIs(Code::kTooNew, "vault.too-new"));
}

TEST_F(Opening, DamageIsDamage) {
  Flip("secrets", 50);
  EXPECT_THAT(OpenIt(), ErrorIs(Code::kDamage, "vault.damaged"));
  Flip("secrets", 50);
  Flip("manifest", 100);
  EXPECT_THAT(OpenIt(), ErrorIs(Code::kDamage, "manifest.damaged"));
  Flip("manifest", 100);
  EXPECT_THAT(OpenIt(), IsOk());
  Flip("secrets", 1);
  EXPECT_THAT(OpenIt(), ErrorIs(Code::kKey, "key.retired"));
}

TEST_F(Opening, AClockRowFromBeforeAllTimeIsDamage) {
  RawRows(vault_.path()).Put(Table::kMeta, AsBytes("clock"), Bytes{0x80, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_THAT(OpenIt(), ErrorIs(Code::kDamage, "vault.damaged"));
}

TEST_F(Opening, AClockThatFellBackIsAnError) {
  {
    Vault vault = vault_.Open({});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  vault_.clock().AdvanceDays(-1);
  EXPECT_THAT(OpenIt(), ErrorIs(Code::kFailed, "clock.backwards"));
}

// With the storage key and write access, but without the authority, one can change every row.
TEST_F(Opening, APublicKeySwappedInTheManifestIsRefused) {
  ASSERT_THAT(crypto::Init(), IsOk());
  {
    const RawRows rows(vault_.path());
    const RawRows::Row row = rows.Only(Table::kMeta, AsBytes("manifest"));
    const Keyring keyring = vault_.Granted("t", {});
    auto manifest =
        keys::ParseManifest(row.second, vault_.id(), keyring.keys().header.authority, 1);
    ASSERT_TRUE(manifest.ok());
    auto mine = keys::GenerateVaultKeys(vault_.id(), {"billing"}, {}, crypto::SystemRandom());
    ASSERT_TRUE(mine.ok());
    for (auto& purpose : manifest->purposes) {
      if (purpose.name != "billing") continue;
      purpose.box_public = keys::ManifestOf(*mine)->FindPurpose("billing")->box_public;
    }
    rows.Put(Table::kMeta, row.first, keys::SignManifest(*manifest, *mine->authority));
  }
  EXPECT_THAT(OpenIt(), ErrorIs(Code::kDamage, "manifest.damaged"));
  EXPECT_THAT(StatusOf(vault_.TryOpen(vault_.Granted("web", {}))),
              ErrorIs(Code::kDamage, "manifest.damaged"));
}

// Signed rightly: then the keyring's key is not the one that everybody else writes for.
TEST_F(Opening, AHeldKeyThatIsNotTheManifestsIsRefused) {
  {
    const RawRows rows(vault_.path());
    const RawRows::Row row = rows.Only(Table::kMeta, AsBytes("manifest"));
    const Keyring authority = vault_.Origin("authority");
    const crypto::SigningKey signer = [&] {
      auto seed = authority.keys().FindRole(keys::Role::kAuthority)->RevealBytes([](ByteView b) {
        return crypto::SigningSeed::FromBytes(b);
      });
      return *crypto::SigningKey::FromSeed(*seed);
    }();
    auto manifest = keys::ParseManifest(row.second, vault_.id(), signer.verify_key(), 1);
    ASSERT_TRUE(manifest.ok());
    const auto support = manifest->FindPurpose("support")->box_public;
    for (auto& purpose : manifest->purposes) {
      if (purpose.name == "billing") purpose.box_public = support;
    }
    rows.Put(Table::kMeta, row.first, keys::SignManifest(*manifest, signer));
  }
  EXPECT_THAT(OpenIt(), ErrorIs(Code::kKey, "key.not-of-this-vault"));
}

TEST_F(Opening, AManifestSwappedWhileACollectorIsOpenStopsItsNextWrite) {
  const InnerVault inner(vault_, {});
  const auto collect = [&] {
    return vault::BeginCollection(inner.shared(), Checkout())
        .Put("payment_card", {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}})
        .Commit();
  };
  ASSERT_THAT(StatusOf(collect()), IsOk());
  const Bytes forged = [&] {
    auto mine = keys::GenerateVaultKeys(vault_.id(), {"billing"}, {}, crypto::SystemRandom());
    return keys::SignManifest(*keys::ManifestOf(*mine), *mine->authority);
  }();
  inner.Put(Table::kMeta, AsBytes("manifest"), forged);
  EXPECT_THAT(StatusOf(collect()), ErrorIs(Code::kDamage, "manifest.damaged"));
}

TEST_F(Opening, APolicyRowThatIsNotTheSignedOneIsRefused) {
  const RawRows::Row row = [&] { return RawRows(vault_.path()).Only(Table::kPolicies); }();
  ForEachBitFlip(row.second, 2, 401, [&](const Bytes& flipped, size_t bit) {
    RawRows(vault_.path()).Put(Table::kPolicies, row.first, flipped);
    EXPECT_THAT(OpenIt(), ErrorIs(Code::kDamage, "policy.damaged")) << bit;
  });
}

class Making : public ::testing::Test {
 protected:
  Status Make(const std::string& path, const std::string& policy) {
    return Vault::Create(path, {.policy_text = policy, .map_bytes = uint64_t{1} << 30}).status();
  }
  TempDirectory directory_;
  std::string policy_ = PolicyText("livelook_2013");
};

TEST_F(Making, LeavesNothingBehindWhenThePolicyIsInvalid) {
  EXPECT_EQ(Make(directory_ / "v", "name: \"x\"").code(), Code::kPolicyInvalid);
  EXPECT_FALSE(fs::exists(directory_ / "v"));
}

TEST_F(Making, RefusesADirectoryThatHoldsSomething) {
  const std::string path = directory_ / "v";
  fs::create_directory(path);
  std::ofstream(path + "/notes.txt") << "mine";
  EXPECT_EQ(Make(path, policy_).code(), Code::kConflict);
  EXPECT_FALSE(fs::exists(path + "/data.mdb"));
  EXPECT_EQ(ReadFile(path + "/notes.txt"), "mine");
}

TEST_F(Making, RefusesWhereAVaultIs) {
  ASSERT_THAT(Make(directory_ / "v", policy_), IsOk());
  const std::string before = ReadFile(directory_ / "v" + "/data.mdb");
  EXPECT_EQ(Make(directory_ / "v", policy_).code(), Code::kConflict);
  EXPECT_EQ(ReadFile(directory_ / "v" + "/data.mdb"), before);
}

TEST_F(Making, WorksInAnEmptyDirectory) {
  fs::create_directory(directory_ / "v");
  EXPECT_THAT(Make(directory_ / "v", policy_), IsOk());
}

TEST_F(Making, LeavesNothingBehindWithoutAParent) {
  EXPECT_FALSE(Make(directory_ / "none/v", policy_).ok());
  EXPECT_FALSE(fs::exists(directory_ / "none"));
}

TEST_F(Making, LeavesNothingBehindWhenTheDiskIsFull) {
  const int code = ExitCodeOfChild([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit few{96 * 1024, 96 * 1024};
    setrlimit(RLIMIT_FSIZE, &few);
    const Status status = Make(directory_ / "v", policy_);
    if (status.ok()) return 1;
    return fs::exists(directory_ / "v") ? 2 : 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_THAT(Make(directory_ / "v", policy_), IsOk());
}

}  // namespace
}  // namespace bailee
