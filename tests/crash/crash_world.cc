// SPDX-License-Identifier: Apache-2.0
#include "crash/crash_world.h"

#include <sys/stat.h>

#include <cstdlib>

#include "bailee/audit_trail.h"
#include "base/file.h"
#include "support/campaign.h"
#include "support/must.h"

namespace bailee {

using testing::Disk;
using testing::DiskLog;
using testing::Explored;
using testing::IsOk;
using testing::StatusOf;

std::string CrashWorld::PolicyFor(const std::string& directory) {
  if (access(directory.c_str(), W_OK) == 0) setenv("TMPDIR", directory.c_str(), 1);
  return PolicyText("livelook_2013");
}

CrashWorld::CrashWorld(const std::string& directory) : world_{PolicyFor(directory)} {
  const auto keep = [&](const std::string& name, const std::vector<std::string>& purposes) {
    const Keyring authority = world_.Origin("authority");
    std::vector<Keyring> origins;
    origins.push_back(world_.Origin("storage"));
    for (const std::string& purpose : purposes) origins.push_back(world_.Origin(purpose));
    std::vector<const Keyring*> sources;
    for (const Keyring& origin : origins) sources.push_back(&origin);
    const KeyringFile file =
        Must(Grant(authority, sources, {name, purposes}, Unlock::Nothing(), Clock::System()));
    Must(SystemFiles().WriteNewSecret(world_.directory() / (name + ".held.keyring"), file.bytes));
  };
  keep("all", kEveryPurpose);
  keep("collector", {});
}

CrashWorld::~CrashWorld() = default;

Keyring CrashWorld::Kept(const std::string& keyring) const {
  return Must(Keyring::Load(KeySource::File(world_.directory() / (keyring + ".held.keyring"))),
              keyring);
}

Vault CrashWorld::OpenWith(const std::string& keyring) {
  return Must(world_.TryOpen(Kept(keyring)), "opening the vault");
}

DiskLog CrashWorld::Record(const std::function<void(const Steps& told)>& work) const {
  testing::Recorder recorder(world_.directory().path());
  work([&](uint64_t steps) { recorder.Told(steps); });
  return recorder.Take();
}

Explored CrashWorld::ExploreLog(const DiskLog& log,
                                const std::function<void(uint64_t, const Disk&)>& look,
                                size_t states) {
  return testing::Explore(
      log, {.root = world_.directory().path(), .seed = testing::Seed(), .states = states},
      [&](const testing::CrashState& state, const Disk& disk) { look(state.told, disk); });
}

void CrashWorld::Explore(const std::function<void(const Steps& told)>& work,
                         const std::function<void(uint64_t told, const Disk& disk)>& look) {
  const DiskLog log = Record(work);
  ASSERT_FALSE(HasFailure());
  const Explored explored = ExploreLog(log, look);
  for (const std::string& finding : explored.findings) ADD_FAILURE() << finding;
  EXPECT_GT(explored.distinct, 3u);
  testing::Tell(explored.distinct, "crash states");
}

void CrashWorld::ExpectNothingDamaged() {
  const Keyring auditor = world_.Origin("auditor");
  const Checked checked = RunCheck(world_.path(), Kept("all"),
                                   {.clock = &world_.clock(), .slices = 1, .auditor = &auditor});
  ASSERT_THAT(StatusOf(checked.report), IsOk());
  EXPECT_EQ(checked.report->damages, 0u) << ::testing::PrintToString(checked);
  EXPECT_TRUE(checked.report->next.empty());
}

size_t CrashWorld::EventsOfWhole(const std::string& kind) {
  ExpectNothingDamaged();
  auto trail = AuditTrail::Open(world_.path(), world_.Origin("auditor"),
                                {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30});
  EXPECT_THAT(StatusOf(trail), IsOk());
  if (!trail.ok()) return 0;
  const auto report = trail->Verify({.entries = true});
  EXPECT_THAT(StatusOf(report), IsOk());
  if (!report.ok()) return 0;
  for (const TrailFinding& each : report->findings)
    EXPECT_NE(each.weight, TrailFinding::Weight::kBroken) << each.name << " " << each.message;
  size_t count = 0;
  EXPECT_THAT(StatusOf(trail->Entries({.outcome = "allowed", .kind = kind}, 0,
                                      [&](const TrailEntry&) {
                                        ++count;
                                        return true;
                                      })),
              IsOk());
  return count;
}

}  // namespace bailee
