// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "audit/event.h"
#include "audit/event_codec.h"

namespace bailee::audit {

// Refusals that repeat: the first few of a second are recorded each, the rest are counted and
// recorded as one event. Thread-safe.
class Floods {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  static constexpr uint32_t kRecordedEach = 16;
  static constexpr auto kWindow = std::chrono::seconds(1);
  static constexpr size_t kKindsMax = 1'024;  // of events watched at a time

  // If `event` is one too many of its kind: counts it, and gives the id of the last that was
  // recorded. Otherwise it is to be recorded and told to Recorded.
  std::optional<DecisionId> Count(const Event& event, Instant now);
  void Recorded(const Event& event, const DecisionId& id, Instant now);

  // What was counted and not recorded yet.
  struct Counted {
    EventCopy event;  // the first of them
    uint32_t repeats = 0;
    DecisionId of;
  };
  // Those whose window has ended by `now`. Whoever takes them records them.
  std::vector<Counted> TakeEnded(Instant now);
  // All of them, at the end.
  std::vector<Counted> TakeAll() { return TakeEnded(Instant::max()); }

 private:
  struct Kind {
    Instant since;
    uint32_t recorded = 0;
    uint32_t repeats = 0;
    Timestamp at;
    uint64_t transaction = 0;
    DecisionId of;
  };
  // An event's bytes without what differs from one to the next.
  static Bytes KeyOf(const Event& event);

  std::mutex mutex_;
  std::map<Bytes, Kind> kinds_;
};

}  // namespace bailee::audit
