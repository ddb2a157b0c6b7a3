// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crash/explore.h"
#include "crash/recorder.h"
#include "support/campaign.h"
#include "support/checked.h"
#include "vault/stories.h"

namespace bailee {

// A small vault that work is done on, and then looked at in every state in which a loss of power
// may leave it. Everything around it, keyrings and streams, is in the same directory and recorded
// too.
class CrashWorld : public ::testing::Test {
 protected:
  using Steps = std::function<void(uint64_t steps)>;

  // Where it is: in memory, or in another directory.
  explicit CrashWorld(const std::string& directory = "/dev/shm");
  ~CrashWorld() override;

  // Records `work`, which says after each step that it is done, and explores. `look` is called with
  // the directory as it is then and the number of steps that were said to be done; `disk` has the
  // same bytes.
  void Explore(const std::function<void(const Steps& told)>& work,
               const std::function<void(uint64_t told, const testing::Disk& disk)>& look);
  // The same of a log that was changed; expects findings.
  testing::DiskLog Record(const std::function<void(const Steps& told)>& work) const;
  testing::Explored ExploreLog(const testing::DiskLog& log,
                               const std::function<void(uint64_t, const testing::Disk&)>& look,
                               size_t states = testing::CountFrom("BAILEE_STATES", 12));

  // With every purpose, and with none: a collector.
  Vault OpenAll() { return OpenWith("all"); }
  Vault OpenCollector() { return OpenWith("collector"); }
  Vault OpenWith(const std::string& keyring);
  Keyring Kept(const std::string& keyring) const;

  // That nothing is damaged, every value opens and every row is as the events say.
  void ExpectNothingDamaged();
  // The same, and that the whole trail is as it was written. How many events of this kind it has
  // that were allowed.
  size_t EventsOfWhole(const std::string& kind);

  // The way to a file beside the vault.
  std::string File(std::string_view name) const { return world_.directory() / name; }
  // That steps are done which were told, and of the others at most the next.
  static void ExpectSteps(uint64_t there, uint64_t told) {
    EXPECT_GE(there, told);
    EXPECT_LE(there, told + 1);
  }

  TempVault world_;

 private:
  static std::string PolicyFor(const std::string& directory);
};

}  // namespace bailee
