// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <set>
#include <sstream>

#include "multiprocess/witness.h"
#include "support/campaign.h"
#include "support/checked.h"
#include "support/io_faults.h"

// A process that ends at its n-th write or sync of the data file, for every n there is: while it
// registers, adopts, drains, writes and closes.
namespace bailee {
namespace {

using audit::LeafType;
using testing::IoFaults;
using testing::IsOk;
using testing::StatusOf;

constexpr int kCrashed = 42;

// Runs `body` in a child with a pipe for what it was given. Its exit code, or minus its signal.
template <typename Body>
int CodeOfChild(Body&& body, std::set<std::string>& witness) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  const pid_t pid = fork();
  if (pid == 0) _exit(body(ends[1]));
  close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  int state = 0;
  waitpid(pid, &state, 0);
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) witness.insert(line);
  return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

Status ReadAndSay(Vault& vault, int pipe) {
  Result<Session> session = vault.As("billing");
  if (!session.ok()) return session.status();
  const auto record = session->Read(
      {.who = Who::Ref(kUser), .category = "payment_card", .record = IdOf(1), .fields = {"pan"}});
  if (!record.ok()) return record.status();
  const std::string line = record->decision.ToText() + "\n";
  return write(pipe, line.data(), line.size()) > 0 ? Status()
                                                   : Status(Code::kFailed, "test.pipe", "no pipe");
}

// A life of a process: everything that writes to the tree, between reads.
int Live(TempVault& world, int pipe) {
  Vault vault = world.Open({"billing"});
  for (int i = 0; i < 3; ++i) {
    if (!ReadAndSay(vault, pipe).ok()) return 1;
  }
  if (!StoreCard(vault, IdOf(1)).ok()) return 2;
  if (!ReadAndSay(vault, pipe).ok()) return 3;
  return 0;
}

TEST(TrailCrash, AtAnyWriteOfTheDataFileLosesAndDoublesNothing) {
  TempVault world{PolicyText("livelook_2013")};
  {
    Vault vault = world.Open({});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  std::set<std::string> witness;
  size_t crashes = 0;
  for (;; ++crashes) {
    // Somebody dies and leaves a journal, so that there is something to adopt.
    ASSERT_EQ(CodeOfChild(
                  [&](int pipe) {
                    Vault vault = world.Open({"billing"});
                    if (!ReadAndSay(vault, pipe).ok()) return 1;
                    return raise(SIGKILL);
                  },
                  witness),
              -SIGKILL);
    const int code = CodeOfChild(
        [&](int pipe) {
          const IoFaults faults(world.path() + "/data.mdb",
                                [&](IoFaults::Operation, size_t number) {
                                  if (number == crashes) _exit(kCrashed);
                                  return IoFaults::Verdict{};
                                });
          return Live(world, pipe);
        },
        witness);
    ExpectNoDamage(world);
    if (code == 0) break;
    ASSERT_EQ(code, kCrashed) << "at write " << crashes;
  }
  EXPECT_GT(crashes, 20u);
  std::set<std::string> in_trail;
  std::map<InstanceId, int> ends;
  for (const auto& leaf : TrailOf(world)) {
    if (leaf.type == LeafType::kClosed || leaf.type == LeafType::kAdopted) ++ends[leaf.instance];
    if (!leaf.event) continue;
    const DecisionId id{leaf.instance, leaf.type == LeafType::kWrite, leaf.number};
    EXPECT_TRUE(in_trail.insert(id.ToText()).second) << "twice: " << id.ToText();
  }
  for (const std::string& id : witness) EXPECT_TRUE(in_trail.contains(id)) << "lost: " << id;
  for (const auto& [instance, count] : ends) EXPECT_EQ(count, 1) << instance.ToHex();
  testing::Tell(crashes, "crash states");
  std::printf("%zu crashes, %zu values held by the witness\n", crashes, witness.size());
}

}  // namespace
}  // namespace bailee
