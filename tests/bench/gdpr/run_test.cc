// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bench/gdpr/model_store.h"
#include "bench/gdpr/vault_store.h"

// Every answer of the vault to every role of every profile, at a small scale; and that an answer
// that is wrong is noticed.
namespace bailee::bench::gdpr {
namespace {

constexpr uint64_t kRecords = 100;
constexpr uint64_t kOperations = 40;

RunOptions Small(const Profile& profile, Role role) {
  return {
      .profile = &profile, .role = role, .records = kRecords, .operations = kOperations, .seed = 1};
}

struct Case {
  const Profile* profile;
  Role role;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const Profile& profile : Profiles())
    for (const Role role : kRoles)
      if (!profile.Of(role).empty()) cases.push_back({&profile, role});
  return cases;
}

class EveryRole : public ::testing::TestWithParam<Case> {};

TEST_P(EveryRole, IsAnsweredAsTheModelSays) {
  const auto& [profile, role] = GetParam();
  VaultStore store({.profile = profile, .role = role, .directory = {}});
  const Outcome outcome = RunRole(store, Small(*profile, role));
  EXPECT_EQ(outcome.wrong, 0u) << (outcome.wrong_first.empty() ? "" : outcome.wrong_first[0]);
  EXPECT_GE(outcome.answers, kOperations);
  EXPECT_GT(outcome.bytes, outcome.data_bytes);
  // Each query was asked, but for those with a share so small that chance may leave it out.
  for (const Query& query : profile->Of(role)) {
    if (query.weight < 0.1) continue;
    EXPECT_TRUE(outcome.queries.contains(QueryName(query))) << QueryName(query);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, EveryRole, ::testing::ValuesIn(Cases()), [](const auto& of) {
  std::string name = of.param.profile->name + "_" + std::string(RoleName(of.param.role));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// A store that answers as the model does, but for one kind of mistake.
enum class Mistake : uint8_t {
  kNone,
  kReadsOneTooFew,
  kReadsAnotherValue,
  kReadsAnotherRecord,
  kForgetsToUpdateData,
  kForgetsToUpdateMetadata,
  kForgetsToDelete,
  kSaysItIsDeleted,
  kForgetsWhatIsCreated,
  kLosesLog,
};

class MistakenStore final : public Store {
 public:
  explicit MistakenStore(Mistake mistake) : mistake_(mistake) {}
  std::string Name() const override { return "mistaken"; }
  void Load(std::span<const Row> rows) override { model_.Load(rows); }
  void Create(const Row& row) override {
    ++log_;
    if (mistake_ != Mistake::kForgetsWhatIsCreated) model_.Create(row);
  }
  Answer Read(const Selection& selection, Part part) override {
    ++log_;
    Answer answer = model_.Read(selection, part);
    if (answer.count == 0) return answer;
    if (mistake_ == Mistake::kReadsOneTooFew) --answer.count;
    if (mistake_ == Mistake::kReadsAnotherValue) answer.AddValue(1, kUser, "nobody");
    if (mistake_ == Mistake::kReadsAnotherRecord && selection.by == By::kKey)
      return model_.Read({.number = (selection.number + 1) % kRecords, .value = {}, .purpose = {}},
                         part);
    return answer;
  }
  uint64_t UpdateAll(const Row& row) override {
    ++log_;
    return model_.UpdateAll(row);
  }
  uint64_t UpdateData(uint64_t number, const std::string& value) override {
    ++log_;
    if (mistake_ == Mistake::kForgetsToUpdateData) return 1 - model_.IsDeleted(number);
    return model_.UpdateData(number, value);
  }
  uint64_t UpdateMetadata(const Selection& selection, Field field,
                          const std::string& value) override {
    ++log_;
    if (mistake_ == Mistake::kForgetsToUpdateMetadata)
      return model_.Read(selection, Part::kMetadata).count;
    return model_.UpdateMetadata(selection, field, value);
  }
  uint64_t Delete(const Selection& selection) override {
    ++log_;
    if (mistake_ == Mistake::kForgetsToDelete) return model_.Read(selection, Part::kMetadata).count;
    return model_.Delete(selection);
  }
  bool IsDeleted(uint64_t number) override {
    ++log_;
    return mistake_ == Mistake::kSaysItIsDeleted || model_.IsDeleted(number);
  }
  uint64_t ReadLog(uint64_t count) override { return std::min(count, log_++); }
  uint64_t LogSize() override {
    return mistake_ == Mistake::kLosesLog && log_ > 0 ? log_ - 1 : log_;
  }
  void Finish() override {}
  uint64_t Bytes() override { return model_.Bytes(); }

 private:
  const Mistake mistake_;
  ModelStore model_;
  uint64_t log_ = 0;
};

uint64_t WrongAnswers(Mistake mistake, Role role) {
  MistakenStore store(mistake);
  RunOptions options = Small(*FindProfile("gdprbench-paper"), role);
  options.operations = 200;
  return RunRole(store, options).wrong;
}

TEST(Comparison, FindsNothingWrongWithWhatIsRight) {
  for (const Role role : kRoles) EXPECT_EQ(WrongAnswers(Mistake::kNone, role), 0u);
}

TEST(Comparison, NoticesEachMistake) {
  EXPECT_GT(WrongAnswers(Mistake::kReadsOneTooFew, Role::kProcessor), 0u);
  EXPECT_GT(WrongAnswers(Mistake::kReadsAnotherValue, Role::kProcessor), 0u);
  EXPECT_GT(WrongAnswers(Mistake::kReadsAnotherRecord, Role::kProcessor), 0u);
  EXPECT_GT(WrongAnswers(Mistake::kForgetsToUpdateData, Role::kCustomer), 0u);
  EXPECT_GT(WrongAnswers(Mistake::kForgetsToUpdateMetadata, Role::kCustomer), 0u);
  EXPECT_GT(WrongAnswers(Mistake::kForgetsToDelete, Role::kCustomer), 0u);
  EXPECT_GT(WrongAnswers(Mistake::kForgetsToDelete, Role::kController), 0u);
  EXPECT_GT(WrongAnswers(Mistake::kSaysItIsDeleted, Role::kRegulator), 0u);
  EXPECT_GT(WrongAnswers(Mistake::kForgetsWhatIsCreated, Role::kController), 0u);
  EXPECT_GT(WrongAnswers(Mistake::kLosesLog, Role::kRegulator), 0u);
}

}  // namespace
}  // namespace bailee::bench::gdpr
