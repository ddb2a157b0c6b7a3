// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "audit/journal_file.h"

namespace bailee::testing {

enum class JournalCall : uint8_t { kWrite, kRead, kSync, kReserve, kCheck };
inline constexpr size_t kJournalCallCount = 5;

inline Status JournalIoError() { return Status(Code::kFailed, "journal.io", "made to fail"); }
inline Status JournalFullError() {
  return Status(Code::kFull, "journal.disk-full", "made to fail");
}
inline Status JournalGoneError() { return Status(Code::kFailed, "journal.gone", "made to fail"); }

// What is behind a FakeJournalFile, for a test to look at and to make fail; outlives it.
struct FakeDisk {
  struct Fault {
    JournalCall call;
    size_t at = 0;             // the first call of its kind that fails, from 0
    bool for_ever = false;     // and every one after it
    size_t written_bytes = 0;  // what a failing write gets done all the same
    Status status = JournalIoError();
    bool no_memory = false;  // of a failing write or check: there is none to say so
  };

  std::mutex mutex;
  Bytes content;
  uint64_t capacity = std::numeric_limits<uint64_t>::max();  // bytes that can be reserved
  std::vector<Fault> faults;
  std::array<size_t, kJournalCallCount> calls{};
  std::function<void()> on_sync;  // called within each sync, without the mutex

  size_t Calls(JournalCall call) {
    const std::lock_guard lock(mutex);
    return calls[static_cast<size_t>(call)];
  }

  // Counts a call; the fault it meets, or null. With the mutex held.
  const Fault* Meet(JournalCall call) {
    const size_t number = calls[static_cast<size_t>(call)]++;
    for (const Fault& fault : faults) {
      if (fault.call == call && (number == fault.at || (fault.for_ever && number > fault.at))) {
        return &fault;
      }
    }
    return nullptr;
  }
};

// A journal in memory. Thread-safe.
class FakeJournalFile final : public audit::JournalFile {
 public:
  explicit FakeJournalFile(std::shared_ptr<FakeDisk> disk) : disk_(std::move(disk)) {}

  Status WriteAt(uint64_t offset, ByteView bytes) override {
    const std::lock_guard lock(disk_->mutex);
    const FakeDisk::Fault* fault = disk_->Meet(JournalCall::kWrite);
    if (fault != nullptr) bytes = bytes.first(std::min(bytes.size(), fault->written_bytes));
    if (disk_->content.size() < offset + bytes.size()) {
      disk_->content.resize(offset + bytes.size());
    }
    std::copy(bytes.begin(), bytes.end(),
              disk_->content.begin() + static_cast<std::ptrdiff_t>(offset));
    if (fault != nullptr && fault->no_memory) throw std::bad_alloc();
    return fault == nullptr ? Status() : fault->status;
  }

  Result<size_t> ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    const std::lock_guard lock(disk_->mutex);
    if (const auto* fault = disk_->Meet(JournalCall::kRead)) return fault->status;
    const ByteView content = disk_->content;
    const ByteView rest = content.subspan(std::min<size_t>(offset, content.size()));
    const ByteView got = rest.first(std::min(rest.size(), out.size()));
    std::copy(got.begin(), got.end(), out.begin());
    return got.size();
  }

  Status Sync() override {
    if (disk_->on_sync) disk_->on_sync();
    const std::lock_guard lock(disk_->mutex);
    const auto* fault = disk_->Meet(JournalCall::kSync);
    return fault == nullptr ? Status() : fault->status;
  }

  Status Reserve(uint64_t offset, uint64_t bytes) override {
    const std::lock_guard lock(disk_->mutex);
    if (const auto* fault = disk_->Meet(JournalCall::kReserve)) return fault->status;
    return offset + bytes > disk_->capacity ? JournalFullError() : Status();
  }

  void Release(uint64_t offset, uint64_t bytes) override {
    const std::lock_guard lock(disk_->mutex);
    for (uint64_t i = offset; i < std::min<uint64_t>(offset + bytes, disk_->content.size()); ++i) {
      disk_->content[i] = 0;
    }
  }

  Status Check() const override {
    const std::lock_guard lock(disk_->mutex);
    const auto* fault = disk_->Meet(JournalCall::kCheck);
    if (fault != nullptr && fault->no_memory) throw std::bad_alloc();
    return fault == nullptr ? Status() : fault->status;
  }

  Result<uint64_t> Size() const override {
    const std::lock_guard lock(disk_->mutex);
    return disk_->content.size();
  }

 private:
  const std::shared_ptr<FakeDisk> disk_;
};

}  // namespace bailee::testing
