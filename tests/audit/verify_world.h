// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/adopt.h"
#include "audit/drain.h"
#include "audit/trail_world.h"
#include "audit/tree_rows.h"
#include "audit/tree_store.h"
#include "audit/verify.h"
#include "base/codec.h"

namespace bailee::testing {

using audit::LeafType;
using store::Table;

// A trail whose rows a test edits, and what a verification then finds.
struct VerifyWorld : TrailWorld {
  std::unique_ptr<audit::JournalDirectory> directory_of_journals =
      *audit::JournalDirectory::Open(path());

  // What was found by the verification, and that the call itself worked.
  std::vector<TrailFinding> Verify(bool entries = true) {
    audit::Findings findings;
    const auto verified =
        audit::VerifyTrail(*engine, *directory_of_journals,
                           {.vault = vault, .auditor = entries ? &auditor : nullptr}, findings);
    EXPECT_TRUE(verified.ok()) << verified.status().message();
    if (verified.ok()) last = *verified;
    return findings.Take();
  }
  audit::Verified last;

  void Change(const store::Engine::Job& job) {
    const Status status = engine->Write(job);
    ASSERT_TRUE(status.ok()) << status.message();
  }
  void Put(Table table, ByteView key, ByteView value) {
    Change([&](store::WriteTransaction& rows) { return rows.Put(table, key, value); });
  }
  void Delete(Table table, ByteView key) {
    Change([&](store::WriteTransaction& rows) { return rows.Delete(table, key); });
  }

  std::vector<Bytes> RawLeaves() {
    std::vector<Bytes> leaves;
    const auto snapshot = *engine->Read();
    EXPECT_TRUE(snapshot
                    ->Scan(Table::kAuditLeaf, {}, {},
                           [&](ByteView, ByteView value) {
                             leaves.emplace_back(value.begin(), value.end());
                             return true;
                           })
                    .ok());
    return leaves;
  }

  // One write, recorded as made at `at`.
  void WriteOne(audit::Trail& trail, int64_t at) { WriteThis(trail, EventAt(at)); }
  void WriteThis(audit::Trail& trail, audit::Event event) {
    const auto mark = trail.BeginWrite();
    ASSERT_TRUE(mark.ok());
    std::optional<DecisionId> id;
    Change([&](store::WriteTransaction& rows) -> Status {
      const auto events = trail.EventsOf(rows, *mark);
      event.transaction = rows.transaction_id();
      if (const auto made = events->Append(event); !made.ok()) return made.status();
      id = events->last();
      return events->Finish();
    });
    trail.Committed(*id);
  }

  // As an attacker would who can write everything but has no key: other leaves, and a tree that is
  // whole over them. Returns where `edit` says that it changed something.
  void Rewrite(const std::function<void(std::vector<Bytes>&)>& edit) {
    std::vector<Bytes> leaves = RawLeaves();
    const size_t before = leaves.size();
    edit(leaves);
    Change([&](store::WriteTransaction& rows) -> Status {
      for (size_t i = 0; i < before; ++i) (void)rows.Delete(Table::kAuditLeaf, audit::LeafKey(i));
      for (size_t i = 0; i < before / 256; ++i) {
        (void)rows.Delete(Table::kAuditNode, audit::NodeKey({8, i}));
      }
      (void)rows.Delete(Table::kMeta, audit::kTreeRow);
      auto tree = audit::TreeWriter::Begin(rows);
      if (!tree.ok()) return tree.status();
      for (const Bytes& leaf : leaves) {
        if (const auto at = tree->Append(leaf); !at.ok()) return at.status();
      }
      return tree->Finish();
    });
  }

  // The index of the n-th leaf of this type (and instance).
  static size_t IndexOf(const std::vector<Bytes>& leaves, LeafType type, size_t n = 0,
                        const InstanceId* instance = nullptr) {
    for (size_t i = 0; i < leaves.size(); ++i) {
      const auto leaf = audit::ParseLeaf(leaves[i]);
      if (!leaf.ok() || leaf->type != type) continue;
      if (instance != nullptr && leaf->instance != *instance) continue;
      if (n-- == 0) return i;
    }
    ADD_FAILURE() << "no such leaf";
    return 0;
  }

  // An instance that died: registered, its journal there and unlocked, with `entries` of its
  // events and then `rest`.
  InstanceId Dead(size_t entries, const Bytes& rest, bool registered = true) {
    const InstanceId instance{crypto::RandomArray<16>(random)};
    audit::NewHead head = *audit::BuildHead(vault, instance, {1'700'000'000'000}, audit::Origin{},
                                            auditor.public_key(), random);
    audit::KeyChain chain = *audit::KeyChain::Start(audit::ChainKind::kJournal, vault, instance,
                                                    std::move(head.journal_first));
    auto file = *directory_of_journals->Create(instance, head.bytes);
    uint64_t end = head.bytes.size();
    for (size_t i = 0; i < entries; ++i) {
      Bytes frame(audit::kEntryHeadBytes);
      EXPECT_TRUE(audit::AppendEvent(EventAt(1'700'000'000'000), frame).ok());
      EXPECT_TRUE(chain
                      .Next([&](ByteView key) {
                        audit::SealEntry(key, instance, i, 0, frame);
                        return file->WriteAt(end, frame);
                      })
                      .ok());
      end += frame.size();
    }
    EXPECT_TRUE(file->WriteAt(end, rest).ok());
    if (!registered) return instance;
    Change([&](store::WriteTransaction& rows) -> Status {
      auto tree = audit::TreeWriter::Begin(rows);
      Bytes leaf;
      audit::AppendLeafHead(LeafType::kOpened, instance, 0, leaf);
      leaf.insert(leaf.end(), head.bytes.begin(), head.bytes.end());
      if (const auto at = tree->Append(leaf); !at.ok()) return at.status();
      if (Status status = tree->Finish(); !status.ok()) return status;
      audit::Watermark watermark;
      watermark.offset = head.bytes.size();
      watermark.ends.journal_chain = watermark.ends.write_chain = audit::ChainStart(head.bytes);
      return audit::PutWatermark(rows, instance, watermark);
    });
    return instance;
  }
};

// That there is a finding of this name, weight and place.
inline ::testing::AssertionResult Finds(
    const std::vector<TrailFinding>& findings, std::string_view name,
    std::optional<uint64_t> leaf = {},
    TrailFinding::Weight weight = TrailFinding::Weight::kBroken) {
  auto result = ::testing::AssertionFailure() << "found:";
  for (const TrailFinding& finding : findings) {
    if (finding.name == name && finding.leaf == leaf && finding.weight == weight) {
      return ::testing::AssertionSuccess();
    }
    result << "\n  " << finding.name << " at "
           << (finding.leaf ? std::to_string(*finding.leaf) : "-") << ": " << finding.message;
  }
  return result;
}

inline constexpr auto kUnproven = TrailFinding::Weight::kUnproven;

}  // namespace bailee::testing
