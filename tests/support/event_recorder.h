// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/event.h"

namespace bailee {

// An event sink that keeps copies of what it is given, and fails when told to.
class EventRecorder final : public audit::EventSink {
 public:
  struct Seen {
    audit::EventKind kind;
    audit::Outcome outcome;
    std::string purpose;
    std::string on_behalf_of;
    std::string category;
    std::vector<std::string> fields;
    std::string case_reference;
    std::string recipient;
    std::string ground;
    std::vector<Reason> reasons;
    Handle handle;
    std::vector<RecordId> records;
    bool write = false;
  };

  Result<DecisionId> Append(const audit::Event& event) override {
    Result<DecisionId> id = Keep(event, false);
    if (const auto hook = std::exchange(hook_, nullptr)) hook();
    return id;
  }
  Result<audit::WriteMark> BeginWrite() override { return audit::WriteMark{}; }
  std::unique_ptr<audit::WriteEvents> EventsOf(store::WriteTransaction&,
                                               const audit::WriteMark&) override {
    return std::make_unique<Writes>(*this);
  }
  void Committed(const DecisionId&) override {}

  // What was seen since the last call.
  std::vector<Seen> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
  }
  // Runs `hook` once, after the next event that is no write has been kept.
  void AfterNextAppend(std::function<void()> hook) { hook_ = std::move(hook); }
  void Fail(bool fail) {
    const std::lock_guard lock(mutex_);
    fail_ = fail;
  }

 private:
  class Writes final : public audit::WriteEvents {
   public:
    explicit Writes(EventRecorder& recorder) : recorder_(recorder) {}
    Result<DecisionId> Append(const audit::Event& event) override {
      Result<DecisionId> id = recorder_.Keep(event, true);
      if (id.ok()) last_ = *id;
      return id;
    }
    Status Finish() override { return Status(); }
    std::optional<DecisionId> last() const override { return last_; }

   private:
    EventRecorder& recorder_;
    std::optional<DecisionId> last_;
  };

  Result<DecisionId> Keep(const audit::Event& event, bool write) {
    const std::lock_guard lock(mutex_);
    if (fail_) return Status(Code::kAuditDown, "audit.down", "the trail cannot be written", "try");
    Seen seen{.kind = event.kind,
              .outcome = event.outcome,
              .purpose = std::string(event.purpose),
              .on_behalf_of = std::string(event.on_behalf_of),
              .category = std::string(event.category),
              .fields = {event.fields.begin(), event.fields.end()},
              .case_reference = std::string(event.case_reference),
              .recipient = std::string(event.recipient),
              .ground = std::string(event.ground),
              .reasons = {event.reasons.begin(), event.reasons.end()},
              .handle = event.handle,
              .records = {},
              .write = write};
    for (const audit::EventRecord& record : event.records) seen.records.push_back(record.record);
    seen_.push_back(std::move(seen));
    return DecisionId{{}, write, last_++};
  }

  std::mutex mutex_;
  std::vector<Seen> seen_;
  std::function<void()> hook_;
  uint64_t last_ = 0;
  bool fail_ = false;
};

}  // namespace bailee
