// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include "support/child_process.h"
#include "vault/forged_trail.h"

// Journals cut, deleted, changed and put back.
namespace bailee {
namespace {

namespace fs = std::filesystem;
using testing::AttackedTrail;
using testing::Channel;
using testing::ChildProcess;
using testing::IsBroken;
using testing::IsUnproven;
using testing::kNowhere;
using testing::LeafOf;
using testing::LeafType;
using testing::Leaves;
using testing::LeavesAt;
using testing::MakeLeaf;
using testing::Table;

class TrailJournals : public AttackedTrail {
 protected:
  // Somebody reads six times, the first three of them in the tree; the journal.
  std::string Leave(ChildProcess& child) {
    EXPECT_EQ(child.channel().Receive(), 'r');
    for (const auto& file : fs::directory_iterator(vault_.path() + "/journal")) {
      return file.path();
    }
    ADD_FAILURE() << "there is no journal";
    return {};
  }
  int ReadAndWait(const Channel& channel) {
    Vault vault = vault_.Open({"billing"});
    const auto read = [&] { return ReadCard(vault, "billing", IdOf(1), "pan").ok(); };
    if (!read() || !read() || !read() || !StoreCard(vault, IdOf(77)).ok()) return 1;
    if (!read() || !read() || !read()) return 2;
    channel.Send('r');
    (void)channel.Receive();
    return 0;
  }
  audit::Watermark WatermarkOf(const InstanceId& instance) {
    const RawRows rows(vault_.path());
    return **audit::ReadWatermark(**rows.engine().Read(), instance);
  }
  // The journal that an instance had when it had made these entries, as its leaves still have it.
  void MakeJournal(size_t instance, uint64_t entries) {
    const fs::path path =
        fs::path(vault_.path()) / "journal" / (instances_[instance].ToHex() + ".journal");
    std::ofstream out(path, std::ios::binary);
    const auto write = [&](size_t leaf) {
      const ByteView body = LeafOf(leaves_[leaf]).body;
      out.write(reinterpret_cast<const char*>(body.data()),
                static_cast<std::streamsize>(body.size()));
    };
    write(At(instance, LeafType::kOpened));
    for (uint64_t i = 0; i < entries; ++i) write(At(instance, LeafType::kJournal, i));
    out.close();
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  }
  InstanceId Newest() { return testing::InstancesOf(LeavesAt(vault_.path())).back(); }
};

TEST_F(TrailJournals, OfADeadInstanceCutAboveItsWatermarkIsUnproven) {
  for (const bool at_an_entry : {true, false}) {
    ChildProcess child([&](const Channel& channel) { return ReadAndWait(channel); });
    const std::string journal = Leave(child);
    child.Kill();
    const InstanceId instance = Newest();
    const uint64_t offset = WatermarkOf(instance).offset;
    ASSERT_GT(fs::file_size(journal), offset);
    fs::resize_file(journal, at_an_entry ? offset : offset + 30);
    EXPECT_THAT(VerifyEntries(), IsUnproven("trail.end-unproven", instance)) << at_an_entry;
  }
}

// Nothing is lost that way: all of it is in the tree.
TEST_F(TrailJournals, OfADeadInstanceCutBelowItsWatermarkIsUnproven) {
  ChildProcess child([&](const Channel& channel) { return ReadAndWait(channel); });
  const std::string journal = Leave(child);
  child.Kill();
  const InstanceId instance = Newest();
  const audit::Watermark before = WatermarkOf(instance);
  fs::resize_file(journal, before.offset - 1);
  EXPECT_THAT(VerifyEntries(), IsUnproven("trail.end-unproven", instance));
  const Leaves leaves = LeavesAt(vault_.path());
  const audit::Adoption adoption = *audit::ParseAdoption(
      LeafOf(leaves[testing::IndexOf(leaves, instance, LeafType::kAdopted)]).body);
  EXPECT_EQ(adoption.ends, before.ends);
}

TEST_F(TrailJournals, OfADeadInstanceThatIsGoneIsUnproven) {
  ChildProcess child([&](const Channel& channel) { return ReadAndWait(channel); });
  const std::string journal = Leave(child);
  child.Kill();
  fs::remove(journal);
  EXPECT_THAT(VerifyEntries(), IsUnproven("trail.journal-missing", Newest()));
}

TEST_F(TrailJournals, OfALivingInstanceCutBelowItsWatermarkIsBroken) {
  ChildProcess child([&](const Channel& channel) { return ReadAndWait(channel); });
  const std::string journal = Leave(child);
  const InstanceId instance = Newest();
  fs::resize_file(journal, WatermarkOf(instance).offset - 1);
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.journal-short", kNowhere, instance));
}

TEST_F(TrailJournals, OfALivingInstanceCutAboveItsWatermarkIsUnprovenOnceItEnds) {
  ChildProcess child([&](const Channel& channel) { return ReadAndWait(channel); });
  const std::string journal = Leave(child);
  const InstanceId instance = Newest();
  fs::resize_file(journal, WatermarkOf(instance).offset);
  child.channel().Send('.');
  EXPECT_EQ(child.Join(), 0);
  EXPECT_THAT(VerifyEntries(), IsUnproven("trail.end-unproven", instance));
}

TEST_F(TrailJournals, EntriesChangedOnTheirWayIntoTheTreeAreForged) {
  ChildProcess child([&](const Channel& channel) { return ReadAndWait(channel); });
  const std::string journal = Leave(child);
  child.Kill();
  const InstanceId instance = Newest();
  const audit::Watermark at = WatermarkOf(instance);
  std::string bytes = ReadFile(journal);
  const auto entry = AsBytes(bytes).subspan(at.offset);
  const size_t size = audit::ParseEntry(instance, entry).size_bytes;
  // The next entry is left out, the one after it is given its number and check.
  const Bytes second(
      entry.begin() + static_cast<ptrdiff_t>(size),
      entry.begin() + static_cast<ptrdiff_t>(
                          size + audit::ParseEntry(instance, entry.subspan(size)).size_bytes));
  const Bytes moved =
      testing::MovedTo(MakeLeaf(LeafType::kJournal, instance, at.ends.journal_number + 1, second),
                       instance, at.ends.journal_number);
  fs::resize_file(journal, at.offset);
  std::ofstream(journal, std::ios::binary | std::ios::app)
      .write(reinterpret_cast<const char*>(moved.data()) + audit::kLeafHeadBytes,
             static_cast<std::streamsize>(moved.size() - audit::kLeafHeadBytes));
  const TrailReport report = VerifyEntries();
  const Leaves leaves = LeavesAt(vault_.path());
  EXPECT_THAT(report, IsBroken("trail.forged-entry",
                               testing::IndexOf(leaves, instance, LeafType::kJournal,
                                                at.ends.journal_number),
                               instance));
}

// --- Put back
// --------------------------------------------------------------------------------------

TEST_F(TrailJournals, CutTogetherWithTheTreeAreAnUnprovenEnd) {
  constexpr uint64_t kEntries = 3;
  Leaves leaves = leaves_;
  leaves.resize(At(1, LeafType::kJournal, kEntries));
  Rewrite(leaves);
  MakeJournal(1, kEntries);
  EXPECT_THAT(VerifyEntries(), IsUnproven("trail.end-unproven", instances_[1]));
  EXPECT_EQ(VerifyPinned().ToStatus().code(), Code::kAuditBroken);
}

TEST_F(TrailJournals, PutBackAfterTheirInstanceEndedAreNotTakenTwice) {
  MakeJournal(1, kReads);
  EXPECT_THAT(Verify({true, pin_}), IsUnproven("trail.journal-unknown", instances_[1]));
  // With a watermark that says that nothing of it was taken yet.
  audit::Watermark watermark;
  const ByteView head = LeafOf(leaves_[At(1, LeafType::kOpened)]).body;
  watermark.offset = head.size();
  watermark.ends.journal_chain = watermark.ends.write_chain = audit::ChainStart(head);
  RawRows(vault_.path())
      .Put(Table::kMeta, audit::WatermarkKey(instances_[1]), audit::EncodeWatermark(watermark));
  const TrailReport report = VerifyPublic();
  const Leaves now = LeavesAt(vault_.path());
  size_t again = now.size();
  while (LeafOf(now[again - 1]).instance != instances_[1]) --again;
  EXPECT_GT(again, leaves_.size());
  EXPECT_THAT(report, IsBroken("trail.not-open", again - 1, instances_[1]));
}

TEST_F(TrailJournals, AWatermarkThatIsMovedIsFound) {
  const InstanceId nobody{{9, 9, 9}};
  audit::Watermark watermark;
  RawRows(vault_.path())
      .Put(Table::kMeta, audit::WatermarkKey(nobody), audit::EncodeWatermark(watermark));
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.watermark-stray", kNowhere, nobody));
  // That of somebody who lives: it says one entry less than the leaves.
  ChildProcess child([&](const Channel& channel) { return ReadAndWait(channel); });
  (void)Leave(child);
  const InstanceId living = Newest();
  watermark = WatermarkOf(living);
  --watermark.ends.journal_number;
  RawRows(vault_.path())
      .Put(Table::kMeta, audit::WatermarkKey(living), audit::EncodeWatermark(watermark));
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.watermark-differs", kNowhere, living));
}

}  // namespace
}  // namespace bailee
