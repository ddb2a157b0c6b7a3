// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <utility>

#include "bailee/result.h"

namespace bailee::store {

// The one right of this process to have a data file open. A second LMDB environment on the same
// file would, when closed, silently drop the locks of the first, and other processes would reuse
// pages under its readers. Movable; the right is given back when it goes.
class OpenRegistration {
 public:
  // Claims the file (device, inode). What a parent process claimed before a fork does not count.
  // Errors: kBusy "store.open-twice".
  static Result<OpenRegistration> Claim(dev_t device, ino_t inode);

  OpenRegistration(OpenRegistration&& other) noexcept
      : device_(other.device_), inode_(other.inode_), live_(std::exchange(other.live_, false)) {}
  OpenRegistration& operator=(OpenRegistration&&) = delete;
  ~OpenRegistration();

 private:
  OpenRegistration(dev_t device, ino_t inode) : device_(device), inode_(inode), live_(true) {}
  dev_t device_;
  ino_t inode_;
  bool live_;
};

}  // namespace bailee::store
