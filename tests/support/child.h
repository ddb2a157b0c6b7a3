// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace bailee::testing {

// Runs `body` in a forked child and returns its exit code, or −signal if a signal killed it.
template <typename Body>
int ExitCodeOfChild(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(std::forward<Body>(body)());
  int state = 0;
  ::waitpid(child, &state, 0);
  return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

}  // namespace bailee::testing
