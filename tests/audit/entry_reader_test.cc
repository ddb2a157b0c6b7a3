// SPDX-License-Identifier: Apache-2.0
#include "audit/entry_reader.h"

#include "audit/fake_journal.h"

// What the auditor's reader opens, told one leaf after the other by somebody who may lie.
namespace bailee::testing {
namespace {

using audit::Leaf;
using audit::LeafType;

const auto kNotOpen = ErrorIs(Code::kAuditBroken, "trail.not-open");
const auto kForged = ErrorIs(Code::kAuditBroken, "trail.forged-entry");

class EntryReaderTest : public ::testing::Test {
 protected:
  EntryReaderTest() {
    for (int64_t at = 0; at < 3; ++at) EXPECT_TRUE(journal_->Append(EventAt(at)).ok());
    ByteView rest = ByteView(journal_.disk->content).subspan(journal_.world.head.bytes.size());
    for (size_t i = 0; i < 3; ++i) {
      const audit::Entry entry = audit::ParseEntry(journal_.world.instance, rest);
      EXPECT_EQ(entry.state, audit::EntryState::kWhole);
      entries_.push_back(rest.first(entry.size_bytes));
      rest = rest.subspan(entry.size_bytes);
    }
    reader_.Pass(LeafOf(LeafType::kOpened, 0, journal_.world.head.bytes));
  }

  Leaf LeafOf(LeafType type, uint64_t number, ByteView body = {}) const {
    return {.type = type, .instance = journal_.world.instance, .number = number, .body = body};
  }
  // When the event happened that the reader makes of an entry which calls itself `number`.
  Result<int64_t> Open(size_t entry, uint64_t number, uint64_t index) {
    const auto opened = reader_.Open(index, LeafOf(LeafType::kJournal, number, entries_[entry]));
    if (!opened.ok()) return opened.status();
    return opened->event.at.unix_ms;
  }

  FakeJournal journal_;
  std::vector<ByteView> entries_;
  audit::EntryReader reader_{journal_.world.vault, journal_.world.auditor, {}};
};

TEST_F(EntryReaderTest, OpensEntriesInTheirOrderAndMayPassSome) {
  EXPECT_EQ(*Open(0, 0, 1), 0);
  EXPECT_EQ(*Open(2, 2, 3), 2);
}

TEST_F(EntryReaderTest, OpensNothingTwiceAndNothingThatCameBefore) {
  EXPECT_EQ(*Open(1, 1, 2), 1);
  EXPECT_THAT(StatusOf(Open(1, 1, 3)), kForged);
  EXPECT_THAT(StatusOf(Open(0, 0, 4)), kForged);
  EXPECT_EQ(*Open(2, 2, 5), 2) << "what follows may still be true";
}

// To follow the keys to a number that is made up would take for ever.
TEST_F(EntryReaderTest, FollowsKeysNoFurtherThanThereAreLeaves) {
  EXPECT_THAT(StatusOf(Open(0, uint64_t{1} << 60, 9)), kForged);
  EXPECT_EQ(*Open(0, 0, 10), 0);
}

TEST_F(EntryReaderTest, OpensNothingOfAnInstanceThatEnded) {
  for (const LeafType ending : {LeafType::kClosed, LeafType::kAdopted}) {
    reader_.Pass(LeafOf(ending, 0));
    EXPECT_THAT(StatusOf(Open(0, 0, 1)), kNotOpen);
    reader_.Pass(LeafOf(LeafType::kOpened, 0, journal_.world.head.bytes));
    EXPECT_EQ(*Open(0, 0, 2), 0);
  }
}

}  // namespace
}  // namespace bailee::testing
