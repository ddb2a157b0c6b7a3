// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "bench/gdpr/profile.h"

// That what is generated is what upstream generates: values that were computed apart from this
// code.
namespace bailee::bench::gdpr {
namespace {

TEST(Generator, HashesAsJavaDoes) {
  EXPECT_EQ(JavaHashCode(""), 0);
  EXPECT_EQ(JavaHashCode("0"), 48);
  EXPECT_EQ(JavaHashCode("hello"), 99'162'322);
  EXPECT_EQ(JavaHashCode("polygenelubricants"), INT32_MIN);  // known for it
}

TEST(Generator, DataIsThatOfTheRecordsNumber) {
  EXPECT_EQ(DataValue(0, 60), "048014817240-2703920810-26619546066112026801581051900-120811");
  EXPECT_EQ(DataValue(42, 60), "42166242-98327504342-20739433542-50184395042-804027018421443");
  EXPECT_EQ(DataValue(12'345, 60), "123454679275512345160821400712345-119272312312345-1671766368");
  EXPECT_EQ(DataValue(0, 100).size(), 100u);
  EXPECT_EQ(DataValue(0, 100).substr(0, 60), DataValue(0, 60));
}

TEST(Generator, ScramblesAsYcsbDoes) {
  EXPECT_EQ(Fnv64(0), 6'284'781'860'667'377'211u);
  EXPECT_EQ(Fnv64(1), 8'517'097'267'634'966'620u);
  EXPECT_EQ(Scrambled(0, 100'001), 42'439u);
  EXPECT_EQ(Scrambled(1, 100'001), 91'481u);
  EXPECT_EQ(Scrambled(2, 100'001), 44'356u);
}

TEST(Generator, RanksAreZipfian) {
  const ZipfianRanks ranks;
  EXPECT_NEAR(ranks.eta(), 0.21220003, 1e-8);
  // The hottest has a share of 1/zeta, the next its half to the power of theta.
  EXPECT_EQ(ranks.RankOf(0.0377), 0u);
  EXPECT_EQ(ranks.RankOf(0.0378), 1u);
  EXPECT_EQ(ranks.RankOf(0.0568), 1u);
  EXPECT_GE(ranks.RankOf(0.0570), 2u);
  EXPECT_LT(ranks.RankOf(0.9999999), 10'000'000'000u);
  EXPECT_GT(ranks.RankOf(0.9999999), 9'000'000'000u);
}

TEST(Generator, UniformChoosesAmongWhatWasLoaded) {
  const KeyChooser chooser(Chooser::kUniform, 10, 1'000, 0.5);
  Random random(3);
  std::map<uint64_t, int> times;
  for (int i = 0; i < 10'000; ++i) ++times[chooser.Next(random, 500)];
  ASSERT_EQ(times.size(), 10u);
  for (const auto& [number, count] : times) {
    EXPECT_LT(number, 10u);
    EXPECT_NEAR(count, 1'000, 150);
  }
}

TEST(Generator, ZipfianFavoursTheScrambledHottestAndNeverWhatIsNotThereYet) {
  const KeyChooser chooser(Chooser::kZipfian, 100'000, 10'000, 0);
  Random random(3);
  std::map<uint64_t, int> times;
  for (int i = 0; i < 100'000; ++i) ++times[chooser.Next(random, 99'999)];
  EXPECT_LE(times.rbegin()->first, 99'999u);
  const auto hottest = std::max_element(times.begin(), times.end(),
                                        [](auto& a, auto& b) { return a.second < b.second; });
  EXPECT_EQ(hottest->first, 42'439u);
  EXPECT_NEAR(hottest->second, 3'780, 250);
}

TEST(Generator, OperationsAreChosenByWeight) {
  const double weights[] = {0.5, 0.25, 0.025};  // which do not add up to 1
  EXPECT_EQ(Weighted(weights, 0), 0u);
  EXPECT_EQ(Weighted(weights, 0.645), 0u);
  EXPECT_EQ(Weighted(weights, 0.646), 1u);
  EXPECT_EQ(Weighted(weights, 0.967), 1u);
  EXPECT_EQ(Weighted(weights, 0.968), 2u);
  EXPECT_EQ(Weighted(weights, 0.9999999), 2u);
}

TEST(Generator, RandomNumbersAreThoseOfTheSeed) {
  Random one(7), same(7), other(8);
  const double first = one.Unit();
  EXPECT_EQ(first, same.Unit());
  EXPECT_NE(first, other.Unit());
  EXPECT_GE(first, 0);
  EXPECT_LT(first, 1);
}

// Sizes that were measured of the shipped files' records: without padding, metadata is 46 bytes.
TEST(Profiles, HaveTheRecordsThatWerePublished) {
  const Profile& paper = *FindProfile("gdprbench-paper");
  const Fields fields = FieldsOf(paper, 12'345);
  EXPECT_EQ(KeyOf(paper, 12'345), "key12345");
  EXPECT_EQ(fields[kPurpose], "purpose20");
  EXPECT_EQ(fields[kTtl], "18000");
  EXPECT_EQ(fields[kUser], "user2345");
  EXPECT_EQ(fields[kObjection], "obj45");
  EXPECT_EQ(fields[kDecision], "dec1");
  EXPECT_EQ(fields[kShared], "shr5");
  EXPECT_EQ(fields[kData], DataValue(12'345, 100));
  double bytes = 0;
  for (uint64_t k = 0; k < 100'000; ++k) {
    for (size_t field = 0; field < kMetadataFields; ++field)
      bytes += static_cast<double>(ValueOf(paper, k, static_cast<Field>(field)).size());
  }
  EXPECT_NEAR(bytes / 100'000, 46.3, 0.05);

  const Profile& old = *FindProfile("gdprbench-2020-01");
  const Fields padded = FieldsOf(old, 5);
  EXPECT_EQ(KeyOf(old, 5), "user5");
  EXPECT_EQ(padded[kPurpose], "PUR=2fa" + std::string(93, '+'));
  EXPECT_EQ(padded[kData], "Data=val10" + std::string(90, '+'));

  const Profile& ruler = *FindProfile("gdpruler-2025");
  const Fields shared = FieldsOf(ruler, 120);
  EXPECT_EQ(shared[kShared],
            "user121,user122,user123,user124,user125,user126,user127,user0,user1,user2");
  EXPECT_EQ(shared[kObjection], "purpose96");
  EXPECT_EQ(shared[kDecision], "");
  EXPECT_EQ(shared[kData].size(), 1'000u);
}

double WeightOf(const Profile& profile, Role role) {
  double weight = 0;
  for (const Query& query : profile.Of(role)) weight += query.weight;
  return weight;
}

TEST(Profiles, AreThoseThatWerePublished) {
  ASSERT_EQ(Profiles().size(), 7u);
  EXPECT_EQ(FindProfile("gdprbench"), nullptr);
  // What the files of 2019 say does not add up to 1.
  EXPECT_NEAR(WeightOf(*FindProfile("gdprbench-2019-05"), Role::kController), 0.775, 1e-9);
  for (const Profile& profile : Profiles()) {
    for (const Role role : {Role::kController, Role::kCustomer, Role::kProcessor}) {
      if (profile.name == "gdprbench-2019-05" && role == Role::kController) continue;
      EXPECT_NEAR(WeightOf(profile, role), 1, 1e-9) << profile.name << " " << RoleName(role);
    }
  }
  std::map<std::string, double> regulator;
  for (const Query& query : FindProfile("gdprbench-paper")->Of(Role::kRegulator))
    regulator[QueryName(query)] = query.weight;
  EXPECT_EQ(regulator, (std::map<std::string, double>{{"read-metadata-by-USR", .46},
                                                      {"get-system-logs", .31},
                                                      {"verify-deletion", .23}}));
}

}  // namespace
}  // namespace bailee::bench::gdpr
