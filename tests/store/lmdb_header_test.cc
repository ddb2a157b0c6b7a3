// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_header.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include "store_test_util.h"

namespace bailee::store {
namespace {

Bytes ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The file of a vault with a few rows, as LMDB wrote it.
class LmdbHeader : public ::testing::Test {
 protected:
  LmdbHeader() {
    const auto engine = Must(CreateLmdb(directory_ / "vault", SmallOptions()));
    for (const char* key : {"a", "b", "c"}) EXPECT_THAT(PutRow(*engine, key, "v"), IsOk());
    last_transaction_id_ = engine->Measure()->last_transaction_id;
    file_ = ReadFile(directory_ / "vault/data.mdb");
  }
  Result<MetaPages> Parse(const Bytes& file) {
    return ParseMetaPages(ByteView(file).first(std::min(file.size(), kHeadBytesMax)), file.size());
  }
  template <typename Int>
  Bytes With(size_t at, Int value) const {
    Bytes changed = file_;
    std::memcpy(changed.data() + at, &value, sizeof value);
    return changed;
  }
  // Where the newer meta page starts.
  size_t newer() const { return last_transaction_id_ % 2 == 1 ? 4096 : 0; }

  testing::TemporaryDirectory directory_;
  uint64_t last_transaction_id_ = 0;
  Bytes file_;
};

TEST_F(LmdbHeader, ReadsWhatLmdbWrote) {
  const auto meta = Parse(file_);
  ASSERT_THAT(meta.status(), IsOk());
  EXPECT_EQ(meta->page_bytes, 4096u);
  EXPECT_EQ(meta->transaction_id, last_transaction_id_);
  EXPECT_EQ(meta->map_bytes, uint64_t{1} << 20);
  EXPECT_EQ(meta->last_page + 1, file_.size() / 4096);
  EXPECT_NE(meta->main_tree.root, kNoPage);
  EXPECT_FALSE(meta->short_tail);
}

TEST_F(LmdbHeader, AnEmptyOrForeignFileIsNoVault) {
  EXPECT_THAT(Parse({}).status(), Fails(Code::kNoVault, "store.not-a-vault"));
  EXPECT_THAT(Parse(Bytes(100, 0)).status(), Fails(Code::kNoVault, "store.not-a-vault"));
  EXPECT_THAT(Parse(Bytes(100000, 0x5a)).status(), Fails(Code::kNoVault, "store.not-a-vault"));
}

// Of the write that makes a file a loss of power may leave either page out.
TEST_F(LmdbHeader, AFileThatWasNeverMadeToItsEndIsNoVault) {
  for (const size_t missing : {size_t{0}, size_t{1}}) {
    Bytes half(2 * 4096, 0);
    const size_t there = 4096 * (1 - missing);
    std::copy_n(file_.begin() + static_cast<std::ptrdiff_t>(there), 4096,
                half.begin() + static_cast<std::ptrdiff_t>(there));
    EXPECT_THAT(Parse(half).status(), Fails(Code::kDamage, "store.damaged")) << missing;
    std::memset(half.data() + there + 144, 0, 8);
    EXPECT_THAT(Parse(half).status(), Fails(Code::kNoVault, kNeverMade)) << missing;
    half[4096 * missing + 4095] = 1;
    EXPECT_THAT(Parse(half).status(), Fails(Code::kDamage, "store.damaged")) << missing;
  }
}

TEST_F(LmdbHeader, NeitherIsAFileOfTwoEmptyPages) {
  EXPECT_THAT(Parse(Bytes(2 * 4096, 0)).status(), Fails(Code::kNoVault, kNeverMade));
  EXPECT_THAT(Parse(Bytes(3 * 4096, 0)).status(), Fails(Code::kNoVault, "store.not-a-vault"));
}

TEST_F(LmdbHeader, ALostMarkIsDamageWhileTheOtherPageKeepsIts) {
  EXPECT_THAT(Parse(With<uint32_t>(16, 0)).status(), Fails(Code::kDamage, "store.damaged"));
  EXPECT_THAT(Parse(With<uint32_t>(4096 + 16, 0)).status(), Fails(Code::kDamage, "store.damaged"));
}

TEST_F(LmdbHeader, AnotherVersionIsTooNewAndTwoVersionsAreDamage) {
  Bytes newer_format = With<uint32_t>(20, 2);
  EXPECT_THAT(Parse(newer_format).status(), Fails(Code::kDamage, "store.damaged"));
  newer_format[4096 + 20] = 2;
  EXPECT_THAT(Parse(newer_format).status(), Fails(Code::kTooNew, "store.too-new"));
}

TEST_F(LmdbHeader, EveryTruncationIsRefusedOrReportedAsShort) {
  for (size_t size = 0; size < file_.size(); ++size) {
    const Bytes cut(file_.begin(), file_.begin() + static_cast<std::ptrdiff_t>(size));
    const auto meta = Parse(cut);
    if (size < 2 * 4096) {
      EXPECT_FALSE(meta.ok()) << size;
    } else if (meta.ok()) {
      EXPECT_TRUE(meta->short_tail) << size;
    } else {
      EXPECT_THAT(meta.status(), Fails(Code::kDamage, "store.damaged")) << size;
    }
  }
}

TEST_F(LmdbHeader, EveryBitFlipGivesAnAnswerThatPointsIntoTheFile) {
  for (const size_t page : {size_t{0}, size_t{4096}}) {
    for (size_t bit = 0; bit < 152 * 8; ++bit) {
      Bytes flipped = file_;
      flipped[page + bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
      const auto meta = Parse(flipped);
      if (!meta.ok()) continue;
      EXPECT_EQ(meta->page_bytes, 4096u);
      const uint64_t pages = file_.size() / 4096;
      for (const uint64_t root : {meta->free_tree.root, meta->main_tree.root}) {
        EXPECT_TRUE(root == kNoPage || (root >= 2 && root < pages)) << page << " " << bit;
      }
      EXPECT_TRUE(meta->short_tail || meta->last_page < pages) << page << " " << bit;
    }
  }
}

TEST_F(LmdbHeader, RefusesNumbersThatMakeNoSense) {
  struct Field {
    const char* what;
    size_t at;
    uint64_t value;
  };
  const Field fields[] = {
      {"root behind the end", newer() + 88 + 40, 1u << 20},
      {"root in the meta pages", newer() + 88 + 40, 1},
      {"free root behind the end", newer() + 40 + 40, 1u << 20},
      {"more leaves than pages", newer() + 88 + 16, 1u << 20},
      {"last page astronomical", newer() + 136, uint64_t{1} << 60},
      {"last page zero", newer() + 136, 0},
      {"fixed address", newer() + 24, 4096},
      {"transaction number of the other page", newer() + 144, last_transaction_id_ + 1},
      {"transaction numbers that do not follow each other", 4096 - newer() + 144,
       last_transaction_id_ - 3},
      {"map smaller than the pages", newer() + 32, 8192},
      {"map larger than any address space", newer() + 32, uint64_t{1} << 47},
      {"page number", newer(), 7},
  };
  for (const Field& field : fields) {
    EXPECT_THAT(Parse(With<uint64_t>(field.at, field.value)).status(),
                Fails(Code::kDamage, "store.damaged"))
        << field.what;
  }
  for (const uint32_t page_bytes : {0u, 1u, 256u, 2048u, 4095u, 65536u, 0x80000000u}) {
    EXPECT_THAT(Parse(With<uint32_t>(40, page_bytes)).status(),
                Fails(Code::kDamage, "store.damaged"))
        << page_bytes;
  }
  // Depth and flags of the main tree, flags of the free tree: DUPSORT is 0x04.
  EXPECT_FALSE(Parse(With<uint16_t>(newer() + 88 + 6, 33)).ok());
  EXPECT_FALSE(Parse(With<uint16_t>(newer() + 88 + 6, 0)).ok());
  EXPECT_FALSE(Parse(With<uint16_t>(newer() + 88 + 4, 4)).ok());
  EXPECT_FALSE(Parse(With<uint16_t>(newer() + 40 + 4, 0)).ok());
}

}  // namespace
}  // namespace bailee::store
