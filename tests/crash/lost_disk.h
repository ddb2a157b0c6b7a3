// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace bailee::testing {

// A file system of its own in a file, which loses power when one likes: what the kernel had not
// written by then is gone, as the journal of ext4 left it. Takes root, mkfs.ext4 and loop devices.
class LostDisk {
 public:
  // `directory` exists, and holds the file and the place where it is mounted; nothing of it is
  // mounted any longer when this goes.
  explicit LostDisk(const std::string& directory);
  ~LostDisk();
  LostDisk(const LostDisk&) = delete;
  LostDisk& operator=(const LostDisk&) = delete;

  // Why there is none here, in words; empty if there is.
  const std::string& problem() const { return problem_; }
  std::string path() const { return mount_; }

  // From here on nothing reaches it. False: that does not work here.
  bool LosePower() const;
  // As it was then. REQUIRES: nobody has anything of it open. False: it cannot be mounted.
  bool ComeBack();

 private:
  bool Mount();
  void Unmount() const;

  const std::string image_;
  const std::string mount_;
  std::string problem_;
};

}  // namespace bailee::testing
