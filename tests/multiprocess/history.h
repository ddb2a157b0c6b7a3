// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bailee::testing {

// What clients did to one record of one person, as they saw it, and whether there is an order of
// it in which each call happened at once, between its beginning and its end: whether it is
// linearizable (Herlihy and Wing 1990).

enum class Act : uint8_t { kWrite, kRectify, kRead, kWithdraw, kGive, kErase };
enum class Answer : uint8_t { kDone, kNotFound, kUnknown };

// One call. An answer that never came (its client was killed) is kUnknown: it may have happened at
// any time from its beginning on, or never.
struct Call {
  Act act = Act::kRead;
  int client = 0;
  uint32_t value = 0;  // written, or read
  Answer answer = Answer::kDone;
  uint64_t begun = 0;  // of one clock for all clients
  uint64_t ended = 0;
};

// What a record is, one call after the other: the model.
struct RecordModel {
  bool exists = false;
  bool consent = false;  // to read it; who has none is told what is told of what is not there
  uint32_t value = 0;

  // Whether the model answers so; makes the change if it does.
  bool Take(const Call& call);
  auto operator<=>(const RecordModel&) const = default;
};

// An order that explains all answers, beginning with `model` (Wing and Gong 1993, with the states
// that were tried remembered, as Lowe 2017 has it). REQUIRES: at most 128 calls.
bool IsLinearizable(const std::vector<Call>& calls, const RecordModel& model);

// For people: one line a call, in the order in which they began.
std::string ToText(std::vector<Call> calls);

}  // namespace bailee::testing
