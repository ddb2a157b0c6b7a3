// SPDX-License-Identifier: Apache-2.0
#include "crash/crash_states.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "crash/pending.h"

namespace bailee::testing {
namespace {

using Kind = DiskOperation::Kind;
constexpr size_t kExhaustive = 6;
constexpr size_t kTornAtEachPoint = 8;

}  // namespace

class CrashStates::Enumeration {
 public:
  Enumeration(const DiskLog& log, unsigned seed, size_t random, std::vector<CrashState>& all)
      : log_(log), random_(seed), subsets_(random), pending_(log), all_(all) {}

  void Run() {
    for (const DiskOperation& each : log_.operations) {
      // Between two of these, the later point has every state of the earlier ones.
      if (each.kind == Kind::kSync || each.kind == Kind::kSyncWrite || each.kind == Kind::kTold)
        AddPoint();
      if (each.kind == Kind::kTold) told_ = each.count;
      pending_.Next();
    }
    AddPoint();
  }

 private:
  void AddPoint() {
    const size_t count = pending_.operations().size();
    if (count <= kExhaustive) {
      for (uint64_t subset = 0; subset < uint64_t{1} << count; ++subset)
        Add([&](size_t i) { return (subset >> i & 1) != 0; });
    } else {
      const size_t prefixes = std::min(count, subsets_);
      for (size_t i = 0; i <= prefixes; ++i)
        Add([&](size_t number) { return number < count * i / prefixes; });
      for (size_t i = prefixes; i < subsets_; ++i) AddRandom();
    }
    for (size_t i = 0; i < std::min(kTornAtEachPoint, subsets_); ++i) AddTorn();
  }

  // Those operations are lost for which `there`, of their number among the pending ones, is false.
  template <typename There>
  CrashState& Add(const There& there) {
    CrashState state{.point = pending_.next(), .told = told_};
    const std::vector<size_t>& operations = pending_.operations();
    for (size_t i = 0; i < operations.size(); ++i) {
      if (!there(i)) state.lost.push_back(operations[i]);
    }
    return all_.emplace_back(std::move(state));
  }

  CrashState& AddRandom() {
    static constexpr unsigned kThere[] = {10, 30, 50, 70, 90};  // of a hundred
    const unsigned there = kThere[random_() % std::size(kThere)];
    return Add([&](size_t) { return random_() % 100 < there; });
  }

  void AddTorn() {
    std::vector<size_t> writes;
    for (const size_t each : pending_.operations()) {
      if (log_.operations[each].kind == Kind::kWrite) writes.push_back(each);
    }
    if (writes.empty()) return;
    // The newest is the one that is most often under way.
    const size_t torn = random_() % 2 == 0 ? writes.back() : writes[random_() % writes.size()];
    CrashState& state = AddRandom();
    std::erase(state.lost, torn);
    const size_t sectors = log_.operations[torn].bytes.size() / 512 + 1;
    const uint64_t first = (uint64_t{1} << random_() % std::min<size_t>(sectors, 63)) - 1;
    static_assert(std::mt19937_64::word_size == 64);
    const uint64_t masks[] = {first, ~first, random_(), 0};
    state.torn = {.operation = torn, .sectors = masks[random_() % 4], .grows = random_() % 2 == 0};
  }

  const DiskLog& log_;
  std::mt19937_64 random_;
  const size_t subsets_;
  Pending pending_;
  uint64_t told_ = 0;
  std::vector<CrashState>& all_;
};

CrashStates::CrashStates(const DiskLog& log, unsigned seed, size_t random)
    : log_(log), base_(log.before) {
  Enumeration(log, seed, random, all_).Run();
}

void CrashStates::AdvanceTo(size_t point) {
  if (point == point_ && point != 0) return;
  base_ = log_.before;
  rest_.clear();
  point_ = point;
  Pending pending(log_);
  while (pending.next() < point) pending.Next();
  // What comes after something that may be lost, of the same file or of names, keeps its turn.
  std::set<FileNumber> files;
  bool names = false;
  auto lost = pending.operations().begin();
  for (size_t i = 0; i < point; ++i) {
    const DiskOperation& each = log_.operations[i];
    if (!each.is_data() && !each.is_name()) continue;
    if (lost != pending.operations().end() && *lost == i) {
      ++lost;
      each.is_name() ? static_cast<void>(names = true) : static_cast<void>(files.insert(each.file));
    }
    if (each.is_name() ? names : files.contains(each.file)) {
      rest_.push_back(i);
    } else {
      base_.Apply(each);
    }
  }
}

Disk CrashStates::Make(const CrashState& state) {
  AdvanceTo(state.point);
  Disk disk = base_;
  auto lost = state.lost.begin();
  for (const size_t each : rest_) {
    while (lost != state.lost.end() && *lost < each) ++lost;
    if (lost != state.lost.end() && *lost == each) continue;
    const DiskOperation& operation = log_.operations[each];
    if (state.torn && state.torn->operation == each) {
      disk.ApplyTorn(operation, state.torn->sectors, state.torn->grows);
    } else {
      disk.Apply(operation);
    }
  }
  return disk;
}

namespace {

std::string Words(const DiskOperation& operation) {
  static constexpr const char* kWords[] = {"write",  "resize", "punch",      "enter", "remove",
                                           "rename", "sync",   "sync write", "told"};
  std::string words = kWords[static_cast<size_t>(operation.kind)];
  words += " of file " + std::to_string(operation.file);
  if (operation.is_data())
    words += " at " + std::to_string(operation.at) + "+" + std::to_string(operation.bytes.size());
  if (operation.is_name()) words += " '" + operation.name + "' '" + operation.to_name + "'";
  return words;
}

}  // namespace

std::string CrashStates::Describe(const CrashState& state) const {
  std::string text = "after " + std::to_string(state.point) + " of " +
                     std::to_string(log_.operations.size()) + " operations, told " +
                     std::to_string(state.told);
  for (const size_t each : state.lost)
    text += "\n  lost " + std::to_string(each) + ": " + Words(log_.operations[each]);
  if (state.torn)
    text += "\n  torn " + std::to_string(state.torn->operation) + ": " +
            Words(log_.operations[state.torn->operation]) + ", sectors " +
            std::to_string(state.torn->sectors) + (state.torn->grows ? ", grown" : "");
  return text;
}

DiskLog WithoutSyncsOf(const DiskLog& log, const std::string& name) {
  std::set<FileNumber> files;
  Disk before = log.before;
  for (const auto& [path, number] : before.Numbers()) {
    if (path == name || path.ends_with("/" + name)) files.insert(number);
  }
  for (const DiskOperation& each : log.operations) {
    if ((each.kind == Kind::kEnter && each.name == name) ||
        (each.kind == Kind::kRename && each.to_name == name))
      files.insert(each.file);
  }
  DiskLog lying{.before = log.before, .operations = {}};
  for (const DiskOperation& each : log.operations) {
    if (each.kind != Kind::kSync || !files.contains(each.file)) lying.operations.push_back(each);
  }
  return lying;
}

}  // namespace bailee::testing
