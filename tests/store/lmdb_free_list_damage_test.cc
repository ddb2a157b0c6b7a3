// SPDX-License-Identifier: Apache-2.0
#include "damage_fixture.h"

namespace bailee::store {
namespace {

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
  for (const uint64_t page : {uint64_t{0}, uint64_t{1}}) {
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

}  // namespace
}  // namespace bailee::store
