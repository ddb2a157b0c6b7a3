// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "audit/checkpoint_sign.h"
#include "audit/checkpoint_text.h"
#include "audit/failing_scans.h"
#include "audit/verify_world.h"
#include "base/arena.h"
#include "support/temp_vault.h"

// The stored tree, the journals and what was pinned, each broken once.
namespace bailee::testing {
namespace {

using ::testing::IsEmpty;

class VerifyTest : public ::testing::Test, protected VerifyWorld {
 protected:
  void Record(audit::Trail& trail, size_t count) {
    for (size_t i = 0; i < count; ++i) ASSERT_TRUE(trail.Append(EventAt(1)).ok());
    ASSERT_TRUE(trail.Drain().ok());
  }
  std::string JournalOf(const InstanceId& instance) const {
    return journals() + "/" + instance.ToHex() + ".journal";
  }
  TreeHead HeadNow() {
    const auto snapshot = *engine->Read();
    const auto tree = audit::TreeReader::Open(*snapshot);
    return {tree->size(), tree->Root()};
  }
};

TEST_F(VerifyTest, FindsNothingInAnEmptyTree) {
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_EQ(last.size, 0u);
  EXPECT_EQ(last.root, EmptyRoot());
}

TEST_F(VerifyTest, FindsALeafThatWasChanged) {
  const auto trail = Start();
  Record(*trail, 3);
  Bytes leaf = RawLeaves()[2];
  leaf.back() ^= 1;
  Put(Table::kAuditLeaf, audit::LeafKey(2), leaf);
  EXPECT_TRUE(Finds(Verify(), "trail.root-differs"));
}

TEST_F(VerifyTest, FindsMissingLeavesAsOneRange) {
  const auto trail = Start();
  Record(*trail, 5);
  Delete(Table::kAuditLeaf, audit::LeafKey(2));
  Delete(Table::kAuditLeaf, audit::LeafKey(3));
  const auto findings = Verify();
  EXPECT_TRUE(Finds(findings, "trail.leaf-missing", 2));
  EXPECT_FALSE(Finds(findings, "trail.leaf-missing", 3));
}

TEST_F(VerifyTest, FindsRowsAmongTheLeavesThatAreNone) {
  const auto trail = Start();
  Record(*trail, 5);
  for (const Bytes& key :
       {Bytes{0, 0, 0, 0, 0, 0, 0, 2, 7}, Bytes{0, 0, 0, 0, 0, 0, 0, 5, 7}, Bytes{0}}) {
    Put(Table::kAuditLeaf, key, Bytes{1});
    EXPECT_TRUE(Finds(Verify(), "trail.leaf-stray"));
    Delete(Table::kAuditLeaf, key);
  }
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(VerifyTest, FindsWhatIsWrongWithTheHashesOfSubtrees) {
  const auto trail = Start();
  Record(*trail, 600);
  ASSERT_THAT(Verify(), IsEmpty());
  const auto key = audit::NodeKey({8, 1});
  Bytes hash;
  {
    const auto snapshot = *engine->Read();
    const ByteView row = **snapshot->Get(Table::kAuditNode, key);
    hash.assign(row.begin(), row.end());
  }
  Bytes other = hash;
  other[0] ^= 1;
  Put(Table::kAuditNode, key, other);
  EXPECT_TRUE(Finds(Verify(), "trail.node-differs", 511));
  Delete(Table::kAuditNode, key);
  EXPECT_TRUE(Finds(Verify(), "trail.node-missing", 511));
  Put(Table::kAuditNode, key, hash);
  for (const audit::Subtree stray :
       {audit::Subtree{8, 2}, audit::Subtree{16, 0}, audit::Subtree{7, 0}}) {
    Put(Table::kAuditNode, audit::NodeKey(stray), hash);
    EXPECT_TRUE(Finds(Verify(), "trail.node-stray"));
    Delete(Table::kAuditNode, audit::NodeKey(stray));
  }
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(VerifyTest, CountsFindingsWhenThereAreTooMany) {
  audit::Findings findings;
  for (size_t i = 0; i < audit::Findings::kMax + 5; ++i) findings.Unproven("a.b", "c");
  findings.Broken("d.e", "f");
  const auto taken = findings.Take();
  ASSERT_EQ(taken.size(), audit::Findings::kMax + 1);
  EXPECT_EQ(taken.back().name, "trail.more-findings");
  EXPECT_EQ(taken.back().weight, TrailFinding::Weight::kBroken);
  EXPECT_EQ(taken.back().message, "6 more were found");
}

TEST_F(VerifyTest, KnowsWhatWasThereAtTheLastLookAndHidesNothingBehindIt) {
  audit::Findings findings(10);
  for (size_t i = 0; i < audit::Findings::kMax + 5; ++i) findings.Unproven("a.b", "c", {.leaf = 9});
  findings.Unproven("d.e", "f", {.leaf = 10});
  findings.Unproven("g.h", "i");
  const auto taken = findings.Take();
  ASSERT_EQ(taken.size(), audit::Findings::kMax + 2);
  EXPECT_EQ(taken.front().weight, TrailFinding::Weight::kKnown);
  EXPECT_EQ(taken.back().weight, TrailFinding::Weight::kKnown);
  EXPECT_EQ(taken.back().message, "5 more were known");
  EXPECT_EQ(taken[audit::Findings::kMax].weight, TrailFinding::Weight::kUnproven);
  EXPECT_EQ(taken[audit::Findings::kMax].message, "2 more were found");
}

TEST_F(VerifyTest, CountsOneThatIsKnownAndTooMany) {
  audit::Findings findings(10);
  for (size_t i = 0; i < audit::Findings::kMax + 1; ++i) findings.Unproven("a.b", "c", {.leaf = 9});
  const auto taken = findings.Take();
  ASSERT_EQ(taken.size(), audit::Findings::kMax + 1);
  EXPECT_EQ(taken.back().message, "1 more were known");
}

TEST_F(VerifyTest, CountsWhatWaitsInJournals) {
  const auto trail = Start();
  ASSERT_TRUE(trail->Append(EventAt(1)).ok());
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_GT(last.waiting_bytes, 0u);
}

TEST_F(VerifyTest, SaysThatALostJournalLeavesItsEndUnproven) {
  const auto trail = Start();
  Record(*trail, 1);
  ASSERT_TRUE(directory_of_journals->Remove(trail->instance()).ok());
  EXPECT_TRUE(Finds(Verify(), "trail.journal-missing", {}, kUnproven));
}

TEST_F(VerifyTest, FindsAJournalThatIsShorterThanTheTreeHasOfIt) {
  const auto trail = Start();
  Record(*trail, 1);
  ASSERT_EQ(truncate(JournalOf(trail->instance()).c_str(), 400), 0);
  EXPECT_TRUE(Finds(Verify(), "trail.journal-short"));
}

TEST_F(VerifyTest, SaysThatTheTornEndOfADeadInstanceIsUnproven) {
  Dead(2, Bytes{});
  EXPECT_THAT(Verify(), IsEmpty());
  Dead(2, Bytes{0, 0, 1});
  EXPECT_TRUE(Finds(Verify(), "trail.journal-torn", {}, kUnproven));
}

TEST_F(VerifyTest, TakesAnEntryThatIsThereTwiceForATornEnd) {
  const std::string one = JournalOf(Dead(1, Bytes{}));
  const std::string two = JournalOf(Dead(2, Bytes{}));
  EXPECT_THAT(Verify(), IsEmpty());
  std::ofstream(two, std::ios::binary | std::ios::app)
      << ReadFile(two).substr(std::filesystem::file_size(one));
  EXPECT_TRUE(Finds(Verify(), "trail.journal-torn", {}, kUnproven));
}

TEST_F(VerifyTest, ReportsAJournalThatNobodyRegistered) {
  Dead(0, Bytes{}, false);
  EXPECT_THAT(Verify(), IsEmpty());
  Dead(1, Bytes{}, false);
  EXPECT_TRUE(Finds(Verify(), "trail.journal-unknown", {}, kUnproven));
}

TEST_F(VerifyTest, NamesTheRangeOfAnAdoptedInstanceThatIsUnproven) {
  Dead(3, Bytes{5, 5, 5});
  const auto trail = Start();  // adopts it
  const auto findings = Verify();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(Finds(findings, "trail.end-unproven", 5, kUnproven));
  EXPECT_THAT(findings[0].message, ::testing::HasSubstr("0 to 2"));
  EXPECT_THAT(findings[0].message, ::testing::HasSubstr("3 bytes"));
}

// What it left may have been cut off: nobody can say.
TEST_F(VerifyTest, SaysThatTheEndOfAnAdoptedInstanceThatLeftNothingIsUnproven) {
  Dead(0, Bytes{});
  const auto trail = Start();
  EXPECT_TRUE(Finds(Verify(), "trail.end-unproven", 2, kUnproven));
}

TEST_F(VerifyTest, SaysHowFarItIs) {
  const auto trail = Start();
  Record(*trail, 5'000);
  const uint64_t all = RawLeaves().size();
  std::vector<std::pair<uint64_t, uint64_t>> said;
  audit::Findings findings;
  const auto verified = audit::VerifyTrail(*engine, *directory_of_journals,
                                           {.vault = vault,
                                            .progress =
                                                [&](uint64_t done, uint64_t of) {
                                                  said.push_back({done, of});
                                                }},
                                           findings);
  ASSERT_THAT(StatusOf(verified), IsOk());
  EXPECT_THAT(
      said, ::testing::ElementsAre(std::pair(0, all), std::pair(4'096, all), std::pair(all, all)));
}

TEST_F(VerifyTest, StopsWhenItIsToldTo) {
  const auto trail = Start();
  Record(*trail, 5'000);
  size_t asked = 0;
  const auto verify = [&](size_t stop_at) {
    asked = 0;
    audit::Findings findings;
    return StatusOf(audit::VerifyTrail(
        *engine, *directory_of_journals,
        {.vault = vault, .stopped = [&] { return ++asked == stop_at; }}, findings));
  };
  EXPECT_THAT(verify(2), ErrorIs(Code::kPartial, "audit.stopped"));
  EXPECT_EQ(asked, 2u);
  EXPECT_THAT(verify(3), IsOk());
  EXPECT_EQ(asked, 2u) << "once in 4,096 leaves";
}

// What could not be read is not what was damaged.
TEST_F(VerifyTest, ReturnsWhyTheStoreCouldNotBeRead) {
  const auto trail = Start();
  Record(*trail, 3);
  using Rows = std::pair<Table, std::string_view>;
  for (const Rows& rows : {Rows{Table::kMeta, "pruned"}, Rows{Table::kMeta, "trail"},
                           Rows{Table::kAuditLeaf, ""}, Rows{Table::kAuditNode, ""}}) {
    FailingScans failing(*engine, [&](Table table, ByteView prefix) {
      const bool these = table == rows.first && AsText(prefix) == rows.second;
      return these ? Status(Code::kFailed, "test.unreadable", "cannot be read") : Status();
    });
    audit::Findings findings;
    EXPECT_THAT(
        StatusOf(audit::VerifyTrail(failing, *directory_of_journals, {.vault = vault}, findings)),
        ErrorIs(Code::kFailed, "test.unreadable"))
        << rows.second;
    EXPECT_THAT(findings.Take(), IsEmpty()) << rows.second;
  }
}

TEST_F(VerifyTest, DoesNotTakeMemoryThatRanOutForForgery) {
  const auto trail = Start();
  Record(*trail, 3);
  audit::Findings findings;
  arena::SetRefusal([](size_t) { return true; });
  const auto verified = audit::VerifyTrail(*engine, *directory_of_journals,
                                           {.vault = vault, .auditor = &auditor}, findings);
  arena::SetRefusal(nullptr);
  EXPECT_THAT(StatusOf(verified), ErrorIs(Code::kFull, "secret.arena-full"));
  EXPECT_THAT(findings.Take(), IsEmpty());
}

class PinTest : public VerifyTest {
 protected:
  std::vector<TrailFinding> CheckPin(const std::string& text) {
    audit::Findings findings;
    const auto snapshot = *engine->Read();
    status_ = audit::CheckPin(*snapshot, {text, kOrigin, audit::LogKeyOf(key_)}, findings);
    return findings.Take();
  }
  std::string Signed(const TreeHead& head) {
    return *audit::SignCheckpoint(key_, kOrigin, head, {1'700'000'000'000});
  }

  static constexpr std::string_view kOrigin = "example.com/log";
  crypto::SigningKey key_ =
      *crypto::SigningKey::FromSeed(*crypto::SigningSeed::FromBytes(Bytes(32, 5)));
  Status status_;
};

TEST_F(PinTest, HoldsForAnEmptyTreeAndEveryLaterOne) {
  const std::string empty = audit::CheckpointText(kOrigin, HeadNow());
  EXPECT_THAT(CheckPin(empty), IsEmpty());
  const auto trail = Start();
  Record(*trail, 3);
  const std::string some = audit::CheckpointText(kOrigin, HeadNow());
  const std::string checkpoint = Signed(HeadNow());
  Record(*trail, 300);
  for (const std::string& text : {empty, some, checkpoint}) {
    EXPECT_THAT(CheckPin(text), IsEmpty());
    EXPECT_TRUE(status_.ok());
  }
}

TEST_F(PinTest, FindsATreeThatIsSmallerOrAnother) {
  const auto trail = Start();
  Record(*trail, 3);
  TreeHead head = HeadNow();
  ++head.size;
  EXPECT_TRUE(Finds(CheckPin(audit::CheckpointText(kOrigin, head)), "trail.cut-off"));
  head = HeadNow();
  head.root[0] ^= 1;
  EXPECT_TRUE(Finds(CheckPin(Signed(head)), "trail.forked"));
  Record(*trail, 1);
  EXPECT_TRUE(Finds(CheckPin(Signed(head)), "trail.forked"));
}

TEST_F(PinTest, FindsOneOfAnotherLogAndAForgedOne) {
  EXPECT_TRUE(
      Finds(CheckPin(audit::CheckpointText("example.com/other", HeadNow())), "trail.other-origin"));
  std::string text = Signed(HeadNow());
  key_ = *crypto::SigningKey::FromSeed(*crypto::SigningSeed::FromBytes(Bytes(32, 6)));
  EXPECT_TRUE(Finds(CheckPin(text), "trail.pin-forged"));
}

TEST_F(PinTest, RefusesATextThatIsNone) {
  EXPECT_THAT(CheckPin("example.com/log\n"), IsEmpty());
  EXPECT_THAT(status_, ErrorIs(Code::kInvalidValue, "checkpoint.malformed"));
  for (const std::string text : {"", "example.com/log", "example.com/log\n7", "\n\n"}) {
    EXPECT_THAT(CheckPin(text), IsEmpty());
    EXPECT_THAT(status_, ErrorIs(Code::kInvalidValue, "checkpoint.malformed")) << text;
    EXPECT_THAT(StatusOf(audit::SizeOfPin(text)),
                ErrorIs(Code::kInvalidValue, "checkpoint.malformed"));
  }
}

}  // namespace
}  // namespace bailee::testing
