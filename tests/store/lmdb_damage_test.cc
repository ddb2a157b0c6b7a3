// SPDX-License-Identifier: Apache-2.0
#include "damage_fixture.h"

namespace bailee::store {
namespace {

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
  for (const uint16_t flags : std::initializer_list<uint16_t>{0x00, 0x01, 0x03, 0x04, 0x06, 0x08,
                                                              0x12, 0x22, 0x42, 0x4002, 0x8002}) {
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
  for (const uint16_t value : std::initializer_list<uint16_t>{0, 15, 4097, 0xFFFF}) {
    ExpectFound("bounds of its free space",
                [&](StoreImage& copy) { copy.Set<uint16_t>(lower, value); });
  }
  ExpectFound("bounds of its free space", [&](StoreImage& copy) { copy.Add<uint16_t>(lower, 1); });
  for (const uint16_t value : std::initializer_list<uint16_t>{0, 16, 4098, 0xFFFF}) {
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
  for (const uint16_t value : std::initializer_list<uint16_t>{0, 16, 4089, 4096, 0xFFFE, 0xFFFF}) {
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
  for (const uint16_t value : std::initializer_list<uint16_t>{0, 512, 0xFFFF}) {
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
  for (const uint16_t flags : std::initializer_list<uint16_t>{2, 3, 4, 6, 8, 0x8000}) {
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
    const size_t last = NodeCount(copy.page(Branch())) - 1;
    copy.bytes[copy.NodeStartAt(Branch(), last) + kNodeHeadBytes] = 0xFF;
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
  ExpectFound("reached twice", child_is(NodeAt(sound_->page(Branch()), false, 0).child));
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
  ExpectFound("reached twice", [&](StoreImage& copy) { copy.Set<uint64_t>(number, Leaf()); });
  ExpectFound("none of the pages", [&](StoreImage& copy) { copy.Set<uint64_t>(number, kNoPage); });
}

TEST_F(LmdbDamage, OfTheCountsOfATable) {
  const size_t record = sound_->RecordAt(Table::kReports);
  for (const auto& [at, what] : {std::pair(8u, "branches"), std::pair(16u, "leaves"),
                                 std::pair(24u, "overflow pages"), std::pair(32u, "rows")}) {
    ExpectFound(std::string("the count of ") + what,
                [&, at = record + at](StoreImage& copy) { copy.Add<uint64_t>(at, 1); });
  }
  for (const size_t meta_record : {FreeRecordAt(), MainRecordAt()}) {
    ExpectFound("the count of rows",
                [&](StoreImage& copy) { copy.Add<uint64_t>(meta_record + 32, 1); });
  }
}

TEST_F(LmdbDamage, OfTheRecordOfATable) {
  const size_t record = sound_->RecordAt(Table::kLookup);
  for (const uint16_t flags :
       std::initializer_list<uint16_t>{0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x8000}) {
    ExpectFound("the record of a table",
                [&](StoreImage& copy) { copy.Set<uint16_t>(record + 4, flags); });
  }
  for (const uint16_t depth : std::initializer_list<uint16_t>{0, 25, 32, 0xFFFF}) {
    ExpectFound("the record of a table",
                [&](StoreImage& copy) { copy.Set<uint16_t>(record + 6, depth); });
  }
  for (const uint16_t depth : std::initializer_list<uint16_t>{1, 2, 4}) {
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

TEST_F(LmdbDamage, OfTheMetaPages) {
  const size_t meta = StoreImage::At(sound_->newer_meta());
  const size_t older = StoreImage::At(1 - sound_->newer_meta());
  ExpectFound("size of the map", [&](StoreImage& copy) { copy.Set<uint64_t>(meta + 32, 4096); });
  ExpectFound("size of the map", [&](StoreImage& copy) { copy.Set<uint64_t>(meta + 32, kNoPage); });
  ExpectFound("transaction numbers",
              [&](StoreImage& copy) { copy.Add<uint64_t>(older + 144, ~uint64_t{1}); });
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
