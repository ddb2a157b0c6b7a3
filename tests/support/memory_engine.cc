// SPDX-License-Identifier: Apache-2.0
#include "support/memory_engine.h"

#include <array>
#include <atomic>
#include <map>
#include <mutex>

#include "bailee/limits.h"

namespace bailee::testing {
namespace {

using store::Engine;
using store::kTableCount;
using store::Snapshot;
using store::Table;
using store::WriteTransaction;

struct Content {
  uint64_t transaction_id = 1;
  std::array<std::map<Bytes, Bytes>, kTableCount> tables;

  std::map<Bytes, Bytes>& of(Table table) { return tables[static_cast<size_t>(table)]; }
};

Status BadKey() { return {Code::kInvalidValue, "store.key-size", "a key has 1 to 511 bytes"}; }
bool IsKey(ByteView key) { return !key.empty() && key.size() <= 511; }
Bytes Copy(ByteView view) { return {view.begin(), view.end()}; }

// Reads and changes one content; a snapshot simply offers only the reading.
class MemoryTransaction : public WriteTransaction {
 public:
  using Latest = std::shared_ptr<std::atomic<uint64_t>>;
  // `latest`: number of the newest committed transaction; null within a write.
  MemoryTransaction(std::shared_ptr<Content> content, Latest latest)
      : content_(std::move(content)), latest_(std::move(latest)) {}

  uint64_t transaction_id() const override { return content_->transaction_id; }
  bool current() const override {
    return latest_ == nullptr || latest_->load() == content_->transaction_id;
  }

  Result<std::optional<ByteView>> Get(Table table, ByteView key) override {
    if (!IsKey(key)) return BadKey();
    const auto& rows = content_->of(table);
    const auto row = rows.find(Copy(key));
    return row == rows.end() ? std::optional<ByteView>() : std::optional<ByteView>(row->second);
  }
  Status GetMany(Table table, std::span<const ByteView> keys,
                 std::span<std::optional<ByteView>> values) override {
    for (size_t i = 0; i < keys.size(); ++i) {
      auto value = Get(table, keys[i]);
      if (!value.ok()) return value.status();
      values[i] = *value;
    }
    return {};
  }
  Status Scan(Table table, ByteView prefix, ByteView from, const Visitor& visit) override {
    const auto& rows = content_->of(table);
    auto row = rows.lower_bound(std::max(Copy(prefix), Copy(from)));
    for (; row != rows.end(); ++row) {
      const Bytes& key = row->first;
      const bool inside =
          key.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), key.begin());
      if (!inside || !visit(key, row->second)) break;
    }
    return {};
  }
  Status Put(Table table, ByteView key, ByteView value) override {
    if (Status counted = CountRow(); !counted.ok()) return counted;
    if (!IsKey(key)) return BadKey();
    content_->of(table)[Copy(key)] = Copy(value);
    changed_ = true;
    return {};
  }
  Status Insert(Table table, ByteView key, ByteView value) override {
    if (IsKey(key) && content_->of(table).contains(Copy(key))) {
      return {Code::kConflict, "store.exists", "the key exists already"};
    }
    return Put(table, key, value);
  }
  Status Delete(Table table, ByteView key) override {
    if (Status counted = CountRow(); !counted.ok()) return counted;
    if (!IsKey(key)) return BadKey();
    changed_ = content_->of(table).erase(Copy(key)) > 0 || changed_;
    return {};
  }

  bool changed() const { return changed_; }
  const Status& failure() const { return failure_; }

 private:
  Status CountRow() {
    if (rows_++ == limits::kTransactionRowsMax) {
      failure_ = Status(Code::kInvalidValue, "store.transaction-too-large", "too many rows");
    }
    return failure_;
  }

  std::shared_ptr<Content> content_;
  Latest latest_;
  size_t rows_ = 0;
  bool changed_ = false;
  Status failure_;
};

class MemoryEngine : public Engine {
 public:
  Result<std::unique_ptr<Snapshot>> Read() override {
    const std::lock_guard lock(mutex_);
    return std::unique_ptr<Snapshot>(std::make_unique<MemoryTransaction>(content_, latest_));
  }

  Status Write(const Job& job) override {
    const std::lock_guard writer(writer_);
    auto next = std::make_shared<Content>(*content_);
    ++next->transaction_id;
    MemoryTransaction transaction(next, nullptr);
    try {
      Status status = job(transaction);
      if (status.ok()) status = transaction.failure();
      if (!status.ok()) return status;
    } catch (const std::bad_alloc&) {
      return {Code::kFailed, "store.memory", "memory ran out during a write"};
    } catch (...) {
      return {Code::kFailed, "store.job-threw", "a write was given up by an exception"};
    }
    const std::lock_guard lock(mutex_);
    if (transaction.changed()) {
      content_ = next;
      latest_->store(next->transaction_id);
    }
    return {};
  }

  Status Say(uint64_t number) override {
    said_ = number;
    return {};
  }

  Result<std::vector<Opener>> Openers() override {
    return std::vector<Opener>{{.process = 1, .said = said_, .self = true}};
  }

  Status Compact() override { return {}; }

  Result<Statistics> Measure() override {
    const std::lock_guard lock(mutex_);
    Statistics out;
    out.last_transaction_id = content_->transaction_id;
    for (size_t i = 0; i < kTableCount; ++i) out.rows[i] = content_->tables[i].size();
    return out;
  }

 private:
  std::atomic<uint64_t> said_{0};
  std::mutex writer_;
  std::mutex mutex_;
  std::shared_ptr<Content> content_ = std::make_shared<Content>();
  MemoryTransaction::Latest latest_ =
      std::make_shared<std::atomic<uint64_t>>(content_->transaction_id);
};

}  // namespace

std::unique_ptr<store::Engine> MakeMemoryEngine() { return std::make_unique<MemoryEngine>(); }

}  // namespace bailee::testing
