// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "store/engine.h"

namespace bailee::testing {

// An engine whose snapshots fail to scan what a test says they cannot.
class FailingScans final : public store::Engine {
 public:
  // Why the rows of `table` that begin with `prefix` cannot be read; success if they can.
  using Refuse = std::function<Status(store::Table table, ByteView prefix)>;

  FailingScans(store::Engine& engine, Refuse refuse)
      : engine_(engine), refuse_(std::move(refuse)) {}
  Result<std::unique_ptr<store::Snapshot>> Read() override {
    auto snapshot = engine_.Read();
    if (!snapshot.ok()) return snapshot.status();
    return std::unique_ptr<store::Snapshot>(
        std::make_unique<Failing>(*std::move(snapshot), refuse_));
  }
  Status Write(const Job& job) override { return engine_.Write(job); }
  Status Say(uint64_t number) override { return engine_.Say(number); }
  Result<std::vector<Opener>> Openers() override { return engine_.Openers(); }
  Status Compact() override { return engine_.Compact(); }
  Result<Statistics> Measure() override { return engine_.Measure(); }

 private:
  class Failing final : public store::Snapshot {
   public:
    Failing(std::unique_ptr<store::Snapshot> rows, const Refuse& refuse)
        : rows_(std::move(rows)), refuse_(refuse) {}
    uint64_t transaction_id() const override { return rows_->transaction_id(); }
    bool current() const override { return rows_->current(); }
    Result<std::optional<ByteView>> Get(store::Table table, ByteView key) override {
      return rows_->Get(table, key);
    }
    Status GetMany(store::Table table, std::span<const ByteView> keys,
                   std::span<std::optional<ByteView>> values) override {
      return rows_->GetMany(table, keys, values);
    }
    Status Scan(store::Table table, ByteView prefix, ByteView from, const Visitor& visit) override {
      if (Status refused = refuse_(table, prefix); !refused.ok()) return refused;
      return rows_->Scan(table, prefix, from, visit);
    }

   private:
    const std::unique_ptr<store::Snapshot> rows_;
    const Refuse& refuse_;
  };

  store::Engine& engine_;
  const Refuse refuse_;
};

}  // namespace bailee::testing
