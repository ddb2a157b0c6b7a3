// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "store/lmdb_preflight.h"
#include "store_image.h"

namespace bailee::store {
namespace {

using ::testing::HasSubstr;

// One copy of a sound file for each kind of damage that LMDB would not survive or not notice.
class LmdbDamage : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new testing::TemporaryDirectory;
    MakeVariedStore(*directory_ / "vault");
    sound_ = new StoreImage(StoreImage::Load(*directory_ / "vault/data.mdb"));
  }
  static void TearDownTestSuite() {
    delete sound_;
    delete directory_;
  }

  static Status Check(const StoreImage& image) {
    const std::string path = *directory_ / "copy.mdb";
    image.Write(path);
    return PreflightDataFile({.data_file = path});
  }
  // That what `damage` does to a copy is found, and said to be `what`.
  template <typename Damage>
  static void ExpectFound(const std::string& what, const Damage& damage) {
    StoreImage copy = *sound_;
    damage(copy);
    ASSERT_NE(copy.bytes, sound_->bytes) << "nothing was damaged";
    const Status status = Check(copy);
    EXPECT_THAT(status, Fails(Code::kDamage, "store.damaged"));
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
    EXPECT_FALSE(status.hint().empty());
  }

  // A leaf, and a branch that is not the root, of a table of three levels.
  static uint64_t Leaf() { return sound_->LeavesOf(sound_->Record(Table::kLookup))[1]; }
  static uint64_t Branch() { return sound_->PagesOf(sound_->Record(Table::kLookup))[1]; }
  // Where the record of a tree is in the newer meta page.
  static size_t FreeRecordAt() { return StoreImage::At(sound_->newer_meta()) + 40; }
  static size_t MainRecordAt() { return StoreImage::At(sound_->newer_meta()) + 88; }

  static testing::TemporaryDirectory* directory_;
  static StoreImage* sound_;
};

testing::TemporaryDirectory* LmdbDamage::directory_ = nullptr;
StoreImage* LmdbDamage::sound_ = nullptr;

TEST_F(LmdbDamage, TheFileTheyAllStartFromIsSoundAndHasEverything) {
  EXPECT_THAT(Check(*sound_), IsOk());
  EXPECT_GE(sound_->Record(Table::kLookup).depth, 3);
  EXPECT_EQ(sound_->Record(Table::kDue).root, kNoPage);
  EXPECT_GT(sound_->Record(Table::kReports).overflow_pages, 12u);
  EXPECT_GT(sound_->meta().free_tree.overflow_pages, 0u);
  ASSERT_FALSE(sound_->IsLeaf(Branch()));
}

TEST_F(LmdbDamage, OfAPagesNumber) {
  ExpectFound("carries the number of another page",
              [](StoreImage& copy) { copy.Add<uint64_t>(StoreImage::At(Leaf()), 1); });
  ExpectFound("carries the number of another page",
              [](StoreImage& copy) { copy.Add<uint64_t>(StoreImage::At(Branch()), 1); });
}

TEST_F(LmdbDamage, OfAPagesKind) {
  for (const uint16_t flags :
       {0x00, 0x01, 0x03, 0x04, 0x06, 0x08, 0x12, 0x22, 0x42, 0x4002, 0x8002}) {
    ExpectFound("of another kind", [&](StoreImage& copy) {
      copy.Set<uint16_t>(StoreImage::At(Leaf()) + kPageFlagsAt, flags);
    });
  }
  ExpectFound("of another kind", [&](StoreImage& copy) {
    copy.Set<uint16_t>(StoreImage::At(Branch()) + kPageFlagsAt, kPageIsLeaf);
  });
}

TEST_F(LmdbDamage, OfThePlaceOfAPageNamesItsTableAndNumber) {
  ExpectFound("page " + std::to_string(Leaf()) + " of the table lookup: ",
              [](StoreImage& copy) { copy.Set<uint64_t>(StoreImage::At(Leaf()), 0); });
}

TEST_F(LmdbDamage, OfTheBoundsOfAPage) {
  const size_t lower = StoreImage::At(Leaf()) + kPageLowerAt;
  const size_t upper = StoreImage::At(Leaf()) + kPageUpperAt;
  for (const uint16_t value : {0, 15, 4097, 0xFFFF}) {
    ExpectFound("bounds of its free space",
                [&](StoreImage& copy) { copy.Set<uint16_t>(lower, value); });
  }
  ExpectFound("bounds of its free space", [&](StoreImage& copy) { copy.Add<uint16_t>(lower, 1); });
  for (const uint16_t value : {0, 16, 4098, 0xFFFF}) {
    ExpectFound("bounds of its free space",
                [&](StoreImage& copy) { copy.Set<uint16_t>(upper, value); });
  }
  ExpectFound("of the table lookup", [&](StoreImage& copy) { copy.Add<uint16_t>(upper, 2); });
  ExpectFound("overlap or leave gaps",
              [&](StoreImage& copy) { copy.Add<uint16_t>(upper, static_cast<uint16_t>(-2)); });
}

TEST_F(LmdbDamage, OfAPageWithTooFewKeys) {
  ExpectFound("too few keys", [](StoreImage& copy) {
    copy.Set<uint16_t>(StoreImage::At(Leaf()) + kPageLowerAt, kPageHeadBytes);
  });
  ExpectFound("too few keys", [](StoreImage& copy) {
    copy.Set<uint16_t>(StoreImage::At(Branch()) + kPageLowerAt, kPageHeadBytes + 2);
  });
}

TEST_F(LmdbDamage, OfWhereANodeIs) {
  const size_t slot = StoreImage::SlotAt(Leaf(), 1);
  for (const uint16_t value : {0, 16, 4089, 4096, 0xFFFE, 0xFFFF}) {
    ExpectFound("starts outside", [&](StoreImage& copy) { copy.Set<uint16_t>(slot, value); });
  }
  ExpectFound("starts outside", [&](StoreImage& copy) { copy.Add<uint16_t>(slot, 1); });
  ExpectFound("two nodes are in one place", [&](StoreImage& copy) {
    copy.Set<uint16_t>(slot, copy.Get<uint16_t>(StoreImage::SlotAt(Leaf(), 0)));
  });
}

TEST_F(LmdbDamage, OfTheSizeOfAKey) {
  const uint64_t leaf = Leaf();
  const size_t at = sound_->NodeStartAt(leaf, 1) + kNodeKeyBytesAt;
  for (const uint16_t value : {0, 512, 0xFFFF}) {
    ExpectFound("size of a key", [&](StoreImage& copy) { copy.Set<uint16_t>(at, value); });
  }
  ExpectFound("size of a key", [&](StoreImage& copy) {
    copy.Set<uint16_t>(sound_->NodeStartAt(Branch(), 1) + kNodeKeyBytesAt, 0);
  });
  ExpectFound("overlap or leave gaps",
              [&](StoreImage& copy) { copy.Add<uint16_t>(at, static_cast<uint16_t>(-2)); });
}

TEST_F(LmdbDamage, OfTheSizeOfARow) {
  const size_t at = sound_->NodeStartAt(Leaf(), 1) + kNodeDataBytesAt;
  ExpectFound("larger than fits", [&](StoreImage& copy) { copy.Set<uint32_t>(at, 0xFFFFFFFF); });
  ExpectFound("larger than fits", [&](StoreImage& copy) { copy.Set<uint32_t>(at, 2038 - 507); });
  ExpectFound("of the table lookup", [&](StoreImage& copy) { copy.Set<uint32_t>(at, 2038 - 508); });
  ExpectFound("overlap or leave gaps", [&](StoreImage& copy) { copy.Add<uint32_t>(at, -4u); });
  // The first node lies last in the page.
  const uint64_t leaf = sound_->LeavesOf(sound_->Record(Table::kAuditNode)).front();
  ExpectFound("reaches behind its end", [&](StoreImage& copy) {
    copy.Add<uint32_t>(copy.NodeStartAt(leaf, 0) + kNodeDataBytesAt, 2);
  });
}

TEST_F(LmdbDamage, OfTheKindOfARow) {
  for (const uint16_t flags : {2, 3, 4, 6, 8, 0x8000}) {
    ExpectFound("of a kind that is never written", [&](StoreImage& copy) {
      copy.Set<uint16_t>(sound_->NodeStartAt(Leaf(), 0) + kNodeFlagsAt, flags);
    });
  }
}

TEST_F(LmdbDamage, OfTheOrderOfKeys) {
  for (const uint64_t page : {Leaf(), Branch()}) {
    ExpectFound("not in order", [&](StoreImage& copy) {
      const size_t slot = StoreImage::SlotAt(page, 1);
      const auto first = copy.Get<uint16_t>(slot);
      copy.Set(slot, copy.Get<uint16_t>(slot + 2));
      copy.Set(slot + 2, first);
    });
  }
  // Equal keys.
  ExpectFound("not in order", [&](StoreImage& copy) {
    const uint64_t leaf = Leaf();
    const size_t from = copy.NodeStartAt(leaf, 0) + kNodeHeadBytes;
    const size_t to = copy.NodeStartAt(leaf, 1) + kNodeHeadBytes;
    std::memcpy(&copy.bytes[to], &copy.bytes[from], 500);
  });
}

TEST_F(LmdbDamage, OfKeysOutsideOfWhatTheParentPromises) {
  ExpectFound("before what its parent promises", [](StoreImage& copy) {
    copy.bytes[copy.NodeStartAt(Leaf(), 0) + kNodeHeadBytes] = '\x01';
  });
  ExpectFound("behind what its parent promises", [](StoreImage& copy) {
    const size_t last = NodeCount(copy.page(Leaf())) - 1;
    copy.bytes[copy.NodeStartAt(Leaf(), last) + kNodeHeadBytes] = 0xFF;
  });
  ExpectFound("promises", [](StoreImage& copy) {
    copy.bytes[copy.NodeStartAt(Branch(), 1) + kNodeHeadBytes] = 0xFF;
  });
}

TEST_F(LmdbDamage, OfAChildsNumber) {
  const size_t at = sound_->NodeStartAt(Branch(), 1);
  const auto child_is = [&](uint64_t child) {
    return [=](StoreImage& copy) {
      copy.Set<uint32_t>(at, static_cast<uint32_t>(child));
      copy.Set<uint16_t>(at + 4, static_cast<uint16_t>(child >> 32));
    };
  };
  ExpectFound("none of the pages the head", child_is(sound_->meta().last_page + 1));
  ExpectFound("none of the pages the head", child_is((uint64_t{1} << 48) - 1));
  ExpectFound("none of the pages the head", child_is(0));
  ExpectFound("none of the pages the head", child_is(1));
  ExpectFound("reached twice", child_is(Leaf()));
  ExpectFound("reached twice", child_is(Branch()));
  ExpectFound("reached twice", child_is(sound_->Record(Table::kLookup).root));
  ExpectFound("reached twice", child_is(sound_->meta().main_tree.root));
}

TEST_F(LmdbDamage, OfOneTreeInTwoTables) {
  ExpectFound("reached twice", [](StoreImage& copy) {
    std::memcpy(&copy.bytes[copy.RecordAt(Table::kAuditNode)],
                &copy.bytes[copy.RecordAt(Table::kAuditLeaf)], kTreeRecordBytes);
  });
}

TEST_F(LmdbDamage, OfOverflowPages) {
  const auto [leaf, index] = sound_->BigNode(sound_->Record(Table::kReports));
  const Node node = NodeAt(sound_->page(leaf), true, index);
  const size_t run = StoreImage::At(node.OverflowPage());
  const size_t number = sound_->DataAt(leaf, index);
  const size_t size = sound_->NodeStartAt(leaf, index) + kNodeDataBytesAt;
  ExpectFound("another page", [&](StoreImage& copy) { copy.Add<uint64_t>(run, 1); });
  ExpectFound("another kind",
              [&](StoreImage& copy) { copy.Set<uint16_t>(run + kPageFlagsAt, kPageIsLeaf); });
  ExpectFound("fewer pages", [&](StoreImage& copy) { copy.Add<uint32_t>(run + kPageRunAt, -1u); });
  ExpectFound("fewer pages", [&](StoreImage& copy) { copy.Set<uint32_t>(run + kPageRunAt, 0); });
  ExpectFound("fewer pages", [&](StoreImage& copy) { copy.Set<uint32_t>(size, 0xFFFFFFFF); });
  ExpectFound("of a row are not all its own",
              [&](StoreImage& copy) { copy.Set<uint32_t>(run + kPageRunAt, 0xFFFFFFFF); });
  ExpectFound("the table", [&](StoreImage& copy) { copy.Add<uint32_t>(run + kPageRunAt, 1); });
  ExpectFound("reached twice", [&](StoreImage& copy) { copy.Set<uint64_t>(number, leaf); });
  ExpectFound("none of the pages", [&](StoreImage& copy) { copy.Set<uint64_t>(number, kNoPage); });
}

TEST_F(LmdbDamage, OfTheCountsOfATable) {
  const size_t record = sound_->RecordAt(Table::kReports);
  for (const auto& [at, what] : {std::pair(8, "branches"), std::pair(16, "leaves"),
                                 std::pair(24, "overflow pages"), std::pair(32, "rows")}) {
    ExpectFound(std::string("the count of ") + what,
                [&](StoreImage& copy) { copy.Add<uint64_t>(record + static_cast<size_t>(at), 1); });
  }
  for (const size_t meta_record : {FreeRecordAt(), MainRecordAt()}) {
    ExpectFound("the count of rows",
                [&](StoreImage& copy) { copy.Add<uint64_t>(meta_record + 32, 1); });
  }
}

TEST_F(LmdbDamage, OfTheRecordOfATable) {
  const size_t record = sound_->RecordAt(Table::kLookup);
  for (const uint16_t flags : {0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x8000}) {
    ExpectFound("the record of a table",
                [&](StoreImage& copy) { copy.Set<uint16_t>(record + 4, flags); });
  }
  for (const uint16_t depth : {0, 25, 32, 0xFFFF}) {
    ExpectFound("the record of a table",
                [&](StoreImage& copy) { copy.Set<uint16_t>(record + 6, depth); });
  }
  for (const uint16_t depth : {1, 2, 4}) {
    ExpectFound("of another kind",
                [&](StoreImage& copy) { copy.Set<uint16_t>(record + 6, depth); });
  }
  for (const uint64_t root : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 40, kNoPage}) {
    ExpectFound("the record of a table",
                [&](StoreImage& copy) { copy.Set<uint64_t>(record + 40, root); });
  }
}

TEST_F(LmdbDamage, OfTheTableOfTables) {
  const size_t name = sound_->RecordAt(Table::kLookup) - TableName(Table::kLookup).size();
  ExpectFound("no table of a vault", [&](StoreImage& copy) { copy.bytes[name + 5] = 'q'; });
  ExpectFound("no table of a vault", [&](StoreImage& copy) { copy.bytes[name + 5] = '\0'; });
  const size_t node = name - kNodeHeadBytes;
  ExpectFound("a table has no record",
              [&](StoreImage& copy) { copy.Set<uint16_t>(node + kNodeFlagsAt, 0); });
  ExpectFound("a table has no record",
              [&](StoreImage& copy) { copy.Add<uint32_t>(node + kNodeDataBytesAt, -1u); });
  ExpectFound("of a kind that is never written",
              [&](StoreImage& copy) { copy.Set<uint16_t>(node + kNodeFlagsAt, kNodeIsBig); });
  // The first row is one that tells who committed.
  const uint64_t leaf = sound_->LeavesOf(sound_->meta().main_tree).front();
  const size_t mark = sound_->NodeStartAt(leaf, 0);
  ASSERT_EQ(sound_->bytes[mark + kNodeHeadBytes], 0);
  ExpectFound("no table of a vault",
              [&](StoreImage& copy) { copy.bytes[mark + kNodeHeadBytes + 1] = 'd'; });
  ExpectFound("no table of a vault",
              [&](StoreImage& copy) { copy.bytes[mark + kNodeHeadBytes + 7] = 1; });
  ExpectFound("no table of a vault",
              [&](StoreImage& copy) { copy.Set<uint16_t>(mark + kNodeFlagsAt, kNodeIsTable); });
}

TEST_F(LmdbDamage, OfATableThatIsGone) {
  ExpectFound("a table is gone", [](StoreImage& copy) {
    // The slot of "due", which is empty, and its 60 bytes at the front of the nodes.
    const uint64_t leaf = copy.LeavesOf(copy.meta().main_tree).front();
    const size_t head = StoreImage::At(leaf);
    const size_t count = NodeCount(copy.page(leaf));
    const size_t record = copy.RecordAt(Table::kDue);
    const auto start = static_cast<uint16_t>(record - 3 - kNodeHeadBytes - head);
    const auto upper = copy.Get<uint16_t>(head + kPageUpperAt);
    const uint16_t bytes = kNodeHeadBytes + 3 + kTreeRecordBytes + 1;
    std::vector<uint16_t> slots;
    for (size_t i = 0; i < count; ++i) {
      const auto slot = copy.Get<uint16_t>(StoreImage::SlotAt(leaf, i));
      if (slot != start) slots.push_back(slot < start ? static_cast<uint16_t>(slot + bytes) : slot);
    }
    std::memmove(&copy.bytes[head + upper + bytes], &copy.bytes[head + upper], start - upper);
    for (size_t i = 0; i < slots.size(); ++i) copy.Set(StoreImage::SlotAt(leaf, i), slots[i]);
    copy.Add<uint16_t>(head + kPageLowerAt, static_cast<uint16_t>(-2));
    copy.Add<uint16_t>(head + kPageUpperAt, bytes);
    copy.Add<uint64_t>(MainRecordAt() + 32, uint64_t(-1));
  });
}

// The list of free pages.
class LmdbDamageOfTheFreeList : public LmdbDamage {
 protected:
  // The first row of a leaf, and a row that is a run of overflow pages: where its numbers are.
  static uint64_t FirstLeaf() { return sound_->LeavesOf(sound_->meta().free_tree).front(); }
  static size_t LongListAt() {
    const auto [leaf, index] = sound_->BigNode(sound_->meta().free_tree);
    const Node node = NodeAt(sound_->page(leaf), true, index);
    return StoreImage::At(node.OverflowPage()) + kPageHeadBytes;
  }
};

TEST_F(LmdbDamageOfTheFreeList, InItsKeys) {
  const size_t node = sound_->NodeStartAt(FirstLeaf(), 0);
  ExpectFound("no transaction's number",
              [&](StoreImage& copy) { copy.Set<uint16_t>(node + kNodeKeyBytesAt, 7); });
  ExpectFound("never committed",
              [&](StoreImage& copy) { copy.Set<uint64_t>(node + kNodeHeadBytes, 0); });
  const size_t last = NodeCount(sound_->page(FirstLeaf())) - 1;
  ExpectFound("never committed", [&](StoreImage& copy) {
    copy.Set<uint64_t>(copy.NodeStartAt(FirstLeaf(), last) + kNodeHeadBytes,
                       copy.meta().transaction_id + 1);
  });
  ASSERT_GT(last, 0u);
  ExpectFound("not in order", [&](StoreImage& copy) {
    copy.Set<uint64_t>(copy.NodeStartAt(FirstLeaf(), last) + kNodeHeadBytes, 1);
  });
}

TEST_F(LmdbDamageOfTheFreeList, InTheOrderAndCountOfARecord) {
  const size_t list = LongListAt();
  const auto count = sound_->Get<uint64_t>(list);
  ASSERT_GT(count, 254u);
  ExpectFound("shorter than it says",
              [&](StoreImage& copy) { copy.Set<uint64_t>(list, uint64_t{1} << 32); });
  ExpectFound("shorter than it says", [&](StoreImage& copy) { copy.Set<uint64_t>(list, kNoPage); });
  ExpectFound("not in order", [&](StoreImage& copy) {
    const auto first = copy.Get<uint64_t>(list + 8);
    copy.Set(list + 8, copy.Get<uint64_t>(list + 16));
    copy.Set(list + 16, first);
  });
  ExpectFound("not in order", [&](StoreImage& copy) {
    copy.Set(list + 8 * count, copy.Get<uint64_t>(list + 8 * (count - 1)));
  });
}

TEST_F(LmdbDamageOfTheFreeList, InThePagesItNames) {
  const size_t list = LongListAt();
  const auto count = sound_->Get<uint64_t>(list);
  ExpectFound("none the head of the file speaks of",
              [&](StoreImage& copy) { copy.Set<uint64_t>(list + 8, copy.meta().last_page + 1); });
  for (const uint64_t page : {0, 1}) {
    ExpectFound("none the head of the file speaks of",
                [&](StoreImage& copy) { copy.Set<uint64_t>(list + 8 * count, page); });
  }
  // Every page in use that fits the order.
  for (const uint64_t page : sound_->PagesOf(sound_->Record(Table::kSubjects))) {
    size_t at = 1;
    while (at < count && sound_->Get<uint64_t>(list + 8 * at) > page) ++at;
    const auto above = at == 1 ? kNoPage : sound_->Get<uint64_t>(list + 8 * (at - 1));
    if (above <= page) continue;
    ExpectFound("in use", [&](StoreImage& copy) { copy.Set<uint64_t>(list + 8 * at, page); });
  }
}

TEST_F(LmdbDamageOfTheFreeList, WhereItNamesAPageTwice) {
  // Any page of another record that fits into the order of the long one.
  const size_t list = LongListAt();
  size_t tried = 0;
  for (const uint64_t leaf : sound_->LeavesOf(sound_->meta().free_tree)) {
    for (size_t i = 0; i < NodeCount(sound_->page(leaf)); ++i) {
      const Node node = NodeAt(sound_->page(leaf), true, i);
      if (node.big()) continue;
      for (uint64_t n = 1; n <= LoadNative<uint64_t>(node.data, 0); ++n) {
        const auto page = LoadNative<uint64_t>(node.data, 8 * n);
        const auto below = sound_->Get<uint64_t>(list + 16);
        if (page <= below) continue;
        ++tried;
        ExpectFound("listed as free twice",
                    [&](StoreImage& copy) { copy.Set<uint64_t>(list + 8, page); });
      }
    }
  }
  EXPECT_GT(tried, 0u);
}

TEST_F(LmdbDamageOfTheFreeList, InTheSizeOfARecord) {
  const auto [leaf, index] = sound_->BigNode(sound_->meta().free_tree);
  const size_t size = sound_->NodeStartAt(leaf, index) + kNodeDataBytesAt;
  ExpectFound("size of a record", [&](StoreImage& copy) { copy.Set<uint32_t>(size, 0); });
  ExpectFound("size of a record", [&](StoreImage& copy) { copy.Add<uint32_t>(size, -1u); });
  ExpectFound("shorter than it says", [&](StoreImage& copy) { copy.Set<uint32_t>(size, 8); });
}

TEST_F(LmdbDamage, OfTheMetaPages) {
  const size_t meta = StoreImage::At(sound_->newer_meta());
  const size_t older = StoreImage::At(1 - sound_->newer_meta());
  ExpectFound("size of the map", [&](StoreImage& copy) { copy.Set<uint64_t>(meta + 32, 4096); });
  ExpectFound("size of the map", [&](StoreImage& copy) { copy.Set<uint64_t>(meta + 32, kNoPage); });
  ExpectFound("transaction numbers",
              [&](StoreImage& copy) { copy.Add<uint64_t>(older + 144, -2); });
  ExpectFound("transaction numbers",
              [&](StoreImage& copy) { copy.Add<uint64_t>(older + 144, 16); });
  ExpectFound("transaction numbers", [&](StoreImage& copy) { copy.Add<uint64_t>(meta + 144, 2); });
  ExpectFound("transaction numbers", [&](StoreImage& copy) {
    copy.Set<uint64_t>(meta + 144, sound_->newer_meta() == 1 ? kNoPage : kNoPage - 1);
    copy.Set<uint64_t>(older + 144, sound_->newer_meta() == 1 ? kNoPage - 1 : kNoPage - 2);
  });
  ExpectFound("a root is of another kind",
              [&](StoreImage& copy) { copy.Set<uint16_t>(FreeRecordAt() + 4, 0); });
  // The wrong tree.
  ExpectFound("the table of tables", [&](StoreImage& copy) {
    std::memcpy(&copy.bytes[MainRecordAt() + 6], &copy.bytes[FreeRecordAt() + 6], 42);
  });
}

}  // namespace
}  // namespace bailee::store
