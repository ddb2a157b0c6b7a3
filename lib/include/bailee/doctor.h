// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/result.h"

// Whether a machine and a vault's directory are as they should be for what is kept there.
namespace bailee {

// One thing that was looked at.
struct DoctorPoint {
  enum class Verdict : uint8_t { kOk, kWarning, kProblem };
  Verdict verdict = Verdict::kOk;
  std::string name;   // dotted and stable, e.g. "memory.locked"
  std::string found;  // as it is here
  std::string means;  // what follows from it
  std::string hint;   // what to do; empty if nothing
};

struct DoctorOptions {
  std::string directory = {};   // of a vault; empty: the machine alone
  std::string epoch_path = {};  // as OpenOptions
  // Files of keyrings, to look at their modes and ages; nothing in them is opened.
  std::vector<std::string> keyrings = {};
  const Clock* clock = nullptr;  // default the system's
};

// Looks at memory locking, core dumps, swap, the clock and LMDB's version; with a vault at the
// modes and owners of its files, the kinds of file system that they lie on, room, reader slots, and
// whether upkeep is owed; at each keyring's mode and age. Needs no key, opens nothing that is
// sealed, changes nothing and records nothing, as Inspect. What cannot be looked at is a point of
// its own. Errors: kNoVault if the directory is none.
BAILEE_EXPORT Result<std::vector<DoctorPoint>> Diagnose(const DoctorOptions& options = {});

// Success, or kFindings "doctor.problems" if any point is a problem.
BAILEE_EXPORT Status DoctorStatus(const std::vector<DoctorPoint>& points);

}  // namespace bailee
