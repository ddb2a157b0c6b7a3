// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iostream>

#include "bailee/check.h"
#include "bailee/limits.h"
#include "bailee/vault.h"
#include "support/campaign.h"
#include "support/data.h"
#include "support/error_is.h"
#include "support/own_memory.h"
#include "support/sanitized.h"
#include "support/temp_vault.h"

// Amounts that an application has: a day's log, and more records than fit into one batch, in memory
// that does not grow with them.
namespace bailee {
namespace {

using testing::DataPath;
using testing::HeapBytes;
using testing::IsOk;
using testing::kSanitized;
using testing::StatusOf;

constexpr size_t kKiB = size_t{1} << 10;

// The part of a line of a combined log between the n-th and the next quote.
std::string Quoted(const std::string& line, int n) {
  size_t at = 0;
  for (int i = 0; i < n; ++i) at = line.find('"', at) + 1;
  return line.substr(at, line.find('"', at) - at);
}

// "17/May/2015:10:05:03 +0000" as RFC 3339. The log is all of May 2015.
std::string Rfc3339(const std::string& line) {
  const std::string time = line.substr(line.find('[') + 1, 20);
  EXPECT_EQ(time.substr(2, 10), "/May/2015:");
  return "2015-05-" + time.substr(0, 2) + "T" + time.substr(12) + "Z";
}

std::vector<FieldInput> FieldsOf(const std::string& line) {
  const std::string request = Quoted(line, 1);
  const size_t path = request.find(' ') + 1;
  std::vector<FieldInput> fields;
  fields.emplace_back("ip", MakeSecret(line.substr(0, line.find(' '))));
  fields.emplace_back("at", MakeSecret(Rfc3339(line)));
  fields.emplace_back("request", MakeSecret(request.substr(path, request.rfind(' ') - path)));
  if (const std::string agent = Quoted(line, 5); agent != "-")
    fields.emplace_back("agent", MakeSecret(agent));
  return fields;
}

TEST(Scale, ADaysLogIsStoredAndReadBack) {
  std::ifstream log(DataPath("access.log"));
  if (!log.good()) GTEST_SKIP() << "the real log is not here: " << DataPath("access.log");
  TempVault temp(PolicyText("livelook_2013"));
  temp.clock().Set(Timestamp{1'433'116'800'000});  // 2015-06-01
  size_t lines = 0;
  size_t stored = 0;
  {
    Vault collector = temp.Open({});
    Batch batch = collector.CollectBatch();
    for (std::string line; std::getline(log, line) && lines < limits::kBatchRecordsMax; ++lines)
      batch.Add({.who = Who::Nobody(), .notice = "visit-1", .source = "web", .on_behalf_of = {}})
          .Put("web_log", FieldsOf(line));
    auto all = batch.Commit();
    ASSERT_THAT(StatusOf(all), IsOk());
    for (const Result<Collected>& each : *all) {
      stored += each.ok() ? 1 : 0;
      EXPECT_TRUE(each.ok() || each.status().code() == Code::kInvalidValue)
          << each.status().message();
    }
  }
  std::cout << stored << " of " << lines << " lines stored\n";
  ASSERT_EQ(lines, limits::kBatchRecordsMax);
  EXPECT_GT(stored, lines - 20) << "lines whose request is no URL";
  Vault security = temp.Open({"security"});
  EXPECT_EQ(security.Info()->records, stored);
  Result<Session> session = security.As("security");
  size_t read = 0;
  EXPECT_THAT(StatusOf(session->Scan({.category = "web_log", .fields = {"ip", "request"}},
                                     [&](const Record& record) {
                                       read += record.At("ip").empty() ? 0 : 1;
                                       return true;
                                     })),
              IsOk());
  EXPECT_EQ(read, stored);
}

// Batches small enough that LMDB's own dirty pages, which it keeps for the next transaction, are
// few.
constexpr size_t kBatch = 500;
// Less than the smallest entry of a map for each record would take.
constexpr size_t kBytesEachMax = 96;
// LMDB's dirty pages while the events of reading them all are brought into the tree.
constexpr size_t kDrainBytesMax = size_t{2} << 20;

void StoreOneBatch(Vault& vault, size_t number) {
  Batch batch = vault.CollectBatch();
  for (size_t j = 0; j < kBatch; ++j) {
    const std::string tag = "browser-" + std::to_string(number * kBatch + j);
    std::vector<FieldInput> fields;
    fields.emplace_back("layout", MakeSecret(std::to_string(j)));
    batch.Add({.who = Who::Tag(tag), .notice = "visit-1", .source = "web", .on_behalf_of = {}})
        .Put("browser_preferences", std::move(fields));
  }
  const auto all = batch.Commit();
  ASSERT_THAT(StatusOf(all), IsOk());
  for (const Result<Collected>& each : *all) ASSERT_THAT(StatusOf(each), IsOk());
}

size_t CountAll(Vault& vault) {
  Result<Session> session = vault.As("service");
  size_t read = 0;
  EXPECT_THAT(StatusOf(session->Scan({.category = "browser_preferences", .fields = {"layout"}},
                                     [&](const Record&) {
                                       ++read;
                                       return true;
                                     })),
              IsOk());
  return read;
}

TEST(Scale, MemoryDoesNotGrowWithRecords) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer keeps freed memory for itself";
  const size_t batches = testing::CountFrom("BAILEE_RECORDS", 30'000) / kBatch;
  const size_t warm = batches * 2 / 3;  // by then caches are as full as they get
  TempVault temp(PolicyText("livelook_2013"));
  Vault vault = temp.Open({"service"});
  for (size_t i = 0; i < warm; ++i) StoreOneBatch(vault, i);
  EXPECT_EQ(CountAll(vault), warm * kBatch);
  const size_t before = HeapBytes();
  for (size_t i = warm; i < batches; ++i) StoreOneBatch(vault, i);
  EXPECT_EQ(vault.Info()->records, batches * kBatch);
  const size_t stored = HeapBytes();
  EXPECT_EQ(CountAll(vault), batches * kBatch);
  const size_t read = HeapBytes();
  std::cout << "heap with " << warm * kBatch << " records " << before / kKiB << " KiB, with "
            << batches * kBatch << ' ' << stored / kKiB << " KiB, after reading them "
            << read / kKiB << " KiB\n";
  const size_t growth_max = kBytesEachMax * (batches - warm) * kBatch;
  EXPECT_LT(stored, before + growth_max);
  EXPECT_LT(read, before + growth_max + kDrainBytesMax);
}

TEST(Scale, RowsAreHeldToTheirEventsInBoundedMemory) {
  const size_t records = testing::CountFrom("BAILEE_RECORDS", 1'200);
  TempVault temp(PolicyText("livelook_2013"));
  {
    Vault collector = temp.Open({});
    size_t made = 0;
    while (made < records) {
      Batch batch = collector.CollectBatch();
      for (size_t i = 0; i < 1'000 && made < records; ++i, ++made) {
        const std::string ref = "user-" + std::to_string(made);
        batch.Add({.who = Who::Ref(ref), .notice = "checkout-1", .source = "web"})
            .Put("payment_card",
                 {{"pan", MakeSecret("4111111111111111")}, {"expiry", MakeSecret("12/15")}});
      }
      ASSERT_THAT(StatusOf(batch.Commit()), IsOk());
    }
  }
  const Keyring auditor = temp.Origin("auditor");
  const auto run = [&](const Keyring* keyring, uint32_t told_max, size_t& heap) {
    const size_t before = HeapBytes();
    CheckOptions options{.clock = &temp.clock(), .auditor = keyring, .told_max = told_max};
    options.progress = [&](uint64_t, uint64_t) {
      heap = std::max(heap, HeapBytes() - std::min(before, HeapBytes()));
      return true;
    };
    const auto begun = std::chrono::steady_clock::now();
    const auto report = Check(temp.path(), temp.Granted("checker", {}), options);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    EXPECT_THAT(StatusOf(report), IsOk());
    EXPECT_EQ(report->damages, 0u);
    std::cout << records << " records, " << report->events_passes << " passes: " << took.count()
              << " s, " << heap / kKiB << " KiB\n";
    return report->events_passes;
  };
  size_t without = 0;
  size_t small = 0;
  size_t large = 0;
  EXPECT_EQ(run(nullptr, 500'000, without), 0u);
  const auto told_max = static_cast<uint32_t>(records / 8);
  EXPECT_GT(run(&auditor, told_max, small), 8u);
  EXPECT_EQ(run(&auditor, 4'000'000, large), 1u);
  if (kSanitized) return;  // a sanitizer keeps freed memory for itself
  EXPECT_LT(small, without + kKiB * 512 + size_t{told_max} * 200);
}

}  // namespace
}  // namespace bailee
