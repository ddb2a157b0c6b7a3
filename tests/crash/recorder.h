// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "crash/disk_log.h"

namespace bailee::testing {

// Records what this process does to files below a directory: recorder.cc defines the calls of the C
// library that change files, names and what of them lasts, which the dynamic linker prefers to the
// C library's own. One at a time. What is written through a map is not seen; Take compares.
class Recorder {
 public:
  // REQUIRES: nobody changes anything below `root` before this has returned.
  explicit Recorder(const std::string& root);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // The caller has been told by now that `steps` steps of the work are done.
  void Told(uint64_t steps);

  // From now on syncs of this process are not done, and it is told that they were.
  static void LieAboutSyncs();

  // Ends recording. REQUIRES: what was recorded explains what is there (the test stops if not).
  DiskLog Take();

 private:
  const std::string root_;
};

}  // namespace bailee::testing
