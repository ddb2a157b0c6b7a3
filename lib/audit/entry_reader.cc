// SPDX-License-Identifier: Apache-2.0
#include "audit/entry_reader.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

Status Broken(const char* name, const char* message, uint64_t index) {
  return Status(Code::kAuditBroken, name, std::string(message) + ": leaf " + std::to_string(index),
                "keep the files as they are and run `bailee audit verify --entries`");
}

// A chain goes only so far at a time.
Status GoTo(KeyChain& chain, uint64_t number) {
  while (chain.number() < number) {
    const uint64_t step = std::min(number - chain.number(), KeyChain::kAheadMax);
    BAILEE_RETURN_IF_ERROR(chain.AdvanceTo(chain.number() + step));
  }
  return Status();
}

}  // namespace

EntryReader::EntryReader(const VaultId& vault, const crypto::BoxOpener& auditor,
                         const OpenInstances& open)
    : vault_(vault), auditor_(auditor) {
  for (const auto& [instance, state] : open) open_[instance].head = state.head;
}

Result<EntryReader> EntryReader::Copy() const {
  EntryReader copy(vault_, auditor_, {});
  for (const auto& [id, instance] : open_) {
    Instance& own = copy.open_[id];
    own.head = instance.head;
    if (!instance.keys) continue;
    BAILEE_TRY(KeyChain journal, instance.keys->journal.Copy());
    BAILEE_TRY(KeyChain writes, instance.keys->writes.Copy());
    own.keys.emplace(Keys{std::move(journal), std::move(writes), instance.keys->origin});
  }
  return copy;
}

void EntryReader::Pass(const Leaf& leaf) {
  if (leaf.type == LeafType::kOpened) {
    Instance opened;
    opened.head.assign(leaf.body.begin(), leaf.body.end());
    // One that opens twice is not the one whose keys are known.
    open_.emplace(leaf.instance, std::move(opened));
  } else if (leaf.type == LeafType::kClosed || leaf.type == LeafType::kAdopted) {
    open_.erase(leaf.instance);
  }
}

Status EntryReader::OpenHeadOf(Instance& instance) const {
  BAILEE_TRY(const Head head, ParseHead(instance.head));
  BAILEE_TRY(OpenedHead opened, OpenHead(head, auditor_));
  BAILEE_TRY(KeyChain journal, KeyChain::Start(ChainKind::kJournal, vault_, head.instance,
                                               std::move(opened.journal_first)));
  BAILEE_TRY(KeyChain writes, KeyChain::Start(ChainKind::kWrites, vault_, head.instance,
                                              std::move(opened.writes_first)));
  instance.keys.emplace(Keys{std::move(journal), std::move(writes), std::move(opened.origin)});
  return Status();
}

Status EntryReader::OpenLeaf(const Leaf& leaf, KeyChain& chain, OpenedLeaf& opened) const {
  const auto open = [&](ByteView key) -> Status {
    if (leaf.type == LeafType::kJournal) {
      BAILEE_TRY(opened.event, OpenEntry(key, ParseEntry(leaf.instance, leaf.body)));
      return Status();
    }
    BAILEE_TRY(const WriteBody body, ParseWriteBody(leaf.body));
    BAILEE_TRY(opened.key, EntryKey::FromBytes(key));
    opened.transaction = body.transaction;
    BAILEE_TRY(opened.event, OpenWriteBody(body, opened.key, vault_, leaf.instance, leaf.number));
    return Status();
  };
  Status status = chain.Next(open);
  if (!status.ok()) {
    // What follows it may still be true.
    BAILEE_RETURN_IF_ERROR(chain.AdvanceTo(leaf.number + 1));
  }
  return status;
}

Result<OpenedEntry> EntryReader::Open(uint64_t index, const Leaf& leaf) {
  BAILEE_CHECK(leaf.type == LeafType::kJournal || leaf.type == LeafType::kWrite);
  const auto found = open_.find(leaf.instance);
  if (found == open_.end()) {
    return Broken("trail.not-open", "an entry of an instance that is not open", index);
  }
  Instance& instance = found->second;
  if (!instance.keys) {
    const Status status = OpenHeadOf(instance);
    if (status.code() == Code::kFull) return status;
    if (!status.ok()) {
      return Broken("trail.forged-head", "an instance did not open for this auditor", index);
    }
  }
  const bool write = leaf.type == LeafType::kWrite;
  KeyChain& chain = write ? instance.keys->writes : instance.keys->journal;
  // Each number before it has a leaf before it: a chain is not followed for ever.
  if (leaf.number < chain.number() || leaf.number > index) {
    return Broken("trail.forged-entry", "an entry is out of order", index);
  }
  BAILEE_RETURN_IF_ERROR(GoTo(chain, leaf.number));
  OpenedLeaf opened;
  const Status status = OpenLeaf(leaf, chain, opened);
  if (status.code() == Code::kFull) return status;
  if (!status.ok()) {
    return Broken("trail.forged-entry", "an entry was not written by its instance", index);
  }
  Result<EventCopy> event = ParseEvent(opened.event);
  if (!event.ok()) return Broken("trail.bad-event", "an event makes no sense", index);
  if (write && event->transaction != opened.transaction) {
    return Broken("trail.transaction-differs", "a write was made in another transaction", index);
  }
  return OpenedEntry{{leaf.instance, write, leaf.number},
                     *std::move(event),
                     &instance.keys->origin,
                     std::move(opened.key)};
}

}  // namespace bailee::audit
