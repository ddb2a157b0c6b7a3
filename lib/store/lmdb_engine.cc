// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_engine.h"

#include <vector>

#include "base/try.h"
#include "store/fork_guard.h"
#include "store/lmdb_commit.h"
#include "store/lmdb_core.h"
#include "store/lmdb_errors.h"
#include "store/lmdb_queue.h"
#include "store/lmdb_snapshot.h"

namespace bailee::store {
namespace {

Status InsideJobError() {
  return {Code::kUsage, "store.inside-job", "a write's job called the engine it runs in",
          "use the transaction the job is given"};
}

// All of an engine, on the heap by itself so that a forked child can leave it alone.
struct Parts {
  explicit Parts(std::unique_ptr<LmdbCore> opened)
      : core(std::move(opened)),
        committer(*core),
        queue([this](std::span<PendingJob* const> group) { committer.Run(group); }) {}

  std::unique_ptr<LmdbCore> core;
  GroupCommitter committer;
  CommitQueue queue;
};

class LmdbEngine : public Engine {
 public:
  explicit LmdbEngine(std::unique_ptr<LmdbCore> core)
      : parts_(std::make_unique<Parts>(std::move(core))) {}

  // In a forked child the environment, its slots and locks are the parent's: they stay.
  ~LmdbEngine() override {
    if (parts_->core->forked()) Keep(std::move(parts_));
  }
  LmdbEngine(const LmdbEngine&) = delete;
  LmdbEngine& operator=(const LmdbEngine&) = delete;

  Result<std::unique_ptr<Snapshot>> Read() override {
    if (GroupCommitter::InsideJob()) return InsideJobError();
    return BeginSnapshot(*parts_->core);
  }

  Status Write(const Job& job) override {
    if (parts_->core->forked()) return ForkedError();
    if (GroupCommitter::InsideJob()) return InsideJobError();
    return parts_->queue.Submit(job);
  }

  Status Say(uint64_t number) override {
    if (parts_->core->forked()) return ForkedError();
    return parts_->core->openers().Say(number);
  }

  Result<std::vector<Opener>> Openers() override {
    if (parts_->core->forked()) return ForkedError();
    return parts_->core->openers().Live();
  }

  Status Compact() override {
    if (GroupCommitter::InsideJob()) return InsideJobError();
    return parts_->core->Compact();
  }

  Result<Statistics> Measure() override {
    if (GroupCommitter::InsideJob()) return InsideJobError();
    return MeasureStore(*parts_->core);
  }

 private:
  static void Keep(std::unique_ptr<Parts> parts) {
    // Reachable for ever, so that leak checkers see that it is on purpose.
    static auto* const kept = new std::vector<std::unique_ptr<Parts>>;
    kept->push_back(std::move(parts));
  }

  std::unique_ptr<Parts> parts_;
};

Result<std::unique_ptr<Engine>> OpenOrCreate(const std::string& directory,
                                             const LmdbOptions& options, bool create) {
  BAILEE_TRY(std::unique_ptr<LmdbCore> core, LmdbCore::Open(directory, options, create));
  return std::unique_ptr<Engine>(std::make_unique<LmdbEngine>(std::move(core)));
}

}  // namespace

Result<std::unique_ptr<Engine>> OpenLmdb(const std::string& directory, const LmdbOptions& options) {
  return OpenOrCreate(directory, options, false);
}

Result<std::unique_ptr<Engine>> CreateLmdb(const std::string& directory,
                                           const LmdbOptions& options) {
  return OpenOrCreate(directory, options, true);
}

}  // namespace bailee::store
