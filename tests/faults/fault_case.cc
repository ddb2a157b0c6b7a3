// SPDX-License-Identifier: Apache-2.0
#include "faults/fault_case.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <new>
#include <stdexcept>

#include "bailee/inspect.h"
#include "base/arena.h"
#include "crypto/random.h"
#include "support/checked.h"
#include "support/descriptors.h"
#include "vault/stories.h"

namespace bailee::faults {
namespace {

namespace fs = std::filesystem;
using Kind = Operation::Kind;

constexpr unsigned kHangSeconds = 60;
constexpr int kStruck = 0;
constexpr int kUntouched = 3;
constexpr int kWrongStruck = 1;
constexpr int kWrongUntouched = 2;
constexpr int kImpossible = 4;

// What an operation said. Memory that ran out may also be an exception: the one that a call of ours
// lets pass.
struct Outcome {
  Status status;
  bool threw = false;
  bool ok() const { return !threw && status.ok(); }
  std::string name() const { return threw ? "std::bad_alloc" : std::string(status.name()); }
};

Outcome Run(const std::function<Status()>& act) {
  try {
    return {act(), false};
  } catch (const std::bad_alloc&) {
    return {Status(), true};
  } catch (const GaveUp& gave_up) {
    return {gave_up.status, false};
  }
}

class Case {
 public:
  Case(const Operation& operation, const Plain& plain, const CaseOptions& options)
      : operation_(operation), plain_(plain), options_(options) {}

  // Everything; whether a fault happened.
  bool Go(const Arm& arm);
  const std::string& wrong() const { return wrong_; }

 private:
  void Expect(bool holds, const std::string& what) {
    if (!holds) wrong_ += "  " + what + "\n";
  }
  std::function<Status()> Prepared(Context& context) const;
  void Recover(Context& context);
  void CheckAnswer(bool struck);
  void Probe(Context& context);
  void CheckTrail(Context& context);
  void CheckRows(Context& context);
  void CheckContents(Context& context);
  void CheckStreams(Context& context);
  void Retry(Context& context);
  std::string State(Context& context);

  const Operation& operation_;
  const Plain& plain_;
  const CaseOptions& options_;
  Outcome outcome_;
  std::map<std::string, uint64_t> probed_;  // events of our own
  std::string state_;
  std::string wrong_;
};

// Of whatever the operation is about.
std::string StateOf(const Operation& operation, Context& context) {
  if (operation.kind == Kind::kAlone) return "";
  const std::string path = context.world.root() + "/" + std::string(operation.at);
  if (!fs::exists(path)) return "(nothing)";
  if (operation.at == "new") {
    const auto seen = Inspect(path);
    return seen.ok() ? "a vault" : std::string(seen.status().name());
  }
  auto contents = Contents(path, context.clock, context.Keyrings());
  return contents.ok() ? *std::move(contents)
                       : "no contents: " + std::string(contents.status().name());
}

std::function<Status()> PreparedFor(const Operation& operation, Context& context) {
  context.clock.Set({kJune2013.unix_ms + operation.days_later * kMillisPerDay});
  return operation.prepare(context);
}

bool Case::Go(const Arm& arm) {
  const size_t descriptors = testing::OpenDescriptors();
  // What every thread that draws random bytes keeps.
  (void)crypto::RandomArray<8>(crypto::SystemRandom());
  const size_t secrets = arena::Health().bytes_in_use;
  bool struck = false;
  {
    Context context(TheWorld());
    {
      const std::function<Status()> act = PreparedFor(operation_, context);
      const std::unique_ptr<Armed> armed = arm();
      outcome_ = Run(act);
      struck = armed->Struck();
    }
    if (options_.mend) options_.mend();
    CheckAnswer(struck);
    Recover(context);
    Probe(context);
    context.Close();
    if (operation_.kind != Kind::kAlone) {
      CheckTrail(context);
      CheckRows(context);
      CheckContents(context);
      CheckStreams(context);
    }
    Retry(context);
  }
  outcome_ = {};
  Expect(testing::OpenDescriptors() == descriptors, "descriptors leak");
  const size_t secrets_now = arena::Health().bytes_in_use;
  Expect(secrets_now == secrets, "secret memory leaks: " + std::to_string(secrets) + " became " +
                                     std::to_string(secrets_now) + " bytes");
  return struck;
}

// Goes on, closes and opens again while other faults happen: none of it may make things worse.
void Case::Recover(Context& context) {
  if (!options_.arm_recovery) return;
  std::vector<Keyring> keyrings = context.Keyrings();
  const std::unique_ptr<Armed> armed = options_.arm_recovery();
  (void)Run([&]() -> Status {
    if (!context.vault) return Status();
    return ReadCard(*context.vault, "billing", IdOf(1), "pan", Who::Ref(kProbe)).status();
  });
  context.Close();
  (void)Run([&]() -> Status {
    OpenOptions options{.clock = &context.clock};
    options.map_bytes = uint64_t{64} << 20;
    return Vault::Open(context.path, std::move(keyrings.front()), options).status();
  });
}

void Case::CheckAnswer(bool struck) {
  const Status& status = outcome_.status;
  Expect(status.name() != "test.wrong", "wrong answer: " + std::string(status.message()));
  if (operation_.kind == Kind::kRefused) {
    Expect(!outcome_.ok(), "a refusal became a grant");
    return;
  }
  if (outcome_.ok()) return;
  Expect(struck, "failed untouched: " + outcome_.name());
  Expect(!outcome_.name().empty(), "an error without a name");
  // What is missing or not allowed is said of people and policies, never because of a disk.
  Expect(outcome_.threw || (status.code() != Code::kRefused && status.code() != Code::kNotFound),
         "a fault was told as: " + outcome_.name());
}

// The vault still works, or says that it has to be opened again.
void Case::Probe(Context& context) {
  if (!context.vault) return;
  // Rotating may have retired the keys of this opening.
  if (operation_.event == "rotate" || operation_.event == "publish") return;
  context.session.reset();
  const auto says_why = [&](const Status& status, const char* what) {
    const bool reopen = status.code() == Code::kAuditDown || status.name() == "store.reopen" ||
                        status.name() == "store.commit-unclear";
    Expect(status.ok() || reopen, std::string(what) + ": " + std::string(status.name()));
    return status.ok();
  };
  const Status said =
      context.vault
          ->Record(Who::Ref(kProbe), {.kind = LedgerKind::kNoticeShown, .notice = "news-1"})
          .status();
  if (says_why(said, "the next write")) ++probed_["ledger"];
  if (!context.vault->As("billing").ok()) return;  // a collector's
  const auto pan = ReadCard(*context.vault, "billing", IdOf(1), "pan", Who::Ref(kProbe));
  if (says_why(pan.status(), "the next read")) {
    ++probed_["read"];
    Expect(*pan == kOtherCardNumber, "the next read gives something else");
  }
}

void Case::CheckTrail(Context& context) {
  auto facts = LookAtTrail(context.path, context.clock, context.world.Origin("auditor"));
  if (!facts.ok()) return Expect(false, "the trail: " + std::string(facts.status().name()));
  for (const TrailFinding& finding : facts->report.findings) {
    Expect(finding.weight != TrailFinding::Weight::kBroken, "the trail is broken: " + finding.name);
  }
  if (operation_.event.empty() || operation_.at != "vault") return;
  const std::string kind(operation_.event);
  const auto of = [&](const std::map<std::string, uint64_t>& events) {
    const auto found = events.find(kind);
    return found == events.end() ? uint64_t{0} : found->second;
  };
  const uint64_t wanted = of(plain_.events_after) - of(plain_.events_before);
  const uint64_t now = of(facts->events) - of(probed_) - of(plain_.events_before);
  const std::string counts = std::to_string(now) + " of " + std::to_string(wanted);
  if (outcome_.ok()) Expect(now >= wanted, "acknowledged and not in the trail: " + counts);
  if (operation_.kind == Kind::kWrite) Expect(now <= wanted, "too often in the trail: " + counts);
  if (operation_.kind == Kind::kWrite && now != 0) {
    Expect(now == wanted, "half in the trail: " + counts);
  }
}

void Case::CheckRows(Context& context) {
  const Keyring auditor = context.world.Origin("auditor");
  Checked checked;
  for (Keyring& keyring : context.Keyrings()) {
    checked = RunCheck(context.path, std::move(keyring),
                       {.clock = &context.clock, .slices = 1, .auditor = &auditor});
    if (checked.report.ok() || checked.report.status().code() != Code::kKey) break;
  }
  if (!checked.report.ok()) {
    return Expect(false, "check: " + std::string(checked.report.status().name()));
  }
  Expect(checked.report->damages == 0, ::testing::PrintToString(checked));
}

void Case::CheckContents(Context& context) {
  state_ = StateOf(operation_, context);
  const bool before = state_ == plain_.before;
  const bool after = state_ == plain_.after;
  if (outcome_.ok() && operation_.kind != Kind::kRefused) {
    Expect(after, "acknowledged and not there:\n" + state_);
    return;
  }
  switch (operation_.kind) {
    case Kind::kLook:
      return Expect(before, "changed something:\n" + state_);
    case Kind::kRefused:
      // That somebody who is held asked to be erased is remembered.
      return Expect(before || after, "changed something:\n" + state_);
    case Kind::kWrite:
      // A directory that could not be removed says that it is no vault.
      return Expect(before || after || (operation_.at != "vault" && state_.size() < 60),
                    outcome_.name() + " left a half:\n" + state_);
    default:
      return;
  }
}

// Every stream that has its name is whole.
void Case::CheckStreams(Context& context) {
  if (operation_.event != "backup") return;
  const Keyring backup = context.world.Origin("backup");
  for (const char* other : {"keys", "next"}) {
    if (!fs::exists(context.world.stream(other))) continue;
    const auto verified =
        VerifyBackup(backup, {context.world.stream("data"), context.world.stream(other)});
    Expect(verified.ok(), "the streams: " + std::string(verified.status().name()));
  }
}

// What was not done is done when it is asked for again.
void Case::Retry(Context& context) {
  if (outcome_.ok() || operation_.kind == Kind::kRefused) return;
  if (operation_.kind == Kind::kWrite && state_ == plain_.after) return;
  if (operation_.kind == Kind::kResumable && state_ == plain_.after) return;
  if (operation_.at != "vault")
    fs::remove_all(context.world.root() + "/" + std::string(operation_.at));
  fs::remove(context.world.stream("next"));
  Outcome again;
  {
    const std::function<Status()> act = PreparedFor(operation_, context);
    again = Run(act);
  }
  context.Close();
  Expect(again.ok(), "after " + outcome_.name() + ", again: " + again.name());
  if (!again.ok() || operation_.kind == Kind::kAlone) return;
  const std::string state = StateOf(operation_, context);
  Expect(state == plain_.after, "again, and it is:\n" + state);
}

}  // namespace

Plain RunPlain(const Operation& operation, const Arm& arm) {
  TheWorld().Renew();
  Plain plain;
  {
    Context context(TheWorld());
    const std::function<Status()> act = PreparedFor(operation, context);
    const std::unique_ptr<Armed> armed = arm();
    const Outcome outcome = Run(act);
    plain.calls = armed->Seen();
    if (outcome.ok() == (operation.kind == Kind::kRefused)) {
      throw std::runtime_error(std::string(operation.name) + " without faults: " + outcome.name() +
                               ": " + std::string(outcome.status.message()));
    }
    context.Close();
    if (operation.kind == Kind::kAlone) return plain;
    const auto facts = LookAtTrail(context.path, context.clock, context.world.Origin("auditor"));
    if (!facts.ok()) throw std::runtime_error("the trail without faults");
    plain.events_after = facts->events;
    plain.after = StateOf(operation, context);
  }
  TheWorld().Renew();
  Context context(TheWorld());
  {
    // What was prepared without being done.
    const std::function<Status()> act = PreparedFor(operation, context);
    context.Close();
  }
  plain.events_before =
      LookAtTrail(context.path, context.clock, context.world.Origin("auditor"))->events;
  plain.before = StateOf(operation, context);
  return plain;
}

CaseResult RunCase(const Operation& operation, const Arm& arm, const Plain& plain,
                   const CaseOptions& options) {
  TheWorld().Renew();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    alarm(kHangSeconds);
    if (options.begin && !options.begin()) _exit(kImpossible);
    Case one(operation, plain, options);
    const bool struck = one.Go(arm);
    const std::string& wrong = one.wrong();
    for (size_t at = 0; at < wrong.size();) {
      const ssize_t put = write(ends[1], wrong.data() + at, wrong.size() - at);
      if (put <= 0) break;
      at += static_cast<size_t>(put);
    }
    if (wrong.empty()) _exit(struck ? kStruck : kUntouched);
    _exit(struck ? kWrongStruck : kWrongUntouched);
  }
  close(ends[1]);
  CaseResult result;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    result.wrong.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  int state = 0;
  waitpid(pid, &state, 0);
  const int code = WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
  result.struck = code != kUntouched && code != kWrongUntouched && code != kImpossible;
  if (code < 0) result.wrong += "  ended by signal " + std::to_string(-code) + "\n";
  if (code > 0 && code != kUntouched && code != kImpossible && result.wrong.empty()) {
    result.wrong = "  ended with " + std::to_string(code) + "\n";
  }
  return result;
}

}  // namespace bailee::faults
