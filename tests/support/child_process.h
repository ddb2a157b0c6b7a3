// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>

namespace bailee::testing {

// One end of a line of single characters between a test and its child.
class Channel {
 public:
  Channel(int in, int out) : in_(in), out_(out) {}
  void Send(char word) const;
  // The next character; 0 when the other end is gone.
  char Receive() const;

 private:
  int in_;
  int out_;
};

// A forked child that runs `body` and exits with what it returns. Fork before opening anything
// that should not be inherited. Killed and reaped when this goes.
class ChildProcess {
 public:
  explicit ChildProcess(const std::function<int(const Channel&)>& body);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  const Channel& channel() const { return channel_; }
  pid_t pid() const { return pid_; }
  // SIGKILL, and waits until it is gone.
  void Kill();
  // Waits for its end: what `body` returned, or minus the signal that ended it.
  int Join();

 private:
  int in_[2];
  int out_[2];
  pid_t pid_ = -1;
  Channel channel_;
};

}  // namespace bailee::testing
