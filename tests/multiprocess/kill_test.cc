// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "multiprocess/witness.h"
#include "support/campaign.h"

// Processes that are killed at random moments. A witness outside them holds what each of them said
// it was given, with the decision it came with: all of that must be in the trail, once.
namespace bailee {
namespace {

using audit::EventKind;
using audit::LeafType;
using audit::Outcome;
using testing::IsOk;
using testing::StatusOf;

constexpr size_t kPeople = 8;
constexpr uint8_t kLineBytes = 80;  // one write of a pipe is whole

// What a process says of each value it was given: a fixed-width line, "decision record purpose".
void Say(int pipe, const DecisionId& decision, size_t person, std::string_view purpose) {
  std::string line = decision.ToText() + " " + std::to_string(person) + " " + std::string(purpose);
  line.resize(kLineBytes, ' ');
  line.back() = '\n';
  if (write(pipe, line.data(), line.size()) != kLineBytes) _exit(1);
}

std::string PersonOf(size_t number) { return "user-" + std::to_string(number); }

// Reads, one at a time and many at once, and now and then collects, until it is killed.
[[noreturn]] void WorkUntilKilled(TempVault& world, std::string_view purpose,
                                  std::string_view field, int pipe) {
  std::mt19937 random(static_cast<unsigned>(getpid()));
  Vault vault = world.Open({std::string(purpose)});
  Session session = *vault.As(purpose);
  for (;;) {
    const size_t person = random() % kPeople;
    const std::string ref = PersonOf(person);
    const Who who = Who::Ref(ref);
    const auto what = random() % 10;
    if (what == 0) {
      (void)StoreCard(vault, IdOf(1), kCardNumber, who);
    } else if (what == 1) {
      (void)session.Read(
          {.who = who, .category = "payment_card", .record = IdOf(1), .fields = {"holder"}});
    } else if (what == 2) {
      const auto all = session.ReadAll({.who = who, .category = "payment_card", .fields = {field}});
      if (!all.ok()) _exit(2);
      for (const Record& record : *all) Say(pipe, record.decision, person, purpose);
    } else {
      const auto record = session.Read(
          {.who = who, .category = "payment_card", .record = IdOf(1), .fields = {field}});
      if (!record.ok()) _exit(3);
      Say(pipe, record->decision, person, purpose);
    }
  }
}

struct Seen {
  size_t person;
  std::string purpose;
};

struct Worker {
  std::string_view purpose;
  std::string_view field;
  pid_t pid = -1;
  int pipe = -1;

  void Start(TempVault& world) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) WorkUntilKilled(world, purpose, field, ends[1]);
    close(ends[1]);
    pipe = ends[0];
  }
  // Takes what is in the pipe; true while its other end is open.
  bool Take(std::map<DecisionId, Seen>& witness, int timeout_ms) {
    pollfd poller{pipe, POLLIN, 0};
    while (poll(&poller, 1, timeout_ms) > 0) {
      char line[kLineBytes];
      const ssize_t got = read(pipe, line, sizeof line);
      if (got <= 0) return false;
      EXPECT_EQ(got, ssize_t{kLineBytes});
      std::istringstream words(std::string(line, sizeof line));
      std::string decision;
      Seen seen;
      words >> decision >> seen.person >> seen.purpose;
      witness.emplace(*DecisionId::FromText(decision), seen);
      timeout_ms = 0;
    }
    return true;
  }
  void Kill(std::map<DecisionId, Seen>& witness) {
    kill(pid, SIGKILL);
    int state = 0;
    waitpid(pid, &state, 0);
    EXPECT_TRUE(WIFSIGNALED(state)) << purpose << " ended by itself: " << WEXITSTATUS(state);
    while (Take(witness, 1'000)) {
    }
    close(pipe);
  }
};

TEST(TrailKill, LosesAndDoublesNothingThatAKilledProcessWasGiven) {
  const size_t kills = testing::CountFrom("BAILEE_KILLS", 40);
  TempVault world{PolicyText("livelook_2013")};
  std::map<Handle, size_t> people;
  {
    Vault vault = world.Open({});
    for (size_t i = 0; i < kPeople; ++i) {
      const auto stored = StoreCard(vault, IdOf(1), kCardNumber, Who::Ref(PersonOf(i)));
      ASSERT_THAT(StatusOf(stored), IsOk());
      people[stored->handle] = i;
    }
  }
  std::vector<Worker> workers = {{"billing", "pan"},
                                 {"support", "pan.last4"},
                                 {"billing", "expiry"},
                                 {"support", "pan.last4"}};
  std::map<DecisionId, Seen> witness;
  for (Worker& worker : workers) worker.Start(world);
  std::mt19937 random(4711 + testing::Seed());
  for (size_t i = 0; i < kills; ++i) {
    (void)poll(nullptr, 0, static_cast<int>(random() % 60));
    for (Worker& worker : workers) worker.Take(witness, 0);
    Worker& victim = workers[random() % workers.size()];
    victim.Kill(witness);
    victim.Start(world);
  }
  for (Worker& worker : workers) worker.Kill(witness);

  const std::vector<testing::ReadLeaf> leaves = TrailOf(world);
  std::set<DecisionId> in_trail;
  std::map<InstanceId, int> ends;
  for (const testing::ReadLeaf& leaf : leaves) {
    if (leaf.type == LeafType::kClosed || leaf.type == LeafType::kAdopted) ++ends[leaf.instance];
    if (!leaf.event) continue;
    const DecisionId id{leaf.instance, leaf.type == LeafType::kWrite, leaf.number};
    EXPECT_TRUE(in_trail.insert(id).second) << "twice: " << id.ToText();
    const auto seen = witness.find(id);
    if (seen == witness.end()) continue;
    EXPECT_EQ(leaf.event->outcome, Outcome::kAllowed);
    EXPECT_EQ(leaf.event->purpose, seen->second.purpose);
    ASSERT_FALSE(leaf.event->records.empty());
    EXPECT_EQ(people.at(leaf.event->records.front().handle), seen->second.person);
  }
  size_t lost = 0;
  for (const auto& [id, seen] : witness) lost += in_trail.contains(id) ? 0 : 1;
  EXPECT_EQ(lost, 0u);
  EXPECT_GT(witness.size(), kills) << "the processes did too little for this to say anything";
  for (const auto& [instance, count] : ends) EXPECT_EQ(count, 1) << instance.ToHex();
  for (const auto& file : std::filesystem::directory_iterator(world.path() + "/journal")) {
    EXPECT_NE(file.path().extension(), ".journal") << "left behind: " << file.path();
  }
  testing::Tell(kills, "kills");
  std::printf("%zu kills, %zu values held by the witness, %zu events in %zu instances\n", kills,
              witness.size(), in_trail.size(), ends.size());
}

}  // namespace
}  // namespace bailee
