// SPDX-License-Identifier: Apache-2.0
#include "support/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace bailee::testing {

void Channel::Send(char word) const {
  if (write(out_, &word, 1) != 1) std::abort();
}

char Channel::Receive() const {
  char word = 0;
  return read(in_, &word, 1) == 1 ? word : '\0';
}

ChildProcess::ChildProcess(const std::function<int(const Channel&)>& body) : channel_(-1, -1) {
  // in_: child to parent; out_: parent to child.
  if (pipe2(in_, O_CLOEXEC) != 0 || pipe2(out_, O_CLOEXEC) != 0) std::abort();
  pid_ = fork();
  if (pid_ < 0) std::abort();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody would be there to end it
    close(in_[0]);
    close(out_[1]);
    _exit(body(Channel(out_[0], in_[1])));
  }
  close(in_[1]);
  close(out_[0]);
  channel_ = Channel(in_[0], out_[1]);
}

ChildProcess::~ChildProcess() {
  Kill();
  close(in_[0]);
  close(out_[1]);
}

void ChildProcess::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  (void)Join();
}

int ChildProcess::Join() {
  int status = 0;
  if (pid_ < 0 || waitpid(pid_, &status, 0) != pid_) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace bailee::testing
