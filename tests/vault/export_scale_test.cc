// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include "support/campaign.h"
#include "support/own_memory.h"
#include "support/sanitized.h"
#include "vault/stories.h"

// One person of whom very much is held: their export is written while it is read.
namespace bailee {
namespace {

using testing::HeapBytes;
using testing::IsOk;
using testing::kSanitized;
using testing::StatusOf;

constexpr size_t kExportKiB = size_t{1} << 10;
constexpr size_t kExportBatch = 500;
// A chunk of records and its event, LMDB's dirty pages while events are brought into the tree.
constexpr size_t kExportBytesMax = size_t{2} << 20;

void StoreMessages(Vault& vault, size_t from) {
  Batch batch = vault.CollectBatch();
  for (size_t i = 0; i < kExportBatch; ++i) {
    std::vector<FieldInput> fields;
    fields.emplace_back("body", MakeSecret("message " + std::to_string(from + i)));
    batch.Add({.who = Who::Ref(kUser), .notice = "inquiry-1", .source = "mail", .on_behalf_of = {}})
        .Put("communication", std::move(fields));
  }
  const auto all = batch.Commit();
  ASSERT_THAT(StatusOf(all), IsOk());
  for (const Result<Collected>& each : *all) ASSERT_THAT(StatusOf(each), IsOk());
}

// Keeps nothing but the most that the process ever held, by halves of the records.
class Measured final : public SubjectExportVisitor {
 public:
  explicit Measured(size_t records) : records_(records) {}
  Status Subject(const ExportedSubject&) override { return Status(); }
  Status Record(const ExportedRecord& record) override {
    size_t& peak = seen_++ < records_ / 2 ? first_half : second_half;
    if (seen_ % 64 == 0) peak = std::max(peak, HeapBytes());
    values += record.values.size();
    return Status();
  }
  size_t first_half = 0;
  size_t second_half = 0;
  size_t values = 0;

 private:
  const size_t records_;
  size_t seen_ = 0;
};

TEST(ExportScale, MemoryDoesNotGrowWithTheRecordsOfOnePerson) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer keeps freed memory for itself";
  const size_t records = testing::CountFrom("BAILEE_RECORDS", 2'000) / kExportBatch * kExportBatch;
  TempVault temp(PolicyText("livelook_2013"));
  {
    Vault vault = temp.Open({});
    for (size_t i = 0; i < records; i += kExportBatch) StoreMessages(vault, i);
  }
  Vault vault = temp.Open({"rights"});
  Measured measured(records);
  const size_t before = HeapBytes();
  const auto done = vault.Export(Who::Ref(kUser), {}, measured);
  ASSERT_THAT(StatusOf(done), IsOk());
  EXPECT_EQ(done->records, records);
  EXPECT_GE(measured.values, records);
  std::cout << "heap before " << before / kExportKiB << " KiB, at most "
            << measured.first_half / kExportKiB << " KiB in the first half of " << records
            << " records, " << measured.second_half / kExportKiB << " KiB in the second\n";
  EXPECT_LT(std::max(measured.first_half, measured.second_half), before + kExportBytesMax);
}

}  // namespace
}  // namespace bailee
