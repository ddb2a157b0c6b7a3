// SPDX-License-Identifier: Apache-2.0
#include "leaks/holder_process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "leaks/memory_image.h"

namespace bailee::testing {

HolderProcess::HolderProcess(const std::string& directory, const std::string& cores,
                             std::string_view plant) {
  const std::string leak(plant);
  int said[2];
  int given[2];
  if (pipe2(said, O_CLOEXEC) != 0 || pipe2(given, O_CLOEXEC) != 0) std::abort();
  pid_ = fork();
  if (pid_ < 0) std::abort();
  if (pid_ == 0) {
    const rlimit bounded{kImageBytesMax, kImageBytesMax};
    if (setrlimit(RLIMIT_CORE, &bounded) != 0) _exit(126);
    if (chdir(cores.c_str()) != 0) _exit(126);
    dup2(given[0], STDIN_FILENO);
    dup2(said[1], STDOUT_FILENO);
    execl(BAILEE_LEAK_HOLDER, BAILEE_LEAK_HOLDER, directory.c_str(), leak.c_str(), nullptr);
    _exit(127);
  }
  close(given[0]);
  close(said[1]);
  in_ = said[0];
  out_ = given[1];
}

HolderProcess::~HolderProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    (void)Join();
  }
  close(in_);
  close(out_);
}

void HolderProcess::Give(std::string_view secret) const {
  std::string message(1, static_cast<char>(secret.size()));
  message += secret;
  if (write(out_, message.data(), message.size()) != static_cast<ssize_t>(message.size()))
    std::abort();
}

char HolderProcess::NextMoment() const {
  char moment = 0;
  return read(in_, &moment, 1) == 1 ? moment : '\0';
}

void HolderProcess::GoOn() const {
  if (write(out_, "g", 1) != 1) std::abort();
}

void HolderProcess::Abort() const { kill(pid_, SIGABRT); }

int HolderProcess::Join() {
  int state = 0;
  if (pid_ < 0 || waitpid(pid_, &state, 0) != pid_) return -1;
  pid_ = -1;
  return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

}  // namespace bailee::testing
