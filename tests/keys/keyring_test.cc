// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>

#include "keys/issued.h"

namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

constexpr size_t kLockOffset = 9;
constexpr size_t kOpsOffset = 10;
constexpr size_t kMemoryOffset = 14;
constexpr size_t kSaltOffset = 18;

Bytes BytesOf(const Secret& secret) {
  return secret.RevealBytes([](ByteView b) { return Bytes(b.begin(), b.end()); });
}

// A keyring for billing, locked.
Bytes Locked(const Issued& issued, const Unlock& lock) {
  const Keyring authority = issued.Load("authority");
  const Keyring billing = issued.Load("billing");
  Result<KeyringFile> file =
      Grant(authority, {&billing}, {"shop", {"billing"}}, lock, Clock::System());
  EXPECT_THAT(StatusOf(file), IsOk());
  return BytesOf(file->bytes);
}

bool IsRefusal(const Status& status) {
  return status.code() == Code::kDamage || status.code() == Code::kKey ||
         status.code() == Code::kTooNew;
}

TEST(Keyring, KeepsItsKeysAndWhatItSaysOfItself) {
  const Issued issued;
  const Result<keys::KeyringKeys> keys =
      keys::ParseKeyring(issued.FileOf("billing"), Unlock::Nothing());
  ASSERT_THAT(StatusOf(keys), IsOk());
  EXPECT_EQ(keys->header.vault, issued.keys.vault);
  EXPECT_EQ(keys->header.actor, "billing");
  EXPECT_EQ(keys->header.issued_at, Timestamp{1'000});
  ASSERT_EQ(keys->purposes.size(), 1u);
  ASSERT_EQ(keys->indexes.size(), 1u);
  EXPECT_EQ(keys->indexes[0].name, "card.pan/billing");
  EXPECT_TRUE(keys->roles.empty());
  const auto bytes = [](ByteView b) { return Bytes(b.begin(), b.end()); };
  EXPECT_EQ(keys->storage.Reveal(bytes), issued.keys.storage.Reveal(bytes));
  EXPECT_EQ(keys->purposes[0].key.Reveal(bytes), issued.keys.purposes[0].key.Reveal(bytes));
  EXPECT_EQ(keys->indexes[0].key.Reveal(bytes), issued.keys.indexes[0].key.Reveal(bytes));
}

TEST(Keyring, ReservedOnesHoldOneThingEach) {
  const Issued issued;
  for (const std::string_view name : {"authority", "log", "auditor", "backup"}) {
    const Keyring::Description said = issued.Load(name).Describe();
    EXPECT_EQ(said.roles, std::vector<std::string>{std::string(name)});
    EXPECT_FALSE(said.storage);
    EXPECT_TRUE(said.purposes.empty());
  }
  for (const std::string_view name : {"rights", "upkeep", "tally"}) {
    EXPECT_EQ(issued.Load(name).Describe().purposes, std::vector<std::string>{std::string(name)});
  }
  EXPECT_TRUE(issued.Load("storage").Describe().purposes.empty());
}

TEST(Keyring, RejectsEverySingleBitFlip) {
  const Issued issued;
  const Bytes file = issued.FileOf("billing");
  for (size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes flipped = file;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << bit % 8));
    EXPECT_TRUE(IsRefusal(keys::ParseKeyring(flipped, Unlock::Nothing()).status())) << bit;
    EXPECT_TRUE(IsRefusal(keys::InspectKeyring(flipped).status())) << bit;
  }
}

// With the checksum made to hold again, what is left is the signature and the envelope.
TEST(Keyring, RejectsEveryBitFlipUnderAnHonestChecksum) {
  const Issued issued;
  const Bytes file = issued.FileOf("billing");
  for (size_t bit = 0; bit < (file.size() - 32) * 8; ++bit) {
    Bytes flipped = file;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << bit % 8));
    const Status status =
        keys::ParseKeyring(WithChecksum(std::move(flipped)), Unlock::Nothing()).status();
    EXPECT_TRUE(IsRefusal(status)) << bit << " " << status.name();
  }
}

TEST(Keyring, RejectsEveryTruncationAndOneByteTooMany) {
  const Issued issued;
  const Bytes file = issued.FileOf("billing");
  for (size_t size = 0; size < file.size(); ++size) {
    Bytes cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_TRUE(IsRefusal(keys::ParseKeyring(cut, Unlock::Nothing()).status())) << size;
    if (size < 41) continue;
    EXPECT_TRUE(
        IsRefusal(keys::ParseKeyring(WithChecksum(std::move(cut)), Unlock::Nothing()).status()))
        << size;
  }
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_TRUE(IsRefusal(keys::ParseKeyring(longer, Unlock::Nothing()).status()));
  EXPECT_TRUE(
      IsRefusal(keys::ParseKeyring(WithChecksum(std::move(longer)), Unlock::Nothing()).status()));
}

TEST(Keyring, RejectsAByteAfterItsParts) {
  Bytes file = Issued().FileOf("billing");
  file.insert(file.end() - 32, 0);
  EXPECT_THAT(StatusOf(keys::ParseKeyring(WithChecksum(file), Unlock::Nothing())),
              ErrorIs(Code::kDamage, "key.damaged"));
}

TEST(Keyring, RejectsAnotherHeaderUnderTheSameSignature) {
  const Issued issued;
  const Bytes file = issued.FileOf("billing");
  const std::string text(AsText(file));
  Bytes renamed = file;
  renamed[text.find("billing")] = 'k';
  EXPECT_THAT(StatusOf(keys::InspectKeyring(WithChecksum(renamed))),
              ErrorIs(Code::kDamage, "key.damaged"));
}

TEST(Keyring, SaysThatItIsNoKeyringAndThatItIsTooNew) {
  EXPECT_THAT(StatusOf(keys::ParseKeyring(AsBytes("hello"), Unlock::Nothing())),
              ErrorIs(Code::kKey, "key.not-a-keyring"));
  Bytes file = Issued().FileOf("billing");
  file[8] = 2;
  EXPECT_THAT(StatusOf(keys::ParseKeyring(WithChecksum(file), Unlock::Nothing())),
              ErrorIs(Code::kTooNew, "key.too-new"));
}

TEST(Keyring, PassphraseOpensItAndAnotherDoesNot) {
  const Issued issued;
  const Bytes file = Locked(issued, Unlock::Passphrase(MakeSecret("correct horse")));
  EXPECT_THAT(StatusOf(keys::ParseKeyring(file, Unlock::Passphrase(MakeSecret("correct horse")))),
              IsOk());
  EXPECT_THAT(StatusOf(keys::ParseKeyring(file, Unlock::Passphrase(MakeSecret("correct hors")))),
              ErrorIs(Code::kKey, "key.wrong"));
  EXPECT_THAT(StatusOf(keys::ParseKeyring(file, Unlock::Nothing())),
              ErrorIs(Code::kKey, "key.locked"));
  EXPECT_THAT(StatusOf(keys::InspectKeyring(file)), IsOk());
}

TEST(Keyring, KeyFileOpensItAndAnotherDoesNot) {
  const TempDirectory directory;
  const std::string right = SavePrivate(directory, "right", Bytes(32, 7));
  const std::string wrong = SavePrivate(directory, "wrong", Bytes(32, 8));
  const std::string small = SavePrivate(directory, "small", Bytes(31, 7));
  const std::string large = SavePrivate(directory, "large", Bytes(33, 7));
  const Bytes file = Locked(Issued(), Unlock::KeyFile(right));
  EXPECT_THAT(StatusOf(keys::ParseKeyring(file, Unlock::KeyFile(right))), IsOk());
  EXPECT_THAT(StatusOf(keys::ParseKeyring(file, Unlock::KeyFile(wrong))),
              ErrorIs(Code::kKey, "key.wrong"));
  EXPECT_THAT(StatusOf(keys::ParseKeyring(file, Unlock::KeyFile(small))),
              ErrorIs(Code::kKey, "key.file-size"));
  EXPECT_THAT(StatusOf(keys::ParseKeyring(file, Unlock::KeyFile(large))),
              ErrorIs(Code::kKey, "key.file-size"));
  EXPECT_EQ(keys::ParseKeyring(file, Unlock::KeyFile(directory / "none")).status().code(),
            Code::kNotFound);
  EXPECT_THAT(StatusOf(keys::ParseKeyring(file, Unlock::Nothing())),
              ErrorIs(Code::kKey, "key.locked"));
}

TEST(Keyring, RefusesAnUnlockThatItDoesNotNeed) {
  EXPECT_THAT(
      StatusOf(keys::ParseKeyring(Issued().FileOf("billing"), Unlock::Passphrase(MakeSecret("x")))),
      ErrorIs(Code::kKey, "key.locked"));
}

// Under an honest checksum, as a hostile file would have them.
TEST(Keyring, RefusesCostsOutOfBoundsBeforeAnyWork) {
  const Issued issued;
  const Bytes file = issued.FileOf("billing");
  const auto with_cost = [&](uint32_t ops, uint32_t memory) {
    Bytes changed = file;
    changed[kLockOffset] = 1;
    for (size_t i = 0; i < 4; ++i) {
      changed[kOpsOffset + i] = static_cast<uint8_t>(ops >> (24 - 8 * i));
      changed[kMemoryOffset + i] = static_cast<uint8_t>(memory >> (24 - 8 * i));
    }
    return WithChecksum(changed);
  };
  const auto begun = std::chrono::steady_clock::now();
  const std::pair<uint32_t, uint32_t> costs[] = {
      {0, 8'192}, {11, 8'192}, {1, 8'191}, {1, 1'048'577}, {0xffffffff, 0xffffffff}, {0, 0}};
  for (const auto& [ops, memory] : costs) {
    EXPECT_THAT(
        StatusOf(keys::ParseKeyring(with_cost(ops, memory), Unlock::Passphrase(MakeSecret("x")))),
        ErrorIs(Code::kDamage, "key.damaged"))
        << ops << " " << memory;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
}

TEST(Keyring, RefusesLocksThatMakeNoSense) {
  const Bytes file = Issued().FileOf("billing");
  for (const auto& [offset, value] : {std::pair<size_t, uint8_t>{kLockOffset, 3},
                                      {kLockOffset, 255},
                                      {kOpsOffset + 3, 1},
                                      {kMemoryOffset + 3, 1},
                                      {kSaltOffset, 1},
                                      {kSaltOffset + 15, 1}}) {
    Bytes changed = file;
    changed[offset] = value;
    const Bytes sound = WithChecksum(changed);
    EXPECT_THAT(StatusOf(keys::ParseKeyring(sound, Unlock::Nothing())),
                ErrorIs(Code::kDamage, "key.damaged"));
    EXPECT_THAT(StatusOf(keys::InspectKeyring(sound)), ErrorIs(Code::kDamage, "key.damaged"));
  }
}

TEST(Keyring, InspectSaysTheSameAsDescribe) {
  const Issued issued;
  const TempDirectory directory;
  const std::string path = SavePrivate(directory, "billing.keyring", issued.FileOf("billing"));
  const auto said = Keyring::Inspect(KeySource::File(path));
  ASSERT_THAT(StatusOf(said), IsOk());
  const auto loaded = Keyring::Load(KeySource::File(path));
  ASSERT_THAT(StatusOf(loaded), IsOk());
  const Keyring::Description described = loaded->Describe();
  EXPECT_EQ(said->vault, described.vault);
  EXPECT_EQ(said->keyring_id, described.keyring_id);
  EXPECT_EQ(said->keyring_id.size(), 32u);
  EXPECT_EQ(said->purposes, described.purposes);
  EXPECT_EQ(said->indexes, described.indexes);
  EXPECT_EQ(said->manifest_min, 1u);
  EXPECT_TRUE(said->storage);
}

}  // namespace
}  // namespace bailee
