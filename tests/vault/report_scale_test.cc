// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "support/campaign.h"
#include "support/counting_sink.h"
#include "support/own_memory.h"
#include "support/sanitized.h"
#include "vault/report_world.h"

// Reports over more than fits anywhere at once.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

using ReportScale = ReportWorld;

// Four records each of 2,500 people, or of as many as BAILEE_RECORDS asks for. Memory must not grow
// with them.
TEST_F(ReportScale, CountsHoweverManyRecordsInBoundedMemory) {
  if (testing::kSanitized) GTEST_SKIP() << "a sanitizer keeps freed memory for itself";
  const int records = static_cast<int>(testing::CountFrom("BAILEE_RECORDS", 10'000));
  Vault vault = vault_.Open({"tally"}, {.events = std::make_shared<CountingSink>()});
  for (int i = 0; i < records; i += 2000) {
    Batch batch = vault.CollectBatch();
    for (int j = 0; j < 500; ++j) {
      Collection& one = batch.Add(Under(Who::Ref("user-" + std::to_string(i + j))));
      for (int k = 0; k < 4; ++k) {
        one.Put("visit",
                Fields({{"country", k % 2 == 0 ? "DE" : "FR"}, {"at", "2013-05-30T10:00:00Z"}}));
      }
    }
    Expect(batch);
  }
  ReportRequest request = Of("visits");
  uint64_t calls = 0;
  uint64_t seen = 0;
  size_t before = 0;
  size_t after = 0;
  request.progress = [&](const ReportProgress& at) {
    ++calls;
    seen = at.records_seen;
    if (before == 0) before = testing::HeapBytes();
    after = std::max(after, testing::HeapBytes());
    return true;
  };
  const auto report = vault.Report(request);
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_NEAR(static_cast<double>(*Cell(report->buckets[0], {"DE"})), records / 4, 85);
  EXPECT_GT(calls, static_cast<uint64_t>(records) / 2000);
  EXPECT_GE(seen, static_cast<uint64_t>(records) * 9 / 10);
  std::cout << "heap grew by " << (after - before) / 1024 << " KiB\n";
  EXPECT_LT(after, before + (size_t{4} << 20));
}

}  // namespace
}  // namespace bailee
