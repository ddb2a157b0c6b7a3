// SPDX-License-Identifier: Apache-2.0
#include "crash/explore.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <unordered_set>

namespace bailee::testing {
namespace {

// Where the child is, for its parent to see when it is gone.
struct Progress {
  size_t at = 0;  // of the chosen states
  size_t states = 0;
  size_t distinct = 0;
  bool found = false;  // what `text` says of the state `at`
  bool done = false;   // there are no more
  char text[16'384] = {};
};

std::vector<size_t> Chosen(size_t count, const ExploreOptions& options) {
  std::vector<size_t> chosen(count);
  for (size_t i = 0; i < count; ++i) chosen[i] = i;
  if (options.states == 0 || options.states >= count) return chosen;
  std::mt19937_64 random(options.seed);
  std::shuffle(chosen.begin(), chosen.end(), random);
  chosen.resize(options.states);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::string FailuresOf(const std::function<void()>& look) {
  ::testing::TestPartResultArray results;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &results);
    look();
  }
  std::string text;
  for (int i = 0; i < results.size(); ++i) {
    const ::testing::TestPartResult& each = results.GetTestPartResult(i);
    if (!each.failed()) continue;
    text += std::string(each.file_name() == nullptr ? "?" : each.file_name()) + ":" +
            std::to_string(each.line_number()) + ": " + each.message() + "\n";
  }
  return text;
}

class Explorer {
 public:
  Explorer(const DiskLog& log, const ExploreOptions& options,
           const std::function<void(const CrashState&, const Disk&)>& look)
      : options_(options),
        look_(look),
        states_(log, options.seed, options.random),
        chosen_(Chosen(states_.all().size(), options)),
        progress_(*Share()) {}
  ~Explorer() { munmap(&progress_, sizeof progress_); }
  Explorer(const Explorer&) = delete;
  Explorer& operator=(const Explorer&) = delete;

  Explored Run() {
    Explored explored;
    for (size_t from = 0; from < chosen_.size() && explored.findings.size() < options_.findings;
         from = progress_.at + 1) {
      progress_.found = false;
      const pid_t child = fork();
      if (child == 0) {
        GoOn(from);
        _exit(0);
      }
      int end = 0;
      if (waitpid(child, &end, 0) != child) std::abort();
      if (progress_.done) break;
      explored.findings.push_back(Told(end));
    }
    explored.states = progress_.states;
    explored.distinct = progress_.distinct;
    return explored;
  }

 private:
  static Progress* Share() {
    void* page =
        mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) std::abort();
    return new (page) Progress;
  }

  // In the child: up to the end or the next finding.
  void GoOn(size_t from) {
    // What a look gave back, the next one needs.
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    for (size_t i = 0; i < chosen_.size(); ++i) {
      const CrashState& state = states_.all()[chosen_[i]];
      const Disk disk = states_.Make(state);
      const std::string hash = disk.Hash();
      const bool distinct = seen_.insert(hash).second;
      const bool other = seen_.insert(hash + "told " + std::to_string(state.told)).second;
      if (i < from || !other) continue;
      progress_.at = i;
      ++progress_.states;
      progress_.distinct += distinct ? 1U : 0U;
      disk.WriteTo(options_.root);
      alarm(options_.seconds);
      const std::string failures = FailuresOf([&] { look_(state, disk); });
      alarm(0);
      if (failures.empty()) continue;
      progress_.found = true;
      std::strncpy(progress_.text, failures.c_str(), sizeof progress_.text - 1);
      return;
    }
    progress_.done = true;
  }

  std::string Told(int end) const {
    std::string text;
    if (WIFSIGNALED(end) && WTERMSIG(end) == SIGALRM) {
      text = "hangs";
    } else if (WIFSIGNALED(end)) {
      text = std::string("ends by a signal: ") + strsignal(WTERMSIG(end));
    } else {
      text = progress_.found ? progress_.text : "ends by itself";
    }
    return "state " + std::to_string(chosen_[progress_.at]) + " of seed " +
           std::to_string(options_.seed) + ", " +
           states_.Describe(states_.all()[chosen_[progress_.at]]) + "\n" + text;
  }

  const ExploreOptions& options_;
  const std::function<void(const CrashState&, const Disk&)>& look_;
  CrashStates states_;
  const std::vector<size_t> chosen_;
  std::unordered_set<std::string> seen_;  // in the child
  Progress& progress_;
};

}  // namespace

Explored Explore(const DiskLog& log, const ExploreOptions& options,
                 const std::function<void(const CrashState& state, const Disk& disk)>& look) {
  return Explorer(log, options, look).Run();
}

}  // namespace bailee::testing
