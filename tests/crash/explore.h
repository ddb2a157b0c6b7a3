// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crash/crash_states.h"

namespace bailee::testing {

struct ExploreOptions {
  std::string root;       // what was recorded; holds the state when it is looked at
  unsigned seed = 0;      // of which states, and of which of them
  size_t states = 0;      // look at so many of them; 0: all
  size_t random = 64;     // as CrashStates
  size_t findings = 3;    // stop after so many
  unsigned seconds = 20;  // of one look; whoever takes longer hangs
};

struct Explored {
  size_t states = 0;    // looked at, each other bytes or after another step was told
  size_t distinct = 0;  // of these, other bytes than all before
  std::vector<std::string> findings = {};
};

// Makes states of `log` in a forked child and calls `look` for each, which expects what must hold
// with the macros of GoogleTest: a failure is a finding, and so are a signal and a hang. Another
// child goes on after those. REQUIRES: this process has one thread.
Explored Explore(const DiskLog& log, const ExploreOptions& options,
                 const std::function<void(const CrashState& state, const Disk& disk)>& look);

}  // namespace bailee::testing
