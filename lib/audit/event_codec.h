// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event.h"
#include "bailee/bytes.h"
#include "bailee/result.h"

namespace bailee::audit {

// An Event that owns what it says: what an auditor reads.
struct EventCopy {
  struct Detail {
    What what;
    std::string text;
    bool operator==(const Detail&) const = default;
  };

  EventKind kind = EventKind::kRead;
  Outcome outcome = Outcome::kAllowed;
  Timestamp at;
  std::string purpose;
  std::string on_behalf_of;
  std::string category;
  std::vector<std::string> fields;
  std::string case_reference;
  std::string recipient;
  std::string ground;
  std::vector<Reason> reasons;  // ascending, each once
  Handle handle{};
  std::vector<EventRecord> records;
  std::vector<Detail> details;
  uint32_t policy_version = 0;
  uint64_t transaction = 0;
  uint32_t repeats = 0;

  bool operator==(const EventCopy&) const = default;
};

// An event as others take it, borrowed from a copy, which must outlive it.
class EventView {
 public:
  explicit EventView(const EventCopy& copy);
  EventView(const EventView&) = delete;
  EventView& operator=(const EventView&) = delete;
  const Event& event() const { return event_; }

 private:
  std::vector<std::string_view> fields_;
  std::vector<Detail> details_;
  Event event_;
};

// Appends the bytes of `event` (FORMAT.md §13.4) to `out`, whose capacity is all the memory used;
// on failure `out` is as it was. The order of `reasons` is not kept.
// Errors: kInvalidValue "trail.event-too-large" if a text has more than 255 bytes, or there are
// more than 255 fields or details.
Status AppendEvent(const Event& event, Bytes& out);

// How many bytes AppendEvent appends, if it does.
size_t EventSize(const Event& event);

// What `bytes`, without their padding, say. Texts are not checked to be UTF-8.
// Errors: kDamage "trail.bad-event".
Result<EventCopy> ParseEvent(ByteView bytes);

}  // namespace bailee::audit
