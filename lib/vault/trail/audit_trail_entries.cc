// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "audit/cut.h"
#include "audit/leaf_cursor.h"
#include "base/hex.h"
#include "base/try.h"
#include "vault/trail/audit_trail_impl.h"

namespace bailee::vault {
namespace {

using audit::EventCopy;
using audit::Leaf;
using audit::LeafType;
using audit::OpenedEntry;

constexpr uint64_t kLeavesBetweenMarks = 256;
constexpr size_t kMarksMax = 16;

bool IsEntry(const Leaf& leaf) {
  return leaf.type == LeafType::kJournal || leaf.type == LeafType::kWrite;
}

bool Is(const std::string& wanted, std::string_view word) {
  return wanted.empty() || wanted == word;
}

bool IsAboutCategory(const std::string& category, const EventCopy& event) {
  if (Is(category, event.category)) return true;
  const crypto::NameId id = crypto::NameIdOf(category);
  return std::any_of(event.records.begin(), event.records.end(),
                     [&](const audit::EventRecord& record) { return record.category == id; });
}

bool IsAboutHandle(const std::optional<Handle>& handle, const EventCopy& event) {
  if (!handle || event.handle == *handle) return true;
  return std::any_of(event.records.begin(), event.records.end(),
                     [&](const audit::EventRecord& record) { return record.handle == *handle; });
}

bool Passes(const TrailFilter& filter, const OpenedEntry& entry) {
  const EventCopy& event = entry.event;
  return (!filter.since || event.at >= *filter.since) &&
         (!filter.until || event.at < *filter.until) && Is(filter.purpose, event.purpose) &&
         Is(filter.actor, entry.origin->actor) &&
         Is(filter.outcome, audit::OutcomeWord(event.outcome)) &&
         Is(filter.kind, audit::EventKindWord(event.kind)) &&
         IsAboutCategory(filter.category, event) && IsAboutHandle(filter.handle, event);
}

// A leaf that does not parse is passed over by nobody.
Result<Leaf> LeafAt(const audit::LeafCursor& leaves) {
  Result<Leaf> leaf = audit::ParseLeaf(leaves.leaf());
  if (leaf.ok()) return leaf;
  return Status(Code::kAuditBroken, "trail.leaf-malformed",
                "leaf " + std::to_string(leaves.index()) + " of the audit trail makes no sense",
                "keep the files as they are and run `bailee audit verify`");
}

}  // namespace

bool IsOf(const Leaf& leaf, const DecisionId& id) {
  const LeafType type = id.write ? LeafType::kWrite : LeafType::kJournal;
  return leaf.type == type && leaf.instance == id.instance && leaf.number == id.number;
}

Status NoSuchDecision() {
  return Status(Code::kNotFound, "audit.no-such-decision",
                "the audit trail does not have this decision",
                "it may still wait in the journal of a living process, or have been pruned");
}

TrailEntry AuditTrailImpl::EntryOf(uint64_t index, const OpenedEntry& opened) const {
  const EventCopy& event = opened.event;
  const audit::Origin& origin = *opened.origin;
  TrailEntry entry;
  entry.index = index;
  entry.id = opened.id;
  entry.at = event.at;
  entry.kind = audit::EventKindWord(event.kind);
  entry.outcome = audit::OutcomeWord(event.outcome);
  entry.actor = origin.actor;
  entry.keyring = internal::IdToHex(origin.keyring_id);
  entry.uid = origin.uid;
  entry.pid = origin.pid;
  entry.host = origin.host;
  entry.program = origin.program;
  entry.purpose = event.purpose;
  entry.on_behalf_of = event.on_behalf_of;
  entry.category = event.category;
  entry.fields = event.fields;
  entry.case_reference = event.case_reference;
  entry.recipient = event.recipient;
  entry.ground = event.ground;
  entry.reasons = event.reasons;
  entry.handle = event.handle;
  for (const audit::EventRecord& record : event.records) {
    const auto known = categories_.find(record.category);
    entry.records.push_back({record.handle,
                             known == categories_.end() ? record.category.ToHex() : known->second,
                             record.record, record.terms.ToHex()});
  }
  for (const EventCopy::Detail& detail : event.details) {
    entry.details.emplace_back(audit::WhatWord(detail.what), detail.text);
  }
  entry.policy_version = event.policy_version;
  entry.transaction = event.transaction;
  entry.repeats = event.repeats;
  return entry;
}

Result<audit::EntryReader*> AuditTrailImpl::ReaderAt(uint64_t from,
                                                     const crypto::BoxOpener& auditor) {
  uint64_t pruned = 0;
  audit::OpenInstances cut;
  {
    BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
    BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
    pruned = tree.pruned();
    BAILEE_TRY(cut, audit::ReadCut(*snapshot, pruned));
  }
  std::erase_if(marks_, [&](const auto& mark) { return mark.first < pruned; });
  if (!reader_ || reader_at_ > from || reader_at_ < pruned) {
    reader_.emplace(row_.id, auditor, cut);
    reader_at_ = pruned;
  }
  const auto behind = marks_.upper_bound(from);
  if (behind != marks_.begin() && std::prev(behind)->first > reader_at_) {
    BAILEE_TRY(audit::EntryReader nearer, std::prev(behind)->second.Copy());
    reader_.emplace(std::move(nearer));
    reader_at_ = std::prev(behind)->first;
  }
  audit::LeafCursor leaves(*engine_, {reader_at_, from});
  while (true) {
    BAILEE_TRY(const bool more, leaves.NextLeaf());
    if (!more) break;
    BAILEE_TRY(const Leaf leaf, LeafAt(leaves));
    reader_->Pass(leaf);
    reader_at_ = leaves.index() + 1;
  }
  return &*reader_;
}

void AuditTrailImpl::Mark() {
  const auto behind = marks_.upper_bound(reader_at_);
  if (behind != marks_.begin() && reader_at_ - std::prev(behind)->first < kLeavesBetweenMarks)
    return;
  Result<audit::EntryReader> copy = reader_->Copy();
  if (!copy.ok()) return;  // nothing but time depends on it
  marks_.emplace(reader_at_, *std::move(copy));
  if (marks_.size() > kMarksMax) marks_.erase(marks_.begin());
}

Status AuditTrailImpl::EachLeaf(uint64_t from, uint64_t to, const crypto::BoxOpener& auditor,
                                const LeafVisitor& visit) {
  BAILEE_TRY(audit::EntryReader* const reader, ReaderAt(from, auditor));
  audit::LeafCursor leaves(*engine_, {from, to});
  while (true) {
    BAILEE_TRY(const bool more, leaves.NextLeaf());
    if (!more) return Status();
    BAILEE_TRY(const Leaf leaf, LeafAt(leaves));
    reader_at_ = leaves.index() + 1;
    BAILEE_TRY(const bool go_on, visit(leaves.index(), leaf, *reader));
    if (reader_at_ == from + 1) Mark();
    if (!go_on) return Status();
  }
}

Result<uint64_t> AuditTrailImpl::Entries(const TrailFilter& filter, uint64_t from,
                                         const std::function<bool(const TrailEntry&)>& visit) {
  using audit::Detail;
  BAILEE_TRY(const crypto::BoxOpener* const auditor, Auditor(audit::EventKind::kTrailLog));
  const std::string first = std::to_string(from);
  const Detail detail{audit::What::kFirst, first};
  BAILEE_RETURN_IF_ERROR(Record({.kind = audit::EventKind::kTrailLog,
                                 .handle = filter.handle.value_or(Handle()),
                                 .details = {&detail, 1}}));
  BAILEE_TRY(const Extent extent, Measure());
  if (from > extent.head.size) {
    return Status(Code::kNotFound, "audit.beyond-tree", "the audit tree is not that large",
                  "if it was, the vault was put back to an earlier state");
  }
  from = std::max(from, extent.pruned);
  BAILEE_RETURN_IF_ERROR(
      EachLeaf(from, extent.head.size, *auditor,
               [&](uint64_t index, const Leaf& leaf, audit::EntryReader& reader) -> Result<bool> {
                 if (!IsEntry(leaf)) {
                   reader.Pass(leaf);
                   return true;
                 }
                 BAILEE_TRY(const OpenedEntry entry, reader.Open(index, leaf));
                 return !Passes(filter, entry) || visit(EntryOf(index, entry));
               }));
  return reader_at_;
}

Result<TrailEntry> AuditTrailImpl::Find(const DecisionId& id) {
  using audit::Detail;
  BAILEE_TRY(const crypto::BoxOpener* const auditor, Auditor(audit::EventKind::kExplain));
  const std::string text = id.ToText();
  const Detail detail{audit::What::kDecision, text};
  BAILEE_RETURN_IF_ERROR(Record({.kind = audit::EventKind::kExplain, .details = {&detail, 1}}));
  BAILEE_TRY(const Extent extent, Measure());
  std::optional<TrailEntry> found;
  BAILEE_RETURN_IF_ERROR(
      EachLeaf(extent.pruned, extent.head.size, *auditor,
               [&](uint64_t index, const Leaf& leaf, audit::EntryReader& reader) -> Result<bool> {
                 if (!IsOf(leaf, id)) {
                   reader.Pass(leaf);
                   return true;
                 }
                 BAILEE_TRY(const OpenedEntry entry, reader.Open(index, leaf));
                 found = EntryOf(index, entry);
                 return false;
               }));
  if (!found) return NoSuchDecision();
  return *std::move(found);
}

Result<Bytes> AuditTrailImpl::Policy(uint32_t version) const {
  const auto found = rules_->policies.find(version);
  if (found != rules_->policies.end()) return found->second->policy->ToBinary();
  return Status(Code::kNotFound, "audit.no-such-policy", "the vault has no policy of that number",
                "it may have been published since the trail was opened: open it again");
}

}  // namespace bailee::vault
