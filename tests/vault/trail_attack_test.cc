// SPDX-License-Identifier: Apache-2.0
#include "audit/event_codec.h"
#include "vault/forged_trail.h"

// Attacks by somebody who can write every file of a vault, each first as anybody would do it and
// then with everything public made anew. What cannot be found without something kept elsewhere is
// shown not to be: SECURITY.md says so.
namespace bailee {
namespace {

using testing::AttackedTrail;
using testing::ErrorIs;
using testing::IsBroken;
using testing::IsOk;
using testing::IsUnproven;
using testing::kNowhere;
using testing::LeafOf;
using testing::LeafType;
using testing::Leaves;
using testing::MakeLeaf;
using testing::RewriteTrail;
using testing::StatusOf;
using testing::Table;

class TrailAttack : public AttackedTrail {
 protected:
  void DeleteLeaf(size_t index) {
    RawRows(vault_.path()).Delete(Table::kAuditLeaf, audit::LeafKey(index));
  }
  void PutLeaf(size_t index, const Bytes& leaf) {
    RawRows(vault_.path()).Put(Table::kAuditLeaf, audit::LeafKey(index), leaf);
  }
  Leaves Without(std::vector<size_t> indices) const {
    Leaves leaves;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      if (std::find(indices.begin(), indices.end(), i) == indices.end()) {
        leaves.push_back(leaves_[i]);
      }
    }
    return leaves;
  }
  std::vector<size_t> AllOf(size_t instance) const {
    std::vector<size_t> indices;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      if (LeafOf(leaves_[i]).instance == instances_[instance]) indices.push_back(i);
    }
    return indices;
  }
  uint64_t EntriesOf(size_t instance) const {
    uint64_t entries = 0;
    for (const size_t i : AllOf(instance)) entries += LeafOf(leaves_[i]).type == LeafType::kJournal;
    return entries;
  }
  // Whatever was done to what was pinned is found with the pin.
  void ExpectFoundWithPin() { EXPECT_EQ(VerifyPinned().ToStatus().code(), Code::kAuditBroken); }
};

TEST_F(TrailAttack, NothingIsFoundWhereNothingWasDone) {
  EXPECT_THAT(Verify({true, pin_}).ToStatus(), IsOk());
  RewriteTrail(vault_.path(), leaves_);
  EXPECT_THAT(Verify({true, pin_}).ToStatus(), IsOk());
}

TEST_F(TrailAttack, DroppingALeafLeavesAHole) {
  const size_t entry = At(1, LeafType::kJournal, 1);
  DeleteLeaf(entry);
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.leaf-missing", entry, kNowhere));
}

TEST_F(TrailAttack, DroppingTheFirstOrAMiddleEntryIsFoundByWhatFollows) {
  for (const uint64_t number : {uint64_t{0}, uint64_t{2}}) {
    const size_t entry = At(1, LeafType::kJournal, number);
    Rewrite(Without({entry}));
    const size_t next = At(1, LeafType::kJournal, number + 1) - 1;
    EXPECT_THAT(VerifyEntries(), IsBroken("trail.forged-entry", next, instances_[1]));
    ExpectFoundWithPin();
    Rewrite(leaves_);
  }
}

TEST_F(TrailAttack, DroppingTheLastEntryIsFoundByTheClosingThatWasSealed) {
  const size_t last = At(1, LeafType::kJournal, EntriesOf(1) - 1);
  Rewrite(Without({last}));
  EXPECT_THAT(VerifyEntries(),
              IsBroken("trail.close-forged", At(1, LeafType::kClosed) - 1, instances_[1]));
  ExpectFoundWithPin();
}

TEST_F(TrailAttack, DroppingTheClosingIsFoundToo) {
  const size_t closed = At(1, LeafType::kClosed);
  // The last entry, and the write that says how many there are.
  Rewrite(Without({At(1, LeafType::kJournal, EntriesOf(1) - 1), closed - 1}));
  EXPECT_THAT(VerifyEntries(), IsBroken("trail.close-forged", closed - 2, instances_[1]));
  ExpectFoundWithPin();
}

// CVE-2023-31438 in its strongest form: the instance is made one that was never closed.
TEST_F(TrailAttack, AnEndThatWasCutOffIsNeverMoreThanUnproven) {
  const size_t closed = At(1, LeafType::kClosed);
  Leaves leaves = leaves_;
  Bytes adopted;
  audit::AppendLeafHead(LeafType::kAdopted, instances_[1], 0, adopted);
  audit::AppendAdoption({.ends = {}, .adopter = instances_[2]}, adopted);
  leaves[closed] = adopted;
  leaves.erase(leaves.begin() + static_cast<ptrdiff_t>(closed) - 1);
  leaves.erase(leaves.begin() +
               static_cast<ptrdiff_t>(At(1, LeafType::kJournal, EntriesOf(1) - 1)));
  Rewrite(leaves);
  EXPECT_THAT(VerifyEntries(), IsUnproven("trail.end-unproven", instances_[1]));
  ExpectFoundWithPin();
}

TEST_F(TrailAttack, AWholeInstanceThatIsGoneIsFoundWithAPinAlone) {
  Rewrite(Without(AllOf(1)));
  EXPECT_THAT(VerifyEntries().ToStatus(), IsOk()) << "SECURITY.md says what a pin is for";
  EXPECT_THAT(VerifyPinned(), IsBroken("trail.cut-off", kNowhere, kNowhere));
}

TEST_F(TrailAttack, ReorderingEntries) {
  const size_t one = At(1, LeafType::kJournal, 1);
  const size_t two = At(1, LeafType::kJournal, 2);
  PutLeaf(one, leaves_[two]);
  PutLeaf(two, leaves_[one]);
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.entry-repeated", two, instances_[1]));
  Leaves leaves = leaves_;
  std::swap(leaves[one], leaves[two]);
  Rewrite(leaves);
  const TrailReport report = VerifyEntries();
  EXPECT_THAT(report, IsBroken("trail.forged-entry", one, instances_[1]));
  EXPECT_THAT(report, IsBroken("trail.forged-entry", two, instances_[1]));
  ExpectFoundWithPin();
}

TEST_F(TrailAttack, ReorderingInstances) {
  Leaves leaves;
  for (const size_t i : AllOf(1)) leaves.push_back(leaves_[i]);
  const size_t moved = leaves.size();
  for (const Bytes& leaf : Without(AllOf(1))) leaves.push_back(leaf);
  Rewrite(leaves);
  const size_t write = moved + At(0, LeafType::kWrite);
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.transaction-order", write, instances_[0]));
  ExpectFoundWithPin();
}

TEST_F(TrailAttack, DuplicatingAnEntry) {
  const size_t entry = At(1, LeafType::kJournal, 2);
  PutLeaf(entry + 1, leaves_[entry]);
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.entry-repeated", entry + 1, instances_[1]));
  Leaves leaves = leaves_;
  leaves.insert(leaves.begin() + static_cast<ptrdiff_t>(entry), leaves_[entry]);
  Rewrite(leaves);
  EXPECT_THAT(VerifyEntries(), IsBroken("trail.forged-entry", entry + 1, instances_[1]));
  ExpectFoundWithPin();
}

TEST_F(TrailAttack, DuplicatingAnInstance) {
  Leaves leaves = leaves_;
  for (const size_t i : AllOf(1)) leaves.push_back(leaves_[i]);
  Rewrite(leaves);
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.opened-twice", leaves_.size(), instances_[1]));
}

TEST_F(TrailAttack, AlteringABitOfALeafAlone) {
  for (const LeafType type : {LeafType::kOpened, LeafType::kJournal, LeafType::kWrite}) {
    const size_t index = At(1, type);
    Bytes leaf = leaves_[index];
    leaf[leaf.size() - 9] ^= 1;
    PutLeaf(index, leaf);
    EXPECT_THAT(VerifyPublic(), IsBroken("trail.root-differs", kNowhere, kNowhere));
    PutLeaf(index, leaves_[index]);
  }
}

TEST_F(TrailAttack, AlteringABitCleverly) {
  const size_t entry = At(1, LeafType::kJournal, 1);
  Leaves leaves = leaves_;
  leaves[entry].back() ^= 1;
  leaves[entry] = [&] {  // its check is public
    Bytes body(leaves[entry].begin() + audit::kLeafHeadBytes, leaves[entry].end());
    Bytes checked(body.begin(), body.begin() + 16);
    checked.insert(checked.end(), body.begin() + audit::kEntryHeadBytes, body.end());
    StoreBigEndian(crypto::Checksum(instances_[1].bytes, checked), body.data() + 16);
    return MakeLeaf(LeafType::kJournal, instances_[1], 1, body);
  }();
  Rewrite(leaves);
  EXPECT_THAT(VerifyEntries(), IsBroken("trail.forged-entry", entry, instances_[1]));
  ExpectFoundWithPin();

  const size_t write = At(1, LeafType::kWrite);
  leaves = leaves_;
  leaves[write].back() ^= 1;
  Rewrite(leaves);
  EXPECT_THAT(VerifyEntries(), IsBroken("trail.forged-entry", write, instances_[1]));

  leaves = leaves_;
  leaves[write][audit::kLeafHeadBytes + 7] ^= 1;  // its transaction
  Rewrite(leaves);
  EXPECT_THAT(VerifyEntries(), IsBroken("trail.transaction-differs", write, instances_[1]));

  const size_t opened = At(1, LeafType::kOpened);
  leaves = leaves_;
  leaves[opened][leaves[opened].size() - 40] ^= 1;
  leaves[opened] = testing::WithHeadChecked(leaves[opened]);
  Rewrite(leaves);
  EXPECT_THAT(VerifyEntries(),
              IsBroken("trail.forged-head", At(1, LeafType::kJournal), instances_[1]));
}

TEST_F(TrailAttack, AlteringTheEndOfAnInstance) {
  const size_t closed = At(1, LeafType::kClosed);
  Bytes leaf = leaves_[closed];
  leaf[audit::kLeafHeadBytes + 7] ^= 1;
  PutLeaf(closed, leaf);
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.ends-differ", closed, instances_[1]));
}

// --- With the memory of a process
// -----------------------------------------------------------------

class TrailMemory : public TrailAttack {
 protected:
  static constexpr uint64_t kTaken = 3;  // what was in memory once entries 0 to 2 were sealed

  // What entry `number` becomes if it is sealed under the key that `chain` gives next.
  Bytes Forged(audit::KeyChain& chain, uint64_t number) const {
    Bytes frame(audit::kEntryHeadBytes);
    EXPECT_THAT(audit::AppendEvent({.kind = audit::EventKind::kRead,
                                    .outcome = audit::Outcome::kAllowed,
                                    .at = kJune2013,
                                    .purpose = "billing"},
                                   frame),
                IsOk());
    EXPECT_THAT(chain.Next([&](ByteView key) {
      audit::SealEntry(key, instances_[1], number, 0, frame);
      return Status();
    }),
                IsOk());
    return MakeLeaf(LeafType::kJournal, instances_[1], number, frame);
  }
  audit::KeyChain Kept() {
    return testing::ChainKeptAt(vault_, leaves_[At(1, LeafType::kOpened)], kTaken);
  }
};

// CVE-2023-31439: what was sealed before cannot be sealed again with what came later.
TEST_F(TrailMemory, GivesNoKeyOfAnythingBefore) {
  audit::KeyChain kept = Kept();
  for (uint64_t number = 0; number < kTaken; ++number) {
    EXPECT_THAT(StatusOf(kept.KeyAt(number)), ErrorIs(Code::kDamage, "trail.key-gone"));
    audit::KeyChain chain = Kept();
    Leaves leaves = leaves_;
    const size_t at = At(1, LeafType::kJournal, number);
    leaves[at] = Forged(chain, number);
    Rewrite(leaves);
    EXPECT_THAT(VerifyEntries(), IsBroken("trail.forged-entry", at, instances_[1]));
    ExpectFoundWithPin();
  }
}

// The other side of the same: from that moment on the process could have recorded anything.
TEST_F(TrailMemory, ForgesWhatComesAfterUnlessItWasPinned) {
  audit::KeyChain kept = Kept();
  Leaves leaves = leaves_;
  leaves[At(1, LeafType::kJournal, kTaken)] = Forged(kept, kTaken);
  Rewrite(leaves);
  EXPECT_THAT(VerifyEntries().ToStatus(), IsOk()) << "SECURITY.md says so";
  ExpectFoundWithPin();
}

// --- Reading
// ---------------------------------------------------------------------------------------

// CVE-2023-31437: an entry that does not open must not merely be missing from a filtered view.
TEST_F(TrailAttack, NothingIsHiddenFromAFilteredView) {
  const TrailFilter nothing{.purpose = "no.such.purpose"};
  const auto look = [&] {
    AuditTrail trail = OpenTrail("auditor");
    size_t seen = 0;
    const Status status = StatusOf(trail.Entries(nothing, 0, [&](const TrailEntry&) {
      ++seen;
      return true;
    }));
    EXPECT_EQ(seen, 0u);
    return status;
  };
  EXPECT_THAT(look(), IsOk());
  const size_t entry = At(1, LeafType::kJournal, 1);
  Leaves leaves = leaves_;
  leaves[entry] = testing::MovedTo(leaves_[entry + 1], instances_[1], 1);
  Rewrite(leaves);
  EXPECT_THAT(look(), ErrorIs(Code::kAuditBroken, "trail.forged-entry"));
  Rewrite(leaves_);
  PutLeaf(entry, Bytes{1, 9, 9});
  EXPECT_THAT(look(), ErrorIs(Code::kAuditBroken, "trail.leaf-malformed"));
  DeleteLeaf(entry);
  EXPECT_THAT(look(), ErrorIs(Code::kDamage, "audit.tree-damaged"));
}

}  // namespace
}  // namespace bailee
