// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/codec.h"
#include "base/new_file.h"
#include "support/campaign.h"
#include "support/child.h"
#include "vault/backup/backup_set.h"
#include "vault/backup_world.h"
#include "vault/next_policy.h"

// Streams that were damaged, mixed up or forged, and disks that are full: a typed error, and
// nothing written.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

std::string Read(const std::string& path) { return ReadFile(path); }
void Write(const std::string& path, std::string_view content) {
  // What is truncated in place is written to the disk at once.
  std::filesystem::remove(path);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
}

// Where the frames of a stream begin; the last is where its trailer does.
std::vector<size_t> Frames(const std::string& stream, bool data) {
  std::vector<size_t> at = {vault::kStreamHeadBytes};
  size_t end = stream.size();
  if (data) end -= 4 + LoadBigEndian<uint32_t>(AsBytes(stream).last(4).data());
  while (at.back() < end) {
    at.push_back(at.back() + 4 +
                 LoadBigEndian<uint32_t>(AsBytes(stream).subspan(at.back()).data()));
  }
  return at;
}

class BackupAttack : public ::testing::Test {
 protected:
  BackupAttack() {
    Vault vault = world.vault.Open({"billing", "service"});
    EXPECT_THAT(StoreAccount(vault), IsOk());
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  void TakeBoth() {
    ASSERT_THAT(StatusOf(world.Data("data")), IsOk());
    ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  }

  // A changed copy of a stream is refused, by verifying it.
  void Refuses(const std::string& content, const std::string& what) {
    Write(world.File("changed"), content);
    const Status status = world.Verify({"changed"}).status();
    EXPECT_TRUE(IsTyped(status)) << what << ": " << status.name();
  }
  // And by restoring, which writes nothing.
  void DoesNotRestore(const std::vector<std::string>& names, Code code, std::string_view name) {
    EXPECT_THAT(StatusOf(world.Restore(names)), ErrorIs(code, name));
    EXPECT_FALSE(world.Exists("restored"));
  }

  BackupWorld world;
};

TEST_F(BackupAttack, AnyChangedBitIsFound) {
  TakeBoth();
  // Every bit of the head, the lengths of frames and the end; of the rest as many as were asked
  // for.
  const size_t stride = testing::CountFrom("BAILEE_BIT_STRIDE", 97);
  for (const std::string name : {"data", "keys"}) {
    const std::string whole = Read(world.File(name));
    const size_t sure = vault::kStreamHeadBytes + 40;
    size_t tried = 0;
    for (size_t bit = testing::Seed() % stride; bit < whole.size() * 8;) {
      std::string changed = whole;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ static_cast<char>(1U << bit % 8));
      Refuses(changed, name + " bit " + std::to_string(bit));
      const bool every = bit / 8 < sure || bit / 8 + 40 > whole.size();
      bit += every ? 1 : stride;
      ++tried;
    }
    testing::Tell(tried, "damaged files");
    std::printf("%s: %zu of %zu bits changed\n", name.c_str(), tried, whole.size() * 8);
  }
}

TEST_F(BackupAttack, AnyTruncationAndAnyByteMoreIsFound) {
  TakeBoth();
  const size_t stride = testing::CountFrom("BAILEE_CUT_STRIDE", 31);
  for (const std::string name : {"data", "keys"}) {
    const std::string whole = Read(world.File(name));
    for (size_t size = 0; size < whole.size(); ++size) {
      const bool every = size < vault::kStreamHeadBytes + 40 || size + 80 > whole.size();
      if (every || size % stride == testing::Seed() % stride)
        Refuses(whole.substr(0, size), name + " cut to " + std::to_string(size));
    }
    for (const size_t at : Frames(whole, name == "data")) {
      if (at < whole.size()) Refuses(whole.substr(0, at), name + " cut behind a frame");
    }
    Refuses(whole + '\0', name + " with a byte more");
    Refuses(whole + whole, name + " twice");
  }
}

TEST_F(BackupAttack, ChunksSwappedDroppedOrDoubledAreFound) {
  TakeBoth();
  for (const std::string name : {"data", "keys"}) {
    const std::string whole = Read(world.File(name));
    const std::vector<size_t> at = Frames(whole, name == "data");
    ASSERT_GT(at.size(), 4u);
    const auto frame = [&](size_t i) { return whole.substr(at[i], at[i + 1] - at[i]); };
    for (size_t i = 0; i + 1 < at.size(); ++i) {
      const std::string before = whole.substr(0, at[i]);
      Refuses(before + whole.substr(at[i + 1]), name + " dropped");
      Refuses(before + frame(i) + frame(i) + whole.substr(at[i + 1]), name + " doubled");
      if (i + 2 < at.size())
        Refuses(before + frame(i + 1) + frame(i) + whole.substr(at[i + 2]), name + " swapped");
    }
  }
}

TEST_F(BackupAttack, PartsOfTwoStreamsMakeNone) {
  TakeBoth();
  ASSERT_THAT(StatusOf(world.Data("data-2")), IsOk());
  const std::string one = Read(world.File("data"));
  const std::string two = Read(world.File("data-2"));
  Refuses(one.substr(0, vault::kStreamHeadBytes) + two.substr(vault::kStreamHeadBytes), "heads");
  const size_t box = vault::kStreamBoundBytes;
  Refuses(one.substr(0, box) + two.substr(box), "what is bound");
  const std::vector<size_t> at = Frames(one, true);
  const std::vector<size_t> at_two = Frames(two, true);
  Refuses(one.substr(0, at.back()) + two.substr(at_two.back()), "trailers");
  // A head says which kind it is.
  std::string other = Read(world.File("keys"));
  other[8 + 2 + 16] = 1;
  Refuses(other, "kinds");
}

TEST_F(BackupAttack, OfAnotherVaultOrKeyringIsRefused) {
  TakeBoth();
  BackupWorld other;
  ASSERT_THAT(StatusOf(other.Data("data")), IsOk());
  ASSERT_THAT(StatusOf(other.Keys()), IsOk());
  Write(world.File("theirs"), Read(other.File("data")));
  DoesNotRestore({"theirs", "keys"}, Code::kConflict, "backup.other-vault");
  Write(world.File("theirs"), Read(other.File("keys")));
  DoesNotRestore({"data", "theirs"}, Code::kConflict, "backup.other-vault");
  EXPECT_THAT(StatusOf(VerifyBackup(other.vault.Origin("backup"), {world.File("data")})),
              ErrorIs(Code::kConflict, "backup.other-vault"));
  EXPECT_THAT(StatusOf(VerifyBackup(world.vault.Origin("upkeep"), {world.File("data")})),
              ErrorIs(Code::kKey, "key.role-missing"));
  const Keyring backup = world.vault.Origin("backup");
  const Keyring authority = world.vault.Origin("authority");
  const Keyring upkeep = world.vault.Origin("upkeep");
  const Keyring theirs = other.vault.Origin("upkeep");
  const RestoreRequest request{.directory = world.File("restored"),
                               .files = world.Paths({"data", "keys"}),
                               .clock = &world.vault.clock(),
                               .epoch_path = {},
                               .progress = {}};
  EXPECT_THAT(StatusOf(RestoreVault(request, {backup, authority, theirs})),
              ErrorIs(Code::kKey, "key.other-vault"));
  EXPECT_THAT(StatusOf(RestoreVault(request, {backup, upkeep, upkeep})),
              ErrorIs(Code::kKey, "key.authority-missing"));
  EXPECT_THAT(StatusOf(RestoreVault(request, {backup, authority, backup})),
              ErrorIs(Code::kKey, "key.no-storage"));
  EXPECT_THAT(StatusOf(RestoreVault(request, {upkeep, authority, upkeep})),
              ErrorIs(Code::kKey, "key.role-missing"));
  EXPECT_FALSE(world.Exists("restored"));
}

TEST_F(BackupAttack, StreamsThatDoNotBelongTogetherAreRefused) {
  ASSERT_THAT(StatusOf(world.Keys("early")), IsOk());
  {
    Vault vault = world.vault.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(2))), IsOk());
  }
  TakeBoth();
  ASSERT_THAT(StatusOf(world.Data("more", "data")), IsOk());
  ASSERT_THAT(StatusOf(world.Data("alone")), IsOk());
  ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  DoesNotRestore({"data", "early"}, Code::kConflict, "backup.keys-older");
  DoesNotRestore({"data", "early", "keys"}, Code::kConflict, "backup.two-key-streams");
  DoesNotRestore({"more", "keys"}, Code::kConflict, "backup.base-missing");
  DoesNotRestore({"data", "alone", "keys"}, Code::kConflict, "backup.not-a-chain");
  DoesNotRestore({"data", "data", "keys"}, Code::kConflict, "backup.not-a-chain");
  DoesNotRestore({"data"}, Code::kUsage, "restore.streams");
  DoesNotRestore({"keys"}, Code::kUsage, "restore.streams");
  DoesNotRestore({}, Code::kUsage, "backup.no-streams");
  DoesNotRestore({"data", "missing"}, Code::kNotFound, "file.not-found");
  Write(world.File("none"), std::string(4096, 'x'));
  DoesNotRestore({"none", "keys"}, Code::kNoVault, "backup.not-a-stream");
  {
    Vault vault = world.vault.Open({});
    EXPECT_THAT(StatusOf(vault.BackUpData(
                    {.file = world.File("x"), .base = world.File("keys"), .progress = {}})),
                ErrorIs(Code::kConflict, "backup.no-base"));
    EXPECT_THAT(StatusOf(vault.BackUpKeys(
                    {.file = world.File("x"), .base = world.File("data"), .progress = {}})),
                ErrorIs(Code::kUsage, "backup.base-of-keys"));
  }
  EXPECT_FALSE(world.Exists("x"));
}

// Everybody may seal for a public key.
TEST_F(BackupAttack, WhatWasNotMadeWithTheStorageKeyIsRefused) {
  TakeBoth();
  const crypto::BoxOpener opener = *vault::BackupOpener(world.vault.Origin("backup").keys());
  vault::StreamReader reader = *vault::StreamReader::Open(world.File("keys"), opener);
  vault::StreamHead head = reader.head();
  const crypto::RefKey guessed = *crypto::RefKey::Generate(crypto::SystemRandom());
  vault::StreamWriter writer =
      *vault::StreamWriter::Begin(world.File("forged"), head, guessed, crypto::SystemRandom());
  Bytes message;
  while (*reader.Next(message)) {
    const bool last = message[0] == static_cast<uint8_t>(vault::StreamMessage::kKeysEnd);
    ASSERT_THAT(writer.Put(message, last), IsOk());
  }
  ASSERT_THAT(writer.Sync(), IsOk());
  ASSERT_THAT(writer.Commit(BackupKind::kKeys), IsOk());
  DoesNotRestore({"data", "forged"}, Code::kDamage, "backup.forged");
}

TEST_F(BackupAttack, NothingIsRestoredOverAnything) {
  TakeBoth();
  std::filesystem::create_directory(world.File("restored"));
  Write(world.File("restored/mine"), "precious");
  EXPECT_THAT(StatusOf(world.Restore({"data", "keys"})),
              ErrorIs(Code::kConflict, "restore.directory"));
  EXPECT_EQ(Read(world.File("restored/mine")), "precious");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(world.File("restored")), {}), 1);
  std::filesystem::remove(world.File("restored/mine"));
  EXPECT_THAT(StatusOf(world.Restore({"data", "keys"})), IsOk());
  EXPECT_THAT(StatusOf(world.Restore({"data", "keys"})),
              ErrorIs(Code::kConflict, "restore.directory"));
  EXPECT_THAT(StatusOf(world.Data("data")), ErrorIs(Code::kConflict, "file.exists"));
  EXPECT_EQ(world.TemporaryFiles(), 0u);
}

TEST_F(BackupAttack, FilesArePrivateAndTheKeyStreamBeforeIsOverwritten) {
  TakeBoth();
  for (const char* name : {"data", "keys"}) {
    struct stat info {};
    ASSERT_EQ(stat(world.File(name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0600U);
  }
  const int old = open(world.File("keys").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(old, 0);
  ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  std::string content(4096, 'x');
  ASSERT_EQ(pread(old, content.data(), content.size(), 0), ssize_t{4096});
  close(old);
  EXPECT_EQ(content, std::string(4096, '\0'));
  EXPECT_THAT(StatusOf(world.Verify({"keys", "data"})), IsOk());
}

TEST_F(BackupAttack, StoppedByItsCallerLeavesNothing) {
  TakeBoth();
  const auto stop = [](uint64_t) { return false; };
  {
    Vault vault = world.vault.Open({});
    EXPECT_THAT(StatusOf(vault.BackUpData({.file = world.File("x"), .base = {}, .progress = stop})),
                ErrorIs(Code::kPartial, "backup.stopped"));
  }
  EXPECT_FALSE(world.Exists("x"));
  EXPECT_EQ(world.TemporaryFiles(), 0u);
  size_t calls = 0;
  for (size_t end = 0;; ++end) {
    calls = 0;
    const auto restored =
        world.Restore({"data", "keys"}, "restored", [&](uint64_t) { return calls++ < end; });
    if (restored.ok()) break;
    ASSERT_THAT(restored.status(), ErrorIs(Code::kPartial, "backup.stopped"));
    ASSERT_FALSE(world.Exists("restored")) << "stopped at " << end;
  }
  EXPECT_GT(calls, 10u);
}

// Runs `body` where no file may grow beyond so many bytes.
template <typename Body>
int WithFilesUpTo(rlim_t bytes, Body&& body) {
  return testing::ExitCodeOfChild([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 99;
    return body();
  });
}

TEST_F(BackupAttack, OnAFullDiskLeavesNothing) {
  TakeBoth();
  const auto bytes = std::filesystem::file_size(world.File("data"));
  const int code = WithFilesUpTo(bytes / 2, [&] {
    auto file = NewFile::Create(world.File("full"));
    if (!file.ok()) return 1;
    const Bytes content(bytes, 1);
    return file->Write(content).code() == Code::kFull ? 0 : 2;
  });
  EXPECT_EQ(code, 0);
  EXPECT_FALSE(world.Exists("full"));
  for (const rlim_t limit : {rlim_t{4096}, rlim_t{100'000}, rlim_t{400'000}}) {
    EXPECT_EQ(WithFilesUpTo(limit,
                            [&] {
                              const auto restored = world.Restore({"data", "keys"});
                              if (restored.ok()) return 3;
                              return IsTyped(restored.status()) ||
                                             restored.status().name() == "store.io"
                                         ? 0
                                         : 4;
                            }),
              0)
        << limit;
    EXPECT_FALSE(world.Exists("restored"));
  }
}

TEST_F(BackupAttack, NoFileHasPlaintextOrKeys) {
  std::vector<std::string> needles = {std::string(kUser), std::string(kCardNumber),
                                      "ada@analytical.example"};
  {
    // S and H as they are in the vault.
    Vault vault = world.vault.Open({"billing"});
    ASSERT_THAT(StatusOf(FindCard(vault)), IsOk());
  }
  std::string seen;
  const auto look = [&](uint64_t) {
    for (const auto& entry : std::filesystem::directory_iterator(world.vault.directory().path())) {
      if (entry.path().string().find(".tmp-") != std::string::npos)
        seen += ReadFile(entry.path().string());
    }
    return true;
  };
  {
    Vault vault = world.vault.Open({});
    ASSERT_THAT(
        StatusOf(vault.BackUpData({.file = world.File("data"), .base = {}, .progress = look})),
        IsOk());
    ASSERT_THAT(
        StatusOf(vault.BackUpKeys({.file = world.File("keys"), .base = {}, .progress = look})),
        IsOk());
  }
  EXPECT_GT(seen.size(), 10'000u) << "files were there while they were written";
  const crypto::BoxOpener opener = *vault::BackupOpener(world.vault.Origin("backup").keys());
  vault::StreamReader reader = *vault::StreamReader::Open(world.File("keys"), opener);
  Bytes message;
  while (*reader.Next(message)) {
    if (message[0] != static_cast<uint8_t>(vault::StreamMessage::kSubjects)) continue;
    // kind, S, H of the first subject
    const std::string state(AsText(message).substr(1 + 4 + 16 + 4 + 4 + 8 + 4));
    needles.push_back(state.substr(1, 32));
    needles.push_back(state.substr(33, 32));
    EXPECT_NE(state.find(kUser), std::string::npos) << "this would see them";
  }
  ASSERT_EQ(needles.size(), 5u);
  ASSERT_THAT(StatusOf(world.Restore({"data", "keys"}, "restored",
                                     [&](uint64_t) {
                                       if (world.Exists("restored/data.mdb"))
                                         seen += ReadFile(world.File("restored/data.mdb"));
                                       return true;
                                     })),
              IsOk());
  for (const std::string& needle : needles) {
    for (const std::string& file :
         {seen, Read(world.File("data")), Read(world.File("keys")),
          Read(world.File("restored/data.mdb")), Read(world.File("restored/epoch"))})
      EXPECT_EQ(file.find(needle), std::string::npos);
  }
}

}  // namespace
}  // namespace bailee
