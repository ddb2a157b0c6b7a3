// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>

#include "support/counting_sink.h"
#include "vault/report_world.h"

// Reports over more than fits anywhere at once.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

class ReportScale : public ReportWorld {
 protected:
  // Memory of this process that is not of a file: a mapped database counts as its file's.
  static long OwnKib() {
    std::ifstream status("/proc/self/status");
    std::string line;
    long kib = 0;
    while (std::getline(status, line)) {
      if (line.starts_with("RssAnon:") || line.starts_with("RssShmem:"))
        kib += std::stol(line.substr(line.find(':') + 1));
    }
    return kib;
  }
};

// A million records of 250,000 people; fewer if BAILEE_REPORT_RECORDS says so. Memory must not grow
// with them.
TEST_F(ReportScale, CountsAMillionRecordsInBoundedMemory) {
  const char* asked = std::getenv("BAILEE_REPORT_RECORDS");
  const int records = asked == nullptr ? 1'000'000 : std::atoi(asked);
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
  long before = 0;
  long after = 0;
  request.progress = [&](const ReportProgress& at) {
    ++calls;
    seen = at.records_seen;
    if (before == 0) before = OwnKib();
    after = std::max(after, OwnKib());
    return true;
  };
  const auto report = vault.Report(request);
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_NEAR(static_cast<double>(*Cell(report->buckets[0], {"DE"})), records / 4, 85);
  EXPECT_GT(calls, static_cast<uint64_t>(records) / 2000);
  EXPECT_GE(seen, static_cast<uint64_t>(records) * 9 / 10);
  EXPECT_LT(after - before, 32'768);
}

}  // namespace
}  // namespace bailee
