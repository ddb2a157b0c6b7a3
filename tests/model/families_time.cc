// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "model/small_world.h"

namespace bailee::model {
namespace {

SmallPolicy Keeping(uint32_t version, const SmallRetain& retain) {
  SmallPolicy policy = BasePolicy(version);
  policy.categories["card"].retains = {retain};
  return policy;
}

const SmallRetain kRetains[] = {{{"billing"}, 1, "", 0},
                                {{"billing"}, 2, "", 0},
                                {{"billing"}, 1, "closed", 3},
                                {{"billing"}, 2, "closed", 2},
                                {{"billing"}, 3, "left", 4}};

// No event, one or two, on and around the moment of collection and a day later; then every mix of
// restriction, holds, a waiting erasure, an erasure and agreement.
std::vector<LoadedStanding> Histories() {
  std::vector<SmallEvent> events;
  for (const std::string name : {"closed", "left"}) {
    for (const int64_t plus_ms : {-1, 0, 1}) {
      events.push_back({name, Days(kCollected, 0, plus_ms)});
    }
    events.push_back({name, Days(kCollected, 1)});
  }
  std::vector<std::vector<SmallEvent>> lists = {{}};
  for (const SmallEvent& first : events) {
    lists.push_back({first});
    for (const SmallEvent& second : events) lists.push_back({first, second});
  }
  std::vector<SmallStanding> standings;
  for (const auto& list : lists) {
    for (const uint32_t agreed : {0U, 2U}) {
      standings.emplace_back();
      standings.back().events = list;
      if (agreed != 0) standings.back().agreed_versions = {1, agreed};
    }
  }
  const std::vector<std::string> holds[] = {{}, {""}, {"card"}, {"log"}, {"log", "card"}};
  for (const auto& held : holds) {
    for (unsigned flags = 0; flags < 8; ++flags) {
      standings.emplace_back();
      standings.back().events = {{"closed", Days(kCollected, 0, 1)}};
      standings.back().held_categories = held;
      standings.back().restricted = (flags & 1) != 0;
      standings.back().erasure_waits = (flags & 2) != 0;
      standings.back().erased = (flags & 4) != 0;
    }
  }
  return LoadAll(std::move(standings));
}

}  // namespace

// Retentions of the policy in force and of the one collected under; events; and the moments at,
// just before and just after everything that can end.
void Retentions(size_t policy_step, const VisitBlock& visit) {
  const std::vector<LoadedStanding> standings = Histories();
  std::vector<SmallRequest> requests;
  for (const int64_t days : {0, 1, 2, 3, 4}) {
    for (const int64_t plus_ms : {-1, 0, 1, 2}) {
      for (const bool pending : {false, true}) {
        requests.push_back(Read("billing", "card", "pan"));
        requests.back().now = Days(kCollected, days, plus_ms);
        requests.back().wrap_pending = pending;
      }
      requests.push_back(Read("rights", "card", "pan"));
      requests.back().now = Days(kCollected, days, plus_ms);
    }
  }
  size_t number = 0;
  for (const SmallRetain& now : kRetains) {
    const auto in_force = LoadFilled(Keeping(2, now));
    if (in_force == nullptr) continue;
    for (const SmallRetain& then : kRetains) {
      if (number++ % policy_step != 0) continue;
      const auto held = LoadFilled(Keeping(1, then));
      if (held == nullptr) continue;
      if (!visit({in_force.get(),
                  {Hold(*held, "n1", "web", "", kCollected),
                   Hold(*in_force, "n1", "web", "", kCollected)},
                  true,
                  standings,
                  requests})) {
        return;
      }
    }
  }
}

// Moments of collection, of events and of asking at the ends of time.
void Extremes(size_t policy_step, const VisitBlock& visit) {
  (void)policy_step;
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const Timestamp moments[] = {{kMin},
                               {kMin + 1},
                               {-kMillisPerDay},
                               {-1},
                               {0},
                               kEffective,
                               {kMax - 2 * kMillisPerDay - 1},
                               {kMax - 2 * kMillisPerDay},
                               {kMax - kMillisPerDay + 1},
                               {kMax - 1},
                               {kMax}};
  std::vector<SmallStanding> standings(1);
  for (const Timestamp at : moments) {
    standings.emplace_back();
    standings.back().events = {{"closed", at}};
  }
  const std::vector<LoadedStanding> loaded = LoadAll(std::move(standings));
  std::vector<SmallRequest> requests;
  for (const Timestamp now : moments) {
    requests.push_back(Read("billing", "card", "pan"));
    requests.back().now = now;
    for (const Timestamp collected : moments) {
      requests.push_back(Collect("card", "pan", "n4", "web"));
      requests.back().now = now;
      requests.back().collected_at = collected;
    }
  }
  for (const SmallRetain& retain : kRetains) {
    SmallPolicy small = Keeping(2, retain);
    small.notices["n4"] = {{"billing"}, {}};
    const auto policy = LoadFilled(std::move(small));
    if (policy == nullptr) continue;
    std::vector<LoadedTerms> terms;
    for (const Timestamp at : moments) terms.push_back(Hold(*policy, "n1", "web", "", at));
    if (!visit({policy.get(), terms, true, loaded, requests})) return;
  }
}

}  // namespace bailee::model
