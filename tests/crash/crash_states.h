// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crash/disk_log.h"

namespace bailee::testing {

// One of those that a loss of power may leave.
struct CrashState {
  size_t point = 0;   // so many operations of the log had been begun
  uint64_t told = 0;  // so many steps the caller knew to be done
  // Operations before `point` that did not last, in order.
  std::vector<size_t> lost = {};
  struct Torn {
    size_t operation = 0;  // a write of which only sectors got there
    uint64_t sectors = 0;
    bool grows = false;
  };
  std::optional<Torn> torn = {};
};

// The states that a log may end in. What was synced is there. Of all else, at each point, any
// subset is, also of names: every one if there are at most six operations, otherwise none, all,
// those of each moment in between and random ones. In some, one write is there in part, or as the
// length of its file alone. A file system may order more than this.
class CrashStates {
 public:
  // `log` outlives this. The same seed gives the same states; `random` is how many subsets a point
  // has that has too many for all of them.
  CrashStates(const DiskLog& log, unsigned seed, size_t random = 64);

  // In the order of their points; some may be the same bytes.
  const std::vector<CrashState>& all() const { return all_; }

  // What is on disk then. Fast if called in the order of points.
  Disk Make(const CrashState& state);

  // Which operations are missing or torn, for whoever looks for the cause.
  std::string Describe(const CrashState& state) const;

 private:
  class Enumeration;
  void AdvanceTo(size_t point);

  const DiskLog& log_;
  std::vector<CrashState> all_;
  // What every state at or after `point_` has, and the other operations before it.
  size_t point_ = 0;
  Disk base_;
  std::vector<size_t> rest_;
};

// As if syncs of files with that name had done nothing; writes that sync themselves still do.
DiskLog WithoutSyncsOf(const DiskLog& log, const std::string& name);

}  // namespace bailee::testing
