// SPDX-License-Identifier: Apache-2.0
#include "keys/lookup.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "support/error_is.h"
#include "support/memory_engine.h"

namespace bailee::keys {
namespace {

using store::Table;
using testing::IsOk;

Bytes RowOf(uint64_t index, uint16_t version, const Bytes& rest) {
  Bytes key = {kFieldKind};
  Writer(key).Put(index).Put(version);
  key.insert(key.end(), rest.begin(), rest.end());
  return key;
}

Bytes Ones(size_t count) { return Bytes(count, 0xFF); }

class LookupPrefixes : public ::testing::Test {
 protected:
  void Put(const Bytes& key) {
    const Status put = engine_->Write([&](store::WriteTransaction& transaction) {
      return transaction.Put(Table::kLookup, key, Bytes{1});
    });
    ASSERT_THAT(put, IsOk());
  }
  // Those of indexes, without the two of refs and tags that are always there.
  std::vector<Bytes> Indexes() {
    const auto snapshot = engine_->Read();
    EXPECT_THAT(snapshot, IsOk());
    Result<std::vector<Bytes>> prefixes = TaggedPrefixes(**snapshot);
    EXPECT_THAT(prefixes, IsOk());
    EXPECT_GE(prefixes->size(), 2u);
    prefixes->resize(prefixes->size() - 2);
    return *prefixes;
  }

  std::unique_ptr<store::Engine> engine_ = testing::MakeMemoryEngine();
};

TEST_F(LookupPrefixes, AreOneOfEachIndexAndVersion) {
  for (uint8_t row = 1; row <= 3; ++row) {
    Put(RowOf(7, 1, Bytes(24, row)));
    Put(RowOf(7, 2, Bytes(24, row)));
    Put(RowOf(9, 1, Bytes(24, row)));
  }
  EXPECT_EQ(Indexes(), (std::vector<Bytes>{RowOf(7, 1, {}), RowOf(7, 2, {}), RowOf(9, 1, {})}));
}

// Who wrote such a row damaged the vault; a look at it has an end all the same.
TEST_F(LookupPrefixes, EndAfterARowLongerThanAnyThatIsWritten) {
  Put(RowOf(7, 1, Ones(200)));
  Put(RowOf(~uint64_t{0}, 0xFFFF, Ones(200)));
  EXPECT_EQ(Indexes(), (std::vector<Bytes>{RowOf(7, 1, {}), RowOf(~uint64_t{0}, 0xFFFF, {})}));
}

}  // namespace
}  // namespace bailee::keys
