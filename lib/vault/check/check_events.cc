// SPDX-License-Identifier: Apache-2.0
#include "vault/check/check_events.h"

#include <algorithm>
#include <utility>

#include "audit/cut.h"
#include "audit/leaf_cursor.h"
#include "base/codec.h"
#include "base/try.h"
#include "record/row.h"
#include "vault/check/check_rows.h"
#include "vault/frame/due.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr uint64_t kLeavesPerAsk = 1024;
constexpr int kEventTriesMax = 8;

CheckFinding UnopenedLeaf(const Status& status, uint64_t leaf) {
  return {.weight = CheckFinding::Weight::kDamage,
          .kind = std::string(status.name()),
          .table = std::string(store::TableName(Table::kAuditLeaf)),
          .handle = {},
          .category = {},
          .record = {},
          .at = "leaf " + std::to_string(leaf),
          .means = std::string(status.message()),
          .hint = "see bailee audit verify --entries"};
}

Told::Key ToldKeyAt(const Bytes& place) {
  Told::Key key{};
  std::copy(place.begin(), place.end(), key.begin());
  return key;
}

}  // namespace

Status EventChecker::Run(Bytes& place, bool& stopped) {
  int tries = 0;
  for (;;) {
    std::optional<Told::Key> next = ToldKeyAt(place);
    Status passed;
    do {
      passed = Pass(*next, next, stopped);
      place = next ? Bytes(next->begin(), next->end()) : Bytes();
    } while (passed.ok() && next && !stopped);
    // Leaves were pruned that were still to be read.
    if (passed.code() != Code::kBusy || ++tries > kEventTriesMax) return passed;
  }
}

Status EventChecker::Pass(Told::Key from, std::optional<Told::Key>& next, bool& stopped) {
  told_.emplace(from, request_.told_max);
  ++report_.events_passes;
  next = from;
  BAILEE_RETURN_IF_ERROR(ReadEvents(stopped));
  if (stopped) return Status();
  told_->Settle();
  // Each is said once, by the first pass.
  if (from == Told::kFirst) SayWhatIsUntold();
  while (next && told_->Has(*next)) {
    BAILEE_RETURN_IF_ERROR(LookAt(*next, next));
    request_.say(std::exchange(found_, {}));
    if (next && request_.stopped()) {
      stopped = true;
      return Status();
    }
  }
  return Status();
}

void EventChecker::SayWhatIsUntold() {
  if (told_->restored()) {
    Find(Flaw::kToldRestored, Table::kAuditLeaf, {}, 0);
  } else if (told_->first_leaf() > 0) {
    Find(Flaw::kToldPruned, Table::kAuditLeaf, {}, told_->first_leaf());
  }
}

Status EventChecker::ReadEvents(bool& stopped) {
  uint64_t size = 0;
  {
    BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, vault_.engine().Read());
    BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
    size = tree.size();
    at_ = tree.pruned();
    BAILEE_TRY(const audit::OpenInstances cut, audit::ReadCut(*snapshot, at_));
    reader_.emplace(vault_.id(), request_.auditor, cut);
  }
  if (at_ > 0) told_->BeginAt(at_);
  audit::LeafCursor leaves(vault_.engine(), {at_, size});
  for (;;) {
    BAILEE_TRY(const bool more, leaves.Next());
    if (!more) break;
    if (leaves.gap()) {
      told_->Missed();  // the trail's verification says so
      at_ = leaves.gap_end();
      continue;
    }
    BAILEE_RETURN_IF_ERROR(Take(leaves.index(), leaves.leaf()));
    at_ = leaves.index() + 1;
    if (at_ % kLeavesPerAsk == 0 && request_.stopped()) {
      stopped = true;
      return Status();
    }
  }
  at_ = size;
  return Status();
}

Status EventChecker::CatchUp(store::Snapshot& snapshot) {
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(snapshot));
  if (tree.pruned() > at_) {
    return {Code::kBusy, "audit.pruned-meanwhile", "leaves were pruned that were still to be read",
            "try again"};
  }
  for (; at_ < tree.size(); ++at_) {
    const Result<ByteView> leaf = tree.Leaf(at_);
    if (leaf.ok()) {
      BAILEE_RETURN_IF_ERROR(Take(at_, *leaf));
    } else if (leaf.status().code() == Code::kDamage) {
      told_->Missed();
    } else {
      return leaf.status();
    }
  }
  return Status();
}

Status EventChecker::Take(uint64_t index, ByteView bytes) {
  const Result<audit::Leaf> leaf = audit::ParseLeaf(bytes);
  if (!leaf.ok()) {
    told_->Missed();  // the trail's verification says so
    return Status();
  }
  // Whatever changes rows has its event in the transaction that does.
  if (leaf->type != audit::LeafType::kWrite) {
    reader_->Pass(*leaf);
    return Status();
  }
  const Result<audit::OpenedEntry> opened = reader_->Open(index, *leaf);
  if (opened.status().code() == Code::kFull) return opened.status();
  if (!opened.ok()) {
    told_->Missed();
    if (told_->from() == Told::kFirst) found_.push_back(UnopenedLeaf(opened.status(), index));
    return Status();
  }
  ++report_.events_read;
  told_->Add(index, opened->event);
  return Status();
}

Status EventChecker::LookAt(Told::Key from, std::optional<Told::Key>& next) {
  BAILEE_TRY(Frame frame, vault_.Begin());
  BAILEE_RETURN_IF_ERROR(CatchUp(*frame.snapshot));
  Look look;
  look.end = told_->end();
  BAILEE_RETURN_IF_ERROR(FindRecords(*frame.snapshot, from, look));
  BAILEE_RETURN_IF_ERROR(FindPeople(*frame.snapshot, from, look));
  BAILEE_RETURN_IF_ERROR(FindShares(*frame.snapshot, from, look));
  BAILEE_RETURN_IF_ERROR(HoldRecords(frame, from, look));
  BAILEE_RETURN_IF_ERROR(HoldPeople(frame, from, look));
  next = look.end;
  return Status();
}

}  // namespace bailee::vault
