// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include "audit/event.h"

namespace bailee::audit {
namespace {

using Counter = std::atomic<uint64_t>;

class CountingEvents final : public WriteEvents {
 public:
  explicit CountingEvents(Counter& next) : next_(next) {}
  Result<DecisionId> Append(const Event&) override { return *(last_ = {{}, true, next_++}); }
  Status Finish() override { return Status(); }
  std::optional<DecisionId> last() const override { return last_; }

 private:
  Counter& next_;
  std::optional<DecisionId> last_;
};

class Counting final : public EventSink {
 public:
  Result<DecisionId> Append(const Event&) override { return DecisionId{{}, false, reads_++}; }
  Result<WriteMark> BeginWrite() override { return WriteMark{reads_}; }
  std::unique_ptr<WriteEvents> EventsOf(store::WriteTransaction&, const WriteMark&) override {
    return std::make_unique<CountingEvents>(writes_);
  }
  void Committed(const DecisionId&) override {}

 private:
  Counter reads_ = 0;
  Counter writes_ = 0;
};

}  // namespace

std::shared_ptr<EventSink> CountingSink() { return std::make_shared<Counting>(); }

}  // namespace bailee::audit
