// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "bailee/audit_trail.h"
#include "multiprocess/witness.h"
#include "support/campaign.h"
#include "support/checked.h"
#include "support/child_process.h"
#include "support/kept_export.h"
#include "support/sanitized.h"

// Processes with different keyrings do everything that services do, and are killed at random
// moments: nobody hangs, what somebody was told is done is done, and in the end check and trail
// find nothing.
namespace bailee {
namespace {

using testing::Channel;
using testing::ChildProcess;
using testing::IsOk;
using testing::StatusOf;

constexpr size_t kPeople = 4;  // of each process
constexpr auto kStuck = std::chrono::seconds(testing::kSanitized ? 60 : 5);

uint64_t NowMs() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

// What one process did, in memory that outlives it. Versions of a person's record: what was begun,
// and what it was told is done. Even numbers erase it.
struct Worked {
  struct Person {
    std::atomic<uint32_t> begun{0};
    std::atomic<uint32_t> done{0};
    std::atomic<uint32_t> erasing{0};  // the last of those begun that erase
  };
  std::atomic<uint64_t> since_ms{0};  // the call that is under way; 0: none
  std::atomic<uint64_t> calls{0};
  std::array<Person, kPeople> people;
};

bool IsErased(uint32_t version) { return version % 2 == 0; }

class Worker {
 public:
  Worker(TempVault& world, std::vector<std::string> purposes, std::string name)
      : world_(world), purposes_(std::move(purposes)), name_(std::move(name)) {
    void* memory =
        mmap(nullptr, sizeof(Worked), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    worked_ = new (memory) Worked;
  }
  virtual ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Start() {
    worked_->since_ms = NowMs();
    process_ = std::make_unique<ChildProcess>([this](const Channel&) {
      Vault vault = world_.Open(purposes_);
      worked_->since_ms = 0;
      std::mt19937 random(static_cast<unsigned>(getpid()));
      for (;;) Step(vault, random);
      return 0;
    });
  }
  // What ended by itself had found something.
  void Kill() {
    ASSERT_NE(process_, nullptr);
    kill(process_->pid(), SIGKILL);
    ASSERT_EQ(process_->Join(), -SIGKILL) << name_ << " ended by itself";
  }
  uint64_t BusyMs() const {
    const uint64_t since = worked_->since_ms;
    const uint64_t now = NowMs();
    return since == 0 || since > now ? 0 : now - since;
  }
  const Worked& worked() const { return *worked_; }
  const std::string& name() const { return name_; }
  std::string Ref(size_t person) const { return name_ + "-" + std::to_string(person); }

 protected:
  virtual void Step(Vault& vault, std::mt19937& random) = 0;

  // Makes a call; whoever hears something else than `expected` or success stops the test.
  template <typename Do>
  auto Call(const Do& call, std::vector<Code> expected = {}) {
    worked_->since_ms = NowMs();
    auto result = call();
    worked_->since_ms = 0;
    ++worked_->calls;
    const Status status = StatusOf(result);
    if (!status.ok() &&
        std::find(expected.begin(), expected.end(), status.code()) == expected.end()) {
      std::fprintf(stderr, "%s: %s: %s\n", name_.c_str(), std::string(status.name()).c_str(),
                   std::string(status.message()).c_str());
      _exit(2);
    }
    return result;
  }
  template <typename Do>
  void Done(const Do& call) {
    (void)Call(call);
  }
  // The next version of a person of ours.
  template <typename Do>
  void Change(size_t person, uint32_t version, const Do& call) {
    if (IsErased(version)) worked_->people[person].erasing = version;
    worked_->people[person].begun = version;
    Done(call);
    worked_->people[person].done = version;
  }
  uint32_t NextWritten(size_t person) const {
    const uint32_t begun = worked_->people[person].begun;
    return begun + (begun % 2 == 0 ? 1 : 2);
  }

 private:
  TempVault& world_;
  const std::vector<std::string> purposes_;
  const std::string name_;
  Worked* worked_ = nullptr;
  std::unique_ptr<ChildProcess> process_;
};

Result<Collected> StoreVersion(Vault& vault, const Who& who, uint32_t version) {
  std::vector<FieldInput> fields;
  fields.emplace_back("pan", MakeSecret(kCardNumber));
  fields.emplace_back("expiry", MakeSecret("12/35"));
  fields.emplace_back("holder", MakeSecret(std::to_string(version)));
  return vault.Collect(Checkout(who)).Put("payment_card", std::move(fields), IdOf(1)).Commit();
}

// The version that billing reads. Of nobody there, the erasure `erasing`: it was begun, and may
// have been done although a kill kept that from being told.
Result<uint32_t> ReadVersion(Vault& vault, const Who& who, uint32_t erasing) {
  const auto holder = ReadCard(vault, "billing", IdOf(1), "holder", who);
  if (holder.ok()) return static_cast<uint32_t>(std::stoul(*holder));
  if (holder.status().code() == Code::kNotFound) return erasing;
  return holder.status();
}

// Cannot read what it collects.
class Collector final : public Worker {
 public:
  explicit Collector(TempVault& world) : Worker(world, {}, "collector") {}

 private:
  void Step(Vault& vault, std::mt19937& random) override {
    const size_t person = random() % kPeople;
    const std::string ref = Ref(person);
    const uint32_t version = NextWritten(person);
    Change(person, version, [&] { return StoreVersion(vault, Who::Ref(ref), version); });
  }
};

class Billing final : public Worker {
 public:
  explicit Billing(TempVault& world) : Worker(world, {"billing"}, "billing") {}

 private:
  void Step(Vault& vault, std::mt19937& random) override {
    const size_t person = random() % kPeople;
    const std::string ref = Ref(person);
    const Who who = Who::Ref(ref);
    const uint32_t version = NextWritten(person);
    Change(person, version, [&] { return StoreVersion(vault, who, version); });
    const auto read = Call([&] { return ReadVersion(vault, who, 0); });
    if (*read != version) _exit(3);
    if (random() % 4 == 0) Done([&] { return FindCard(vault); });
    if (random() % 4 == 0) Done([&] { return DiscloseCard(vault, IdOf(1), who); });
  }
};

// Looks at everybody's.
class Support final : public Worker {
 public:
  explicit Support(TempVault& world) : Worker(world, {"support"}, "support") {}

 private:
  void Step(Vault& vault, std::mt19937& random) override {
    constexpr const char* kWhose[] = {"collector", "billing", "rights"};
    const std::string ref =
        std::string(kWhose[random() % 3]) + "-" + std::to_string(random() % kPeople);
    const auto digits =
        Call([&] { return ReadCard(vault, "support", IdOf(1), "pan.last4", Who::Ref(ref)); },
             {Code::kNotFound});
    if (digits.ok() && *digits != kCardNumber.substr(12)) _exit(3);
    if (ReadCard(vault, "support", IdOf(1), "pan", Who::Ref(ref)).ok()) _exit(4);
  }
};

class Rights final : public Worker {
 public:
  explicit Rights(TempVault& world) : Worker(world, {"rights"}, "rights") {}

 private:
  void Step(Vault& vault, std::mt19937& random) override {
    const size_t person = random() % kPeople;
    const std::string ref = Ref(person);
    const Who who = Who::Ref(ref);
    const uint32_t version = NextWritten(person);
    Change(person, version, [&] { return StoreVersion(vault, who, version); });
    Change(person, version + 2, [&] {
      std::vector<FieldInput> fields;
      fields.emplace_back("holder", MakeSecret(std::to_string(version + 2)));
      return vault.As("rights")->Rectify(
          {.who = who, .category = "payment_card", .record = IdOf(1), .fields = std::move(fields)});
    });
    KeptExport kept;
    Done([&] { return vault.Export(who, {}, kept); });
    if (kept.records.size() != 1 || kept.records[0].values["holder"] != std::to_string(version + 2))
      _exit(3);
    if (random() % 2 == 0)
      Change(person, version + 3, [&] { return vault.Erase(who, {.defer = random() % 2 == 0}); });
  }
};

// Says yes and no for people of its own, and reads as is said.
class Service final : public Worker {
 public:
  explicit Service(TempVault& world) : Worker(world, {"service", "contact.news"}, "service") {}

 private:
  void Step(Vault& vault, std::mt19937& random) override {
    const std::string ref = "consent-" + std::to_string(random() % kPeople);
    const Who who = Who::Ref(ref);
    Done([&] {
      return vault.Collect({.who = who, .notice = "signup-1", .source = "web", .on_behalf_of = {}})
          .Put("account", {{"name", MakeSecret("Ada")}, {"email", MakeSecret("ada@example.org")}})
          .Commit();
    });
    const auto read = [&] {
      return vault.As("contact.news")
          ->Read({.who = who, .category = "account", .fields = {"name"}});
    };
    Done([&] {
      return vault.Record(
          who, {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"});
    });
    Done(read);
    Done([&] {
      return vault.Record(who, {.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"});
    });
    if (Call(read, {Code::kNotFound}).ok()) _exit(3);
  }
};

class Upkeep final : public Worker {
 public:
  explicit Upkeep(TempVault& world) : Worker(world, {"upkeep"}, "upkeep") {}

 private:
  void Step(Vault& vault, std::mt19937& random) override {
    Done([&] { return vault.Upkeep({.shred = {.wait = std::chrono::milliseconds(300)}}); });
    if (random() % 4 == 0) Done([&] { return vault.Review(); });
    if (random() % 4 == 0) Done([&] { return vault.PlanRetention(); });
  }
};

class Mixed : public ::testing::Test {
 protected:
  Mixed() {
    workers_.push_back(std::make_unique<Collector>(world_));
    workers_.push_back(std::make_unique<Billing>(world_));
    workers_.push_back(std::make_unique<Support>(world_));
    workers_.push_back(std::make_unique<Rights>(world_));
    workers_.push_back(std::make_unique<Service>(world_));
    workers_.push_back(std::make_unique<Upkeep>(world_));
  }
  void WatchFor(uint64_t milliseconds) {
    for (const uint64_t end = NowMs() + milliseconds; NowMs() < end;) {
      for (const auto& worker : workers_) {
        const uint64_t busy = worker->BusyMs();
        worst_ms_ = std::max(worst_ms_, busy);
        ASSERT_LT(std::chrono::milliseconds(busy), kStuck) << worker->name() << " hangs";
      }
      (void)poll(nullptr, 0, 5);
    }
  }
  void ExpectWhatWasDone() {
    Vault vault = world_.Open({"billing"});
    for (const auto& worker : workers_) {
      calls_ += worker->worked().calls;
      for (size_t i = 0; i < kPeople; ++i) {
        const Worked::Person& person = worker->worked().people[i];
        const std::string ref = worker->Ref(i);
        const auto version = ReadVersion(vault, Who::Ref(ref), person.erasing);
        ASSERT_THAT(StatusOf(version), IsOk()) << ref;
        EXPECT_LE(person.done, *version) << ref << " was told more than is there";
        EXPECT_LE(*version, person.begun) << ref;
      }
    }
  }
  void ExpectAWholeTrail() {
    AuditTrail trail =
        *AuditTrail::Open(world_.path(), world_.Origin("auditor"),
                          {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30});
    const auto report = trail.Verify({.entries = true});
    ASSERT_THAT(StatusOf(report), IsOk());
    for (const TrailFinding& finding : report->findings)
      EXPECT_NE(finding.weight, TrailFinding::Weight::kBroken) << finding.message;
    EXPECT_GT(report->entries, calls_ / 2);
  }

  TempVault world_{PolicyText("livelook_2013")};
  std::vector<std::unique_ptr<Worker>> workers_;
  uint64_t worst_ms_ = 0;
  uint64_t calls_ = 0;
};

TEST_F(Mixed, ProcessesThatAreKilledLoseNothingAndNobodyHangs) {
  const size_t kills = testing::CountFrom("BAILEE_KILLS", 30);
  std::mt19937 random(815 + testing::Seed());
  for (const auto& worker : workers_) worker->Start();
  for (size_t i = 0; i < kills && !HasFatalFailure(); ++i) {
    WatchFor(random() % 120);
    if (HasFatalFailure()) break;
    Worker& victim = *workers_[random() % workers_.size()];
    victim.Kill();
    victim.Start();
  }
  WatchFor(200);
  for (const auto& worker : workers_) worker->Kill();
  if (HasFatalFailure()) return;
  ExpectWhatWasDone();
  ExpectAWholeTrail();
  ExpectNoDamage(world_);
  testing::Tell(kills, "kills");
  std::printf("%zu kills, %llu calls, the longest %llu ms\n", kills,
              static_cast<unsigned long long>(calls_), static_cast<unsigned long long>(worst_ms_));
}

// Each opens, writes, reads and closes; now and then one is killed while it does.
TEST_F(Mixed, ProcessesOpenAndCloseAtOnceWithoutAFailure) {
  const size_t rounds = testing::CountFrom("BAILEE_ROUNDS", 12);
  constexpr size_t kProcesses = 4;
  std::vector<std::unique_ptr<ChildProcess>> processes;
  for (size_t p = 0; p < kProcesses; ++p) {
    processes.push_back(std::make_unique<ChildProcess>([&, p](const Channel&) {
      const std::string ref = "storm-" + std::to_string(p);
      for (uint32_t i = 1; i <= rounds; ++i) {
        Result<Vault> vault = world_.TryOpen(world_.Granted("tester", {"billing"}));
        if (!vault.ok()) return 1;
        if (!StoreVersion(*vault, Who::Ref(ref), 2 * i + 1).ok()) return 2;
        const auto version = ReadVersion(*vault, Who::Ref(ref), 0);
        if (!version.ok() || *version != 2 * i + 1) return 3;
      }
      return 0;
    }));
  }
  for (size_t killed = 0; killed < rounds / 4; ++killed) {
    ChildProcess opener([&](const Channel&) {
      for (;;) (void)world_.Open({"support"});
      return 0;
    });
    (void)poll(nullptr, 0, 40);
  }
  for (const auto& process : processes) EXPECT_EQ(process->Join(), 0);
  EXPECT_EQ(world_.Open({"billing"}).CheckHealth()->readers_used, 1u) << "slots are given back";
  testing::Tell(kProcesses * rounds, "inputs");
  testing::Tell(rounds / 4, "kills");
  ExpectNoDamage(world_);
}

}  // namespace
}  // namespace bailee
