// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "support/campaign.h"
#include "support/counting_sink.h"
#include "support/error_is.h"
#include "support/temp_vault.h"

// What erasing costs among many: BAILEE_RECORDS people, in a release build for figures that mean
// something.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

constexpr size_t kPerBatch = 1'000;

class EraseScale : public ::testing::Test {
 protected:
  EraseScale() {
    Vault vault = vault_.Open({"service"}, {.events = std::make_shared<CountingSink>()});
    for (size_t from = 0; from < people_; from += kPerBatch) {
      Batch batch = vault.CollectBatch();
      for (size_t i = from; i < std::min(people_, from + kPerBatch); ++i) {
        const std::string ref = RefOf(i);
        batch.Add({.who = Who::Ref(ref), .notice = "signup-1", .source = "web"})
            .Put("account",
                 {{"name", MakeSecret(ref)}, {"email", MakeSecret(ref + "@example.org")}});
      }
      EXPECT_THAT(StatusOf(batch.Commit()), IsOk());
    }
  }

  static std::string RefOf(size_t i) { return "person-" + std::to_string(i); }

  // Erases `count` people from the `first` on and says what it took.
  Erased Erase(Vault& vault, size_t first, size_t count) {
    std::vector<std::string> refs;
    for (size_t i = first; i < first + count; ++i) refs.push_back(RefOf(i));
    std::vector<Who> whos;
    for (const std::string& ref : refs) whos.push_back(Who::Ref(ref));
    const auto begin = std::chrono::steady_clock::now();
    const auto erased = vault.Erase(whos);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    EXPECT_THAT(StatusOf(erased), IsOk());
    std::cout << count << " of " << people_ << ": " << took.count() << " ms, "
              << erased->shredded.rows << " rows sealed again, " << erased->shredded.shards
              << " shards\n";
    EXPECT_EQ(erased->subjects, count);
    EXPECT_EQ(erased->shredded.grade, ErasureGrade::kShredded);
    return *erased;
  }

  const size_t people_ = testing::CountFrom("BAILEE_RECORDS", 2'000);
  TempVault vault_{PolicyText("livelook_2013")};
};

TEST_F(EraseScale, OneAndManyTouchNoMoreThanTheirShards) {
  Vault vault = vault_.Open({"rights"}, {.events = std::make_shared<CountingSink>()});
  const Erased one = Erase(vault, 0, 1);
  EXPECT_LE(one.shredded.shards, 3u) << "of the handle, the ref and the address";
  // Handles come in runs of 64, which lie in one shard.
  EXPECT_LE(one.shredded.rows, 64 + 3 * (people_ / 16'384 + 1) * 3 * 4);
  const size_t many = std::min<size_t>(1'000, people_ / 4);
  const Erased all = Erase(vault, 1, many);
  EXPECT_LE(all.shredded.shards, std::min<size_t>(3 * many, 16'384));
  EXPECT_LE(all.shredded.rows, 3 * people_);
  EXPECT_EQ(vault.Info()->subjects, people_ - many - 1);
}

}  // namespace
}  // namespace bailee
