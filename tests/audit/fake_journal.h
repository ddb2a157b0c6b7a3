// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "audit/instance_world.h"
#include "support/fake_journal_file.h"

namespace bailee::testing {

// A journal on a disk that can be made to fail, whose time stands still.
struct FakeJournal {
  FakeJournal() {
    disk->content = world.head.bytes;
    Result<std::unique_ptr<audit::Journal>> started =
        audit::Journal::Start(std::make_unique<FakeJournalFile>(disk), world.head.bytes.size(),
                              world.instance, world.JournalChain(), [] { return now; });
    EXPECT_TRUE(started.ok());
    journal = *std::move(started);
    disk->calls = {};  // so that a test counts from here
  }

  audit::Journal* operator->() { return journal.get(); }
  std::vector<audit::EventCopy> Events() const { return world.Decode(disk->content); }

  static inline std::chrono::steady_clock::time_point now;  // of all of them

  InstanceWorld world;
  std::shared_ptr<FakeDisk> disk = std::make_shared<FakeDisk>();
  std::unique_ptr<audit::Journal> journal;
};

}  // namespace bailee::testing
