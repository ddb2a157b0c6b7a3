// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstring>
#include <thread>

#include "store_image.h"
#include "store_test_util.h"
#include "support/campaign.h"

namespace bailee::store {
namespace {

// Readers that are often held up, because there are more of them than processors, beside a process
// that commits as fast as it can. LMDB alone gives one in some hundred thousand the rows of a later
// commit.
TEST(LmdbHeads, ASnapshotShowsTheCommitThatItNames) {
  constexpr int kThreads = 4;
  const size_t rounds = testing::CountFrom("BAILEE_ROUNDS", 20'000);
  const testing::TemporaryDirectory directory = MemoryDirectory();
  const std::string vault = directory / "vault";
  { const auto made = Must(CreateLmdb(vault, SmallOptions())); }
  testing::ChildProcess writer([&](const testing::Channel& line) {
    const auto engine = Must(OpenLmdb(vault, SmallOptions()));
    for (bool first = true;; first = false) {
      const Status written = engine->Write([](WriteTransaction& transaction) {
        const uint64_t number = transaction.transaction_id();
        return transaction.Put(Table::kMeta, AsBytes("number"),
                               {reinterpret_cast<const uint8_t*>(&number), sizeof number});
      });
      if (!written.ok()) return 1;
      if (first) line.Send('w');
    }
  });
  ASSERT_EQ(writer.channel().Receive(), 'w');
  const auto engine = Must(OpenLmdb(vault, SmallOptions()));
  std::atomic<size_t> seen{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < kThreads; ++i) {
    readers.emplace_back([&] {
      for (size_t round = 0; round < rounds; ++round) {
        const std::unique_ptr<Snapshot> snapshot = *engine->Read();
        const auto row = *snapshot->Get(Table::kMeta, AsBytes("number"));
        ASSERT_TRUE(row);
        uint64_t number = 0;
        std::memcpy(&number, row->data(), sizeof number);
        ASSERT_EQ(number, snapshot->transaction_id());
        ++seen;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(seen, kThreads * rounds);
  testing::Tell(seen, "inputs");
}

}  // namespace
}  // namespace bailee::store
