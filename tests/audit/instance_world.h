// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/chain.h"
#include "audit/event_codec.h"
#include "audit/journal.h"
#include "audit/journal_format.h"
#include "support/error_is.h"
#include "support/test_random.h"

namespace bailee::testing {

// An instance, its auditor and what the auditor reads.
struct InstanceWorld {
  TestRandom random{13};
  VaultId vault{crypto::RandomArray<16>(random)};
  InstanceId instance{crypto::RandomArray<16>(random)};
  crypto::BoxOpener auditor{*crypto::BoxSecret::Generate(random)};
  audit::Origin origin{"web-1", {1, 2, 3}, 1000, 4711, "host", "/usr/bin/acme"};
  audit::NewHead head =
      *audit::BuildHead(vault, instance, {1'700'000'000'000}, origin, auditor.public_key(), random);

  audit::KeyChain JournalChain() {
    return *audit::KeyChain::Start(audit::ChainKind::kJournal, vault, instance,
                                   *head.journal_first.Clone());
  }

  // The events in the journal `content`, as the auditor's key opens them, up to its end or the
  // first entry that is not whole; each must have the next number.
  std::vector<audit::EventCopy> Decode(ByteView content) const {
    std::vector<audit::EventCopy> events;
    const Result<audit::Head> parsed = audit::ParseHead(content);
    EXPECT_TRUE(parsed.ok());
    const Result<audit::OpenedHead> opened = audit::OpenHead(*parsed, auditor);
    EXPECT_TRUE(opened.ok());
    audit::KeyChain chain = *audit::KeyChain::Start(audit::ChainKind::kJournal, vault, instance,
                                                    *opened->journal_first.Clone());
    content = content.subspan(parsed->size_bytes);
    for (;;) {
      const audit::Entry entry = audit::ParseEntry(instance, content);
      if (entry.state != audit::EntryState::kWhole) break;
      EXPECT_EQ(entry.number, events.size());
      const Status status = chain.Next([&](ByteView key) -> Status {
        const Result<Bytes> bytes = audit::OpenEntry(key, entry);
        if (!bytes.ok()) return bytes.status();
        const Result<audit::EventCopy> event = audit::ParseEvent(*bytes);
        if (!event.ok()) return event.status();
        events.push_back(*event);
        return Status();
      });
      EXPECT_TRUE(status.ok()) << status.message();
      if (!status.ok()) break;
      content = content.subspan(entry.size_bytes);
    }
    return events;
  }
};

// What a journal says for ever once its file is gone.
inline const auto kJournalGone = ErrorIs(Code::kAuditDown, "trail.journal-gone");

// An event that can be told from others by `at`.
inline audit::Event EventAt(int64_t at) {
  return {.kind = audit::EventKind::kRead,
          .outcome = audit::Outcome::kAllowed,
          .at = {at},
          .purpose = "billing",
          .category = "payment_card",
          .policy_version = 3,
          .transaction = 99};
}

}  // namespace bailee::testing
