// SPDX-License-Identifier: Apache-2.0
#include "vault/report/report_floor.h"

#include <cmath>
#include <map>

#include "support/test_random.h"
#include "vault/report_world.h"

// What a cell may betray of one person.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;
using vault::CellTally;
using vault::DrawNoise;
using vault::Floor;
using vault::Shown;

constexpr auto kSubjects = policy::ReportCount::kSubjects;

TEST(Floor, FollowsFromMinSubjectsAlone) {
  const Floor floor(20);
  EXPECT_EQ(floor.scale, 5u);
  EXPECT_EQ(floor.margin, 80u);
  EXPECT_EQ(floor.threshold, 100u);
  EXPECT_EQ(floor.fewer_than, 180u);
  EXPECT_EQ(Floor(100).scale, 25u);
}

TEST(Floor, LetsNobodyBeOverHalfOfAShownCell) {
  for (uint32_t min = 2; min < 100; ++min) {
    const Floor floor(min);
    EXPECT_LE(2 * floor.records_of_one_max, floor.records_of_one_max + (min - 1)) << min;
  }
}

TEST(Floor, ShowsNothingBelowMinSubjectsAndEverythingFromFewerThanOn) {
  const Floor floor(20);
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_FALSE(Shown(floor, kSubjects, {.subjects = 19}, crypto::SystemRandom()));
    ASSERT_TRUE(Shown(floor, kSubjects, {.subjects = 180}, crypto::SystemRandom()));
  }
}

TEST(Floor, TakesAllThatCannotBeToldApartForOneSubject) {
  const Floor floor(20);
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_FALSE(
        Shown(floor, kSubjects, {.subjects = 18, .unnamed = 100'000}, crypto::SystemRandom()));
  }
}

// How often each noise comes, against the law.
TEST(Noise, IsDiscreteLaplaceOfItsScale) {
  constexpr int kDraws = 200'000;
  std::map<int64_t, int> seen;
  for (int i = 0; i < kDraws; ++i) ++seen[DrawNoise(5, 80, crypto::SystemRandom())];
  const double q = std::exp(-0.2);
  for (int64_t k = -15; k <= 15; ++k) {
    const double expected = (1 - q) / (1 + q) * std::pow(q, std::abs(static_cast<double>(k)));
    const double sigma = std::sqrt(expected * (1 - expected) / kDraws);
    EXPECT_NEAR(seen[k] / double{kDraws}, expected, 6 * sigma) << k;
  }
  EXPECT_LE(seen.rbegin()->first, 80);
  EXPECT_GE(seen.begin()->first, -80);
}

// What an adversary who knows the law and everybody else of a cell makes of answers: the logarithm
// of how much likelier they are if the person is in it.
class Judge {
 public:
  explicit Judge(uint32_t min_subjects) : floor_(min_subjects) {}

  double Weigh(uint64_t others, std::optional<uint64_t> shown) const {
    return std::log(Likely(others + 1, shown)) - std::log(Likely(others, shown));
  }

 private:
  double Probability(int64_t noise) const {
    if (std::abs(noise) > static_cast<int64_t>(floor_.margin)) return 0;
    const double q = std::exp(-1.0 / static_cast<double>(floor_.scale));
    return (1 - q) / (1 + q) * std::pow(q, std::abs(static_cast<double>(noise)));
  }
  double Likely(uint64_t subjects, std::optional<uint64_t> shown) const {
    double sum = 1e-300;
    for (int64_t noise = -static_cast<int64_t>(floor_.margin);
         noise <= static_cast<int64_t>(floor_.margin); ++noise) {
      const int64_t noisy = static_cast<int64_t>(subjects) + noise;
      const bool is_shown = noisy >= static_cast<int64_t>(floor_.threshold);
      const bool fits =
          shown ? is_shown && noisy - noisy % 5 == static_cast<int64_t>(*shown) : !is_shown;
      if (fits) sum += Probability(noise);
    }
    return sum;
  }
  const Floor floor_;
};

// Certain enough to point at somebody: one in a thousand to be wrong.
const double kIsolated = std::log(1000);

// Two hundred people, in a cell of their own or not. The adversary fills each cell with as many of
// its own as serves it best, erases them and fills it anew for each of fifty days: 10,000 asks.
TEST(Floor, IsolatesNoneOfTwoHundredPeopleInTenThousandAsks) {
  const Floor floor(20);
  const Judge judge(20);
  constexpr uint64_t kPlanted[] = {19, 98, 99, 100, 104, 179, 204, 500};
  std::map<std::pair<uint64_t, std::optional<uint64_t>>, double> known;
  size_t isolated = 0;
  size_t right = 0;
  for (int person = 0; person < 200; ++person) {
    const bool in = crypto::RandomArray<1>(crypto::SystemRandom())[0] % 2 == 1;
    double weight = 0;
    for (int day = 0; day < 50; ++day) {
      const uint64_t others = kPlanted[static_cast<size_t>(person + day) % std::size(kPlanted)];
      const auto shown =
          Shown(floor, kSubjects, {.subjects = others + (in ? 1 : 0)}, crypto::SystemRandom());
      const auto [at, added] = known.try_emplace({others, shown}, 0);
      if (added) at->second = judge.Weigh(others, shown);
      weight += at->second;
    }
    if ((weight > 0) == in) ++right;
    if (std::abs(weight) > kIsolated) ++isolated;
  }
  EXPECT_EQ(isolated, 0u);
  EXPECT_GT(right, 80u);  // it learns something: that is what SECURITY.md says, too
}

// The same through the vault: two keyrings, asking again and again, collecting in between.
class Adversary : public ReportWorld {};

TEST_F(Adversary, LearnsNothingFromAskingAgainOrWithAnotherKeyring) {
  const Judge judge(2);
  constexpr int kPeople = 20;
  constexpr int kPlanted = 82;
  const std::vector<std::string> countries = {"DE", "FR", "IT", "ES", "PT", "NL", "BE",
                                              "DK", "SE", "NO", "FI", "PL", "CZ", "AT",
                                              "CH", "HU", "GR", "IE", "LU", "LI"};
  std::vector<double> weights(kPeople);
  std::map<std::string, std::optional<uint64_t>> first;
  for (int day = 0; day < 3; ++day) {
    const std::string at = "2013-05-2" + std::to_string(5 + day) + "T10:00:00Z";
    {
      Vault collector = Open({"service"});
      for (size_t i = 0; i < kPeople; ++i) {
        Visits(collector, "mine", kPlanted, countries[i], at);
        if (i % 2 == 1) Visits(collector, "person" + std::to_string(i), 1, countries[i], at);
      }
    }
    for (int ask = 0; ask < 20; ++ask) {
      Vault vault = ask % 2 == 0 ? Open({"tally"}) : Open({"tally", "service"});
      ReportRequest request = Of("visits");
      request.from = {kJune2013.unix_ms - (7 - day) * kMillisPerDay};
      request.until = {request.from.unix_ms + 1};
      const auto report = vault.Report(request);
      ASSERT_THAT(StatusOf(report), IsOk());
      for (size_t i = 0; i < kPeople; ++i) {
        const auto shown = Cell(report->buckets[0], {countries[i]});
        const std::string name = countries[i] + at;
        if (ask == 0) {
          first[name] = shown;
          weights[i] += judge.Weigh(kPlanted, shown);
        }
        ASSERT_EQ(shown, first[name]);
      }
      // A latecomer in every cell, and the answers stay.
      if (ask == 0) Visits(vault, "late", 1, "DE", at);
    }
  }
  for (const double weight : weights) EXPECT_LT(std::abs(weight), kIsolated);
}

}  // namespace
}  // namespace bailee
