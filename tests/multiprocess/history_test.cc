// SPDX-License-Identifier: Apache-2.0
#include "multiprocess/history.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <new>
#include <random>
#include <thread>

#include "support/campaign.h"
#include "support/child_process.h"
#include "support/must.h"
#include "vault/stories.h"

// Clients of one record of one person, all at once, in threads and in processes: each answer that
// they get is one that they could have got one after the other.
namespace bailee {
namespace {

using testing::Act;
using testing::Answer;
using testing::Call;
using testing::Channel;
using testing::ChildProcess;
using testing::IsLinearizable;

constexpr size_t kClientsMax = 8;
constexpr size_t kCallsMax = 12;
constexpr size_t kProcesses = 4;
constexpr size_t kRoundsOfAProcess = 10;

Call Made(Act act, uint32_t value, uint64_t begun, uint64_t ended, Answer answer = Answer::kDone) {
  return {.act = act, .value = value, .answer = answer, .begun = begun, .ended = ended};
}

// Somebody who consented, and calls one after the other or at once.
class Linearizable : public ::testing::Test {
 protected:
  static bool Is(const std::vector<Call>& calls) {
    return IsLinearizable(calls, {.exists = false, .consent = true});
  }
};

TEST_F(Linearizable, IsAReadOfWhatWasWrittenLastAndNotBefore) {
  const std::vector<Call> writes = {Made(Act::kWrite, 1, 0, 1), Made(Act::kWrite, 2, 2, 5)};
  for (const uint32_t value : {1u, 2u}) {
    std::vector<Call> calls = writes;
    calls.push_back(Made(Act::kRead, value, 6, 7));
    EXPECT_EQ(Is(calls), value == 2) << "a stale read is found";
    calls.back() = Made(Act::kRead, value, 3, 4);
    EXPECT_TRUE(Is(calls)) << "while it is written, either";
  }
}

TEST_F(Linearizable, IsNotTheOldValueOnceTheNewOneWasSeen) {
  std::vector<Call> calls = {Made(Act::kWrite, 1, 0, 1), Made(Act::kWrite, 2, 2, 9),
                             Made(Act::kRead, 2, 3, 4), Made(Act::kRead, 1, 5, 6)};
  EXPECT_FALSE(Is(calls));
  std::swap(calls[2].value, calls[3].value);
  EXPECT_TRUE(Is(calls));
}

TEST_F(Linearizable, IsNoReadAfterAWithdrawalOrAnErasure) {
  for (const Act end : {Act::kWithdraw, Act::kErase}) {
    EXPECT_FALSE(Is({Made(Act::kWrite, 1, 0, 1), Made(end, 0, 2, 3), Made(Act::kRead, 1, 4, 5)}));
    EXPECT_TRUE(Is({Made(Act::kWrite, 1, 0, 1), Made(end, 0, 2, 3),
                    Made(Act::kRead, 0, 4, 5, Answer::kNotFound)}));
  }
  EXPECT_FALSE(
      Is({Made(Act::kWrite, 1, 0, 1), Made(Act::kErase, 0, 2, 3), Made(Act::kRectify, 2, 4, 5)}));
}

TEST_F(Linearizable, IsWhatNobodyWasToldOfDoneOrNot) {
  for (const uint32_t value : {1u, 2u, 3u}) {
    EXPECT_EQ(Is({Made(Act::kWrite, 1, 0, 1), Made(Act::kWrite, 2, 2, 0, Answer::kUnknown),
                  Made(Act::kRead, value, 8, 9)}),
              value != 3);
  }
  EXPECT_FALSE(Is({Made(Act::kWrite, 1, 0, 1), Made(Act::kWrite, 2, 8, 0, Answer::kUnknown),
                   Made(Act::kRead, 2, 4, 5)}))
      << "not before it began";
}

uint64_t Now() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

// Nobody else has anything to do with a person of a round.
std::string PersonOf(size_t round) { return "user-" + std::to_string(round); }

std::optional<Answer> AnswerOf(const Status& status) {
  if (status.ok()) return Answer::kDone;
  if (status.code() == Code::kNotFound) return Answer::kNotFound;
  std::fprintf(stderr, "%s: %s\n", std::string(status.name()).c_str(),
               std::string(status.message()).c_str());
  return {};
}

std::vector<FieldInput> NameOf(uint32_t value) {
  std::vector<FieldInput> fields;
  fields.emplace_back("name", MakeSecret(std::to_string(value)));
  return fields;
}

// Makes the call; false if the answer is none that there is.
bool Make(Vault& vault, const Who& who, Call& call) {
  std::optional<Answer> answer;
  switch (call.act) {
    case Act::kWrite: {
      std::vector<FieldInput> fields = NameOf(call.value);
      fields.emplace_back("email", MakeSecret("ada@example.org"));
      answer = AnswerOf(
          vault.Collect({.who = who, .notice = "signup-1", .source = "web", .on_behalf_of = {}})
              .Put("account", std::move(fields))
              .Commit()
              .status());
      break;
    }
    case Act::kRectify:
      answer =
          AnswerOf(vault.As("rights")
                       ->Rectify({.who = who, .category = "account", .fields = NameOf(call.value)})
                       .status());
      break;
    case Act::kRead: {
      const auto record =
          vault.As("contact.news")->Read({.who = who, .category = "account", .fields = {"name"}});
      if (record.ok()) call.value = static_cast<uint32_t>(std::stoul(TextOf(record->At("name"))));
      answer = AnswerOf(record.status());
      break;
    }
    case Act::kWithdraw:
      answer = AnswerOf(
          vault.Record(who, {.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"}).status());
      break;
    case Act::kGive:
      answer = AnswerOf(
          vault
              .Record(who,
                      {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"})
              .status());
      break;
    case Act::kErase:
      answer = AnswerOf(vault.Erase(who, {.defer = true}).status());
      break;
  }
  call.ended = Now();
  if (answer) call.answer = *answer;
  return answer.has_value();
}

Act AnyAct(std::mt19937& random) {
  constexpr Act kActs[] = {Act::kWrite,   Act::kWrite, Act::kRead,     Act::kRead,
                           Act::kRead,    Act::kRead,  Act::kWithdraw, Act::kGive,
                           Act::kRectify, Act::kErase, Act::kGive,     Act::kWrite};
  return kActs[random() % std::size(kActs)];
}

// What clients did, in memory that processes share. A call that began and has no answer is unknown.
struct Shared {
  std::atomic<size_t> round{0};  // that is under way, from 1
  std::atomic<size_t> ready{0};
  std::atomic<bool> over{false};
  std::atomic<bool> wrong{false};
  std::atomic<size_t> made[kClientsMax];
  Call calls[kClientsMax][kCallsMax];

  static Shared* New() {
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return new (memory) Shared;
  }
  std::vector<Call> All() const {
    std::vector<Call> all;
    for (size_t client = 0; client < kClientsMax; ++client)
      all.insert(all.end(), calls[client], calls[client] + made[client].load());
    return all;
  }
};

void RunClient(Vault& vault, Shared& shared, size_t client, size_t round) {
  std::mt19937 random(static_cast<unsigned>(testing::Seed() * 1'000'003 + round * 17 + client));
  const std::string person = PersonOf(round);
  const Who who = Who::Ref(person);
  for (size_t i = 0; i < kCallsMax && !shared.wrong; ++i) {
    Call& call = shared.calls[client][i];
    const Act act = client == 0 && i == 0 ? Act::kWrite : AnyAct(random);
    call = {.act = act,
            .client = static_cast<int>(client),
            .value = static_cast<uint32_t>(client * kCallsMax + i + 1),
            .answer = Answer::kUnknown,
            .begun = Now(),
            .ended = 0};
    shared.made[client] = i + 1;
    if (!Make(vault, who, call)) shared.wrong = true;
  }
}

class Histories : public ::testing::Test {
 protected:
  Vault Open() { return world_.Open({"service", "contact.news", "rights", "upkeep"}); }
  void Clear() {
    for (auto& made : shared_->made) made = 0;
  }
  void Check(size_t round) {
    const std::vector<Call> calls = shared_->All();
    ASSERT_FALSE(shared_->wrong) << testing::ToText(calls);
    ASSERT_TRUE(IsLinearizable(calls, {})) << "round " << round << "\n" << testing::ToText(calls);
    made_ += calls.size();
    for (const Call& call : calls) {
      unknown_ += call.answer == Answer::kUnknown ? 1 : 0;
      seen_ += call.act == Act::kRead && call.answer == Answer::kDone ? 1 : 0;
    }
    // What no history could be: somebody sees, after all that, what was never the last value.
    std::vector<Call> stale = calls;
    stale.push_back(Made(Act::kRead, 9'999, Now(), Now()));
    ASSERT_FALSE(IsLinearizable(stale, {}));
  }
  // Waits until `count` are.
  static bool WaitFor(const std::atomic<size_t>& value, size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (value < count) {
      if (std::chrono::steady_clock::now() > end) return false;
      usleep(100);
    }
    return true;
  }
  int WorkInProcess(size_t process, const Channel& channel);
  void RunProcesses(size_t first_round);

  TempVault world_{PolicyText("livelook_2013")};
  Shared* const shared_ = Shared::New();
  size_t made_ = 0;
  size_t unknown_ = 0;
  size_t seen_ = 0;
};

TEST_F(Histories, OfThreadsAreLinearizable) {
  const size_t rounds = testing::CountFrom("BAILEE_HISTORIES", 6);
  Vault vault = Open();
  for (size_t round = 1; round <= rounds; ++round) {
    Clear();
    std::vector<std::thread> clients;
    for (size_t client = 0; client < kClientsMax; ++client)
      clients.emplace_back([&, client] { RunClient(vault, *shared_, client, round); });
    for (std::thread& client : clients) client.join();
    Check(round);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(seen_, rounds);
  testing::Tell(rounds, "inputs");
  std::printf("%zu histories, %zu calls, %zu values seen\n", rounds, made_, seen_);
}

// Two clients in each process, round after round, until it is over.
int Histories::WorkInProcess(size_t process, const Channel& channel) {
  Vault vault = Open();
  channel.Send('o');
  for (size_t done = 0;;) {
    while (shared_->round == done && !shared_->over) usleep(50);
    if (shared_->over) return 0;
    done = shared_->round;
    std::thread other([&, done] { RunClient(vault, *shared_, 2 * process + 1, done); });
    RunClient(vault, *shared_, 2 * process, done);
    other.join();
    ++shared_->ready;
  }
}

// The last round ends with one of them killed at a random moment.
void Histories::RunProcesses(size_t first_round) {
  std::mt19937 random(static_cast<unsigned>(testing::Seed() + first_round));
  shared_->over = false;
  shared_->round = 0;
  std::vector<std::unique_ptr<ChildProcess>> processes;
  for (size_t i = 0; i < kProcesses; ++i) {
    processes.push_back(std::make_unique<ChildProcess>(
        [this, i](const Channel& channel) { return WorkInProcess(i, channel); }));
  }
  for (const auto& process : processes) ASSERT_EQ(process->channel().Receive(), 'o');
  for (size_t i = 0; i < kRoundsOfAProcess; ++i) {
    Clear();
    const bool last = i + 1 == kRoundsOfAProcess;
    shared_->ready = 0;
    shared_->round = first_round + i;
    if (last) {
      usleep(static_cast<useconds_t>(random() % 60'000));
      processes.back()->Kill();
    }
    ASSERT_TRUE(WaitFor(shared_->ready, kProcesses - (last ? 1 : 0))) << "somebody hangs";
    Check(first_round + i);
    if (HasFatalFailure()) return;
  }
  shared_->over = true;
  processes.pop_back();
  for (const auto& process : processes) EXPECT_EQ(process->Join(), 0);
}

TEST_F(Histories, OfProcessesAreLinearizableAlsoWhenOneIsKilled) {
  const size_t sets = testing::CountFrom("BAILEE_HISTORIES", 10) / kRoundsOfAProcess;
  for (size_t set = 0; set < sets; ++set) {
    RunProcesses(1 + set * kRoundsOfAProcess);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(seen_, sets);
  testing::Tell(sets * kRoundsOfAProcess, "inputs");
  testing::Tell(sets, "kills");
  std::printf("%zu histories, %zu calls, %zu values seen, %zu calls without an answer\n",
              sets * kRoundsOfAProcess, made_, seen_, unknown_);
}

// A client with a cache that nobody empties: it answers with the first value that it read.
TEST_F(Histories, WithAPlantedStaleReadAreFound) {
  Vault vault = Open();
  const Who who = Who::Ref(kUser);
  std::vector<Call> calls;
  uint32_t cached = 0;
  for (const Act act : {Act::kGive, Act::kWrite, Act::kRead, Act::kWrite, Act::kRead}) {
    Call call = Made(act, static_cast<uint32_t>(calls.size()), Now(), 0);
    ASSERT_TRUE(Make(vault, who, call));
    calls.push_back(call);
    if (act == Act::kRead && cached == 0) cached = call.value;
  }
  EXPECT_TRUE(IsLinearizable(calls, {}));
  calls.back().value = cached;
  EXPECT_FALSE(IsLinearizable(calls, {}));
}

}  // namespace
}  // namespace bailee
