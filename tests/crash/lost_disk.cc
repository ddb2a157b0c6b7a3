// SPDX-License-Identifier: Apache-2.0
#include "crash/lost_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/unique_fd.h"

namespace bailee::testing {
namespace {

constexpr off_t kImageBytes = off_t{512} << 20;  // sparse: room for as much as a campaign writes
constexpr unsigned long kShutdown = 0x8004587d;  // EXT4_IOC_SHUTDOWN
constexpr unsigned kNothingFlushed = 2;          // EXT4_GOING_FLAGS_NOLOGFLUSH

// Mounts that nobody else sees, and that end with this process however it ends.
bool MountsAreOurs() {
  return unshare(CLONE_NEWNS) == 0 &&
         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool Runs(const std::string& command) { return std::system((command + " >&2").c_str()) == 0; }

}  // namespace

LostDisk::LostDisk(const std::string& directory)
    : image_(directory + "/disk.img"), mount_(directory + "/disk") {
  if (geteuid() != 0) {
    problem_ = "losing power takes root, to mount a file system of its own";
  } else if (!MountsAreOurs()) {
    problem_ = "losing power takes mounts of one's own, and there may be none here";
  } else if (!Runs("command -v mkfs.ext4 > /dev/null")) {
    problem_ = "losing power takes mkfs.ext4, of the package e2fsprogs";
  } else {
    const UniqueFd file(open(image_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const bool made = file.ok() && ftruncate(file.get(), kImageBytes) == 0 &&
                      mkdir(mount_.c_str(), 0700) == 0 && Runs("mkfs.ext4 -q -F '" + image_ + "'");
    // Once to see whether it works here.
    if (!made || !Mount() || !LosePower() || !ComeBack())
      problem_ = "losing power takes loop devices and ext4: mounting one does not work";
  }
}

LostDisk::~LostDisk() { Unmount(); }

bool LostDisk::Mount() { return Runs("mount -o loop '" + image_ + "' '" + mount_ + "'"); }

// Whoever died may have left it busy for a moment.
void LostDisk::Unmount() const {
  for (int i = 0; i < 100 && umount(mount_.c_str()) != 0; ++i) {
    struct stat at {};
    struct stat above {};
    const bool mounted = stat(mount_.c_str(), &at) == 0 &&
                         stat((mount_ + "/..").c_str(), &above) == 0 && at.st_dev != above.st_dev;
    if (!mounted) return;
    usleep(20'000);
  }
}

bool LostDisk::LosePower() const {
  const UniqueFd fd(open(mount_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  unsigned flags = kNothingFlushed;
  return fd.ok() && ioctl(fd.get(), kShutdown, &flags) == 0;
}

bool LostDisk::ComeBack() {
  Unmount();
  return Mount();
}

}  // namespace bailee::testing
