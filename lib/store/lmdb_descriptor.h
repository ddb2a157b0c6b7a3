// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

namespace bailee::store {

// A descriptor that is closed when it goes. Never one of lock.mdb.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace bailee::store
