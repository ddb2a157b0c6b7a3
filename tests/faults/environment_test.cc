// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "faults/plans.h"
#include "support/child.h"

// Every operation where a disk is full or read-only, or where a process may have no more of
// something.
namespace bailee::faults {
namespace {

namespace fs = std::filesystem;

constexpr off_t kPage = 4096;

// Whether a test may mount here, in a name space of its own.
bool MountSmall(std::string_view bytes) {
  const std::string options = "mode=0700,size=" + std::string(bytes);
  const std::string& root = TheWorld().root();
  if (unshare(CLONE_NEWNS) != 0) return false;
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (mount("tmpfs", root.c_str(), "tmpfs", 0, options.c_str()) != 0) return false;
  TheWorld().Fill();
  return true;
}
bool MayMount() {
  TheWorld().Renew();
  return testing::ExitCodeOfChild([] { return MountSmall("64m") ? 0 : 1; }) == 0;
}

class Limited : public Armed {
 public:
  bool Struck() const override { return struck_; }
  size_t Seen() const override { return 0; }

 protected:
  bool struck_ = true;
};

// A file takes all space but so many pages.
class FullDisk final : public Limited {
 public:
  explicit FullDisk(size_t pages)
      : fd_(open(Path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) {
    const std::string page(kPage, 'x');
    off_t size = 0;
    for (ssize_t put = 0; (put = pwrite(fd_, page.data(), page.size(), size)) > 0;) size += put;
    const off_t kept = size - static_cast<off_t>(pages) * kPage;
    if (ftruncate(fd_, std::max<off_t>(kept, 0)) != 0) std::abort();
  }
  ~FullDisk() override {
    close(fd_);
    unlink(Path().c_str());
  }

 private:
  static std::string Path() { return TheWorld().stream("filler"); }
  int fd_;
};

class ReadOnly final : public Limited {
 public:
  ReadOnly() { struck_ = Remount(MS_RDONLY); }
  ~ReadOnly() override { (void)Remount(0); }

 private:
  static bool Remount(unsigned long flags) {
    return mount(nullptr, TheWorld().root().c_str(), nullptr, MS_REMOUNT | flags, nullptr) == 0;
  }
};

class SoftLimit final : public Limited {
 public:
  SoftLimit(__rlimit_resource what, rlim_t value) : what_(what) {
    getrlimit(what_, &before_);
    struct rlimit now = before_;
    now.rlim_cur = std::min(value, before_.rlim_max);
    setrlimit(what_, &now);
  }
  ~SoftLimit() override { setrlimit(what_, &before_); }

 private:
  __rlimit_resource what_;
  struct rlimit before_ = {};
};

class Nothing final : public Limited {
 public:
  Nothing() { struck_ = false; }
};

rlim_t DescriptorsInUse() {
  rlim_t highest = 0;
  for (const auto& each : fs::directory_iterator("/proc/self/fd")) {
    highest = std::max<rlim_t>(highest, std::strtoul(each.path().filename().c_str(), nullptr, 10));
  }
  return highest;
}

// No more memory may be locked, not even by root.
bool LockNothing() {
  const struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_MEMLOCK, &none) != 0) return false;
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<struct __user_cap_data_struct, 2> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return false;
  data[CAP_IPC_LOCK / 32].effective &= ~(1U << (CAP_IPC_LOCK % 32));
  data[CAP_IPC_LOCK / 32].permitted &= ~(1U << (CAP_IPC_LOCK % 32));
  return syscall(SYS_capset, &header, data.data()) == 0;
}

// The levels of something that every operation has too little of.
struct Scarce {
  std::string what;
  std::vector<size_t> levels;
  std::function<Arm(size_t level)> at;
  std::function<bool()> begin = {};
  bool strikes = true;
};

void RunScarce(const Scarce& scarce, size_t stride) {
  RunSweep({.plans = {{scarce.what,
                       [&](size_t nth) -> Arm {
                         return nth < scarce.levels.size()
                                    ? scarce.at(scarce.levels[nth])
                                    : Arm([] { return std::make_unique<Nothing>(); });
                       }}},
            .stride = stride,
            .counting = [] { return std::make_unique<Nothing>(); },
            .of = [](const Operation& each) { return each.kind != Operation::Kind::kAlone; },
            .options = [&](size_t) { return CaseOptions{.begin = scarce.begin}; },
            .strikes = scarce.strikes,
            .calls = scarce.levels.size()});
}

TEST(Scarcity, OfDiskSpace) {
  if (!MayMount()) GTEST_SKIP() << "no right to mount a small file system: full disks not tried";
  RunScarce({"full disk",
             {0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610},
             [](size_t pages) -> Arm { return [=] { return std::make_unique<FullDisk>(pages); }; },
             [] { return MountSmall("24m"); }},
            8);
}

TEST(Scarcity, OfTheRightToWrite) {
  if (!MayMount()) GTEST_SKIP() << "no right to mount: read-only file systems not tried";
  RunScarce({"read-only",
             {0},
             [](size_t) -> Arm { return [] { return std::make_unique<ReadOnly>(); }; },
             [] { return MountSmall("64m"); }},
            1);
}

TEST(Scarcity, OfWhatAFileMayHold) {
  const auto size = static_cast<size_t>(fs::file_size(TheWorld().made_path() + "/data.mdb"));
  RunScarce({"RLIMIT_FSIZE",
             {0, 4096, size - 4096, size, size + 4096, size + 32768, size + 131072},
             [](size_t bytes) -> Arm {
               return [=] { return std::make_unique<SoftLimit>(RLIMIT_FSIZE, bytes); };
             },
             // A host that lets the limit's signal end it has decided so.
             [] { return signal(SIGXFSZ, SIG_IGN) != SIG_ERR; }},
            5);
}

TEST(Scarcity, OfDescriptors) {
  RunScarce({"RLIMIT_NOFILE",
             {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
             [](size_t more) -> Arm {
               return [=] {
                 return std::make_unique<SoftLimit>(RLIMIT_NOFILE, DescriptorsInUse() + 1 + more);
               };
             }},
            8);
}

// Is no fault: everything works, and health says that secrets may be swapped out.
TEST(Scarcity, OfLockedMemoryStopsNothing) {
  RunScarce({"RLIMIT_MEMLOCK",
             {},
             [](size_t) -> Arm { return [] { return std::make_unique<Nothing>(); }; },
             LockNothing,
             false},
            1);
}

}  // namespace
}  // namespace bailee::faults
