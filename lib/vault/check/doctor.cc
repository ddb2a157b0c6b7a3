// SPDX-License-Identifier: Apache-2.0
#include "bailee/doctor.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/try.h"
#include "store/lmdb_host.h"
#include "vault/check/doctor_facts.h"

namespace bailee {
namespace vault {
namespace {

using Verdict = DoctorPoint::Verdict;

constexpr uint64_t kRoomBytesMin = uint64_t{64} << 20;
constexpr int64_t kKeyDaysMax = 365;
constexpr int64_t kBackMsMax = 5 * 60 * 1'000;
// When this was written: a clock before it was never set.
constexpr int64_t kSaneSinceMs = 1'767'225'600'000;

// File systems that do not write over what is there (linux/magic.h and their own headers).
constexpr std::array<std::pair<uint32_t, const char*>, 6> kCopiesOnWrite = {{
    {0x9123683E, "btrfs"},
    {0x2FC12FC1, "zfs"},
    {0x794C7630, "overlay"},
    {0xCA451A4E, "bcachefs"},
    {0xF2F52010, "f2fs"},
    {0x00003434, "nilfs"},
}};
constexpr uint32_t kTmpfs = 0x01021994;

const char* CopyOnWriteName(int64_t type) {
  for (const auto& [number, name] : kCopiesOnWrite) {
    if (number == static_cast<uint32_t>(type)) return name;
  }
  return nullptr;
}

std::string Octal(uint32_t mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3)
    text.push_back(static_cast<char>('0' + ((mode >> shift) & 7)));
  return text;
}

DoctorPoint JudgeMemory(const MachineFacts& facts) {
  DoctorPoint point{.name = "memory.locked"};
  if (facts.secrets_unmapped) {
    point.found = "memfd_secret";
    point.means = "keys and values cannot be swapped out, nor read through the kernel";
  } else if (facts.secrets_locked) {
    point.found = "locked";
    point.means = "keys and values cannot be swapped out";
  } else {
    point.verdict = Verdict::kProblem;
    point.found = "not locked; the limit is " + std::to_string(facts.lock_bytes_max) + " bytes";
    point.means = "keys and values may be written to swap";
    point.hint = "raise the limit of locked memory: LimitMEMLOCK=64M, or ulimit -l";
  }
  return point;
}

DoctorPoint JudgeCoreDumps(const MachineFacts& facts) {
  DoctorPoint point{.name = "core.dumps"};
  const bool piped = facts.core_pattern.starts_with("|");
  const bool dumps = facts.dumpable && (facts.core_bytes_max > 0 || piped);
  point.found = dumps ? "on, to " + facts.core_pattern : "off";
  point.means = dumps ? "keys are kept out of dumps; values that the application took are in them"
                      : "nothing of this process is dumped";
  if (!dumps) return point;
  point.verdict = Verdict::kWarning;
  point.hint = piped ? "a program gets them whatever the limit is: LimitCORE=0 and "
                       "prctl(PR_SET_DUMPABLE, 0) in services that open vaults"
                     : "set LimitCORE=0, or ulimit -c 0, for services that open vaults";
  return point;
}

DoctorPoint JudgeSwap(const MachineFacts& facts) {
  DoctorPoint point{.name = "swap"};
  if (facts.swaps.empty()) {
    point.found = "none";
    point.means = "nothing can be swapped out";
    return point;
  }
  point.verdict = Verdict::kWarning;
  for (const std::string& each : facts.swaps)
    point.found += (point.found.empty() ? "" : ", ") + each;
  point.means =
      "what the application took out of the vault may be written there; whether it is "
      "encrypted cannot be known from here";
  point.hint = "encrypt it, use zram, or turn it off";
  return point;
}

DoctorPoint JudgeClock(Timestamp now) {
  DoctorPoint point{.name = "clock"};
  point.found = std::to_string(now.unix_ms) + " ms since 1970";
  point.means = "retention and events get the right time, if the clock is right";
  if (now.unix_ms >= kSaneSinceMs) return point;
  point.verdict = Verdict::kProblem;
  point.means = "the clock was never set: what is collected gets times of long ago";
  point.hint = "set it, and keep it right with a time service";
  return point;
}

DoctorPoint JudgeLmdb(const int (&version)[3]) {
  DoctorPoint point{.name = "lmdb.version"};
  for (const int each : version)
    point.found += (point.found.empty() ? "" : ".") + std::to_string(each);
  point.means = "its locks survive that processes end";
  const bool racy = version[0] == 0 && version[1] == 9 && version[2] >= 26 && version[2] <= 31;
  if (!racy) return point;
  point.verdict = Verdict::kWarning;
  point.means = "0.9.26 to 0.9.31 destroy locks when a process closes: others may write at once";
  point.hint = "use 0.9.32 or later, or 0.9.25 or earlier, or open the vault in one process only";
  return point;
}

DoctorPoint JudgeFilesystem(std::string name, int64_t type, bool holds_epoch) {
  DoctorPoint point{.name = std::move(name)};
  const Status usable = store::CheckFilesystem(type);
  const char* copies = CopyOnWriteName(type);
  point.found = copies != nullptr ? copies : "type " + std::to_string(static_cast<uint32_t>(type));
  point.means = "it writes over what is there";
  if (!usable.ok()) {
    point.verdict = Verdict::kProblem;
    point.means = usable.message();
    point.hint = usable.hint();
  } else if (static_cast<uint32_t>(type) == kTmpfs) {
    point.verdict = Verdict::kWarning;
    point.found = "tmpfs";
    point.means = "what is there is gone when the machine stops";
    point.hint = "keep vaults on a disk";
  } else if (copies != nullptr && holds_epoch) {
    point.verdict = Verdict::kProblem;
    point.means =
        "it keeps what is overwritten: earlier keys may be found on the disk, so what was "
        "shredded may still open in copies";
    point.hint = "keep the file of epochs on ext4 or xfs and name it when the vault is made";
  } else if (copies != nullptr) {
    point.means = "it copies on write, which matters for the file of epochs alone";
  }
  return point;
}

std::vector<DoctorPoint> JudgeInside(const VaultFacts& facts, Timestamp now) {
  DoctorPoint opens{.name = "vault.opens", .found = "yes", .means = "its pages can be read"};
  if (!facts.opened.ok()) {
    opens.verdict = Verdict::kProblem;
    opens.found = facts.opened.name();
    opens.means = facts.opened.message();
    opens.hint = facts.opened.hint();
    return {opens};
  }
  std::vector<DoctorPoint> points = {opens};
  DoctorPoint clock{.name = "clock.vault", .found = "not behind the vault"};
  clock.means = "operations get a time that counts";
  if (facts.latest && now.unix_ms < facts.latest->unix_ms) {
    const int64_t behind = facts.latest->unix_ms - now.unix_ms;
    clock.verdict = behind > kBackMsMax ? Verdict::kProblem : Verdict::kWarning;
    clock.found = std::to_string(behind / 1'000) + " s behind the latest time of the vault";
    clock.means = behind > kBackMsMax
                      ? "every operation is refused: clock.backwards"
                      : "the vault's own time is used until the clock has caught up";
    clock.hint = "set the clock; if the vault's time is wrong, wait until it is over";
  }
  points.push_back(clock);
  DoctorPoint readers{.name = "readers"};
  readers.found = std::to_string(facts.readers_used) + " of " + std::to_string(facts.readers_max);
  readers.means = "there are slots for more processes and threads";
  if (facts.readers_used > facts.readers_max / 2) {
    readers.verdict = Verdict::kWarning;
    readers.means = "when all are taken, reads answer store.readers-full";
    readers.hint = "find processes that keep snapshots; those of dead ones go at the next opening";
  }
  points.push_back(readers);
  DoctorPoint upkeep{.name = "upkeep", .found = "nothing is owed"};
  upkeep.means = "nothing that was taken away opens in an earlier copy";
  if (facts.due + facts.keywork > 0) {
    upkeep.verdict = Verdict::kWarning;
    upkeep.found =
        std::to_string(facts.due) + " of due, " + std::to_string(facts.keywork) + " of key work";
    upkeep.means = facts.due > 0 ? "what was taken away still opens in earlier copies"
                                 : "what people allowed is not readable yet";
    upkeep.hint = "run bailee upkeep with the upkeep keyring, best by a timer";
  }
  points.push_back(upkeep);
  return points;
}

}  // namespace

std::vector<DoctorPoint> JudgeMachine(const MachineFacts& facts) {
  return {JudgeMemory(facts), JudgeCoreDumps(facts), JudgeSwap(facts), JudgeClock(facts.now),
          JudgeLmdb(facts.lmdb_version)};
}

DoctorPoint JudgeFile(const FileFacts& file) {
  DoctorPoint point{.name = "file.mode"};
  point.found = file.name + " " + (file.there ? Octal(file.mode) : "is not there");
  point.means = "nobody else can read or write it";
  if (!file.there) {
    point.means = "it is made when it is needed";
  } else if ((file.mode & 077) != 0) {
    point.verdict = Verdict::kProblem;
    point.means = "others can read or write it";
    point.hint = "chmod go= " + file.name;
  } else if (!file.ours) {
    point.verdict = Verdict::kWarning;
    point.means = "it belongs to another user than the one that runs this";
    point.hint = "run services as the user that the vault belongs to";
  }
  return point;
}

std::vector<DoctorPoint> JudgeKeyring(const KeyringFacts& facts, Timestamp now) {
  std::vector<DoctorPoint> points = {JudgeFile(facts.file)};
  DoctorPoint age{.name = "keyring.age"};
  if (!facts.issued_at) {
    age.verdict = Verdict::kProblem;
    age.found = facts.file.name + " cannot be read as a keyring";
    age.means = "nobody opens a vault with it";
    age.hint = "look at it with bailee keyring show";
    points.push_back(age);
    return points;
  }
  const int64_t days = (now.unix_ms - facts.issued_at->unix_ms) / kMillisPerDay;
  age.found = facts.file.name + " is " + std::to_string(days) + " days old";
  age.means = "its keys are of this year";
  if (days > kKeyDaysMax) {
    age.verdict = Verdict::kWarning;
    age.means = "the longer keys are used, the more a leak would open";
    age.hint = "rotate what it holds and grant it anew: bailee help key rotate";
  }
  points.push_back(age);
  return points;
}

std::vector<DoctorPoint> JudgeVault(const VaultFacts& facts, Timestamp now) {
  std::vector<DoctorPoint> points;
  for (const FileFacts& file : facts.files) points.push_back(JudgeFile(file));
  points.push_back(JudgeFilesystem("filesystem.vault", facts.vault_filesystem, false));
  points.push_back(JudgeFilesystem("filesystem.epoch", facts.epoch_filesystem, true));
  DoctorPoint room{.name = "space"};
  room.found = std::to_string(facts.free_bytes) + " bytes free, the vault has " +
               std::to_string(facts.file_bytes);
  room.means = "the vault can grow, and be compacted";
  if (facts.free_bytes < kRoomBytesMin) {
    room.verdict = Verdict::kProblem;
    room.means = "when the disk is full nothing can be recorded, and so nothing be read";
    room.hint = "free some space";
  } else if (facts.free_bytes < facts.file_bytes) {
    room.verdict = Verdict::kWarning;
    room.means = "compacting takes as much again as the vault has";
    room.hint = "free some space before bailee compact";
  }
  points.push_back(room);
  for (DoctorPoint& each : JudgeInside(facts, now)) points.push_back(std::move(each));
  return points;
}

}  // namespace vault

Result<std::vector<DoctorPoint>> Diagnose(const DoctorOptions& options) {
  const Clock& clock = options.clock == nullptr ? Clock::System() : *options.clock;
  const Timestamp now = clock.Now();
  std::vector<DoctorPoint> points = vault::JudgeMachine(vault::LookAtMachine(clock));
  const auto add = [&](std::vector<DoctorPoint> more) {
    for (DoctorPoint& each : more) points.push_back(std::move(each));
  };
  if (!options.directory.empty()) {
    BAILEE_TRY(const vault::VaultFacts facts,
               vault::LookAtVault(options.directory, options.epoch_path));
    add(vault::JudgeVault(facts, now));
  }
  for (const std::string& path : options.keyrings)
    add(vault::JudgeKeyring(vault::LookAtKeyring(path), now));
  return points;
}

Status DoctorStatus(const std::vector<DoctorPoint>& points) {
  const auto problems = std::count_if(points.begin(), points.end(), [](const DoctorPoint& each) {
    return each.verdict == DoctorPoint::Verdict::kProblem;
  });
  if (problems == 0) return Status();
  return {Code::kFindings, "doctor.problems",
          std::to_string(problems) + " things should not be as they are",
          "do what each of them says"};
}

}  // namespace bailee
