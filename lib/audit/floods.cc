// SPDX-License-Identifier: Apache-2.0
#include "audit/floods.h"

namespace bailee::audit {

Bytes Floods::KeyOf(const Event& event) {
  Event same = event;
  same.at = {};
  same.transaction = 0;
  Bytes key;
  if (!AppendEvent(same, key).ok()) key.clear();
  return key;
}

std::optional<DecisionId> Floods::Count(const Event& event, Instant now) {
  const Bytes key = KeyOf(event);
  const std::lock_guard lock(mutex_);
  const auto found = kinds_.find(key);
  if (found == kinds_.end()) return std::nullopt;
  Kind& kind = found->second;
  if (kind.recorded < kRecordedEach || now - kind.since >= kWindow) return std::nullopt;
  if (kind.repeats++ == 0) {
    kind.at = event.at;
    kind.transaction = event.transaction;
  }
  return kind.of;
}

void Floods::Recorded(const Event& event, const DecisionId& id, Instant now) {
  Bytes key = KeyOf(event);
  if (key.empty()) return;
  const std::lock_guard lock(mutex_);
  if (kinds_.size() >= kKindsMax && !kinds_.contains(key)) return;
  Kind& kind = kinds_[std::move(key)];
  // A window that ended with something counted stays until that was taken.
  if (kind.recorded == 0 || (kind.repeats == 0 && now - kind.since >= kWindow)) {
    kind.since = now;
    kind.recorded = 0;
  }
  ++kind.recorded;
  kind.of = id;
}

std::vector<Floods::Counted> Floods::TakeEnded(Instant now) {
  std::vector<Counted> ended;
  const std::lock_guard lock(mutex_);
  for (auto each = kinds_.begin(); each != kinds_.end();) {
    const Kind& kind = each->second;
    if (now - kWindow < kind.since) {
      ++each;
      continue;
    }
    if (kind.repeats > 0) {
      if (Result<EventCopy> copy = ParseEvent(each->first); copy.ok()) {
        copy->at = kind.at;
        copy->transaction = kind.transaction;
        ended.push_back({*std::move(copy), kind.repeats, kind.of});
      }
    }
    each = kinds_.erase(each);
  }
  return ended;
}

}  // namespace bailee::audit
