// SPDX-License-Identifier: Apache-2.0
#include "audit/prune.h"

#include "audit/checkpoint_text.h"
#include "audit/cut.h"
#include "audit/entry_reader.h"
#include "audit/export.h"
#include "audit/leaf_cursor.h"
#include "audit/replay.h"
#include "audit/verify_world.h"

// Deleting the beginning of a trail, and what was exported of it before.
namespace bailee::testing {
namespace {

using ::testing::IsEmpty;

// Fails at the n-th change that jobs make, as a crash would end them: nothing of that job is kept.
class CrashingEngine final : public store::Engine {
 public:
  CrashingEngine(store::Engine& engine, size_t changes) : engine_(engine), left_(changes) {}
  Result<std::unique_ptr<store::Snapshot>> Read() override { return engine_.Read(); }
  Status Compact() override { return engine_.Compact(); }
  Status Say(uint64_t number) override { return engine_.Say(number); }
  Result<std::vector<Opener>> Openers() override { return engine_.Openers(); }
  Result<Statistics> Measure() override { return engine_.Measure(); }
  Status Write(const Job& job) override {
    return engine_.Write([&](store::WriteTransaction& rows) {
      Crashing crashing(rows, left_);
      return job(crashing);
    });
  }
  bool crashed() const { return left_ == 0; }

 private:
  class Crashing final : public store::WriteTransaction {
   public:
    Crashing(store::WriteTransaction& rows, size_t& left) : rows_(rows), left_(left) {}
    uint64_t transaction_id() const override { return rows_.transaction_id(); }
    bool current() const override { return rows_.current(); }
    Result<std::optional<ByteView>> Get(Table table, ByteView key) override {
      return rows_.Get(table, key);
    }
    Status GetMany(Table table, std::span<const ByteView> keys,
                   std::span<std::optional<ByteView>> values) override {
      return rows_.GetMany(table, keys, values);
    }
    Status Scan(Table table, ByteView prefix, ByteView from, const Visitor& visit) override {
      return rows_.Scan(table, prefix, from, visit);
    }
    Status Put(Table table, ByteView key, ByteView value) override {
      return Take() ? rows_.Put(table, key, value) : Crash();
    }
    Status Insert(Table table, ByteView key, ByteView value) override {
      return Take() ? rows_.Insert(table, key, value) : Crash();
    }
    Status Delete(Table table, ByteView key) override {
      return Take() ? rows_.Delete(table, key) : Crash();
    }

   private:
    bool Take() { return left_ > 0 && --left_ > 0; }
    static Status Crash() { return Status(Code::kFailed, "test.crash", "crashed"); }
    store::WriteTransaction& rows_;
    size_t& left_;
  };
  store::Engine& engine_;
  size_t left_;
};

class PruneTest : public ::testing::Test, protected VerifyWorld {
 protected:
  static constexpr int64_t kOld = 1'000;
  static constexpr int64_t kNew = 9'000'000'000'000;

  // Events at kOld, then some at kNew; the instance stays open.
  void SetUp() override {
    clock_.at = kOld;
    audit::TrailOptions options = Options();
    options.clock = &clock_;
    trail_ = *audit::Trail::Start(*engine, options);
    Record(700, kOld);
    WriteOne(*trail_, kOld);
    ASSERT_TRUE(trail_->Drain().ok());
    old_ = RawLeaves().size();
    Record(400, kNew);
  }
  void Record(size_t count, int64_t at) {
    for (size_t i = 0; i < count; ++i) ASSERT_TRUE(trail_->Append(EventAt(at)).ok());
    ASSERT_TRUE(trail_->Drain().ok());
  }
  audit::PruneRequest Request(uint64_t covered) {
    return {.vault = vault,
            .auditor = &auditor,
            .covered = covered,
            .before = {kOld + 1},
            .event = {.kind = audit::EventKind::kTrailPrune, .at = {kNew}},
            .blocks_at_once = 1};
  }
  Result<uint64_t> Prune(uint64_t covered = 1'000) {
    return audit::PruneLeaves(*engine, *trail_, Request(covered));
  }

  struct SetClock final : Clock {
    int64_t at = 0;
    Timestamp Now() const override { return {at}; }
  };
  SetClock clock_;
  std::shared_ptr<audit::Trail> trail_;
  size_t old_ = 0;
};

TEST_F(PruneTest, DeletesWholeBlocksOfOldEntriesAndTheRestStaysVerifiable) {
  const auto gone = Prune();
  ASSERT_THAT(StatusOf(gone), IsOk());
  EXPECT_EQ(*gone, 512u);
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_EQ(last.pruned, 512u);
  EXPECT_EQ(last.instances, 1u);
  // More of the same instance, which was cut in two.
  Record(10, kNew);
  WriteOne(*trail_, kNew);
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_TRUE(trail_->Close().ok());
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(PruneTest, KeepsWhatTheCheckpointDoesNotCover) {
  EXPECT_EQ(*Prune(511), 256u);
  EXPECT_THAT(StatusOf(Prune(511)), ErrorIs(Code::kNotFound, "audit.nothing-to-prune"));
  EXPECT_EQ(*Prune(512), 256u);
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(PruneTest, RefusesWhenNothingCanGo) {
  EXPECT_THAT(StatusOf(Prune(255)), ErrorIs(Code::kNotFound, "audit.nothing-to-prune"));
  audit::PruneRequest request = Request(1'000);
  request.before = {kOld};
  EXPECT_THAT(StatusOf(audit::PruneLeaves(*engine, *trail_, request)),
              ErrorIs(Code::kNotFound, "audit.nothing-to-prune"));
  EXPECT_EQ(RawLeaves().size(), old_ + 400);
}

TEST_F(PruneTest, DeletesNothingThatIsNotWhole) {
  Rewrite([](auto& leaves) { leaves[100].back() ^= 1; });
  EXPECT_THAT(StatusOf(Prune()).code(), Code::kAuditBroken);
  EXPECT_TRUE(Verify(false).size() > 0 && last.pruned == 0);
}

TEST_F(PruneTest, LeavesAWholeTrailWhereverItCrashesAndGoesOn) {
  // The first transaction: 256 leaves and what goes with them; the second the same.
  size_t crashes = 0;
  for (const size_t changes : {1u, 100u, 256u, 257u, 258u, 259u, 260u, 261u, 262u, 300u}) {
    CrashingEngine crashing(*engine, changes);
    const auto gone = audit::PruneLeaves(crashing, *trail_, Request(1'000));
    if (gone.status().name() == "test.crash") ++crashes;
    EXPECT_THAT(Verify(), IsEmpty()) << changes;
    EXPECT_EQ(last.pruned % 256, 0u);
  }
  EXPECT_GE(crashes, 5u);
  const auto rest = Prune();
  EXPECT_TRUE(rest.ok() || rest.status().name() == "audit.nothing-to-prune");
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_EQ(last.pruned, 512u);
}

TEST_F(PruneTest, FindsARowOfTheCutThatWasChangedOrLost) {
  ASSERT_EQ(*Prune(), 512u);
  const Bytes key = audit::CutKey(trail_->instance());
  Bytes row;
  {
    const auto snapshot = *engine->Read();
    const ByteView value = **snapshot->Get(Table::kMeta, key);
    row.assign(value.begin(), value.end());
  }
  Bytes other = row;
  other[20] ^= 1;  // of the journal chain
  Put(Table::kMeta, key, other);
  EXPECT_TRUE(Finds(Verify(), "trail.watermark-differs"));
  other = row;
  other[0] = 1;  // a number beyond what was pruned
  Put(Table::kMeta, key, other);
  EXPECT_TRUE(Finds(Verify(), "trail.bad-cut"));
  Delete(Table::kMeta, key);
  EXPECT_TRUE(Finds(Verify(), "trail.not-open", 512));
}

TEST_F(PruneTest, FindsARowOfTheCutThatMakesNoSense) {
  ASSERT_EQ(*Prune(), 512u);
  const Bytes key = audit::CutKey(trail_->instance());
  Bytes row;
  {
    const auto snapshot = *engine->Read();
    const ByteView value = **snapshot->Get(Table::kMeta, key);
    row.assign(value.begin(), value.end());
  }
  constexpr size_t kOffsetAt = audit::kChainEndsBytes;
  constexpr size_t kHeadAt = kOffsetAt + 8;
  const auto cut = [&](size_t size) {
    return Bytes(row.begin(), row.begin() + std::ptrdiff_t(size));
  };
  const auto with = [&](size_t at, uint8_t byte) {
    Bytes changed = row;
    changed[at] = byte;
    return changed;
  };
  Bytes longer = row;
  longer.push_back(0);
  Bytes before_its_head = row;
  std::fill_n(before_its_head.begin() + kOffsetAt, 8, uint8_t{0});
  for (const Bytes& bad :
       {Bytes{}, cut(kOffsetAt - 1), cut(kOffsetAt), cut(kHeadAt - 1), cut(kHeadAt),
        cut(row.size() - 1), longer, with(kHeadAt, 0xff), before_its_head, with(0, 1),
        with(40, 1)}) {  // numbers of entries and writes beyond what was pruned
    Put(Table::kMeta, key, bad);
    EXPECT_TRUE(Finds(Verify(false), "trail.bad-cut")) << bad.size();
  }
  Put(Table::kMeta, key, row);
  ASSERT_THAT(Verify(false), IsEmpty());
  Bytes long_key = key;
  long_key.push_back(0);
  const InstanceId other{crypto::RandomArray<16>(random)};
  for (const Bytes& wrong : {long_key, Bytes(key.begin(), key.end() - 1), audit::CutKey(other)}) {
    Put(Table::kMeta, wrong, row);
    EXPECT_TRUE(Finds(Verify(false), "trail.bad-cut"));
    Delete(Table::kMeta, wrong);
  }
  EXPECT_THAT(Verify(false), IsEmpty());
}

TEST_F(PruneTest, DeletesNothingOfATreeThatIsNotTheSignedOne) {
  const auto broken = ErrorIs(Code::kAuditBroken, "trail.broken");
  const auto key = audit::NodeKey({8, 0});
  Bytes hash;
  {
    const auto snapshot = *engine->Read();
    const ByteView value = **snapshot->Get(Table::kAuditNode, key);
    hash.assign(value.begin(), value.end());
  }
  Bytes other = hash;
  other[0] ^= 1;
  Put(Table::kAuditNode, key, other);
  EXPECT_THAT(StatusOf(Prune()), broken);
  Put(Table::kAuditNode, key, hash);
  Rewrite([](auto& leaves) { leaves.insert(leaves.begin() + 9, Bytes(leaves[8])); });
  EXPECT_THAT(StatusOf(Prune()), broken) << "an entry is there twice";
  EXPECT_TRUE(Finds(Verify(false), "trail.entry-repeated", 9));
  EXPECT_EQ(last.pruned, 0u);
}

// Calls somebody else before it says where a write begins.
class Between final : public audit::EventSink {
 public:
  Between(audit::EventSink& events, std::function<void()> call)
      : events_(events), call_(std::move(call)) {}
  Result<DecisionId> Append(const audit::Event& event) override { return events_.Append(event); }
  Result<audit::WriteMark> BeginWrite() override {
    std::exchange(call_, [] {})();
    return events_.BeginWrite();
  }
  std::unique_ptr<audit::WriteEvents> EventsOf(store::WriteTransaction& transaction,
                                               const audit::WriteMark& mark) override {
    return events_.EventsOf(transaction, mark);
  }
  void Committed(const DecisionId& last) override { events_.Committed(last); }

 private:
  audit::EventSink& events_;
  std::function<void()> call_;
};

TEST_F(PruneTest, GivesWayToWhoeverPrunesMeanwhile) {
  Between between(*trail_, [&] { EXPECT_EQ(*Prune(256), 256u); });
  EXPECT_THAT(StatusOf(audit::PruneLeaves(*engine, between, Request(1'000))),
              ErrorIs(Code::kBusy, "audit.pruned-meanwhile"));
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_EQ(last.pruned, 256u);
}

TEST_F(PruneTest, APinOfWhatWasPrunedIsNotCompared) {
  TreeHead at_100;
  {
    const auto snapshot = *engine->Read();
    at_100 = {100, *audit::TreeReader::Open(*snapshot)->RootAt(100)};
  }
  const auto check = [&](const TreeHead& head) {
    audit::Findings findings;
    const auto snapshot = *engine->Read();
    EXPECT_THAT(
        audit::CheckPin(*snapshot, {audit::CheckpointText("log", head), "log", {}}, findings),
        IsOk());
    return findings.Take();
  };
  EXPECT_THAT(check(at_100), IsEmpty());
  ASSERT_EQ(*Prune(), 512u);
  const auto findings = check(at_100);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(Finds(findings, "trail.pin-pruned", {}, kUnproven));
}

TEST_F(PruneTest, APinThatCannotBeComparedForARowThatIsLostIsBroken) {
  TreeHead at_600;
  {
    const auto snapshot = *engine->Read();
    at_600 = {600, *audit::TreeReader::Open(*snapshot)->RootAt(600)};
  }
  Delete(Table::kAuditLeaf, audit::LeafKey(590));
  audit::Findings findings;
  const auto snapshot = *engine->Read();
  EXPECT_THAT(
      audit::CheckPin(*snapshot, {audit::CheckpointText("log", at_600), "log", {}}, findings),
      IsOk());
  EXPECT_TRUE(Finds(findings.Take(), "trail.forked"));
}

TEST_F(PruneTest, AnInstanceThatEndedMayHaveBeenPruned) {
  const Bytes key = audit::WatermarkKey(InstanceId{});
  Put(Table::kMeta, key, audit::EncodeWatermark({.state = audit::InstanceState::kEnded}));
  EXPECT_TRUE(Finds(Verify(), "trail.watermark-stray"));
  ASSERT_EQ(*Prune(), 512u);
  EXPECT_THAT(Verify(), IsEmpty());
  Put(Table::kMeta, key, audit::EncodeWatermark({.state = audit::InstanceState::kOpen}));
  EXPECT_TRUE(Finds(Verify(), "trail.watermark-stray"));
}

TEST_F(PruneTest, FindsALeafThatCameBackAndAHashOfPrunedLeavesThatIsLost) {
  const Bytes first = RawLeaves()[0];
  ASSERT_EQ(*Prune(), 512u);
  Put(Table::kAuditLeaf, audit::LeafKey(0), first);
  EXPECT_TRUE(Finds(Verify(), "trail.leaf-stray"));
  Delete(Table::kAuditLeaf, audit::LeafKey(0));
  Delete(Table::kAuditNode, audit::NodeKey({8, 0}));
  EXPECT_TRUE(Finds(Verify(), "trail.node-missing", 255));
}

TEST_F(PruneTest, SomebodyWhoReadsMeanwhileIsToldAndNotThatLeavesAreMissing) {
  audit::LeafCursor leaves(*engine, {0, 600});
  ASSERT_EQ(*Prune(), 512u);
  EXPECT_THAT(StatusOf(leaves.Next()), ErrorIs(Code::kBusy, "audit.pruned-meanwhile"));
}

// A second reader of proto/FORMAT.md §13.8. Opens every entry; returns how many there were.
size_t ReadExport(ByteView bytes, const VaultId& vault, const TreeHash& root,
                  const crypto::BoxOpener& auditor) {
  Reader in(bytes);
  EXPECT_EQ(AsText(in.GetBytes(8)), "BAILEEEX");
  EXPECT_EQ(in.Get<uint16_t>(), 1);
  EXPECT_EQ(in.GetArray<16>(), vault.bytes);
  const auto first = in.Get<uint64_t>();
  const auto count = in.Get<uint64_t>();
  in.GetPrefixed<uint32_t>();
  auto frontier = audit::Frontier::Parse(in.GetPrefixed<uint32_t>());
  EXPECT_TRUE(frontier.ok());
  audit::OpenInstances open;
  const auto states = in.Get<uint32_t>();
  for (uint32_t i = 0; i < states; ++i) {
    const InstanceId instance{in.GetArray<16>()};
    open[instance] = *audit::ParseOpenInstance(instance, in.GetPrefixed<uint32_t>());
  }
  audit::Findings findings;
  audit::Replay replay(vault, open, findings);
  audit::EntryReader reader(vault, auditor, open);
  size_t entries = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const ByteView bytes_of_leaf = in.GetPrefixed<uint32_t>();
    frontier->Append(LeafHash(bytes_of_leaf));
    const auto leaf = replay.Add(first + i, bytes_of_leaf);
    if (!leaf) break;
    if (leaf->type != LeafType::kJournal && leaf->type != LeafType::kWrite) {
      reader.Pass(*leaf);
      continue;
    }
    const auto entry = reader.Open(first + i, *leaf);
    EXPECT_THAT(StatusOf(entry), IsOk());
    if (entry.ok()) ++entries;
  }
  EXPECT_TRUE(in.complete());
  EXPECT_FALSE(findings.broken());
  EXPECT_EQ(frontier->Root(), root);
  return entries;
}

TEST_F(PruneTest, AnExportIsReadWithTheAuditorsKeyAlone) {
  for (const uint64_t first : {0u, 256u, 300u, 512u}) {
    if (first == 512) {
      ASSERT_EQ(*Prune(), 512u);
    }
    Checkpoint checkpoint;
    {
      const auto snapshot = *engine->Read();
      const auto tree = audit::TreeReader::Open(*snapshot);
      checkpoint = {"log", tree->size(), tree->Root(), {}};
    }
    Bytes out;
    const auto written = audit::ExportLeaves(
        *engine, {.vault = vault, .first = first, .text = "text", .verified = &checkpoint},
        [&](ByteView piece) {
          out.insert(out.end(), piece.begin(), piece.end());
          return Status();
        });
    ASSERT_THAT(StatusOf(written), IsOk());
    EXPECT_EQ(*written, checkpoint.size - first);
    EXPECT_EQ(ReadExport(out, vault, checkpoint.root, auditor), *written - (first == 0 ? 1 : 0));
  }
}

TEST_F(PruneTest, AnExportOfPrunedLeavesIsRefused) {
  ASSERT_EQ(*Prune(), 512u);
  const Checkpoint checkpoint{"log", 600, {}, {}};
  const auto write = [](ByteView) { return Status(); };
  EXPECT_THAT(StatusOf(audit::ExportLeaves(
                  *engine, {.vault = vault, .first = 511, .verified = &checkpoint}, write)),
              ErrorIs(Code::kNotFound, "audit.leaf-pruned"));
  EXPECT_THAT(StatusOf(audit::ExportLeaves(
                  *engine, {.vault = vault, .first = 601, .verified = &checkpoint}, write)),
              ErrorIs(Code::kNotFound, "audit.beyond-tree"));
  EXPECT_THAT(StatusOf(audit::ExportLeaves(
                  *engine, {.vault = vault, .first = 512, .verified = &checkpoint}, write)),
              ErrorIs(Code::kAuditBroken, "audit.tree-broken"));
}

}  // namespace
}  // namespace bailee::testing
