// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

#include "support/io_faults.h"
#include "vault/forged_trail.h"

// "If it cannot be recorded it does not happen", with a real vault whose journal is taken away.
namespace bailee {
namespace {

namespace fs = std::filesystem;
using testing::AttackedTrail;
using testing::ErrorIs;
using testing::IoFaults;
using testing::IsOk;
using testing::IsUnproven;
using testing::LeavesAt;
using testing::StatusOf;

// A file system of its own in the place of a directory; not without the right to mount.
class Mounted {
 public:
  Mounted(const std::string& at, unsigned long flags, const char* options) : at_(at) {
    ok_ = mount("tmpfs", at.c_str(), "tmpfs", flags, options) == 0;
  }
  ~Mounted() {
    if (ok_) (void)umount2(at_.c_str(), MNT_DETACH);
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  bool ok() const { return ok_; }

 private:
  std::string at_;
  bool ok_;
};

class TrailDown : public AttackedTrail {
 protected:
  void SetUp() override {
    Vault vault = vault_.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  std::string Directory() { return vault_.path() + "/journal"; }
  // Of the one that has the vault open.
  std::string Journal() {
    for (const auto& file : fs::directory_iterator(Directory())) {
      if (file.path().filename() != "filler") return file.path();
    }
    return {};
  }
  static Result<std::string> Read(Vault& vault) {
    return ReadCard(vault, "billing", IdOf(1), "pan");
  }

  void ExpectReads(Vault& vault) {
    EXPECT_THAT(StatusOf(Read(vault)), IsOk());
    ++given_;
  }
  // Reads until that is refused, which must be soon; counts what was given in given_.
  Status ReadUntilRefused(Vault& vault, const std::function<void()>& meanwhile = {}) {
    constexpr auto kSoon = std::chrono::seconds(60);  // as good as never, on a busy host too
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < kSoon) {
      const Result<std::string> value = Read(vault);
      if (!value.ok()) return value.status();
      ++given_;
      if (meanwhile && given_ % 100 == 0) meanwhile();
    }
    return Status();
  }
  // What begins a tenth of a second after the journal went is refused, however busy the host is.
  void ExpectRefusedOnceGone(Vault& vault) {
    constexpr auto kNoticed = std::chrono::milliseconds(100);
    const auto gone = std::chrono::steady_clock::now();
    bool late = false;
    while (!late) {
      late = std::chrono::steady_clock::now() - gone >= kNoticed;
      const Result<std::string> value = Read(vault);
      if (value.ok()) ++given_;
      if (value.ok() && !late) continue;
      EXPECT_THAT(StatusOf(value), ErrorIs(Code::kAuditDown, "trail.journal-gone"));
      return;
    }
  }
  // Nothing is released, stored or found any more, and the vault says why.
  static void ExpectDown(Vault& vault, std::string_view why) {
    EXPECT_THAT(StatusOf(Read(vault)), ErrorIs(Code::kAuditDown, why));
    EXPECT_THAT(StatusOf(FindCard(vault)), ErrorIs(Code::kAuditDown, why));
    EXPECT_EQ(StatusOf(ReadCard(vault, "billing", IdOf(9), "pan")).code(), Code::kAuditDown);
    const auto health = vault.CheckHealth();
    ASSERT_THAT(StatusOf(health), IsOk());
    EXPECT_FALSE(health->audit_writable);
    EXPECT_EQ(health->audit_problem, why);
  }
  // The trail has every read that gave something, and the vault works again.
  void ExpectAllIsRecorded() {
    size_t reads = 0;
    AuditTrail trail = OpenTrail("auditor");
    const TrailFilter filter{.outcome = "allowed", .kind = "read"};
    EXPECT_THAT(StatusOf(trail.Entries(filter, 0,
                                       [&](const TrailEntry& entry) {
                                         reads += 1 + entry.repeats;
                                         return true;
                                       })),
                IsOk());
    // One that a commit overtook, if only that of the trail's own drain, is recorded again.
    EXPECT_GE(reads, given_);
  }
  void ExpectItOpensAgain() {
    Vault vault = vault_.Open({"billing"});
    ExpectReads(vault);
    EXPECT_TRUE(vault.CheckHealth()->audit_writable);
  }
  InstanceId Newest() { return testing::InstancesOf(LeavesAt(vault_.path())).back(); }

  uint64_t given_ = 0;
};

TEST_F(TrailDown, WhileTheJournalsFileSystemIsFull) {
  const Mounted small(Directory(), 0, "size=8m,mode=0700");
  if (!small.ok()) GTEST_SKIP() << "no right to mount a small file system: not tried";
  const std::string filler = Directory() + "/filler";
  const auto fill = [&] {
    std::ofstream out(filler, std::ios::binary | std::ios::app);
    const std::string some(4096, 'x');
    while (out.write(some.data(), static_cast<std::streamsize>(some.size())).flush()) {
    }
  };
  {
    Vault vault = vault_.Open({"billing"});
    fill();
    EXPECT_THAT(ReadUntilRefused(vault, fill), ErrorIs(Code::kAuditDown, "trail.full"));
    ExpectDown(vault, "trail.full");
    // Works again once there is space.
    fs::remove(filler);
    ExpectReads(vault);
    EXPECT_TRUE(vault.CheckHealth()->audit_writable);
  }
  EXPECT_THAT(VerifyEntries().ToStatus(), IsOk());
  ExpectAllIsRecorded();
}

TEST_F(TrailDown, WhileTheJournalCannotBeWritten) {
  Vault vault = vault_.Open({"billing"});
  {
    const IoFaults faults(Journal(), [](IoFaults::Operation operation, size_t) {
      return IoFaults::Verdict{operation == IoFaults::Operation::kSync ? 0 : ENOSPC};
    });
    EXPECT_THAT(StatusOf(Read(vault)), ErrorIs(Code::kAuditDown, "trail.full"));
    EXPECT_THAT(StatusOf(FindCard(vault)), ErrorIs(Code::kAuditDown, "trail.full"));
  }
  ExpectReads(vault);
}

TEST_F(TrailDown, FromTheStartWhereTheDirectoryIsReadOnly) {
  {
    const Mounted read_only(Directory(), MS_RDONLY, "");
    if (!read_only.ok()) GTEST_SKIP() << "no right to mount a read-only file system: not tried";
    EXPECT_THAT(StatusOf(vault_.TryOpen(vault_.Granted("web", {"billing"}))),
                ErrorIs(Code::kAuditDown, "trail.no-journal"));
    EXPECT_THAT(StatusOf(TryOpenTrail(vault_, "auditor")),
                ErrorIs(Code::kAuditDown, "trail.no-journal"));
  }
  EXPECT_THAT(VerifyEntries().ToStatus(), IsOk());
  ExpectItOpensAgain();
}

TEST_F(TrailDown, FromTheStartWhereTheDirectoryIsAFile) {
  fs::remove_all(Directory());
  std::ofstream(Directory()) << "x";
  EXPECT_THAT(StatusOf(vault_.TryOpen(vault_.Granted("web", {"billing"}))),
              ErrorIs(Code::kAuditDown, "trail.no-journal"));
  fs::remove(Directory());
  ExpectItOpensAgain();
  EXPECT_THAT(VerifyEntries().ToStatus(), IsOk());
}

TEST_F(TrailDown, OnceTheJournalWasDeleted) {
  {
    Vault vault = vault_.Open({"billing"});
    ASSERT_TRUE(fs::remove(Journal()));
    ExpectRefusedOnceGone(vault);
    ExpectDown(vault, "trail.journal-gone");
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(2))),
                ErrorIs(Code::kAuditDown, "trail.journal-gone"));
  }
  // Its descriptor was still there to take everything from.
  EXPECT_THAT(VerifyEntries().ToStatus(), IsOk());
  ExpectAllIsRecorded();
  ExpectItOpensAgain();
  Vault vault = vault_.Open({"billing"});
  EXPECT_EQ(StatusOf(ReadCard(vault, "billing", IdOf(2), "pan")).code(), Code::kNotFound);
}

TEST_F(TrailDown, OnceTheJournalWasReplaced) {
  {
    Vault vault = vault_.Open({"billing"});
    const std::string journal = Journal();
    fs::copy_file(journal, journal + ".new");
    fs::rename(journal + ".new", journal);
    ExpectRefusedOnceGone(vault);
    ExpectDown(vault, "trail.journal-gone");
  }
  EXPECT_THAT(VerifyEntries().ToStatus(), IsOk());
  ExpectAllIsRecorded();
  ExpectItOpensAgain();
}

TEST_F(TrailDown, OnceItsDescriptorWasClosedBehindItsBack) {
  InstanceId instance;
  {
    Vault vault = vault_.Open({"billing"});
    ExpectReads(vault);
    struct stat wanted = {};
    ASSERT_EQ(stat(Journal().c_str(), &wanted), 0);
    for (int fd = 3; fd < 1'024; ++fd) {
      struct stat info = {};
      if (fstat(fd, &info) == 0 && info.st_dev == wanted.st_dev && info.st_ino == wanted.st_ino) {
        close(fd);
      }
    }
    ExpectRefusedOnceGone(vault);
    ExpectDown(vault, "trail.journal-gone");
  }
  instance = Newest();
  ASSERT_FALSE(Journal().empty()) << "left to be adopted";
  EXPECT_THAT(VerifyEntries(), IsUnproven("trail.end-unproven", instance));
  ExpectAllIsRecorded();
  ExpectItOpensAgain();
}

TEST_F(TrailDown, OnceASyncFailed) {
  {
    Vault vault = vault_.Open({"billing"});
    const IoFaults faults(Journal(), [](IoFaults::Operation operation, size_t) {
      return IoFaults::Verdict{operation == IoFaults::Operation::kSync ? EIO : 0};
    });
    EXPECT_THAT(ReadUntilRefused(vault), ErrorIs(Code::kAuditDown, "trail.sync-failed"));
    ExpectDown(vault, "trail.sync-failed");
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(2))),
                ErrorIs(Code::kAuditDown, "trail.sync-failed"));
  }
  EXPECT_THAT(VerifyEntries(), IsUnproven("trail.doubtful", Newest()));
  ExpectAllIsRecorded();
  ExpectItOpensAgain();
}

}  // namespace
}  // namespace bailee
