// SPDX-License-Identifier: Apache-2.0
#include "audit/replay.h"

#include <algorithm>
#include <optional>

#include "audit/journal_format.h"

namespace bailee::audit {
namespace {

std::string Range(uint64_t first, uint64_t end) {
  return std::to_string(first) + " to " + std::to_string(end - 1);
}

}  // namespace

Replay::Replay(const VaultId& vault, OpenInstances open, Findings& findings)
    : vault_(vault), findings_(findings), open_(std::move(open)), instances_(open_.size()) {
  for (const auto& [instance, state] : open_) opened_at_[instance] = 0;
}

std::optional<Leaf> Replay::Add(uint64_t index, ByteView bytes) {
  const Result<Leaf> leaf = ParseLeaf(bytes);
  if (!leaf.ok()) {
    findings_.Broken("trail.leaf-malformed", "a leaf makes no sense", {index});
    return std::nullopt;
  }
  const bool entry = leaf->type == LeafType::kJournal || leaf->type == LeafType::kWrite;
  if (entry) ++entries_;
  if (leaf->type == LeafType::kOpened) {
    Open(index, *leaf);
    return *leaf;
  }
  const auto found = open_.find(leaf->instance);
  if (found == open_.end()) {
    findings_.Broken("trail.not-open", "a leaf of an instance that has not opened, or has ended",
                     {index, leaf->instance});
  } else if (leaf->type == LeafType::kJournal) {
    AddEntry(index, *leaf, found->second);
  } else if (leaf->type == LeafType::kWrite) {
    AddWrite(index, *leaf, found->second);
  } else {
    End(index, *leaf);
  }
  return *leaf;
}

void Replay::Open(uint64_t index, const Leaf& leaf) {
  if (ParseHead(leaf.body)->vault != vault_) {  // it parsed with the leaf
    findings_.Broken("trail.other-vault", "an instance of another vault opens",
                     {index, leaf.instance});
  }
  if (!open_.emplace(leaf.instance, NewInstance(leaf.body)).second) {
    findings_.Broken("trail.opened-twice", "an instance opens that is open",
                     {index, leaf.instance});
    return;
  }
  opened_at_[leaf.instance] = index;
  ++instances_;
}

// Whether the leaf is the next of its chain, or later: then what is missing is passed over, so that
// what follows is still compared.
bool Replay::TakeNumber(uint64_t index, const Leaf& leaf, uint64_t& expected) {
  const bool journal = leaf.type == LeafType::kJournal;
  const std::string what = journal ? "journal entry" : "write";
  if (leaf.number < expected) {
    findings_.Broken("trail.entry-repeated",
                     what + " " + std::to_string(leaf.number) + " was there before",
                     {index, leaf.instance});
    return false;
  }
  if (leaf.number > expected) {
    findings_.Broken("trail.entry-missing",
                     "of each " + what + " from " + Range(expected, leaf.number) + " there is none",
                     {index, leaf.instance});
  }
  expected = leaf.number + 1;
  return true;
}

void Replay::AddEntry(uint64_t index, const Leaf& leaf, OpenInstance& open) {
  if (!TakeNumber(index, leaf, open.ends.journal_number)) return;
  open.ends.journal_chain = ChainStep(open.ends.journal_chain, leaf.body);
  open.offset += leaf.body.size();
}

void Replay::AddWrite(uint64_t index, const Leaf& leaf, OpenInstance& open) {
  if (!TakeNumber(index, leaf, open.ends.write_number)) return;
  open.ends.write_chain = ChainStep(open.ends.write_chain, leaf.body);
  const uint64_t transaction = ParseWriteBody(leaf.body)->transaction;  // it parsed with the leaf
  if (transaction < transaction_) {
    findings_.Broken("trail.transaction-order",
                     "a write of an earlier transaction than the write before it",
                     {index, leaf.instance});
  }
  transaction_ = transaction;
}

void Replay::End(uint64_t index, const Leaf& leaf) {
  const Where where{index, leaf.instance};
  const auto found = open_.find(leaf.instance);
  const ChainEnds& reached = found->second.ends;
  Adoption adoption;
  if (leaf.type == LeafType::kClosed) {
    adoption.ends = *ParseChainEnds(leaf.body);  // it parsed with the leaf
    adoption.first_unproven = adoption.ends.journal_number;
  } else {
    adoption = *ParseAdoption(leaf.body);
  }
  if (adoption.ends != reached || adoption.first_unproven > reached.journal_number) {
    findings_.Broken("trail.ends-differ", "an instance ended where its leaves do not", where);
  } else if (leaf.type == LeafType::kAdopted) {
    // Even if all there was is in the tree: nobody can say that there was no more.
    std::string message = "an instance ended without closing";
    if (adoption.first_unproven < reached.journal_number) {
      message += "; its journal entries " + Range(adoption.first_unproven, reached.journal_number) +
                 " were taken from its journal afterwards";
    }
    if (adoption.bytes_left_over > 0) {
      message += "; " + std::to_string(adoption.bytes_left_over) +
                 " bytes after its last entry are no entry";
    }
    findings_.Unproven("trail.end-unproven", std::move(message), where);
  }
  ended_.emplace_back(leaf.instance, opened_at_[leaf.instance]);
  opened_at_.erase(leaf.instance);
  open_.erase(found);
}

// An instance that ended and opened again is found only now: ended ones are not kept at hand.
void Replay::CheckOpening() {
  std::vector<Place> opened = ended_;
  opened.insert(opened.end(), opened_at_.begin(), opened_at_.end());
  std::sort(opened.begin(), opened.end());
  for (size_t i = 1; i < opened.size(); ++i) {
    if (opened[i].first != opened[i - 1].first) continue;
    findings_.Broken("trail.opened-twice", "an instance opens that had ended",
                     {opened[i].second, opened[i].first});
  }
}

bool Replay::HasEnded(const InstanceId& instance) const {
  const auto found = std::lower_bound(ended_.begin(), ended_.end(), Place{instance, 0});
  return found != ended_.end() && found->first == instance;
}

void Replay::CheckOpen(const Watermarks& watermarks) {
  for (const auto& [instance, open] : open_) {
    const auto found = watermarks.find(instance);
    if (found == watermarks.end()) {
      findings_.Broken("trail.watermark-missing", "an instance that is open has no watermark",
                       {std::nullopt, instance});
      continue;
    }
    const Watermark expected{InstanceState::kOpen, open.offset, open.ends};
    // Where leaves are missing, what they said is not known.
    if (complete_ && found->second != expected) {
      findings_.Broken("trail.watermark-differs",
                       "the watermark of an instance says something else than its leaves",
                       {std::nullopt, instance});
    }
  }
}

void Replay::Finish(const Watermarks& watermarks, uint64_t pruned) {
  CheckOpening();
  std::sort(ended_.begin(), ended_.end());
  CheckOpen(watermarks);
  for (const auto& [instance, watermark] : watermarks) {
    if (open_.contains(instance)) continue;
    const bool ended = watermark.state == InstanceState::kEnded;
    if (ended && (HasEnded(instance) || pruned > 0 || !complete_)) continue;
    findings_.Broken("trail.watermark-stray",
                     "a watermark says that an instance is there that the leaves do not have",
                     {std::nullopt, instance});
  }
}

}  // namespace bailee::audit
