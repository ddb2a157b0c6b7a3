// SPDX-License-Identifier: Apache-2.0
#include "multiprocess/history.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <set>
#include <utility>

namespace bailee::testing {
namespace {

constexpr size_t kCallsMax = 128;

// Which calls have happened.
struct Taken {
  std::array<uint64_t, kCallsMax / 64> bits{};

  bool Has(size_t i) const { return (bits[i / 64] >> i % 64 & 1u) != 0; }
  Taken With(size_t i) const {
    Taken with = *this;
    with.bits[i / 64] |= uint64_t{1} << i % 64;
    return with;
  }
  auto operator<=>(const Taken&) const = default;
};

class Search {
 public:
  explicit Search(const std::vector<Call>& calls) : calls_(calls) {
    if (calls.size() > kCallsMax) std::abort();
  }

  bool From(const Taken& taken, const RecordModel& model) {
    if (IsOver(taken)) return true;
    if (!tried_.emplace(taken, model).second) return false;
    const uint64_t first_end = FirstEndOfOthers(taken);
    for (size_t i = 0; i < calls_.size(); ++i) {
      // What began after another ended comes after it.
      if (taken.Has(i) || calls_[i].begun > first_end) continue;
      RecordModel next = model;
      if (next.Take(calls_[i]) && From(taken.With(i), next)) return true;
    }
    return false;
  }

 private:
  // What nobody got an answer to need not have happened.
  bool IsOver(const Taken& taken) const {
    for (size_t i = 0; i < calls_.size(); ++i) {
      if (!taken.Has(i) && calls_[i].answer != Answer::kUnknown) return false;
    }
    return true;
  }
  uint64_t FirstEndOfOthers(const Taken& taken) const {
    uint64_t first = std::numeric_limits<uint64_t>::max();
    for (size_t i = 0; i < calls_.size(); ++i) {
      if (!taken.Has(i) && calls_[i].answer != Answer::kUnknown)
        first = std::min(first, calls_[i].ended);
    }
    return first;
  }

  const std::vector<Call>& calls_;
  std::set<std::pair<Taken, RecordModel>> tried_;
};

}  // namespace

bool RecordModel::Take(const Call& call) {
  const bool unknown = call.answer == Answer::kUnknown;
  Answer answer = Answer::kDone;
  switch (call.act) {
    case Act::kWrite:
      exists = true;
      value = call.value;
      break;
    case Act::kRectify:
      if (exists) {
        value = call.value;
      } else {
        answer = Answer::kNotFound;
      }
      break;
    case Act::kRead:
      if (!exists || !consent) {
        answer = Answer::kNotFound;
      } else if (!unknown && call.value != value) {
        return false;
      }
      break;
    case Act::kWithdraw:
      consent = false;
      break;
    case Act::kGive:
      consent = true;
      break;
    case Act::kErase:
      *this = {};
      break;
  }
  return unknown || answer == call.answer;
}

bool IsLinearizable(const std::vector<Call>& calls, const RecordModel& model) {
  return Search(calls).From({}, model);
}

std::string ToText(std::vector<Call> calls) {
  static constexpr const char* kActs[] = {"write", "rectify", "read", "withdraw", "give", "erase"};
  static constexpr const char* kAnswers[] = {"done", "not found", "unknown"};
  std::sort(calls.begin(), calls.end(),
            [](const Call& a, const Call& b) { return a.begun < b.begun; });
  const uint64_t start = calls.empty() ? 0 : calls.front().begun;
  std::string text;
  for (const Call& call : calls) {
    text += std::to_string(call.begun - start) + ".." + std::to_string(call.ended - start) +
            " client " + std::to_string(call.client) + " " + kActs[static_cast<size_t>(call.act)] +
            " " + std::to_string(call.value) + ": " + kAnswers[static_cast<size_t>(call.answer)] +
            "\n";
  }
  return text;
}

}  // namespace bailee::testing
