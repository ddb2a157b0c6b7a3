// SPDX-License-Identifier: Apache-2.0
#include "audit/verify.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "audit/drain.h"
#include "audit/entry_reader.h"
#include "audit/leaf_cursor.h"
#include "audit/replay.h"
#include "audit/tree_replay.h"
#include "audit/tree_rows.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

using store::Table;

constexpr uint64_t kProgressEvery = 4'096;
constexpr std::string_view kWatermarkPrefix = "trail";

// All that belongs to one moment; the leaves, which never change, can be read afterwards.
struct Moment {
  Frontier head;
  uint64_t pruned = 0;
  OpenInstances cut;
  Watermarks watermarks;
};

Status ReadWatermarks(store::Snapshot& snapshot, Watermarks& watermarks, Findings& findings) {
  return snapshot.Scan(
      Table::kMeta, AsBytes(kWatermarkPrefix), {}, [&](ByteView key, ByteView value) {
        Reader in(key.subspan(kWatermarkPrefix.size()));
        const InstanceId instance{in.GetArray<16>()};
        const Result<Watermark> watermark = ParseWatermark(value);
        if (in.complete() && watermark.ok()) {
          watermarks[instance] = *watermark;
        } else {
          findings.Broken("trail.watermark-malformed",
                          "the watermark of an instance makes no sense", {std::nullopt, instance});
        }
        return true;
      });
}

Status FindStrayLeaves(store::Snapshot& snapshot, uint64_t pruned, Findings& findings) {
  const auto first = LeafKey(pruned);
  return snapshot.Scan(Table::kAuditLeaf, {}, {}, [&](ByteView key, ByteView) {
    if (!std::lexicographical_compare(key.begin(), key.end(), first.begin(), first.end())) {
      return false;
    }
    findings.Broken("trail.leaf-stray", "a row among the leaves is before the first of them");
    return true;
  });
}

Result<Moment> ReadMoment(store::Engine& engine, Findings& findings) {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine.Read());
  Moment moment;
  BAILEE_TRY(const TreeReader tree, TreeReader::Open(*snapshot));
  BAILEE_TRY(moment.head, ReadHead(*snapshot));
  moment.pruned = tree.pruned();
  Result<OpenInstances> cut = ReadCut(*snapshot, moment.pruned);
  if (cut.ok()) {
    moment.cut = *std::move(cut);
  } else if (cut.status().code() == Code::kDamage) {
    findings.Broken("trail.bad-cut", std::string(cut.status().message()));
  } else {
    return cut.status();
  }
  BAILEE_RETURN_IF_ERROR(ReadWatermarks(*snapshot, moment.watermarks, findings));
  BAILEE_RETURN_IF_ERROR(FindStrayLeaves(*snapshot, moment.pruned, findings));
  BAILEE_RETURN_IF_ERROR(FindStrayNodes(*snapshot, moment.head.size(), findings));
  return moment;
}

// What instances say when they close. The leaf of an end proves nothing, anybody can make it; the
// sealed event before it does.
class Closings {
 public:
  void Add(const OpenedEntry& entry) {
    if (entry.event.kind != EventKind::kClose) return;
    Said& said = said_[entry.id.instance];
    said.writes = entry.id.number + 1;
    for (const EventCopy::Detail& detail : entry.event.details) {
      if (detail.what == What::kEntries) said.entries = detail.text;
    }
  }

  // Whether the end `leaf` is where its instance said.
  bool Has(const Leaf& leaf, const OpenInstances& cut) const {
    const ChainEnds ends = *ParseChainEnds(leaf.body);  // it parsed with the leaf
    const auto found = said_.find(leaf.instance);
    if (found != said_.end()) {
      return found->second.writes == ends.write_number &&
             found->second.entries == std::to_string(ends.journal_number);
    }
    // The event may be the last leaf that was pruned.
    const auto before = cut.find(leaf.instance);
    return before != cut.end() && before->second.ends == ends;
  }

 private:
  struct Said {
    uint64_t writes = 0;
    std::string entries;
  };
  std::map<InstanceId, Said> said_;
};

void CheckEvent(uint64_t index, const OpenedEntry& entry, Findings& findings) {
  if (entry.event.kind != EventKind::kClose) return;
  std::string range;
  for (const EventCopy::Detail& detail : entry.event.details) {
    if (detail.what != What::kFirst && detail.what != What::kLast) continue;
    range += (range.empty() ? "" : " to ") + detail.text;
  }
  if (range.empty()) return;
  findings.Unproven("trail.doubtful",
                    "an instance says that of its journal entries " + range +
                        " some may not have reached the disk",
                    {index, entry.id.instance});
}

// What of the auditor is followed from leaf to leaf.
struct Entries {
  EntryReader reader;
  Closings closings;
};

// Errors: kFull alone; everything else is found.
Status CheckEntry(Entries& entries, const OpenInstances& cut, uint64_t index, const Leaf& leaf,
                  Findings& findings) {
  if (leaf.type != LeafType::kJournal && leaf.type != LeafType::kWrite) {
    if (leaf.type == LeafType::kClosed && !entries.closings.Has(leaf, cut)) {
      findings.Broken("trail.close-forged", "an instance did not say that it closed there",
                      {index, leaf.instance});
    }
    entries.reader.Pass(leaf);
    return Status();
  }
  const Result<OpenedEntry> entry = entries.reader.Open(index, leaf);
  if (entry.ok()) {
    entries.closings.Add(*entry);
    CheckEvent(index, *entry, findings);
    return Status();
  }
  if (entry.status().code() != Code::kAuditBroken) return entry.status();
  findings.Broken(entry.status().name(), std::string(entry.status().message()),
                  {index, leaf.instance});
  return Status();
}

// The whole of what is followed from leaf to leaf.
struct Followed {
  TreeReplay tree;
  Replay replay;
  std::optional<Entries> entries;
};

Status FollowLeaves(store::Engine& engine, const VerifyRequest& request, const Moment& moment,
                    Followed& followed, Findings& findings) {
  const uint64_t size = moment.head.size();
  LeafCursor leaves(engine, {moment.pruned, size});
  while (true) {
    BAILEE_TRY(const bool more, leaves.Next());
    if (!more) break;
    const uint64_t index = leaves.index();
    if (request.progress && index % kProgressEvery == 0) {
      request.progress(index - moment.pruned, size - moment.pruned);
    }
    if (request.stopped && index % kProgressEvery == 0 && request.stopped()) {
      return {Code::kPartial, "audit.stopped", "verifying was stopped before its end",
              "run it again"};
    }
    if (leaves.gap()) {
      findings.Broken("trail.leaf-missing",
                      "leaves " + std::to_string(index) + " to " +
                          std::to_string(leaves.gap_end() - 1) + " are not there",
                      {index});
      followed.tree.Miss();
      followed.replay.Miss();
      continue;
    }
    BAILEE_RETURN_IF_ERROR(followed.tree.Add(leaves.leaf()));
    const std::optional<Leaf> leaf = followed.replay.Add(index, leaves.leaf());
    if (leaf && followed.entries) {
      BAILEE_RETURN_IF_ERROR(CheckEntry(*followed.entries, moment.cut, index, *leaf, findings));
    }
  }
  if (leaves.strays() > 0) {
    findings.Broken("trail.leaf-stray",
                    std::to_string(leaves.strays()) + " rows among the leaves are none of them");
  }
  if (request.progress) request.progress(size - moment.pruned, size - moment.pruned);
  return Status();
}

}  // namespace

Result<Verified> VerifyTrail(store::Engine& engine, const JournalDirectory& journals,
                             const VerifyRequest& request, Findings& findings) {
  BAILEE_TRY(const Moment moment, ReadMoment(engine, findings));
  BAILEE_TRY(const TreeReplay tree, TreeReplay::Begin(engine, moment.pruned, findings));
  Followed followed{tree, Replay(request.vault, moment.cut, findings), {}};
  if (request.auditor != nullptr) {
    followed.entries.emplace(
        Entries{EntryReader(request.vault, *request.auditor, moment.cut), Closings()});
  }
  BAILEE_RETURN_IF_ERROR(FollowLeaves(engine, request, moment, followed, findings));
  followed.tree.Finish(moment.head);
  followed.replay.Finish(moment.watermarks, moment.pruned);
  BAILEE_TRY(const uint64_t waiting,
             CheckJournals(engine, journals, followed.replay.open(), findings));
  return Verified{.size = moment.head.size(),
                  .root = moment.head.Root(),
                  .pruned = moment.pruned,
                  .entries = followed.replay.entries(),
                  .instances = followed.replay.instances(),
                  .open = followed.replay.open().size(),
                  .waiting_bytes = waiting};
}

}  // namespace bailee::audit
