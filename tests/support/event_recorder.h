// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "vault/event.h"

namespace bailee {

// An event sink that keeps copies of what it is given, and fails when told to.
class EventRecorder final : public vault::EventSink {
 public:
  struct Seen {
    vault::EventKind kind;
    vault::Outcome outcome;
    std::string actor;
    std::string purpose;
    std::string on_behalf_of;
    std::string category;
    std::vector<std::string> fields;
    std::string case_reference;
    std::vector<Reason> reasons;
    Handle handle;
    std::vector<RecordId> records;
    bool write = false;
  };

  Result<uint64_t> Append(const vault::Event& event) override { return Keep(event, false); }
  Result<uint64_t> AppendWrite(store::WriteTransaction&, const vault::Event& event) override {
    return Keep(event, true);
  }

  // What was seen since the last call.
  std::vector<Seen> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
  }
  void Fail(bool fail) {
    const std::lock_guard lock(mutex_);
    fail_ = fail;
  }

 private:
  Result<uint64_t> Keep(const vault::Event& event, bool write) {
    const std::lock_guard lock(mutex_);
    if (fail_) return Status(Code::kAuditDown, "audit.down", "the trail cannot be written", "try");
    Seen seen{.kind = event.kind,
              .outcome = event.outcome,
              .actor = std::string(event.actor),
              .purpose = std::string(event.purpose),
              .on_behalf_of = std::string(event.on_behalf_of),
              .category = std::string(event.category),
              .fields = {event.fields.begin(), event.fields.end()},
              .case_reference = std::string(event.case_reference),
              .reasons = {event.reasons.begin(), event.reasons.end()},
              .handle = event.handle,
              .records = {},
              .write = write};
    for (const vault::EventRecord& record : event.records) seen.records.push_back(record.record);
    seen_.push_back(std::move(seen));
    return ++last_;
  }

  std::mutex mutex_;
  std::vector<Seen> seen_;
  uint64_t last_ = 0;
  bool fail_ = false;
};

}  // namespace bailee
