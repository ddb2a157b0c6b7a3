// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "audit/event.h"

namespace bailee {

// An event sink that numbers events and keeps none.
class CountingSink final : public audit::EventSink {
 public:
  Result<DecisionId> Append(const audit::Event&) override {
    return DecisionId{{}, false, reads_++};
  }
  Result<audit::WriteMark> BeginWrite() override { return audit::WriteMark{reads_}; }
  std::unique_ptr<audit::WriteEvents> EventsOf(store::WriteTransaction&,
                                               const audit::WriteMark&) override {
    return std::make_unique<Writes>(writes_);
  }
  void Committed(const DecisionId&) override {}

 private:
  using Counter = std::atomic<uint64_t>;

  class Writes final : public audit::WriteEvents {
   public:
    explicit Writes(Counter& next) : next_(next) {}
    Result<DecisionId> Append(const audit::Event&) override {
      return *(last_ = {{}, true, next_++});
    }
    Status Finish() override { return Status(); }
    std::optional<DecisionId> last() const override { return last_; }

   private:
    Counter& next_;
    std::optional<DecisionId> last_;
  };

  Counter reads_ = 0;
  Counter writes_ = 0;
};

}  // namespace bailee
