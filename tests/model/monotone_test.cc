// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/small_world.h"
#include "policy/diff.h"

// What never grants, over random histories of one person under random policies: of the decision's
// own answers, before and after each step. RC_PARAMS asks for more, or for the history that failed.
namespace bailee::model {
namespace {

// A short form, unless the environment asks for another. Before RapidCheck looks.
[[maybe_unused]] const int kShortForm = setenv("RC_PARAMS", "max_success=120", 0);

// Four bytes that say what happens; every value is a step.
using Step = std::array<uint8_t, 4>;
using History = std::vector<Step>;
constexpr size_t kStepsMax = 24;
constexpr size_t kVersionsMax = 4;
constexpr size_t kDataMax = 4;

const std::string kLeaves[] = {"keep", "billing", "news.mail", "news.sms"};
const std::string kPurposes[] = {"keep", "billing", "news.mail", "news.sms", "news"};
const std::string kFields[] = {"pan", "pan.last4"};
const std::string kNotices[] = {"n1", "n2"};
const std::string kSources[] = {"web", "shop"};

Names SomeOf(uint8_t bits) {
  Names names;
  for (size_t i = 0; i < std::size(kPurposes); ++i) {
    if ((bits >> i & 1) != 0) names.insert(kPurposes[i]);
  }
  return names;
}

SmallAllow AllowOf(const std::string& purpose, uint8_t bits) {
  constexpr SmallBasis kAll[] = {SmallBasis::kNecessary, SmallBasis::kOptOut, SmallBasis::kOptIn,
                                 SmallBasis::kCase};
  const Names fields[] = {{}, {"pan"}, {"pan.last4"}, {"pan"}};
  const Names sources[] = {{}, {"web"}, {"shop"}, {}};
  return {{purpose}, kAll[bits & 3], fields[bits >> 2 & 3], sources[bits >> 4 & 3]};
}

// Any version of a policy that four steps can say: which purposes there are, of what and by what
// right, for how long, and what the notices say.
SmallPolicy PolicyOf(uint32_t version, const std::array<Step, 4>& said) {
  SmallPolicy policy = BasePolicy(version);
  SmallCategory& card = Card(policy);
  card.allows.resize(1);
  card.allows[0] = {{"keep"}, SmallBasis::kNecessary, {"code", "pan.last4"}, {}};
  card.retains = {};
  for (size_t i = 1; i < std::size(kLeaves); ++i) {
    if (said[0][i] % 8 == 0) continue;
    card.allows.push_back(AllowOf(kLeaves[i], said[1][i]));
    const int days = 1 + said[2][i] / 4 % 40;
    if (said[2][i] % 4 == 1) card.retains.push_back({{kLeaves[i]}, days, "closed", 60});
    if (said[2][i] % 4 == 2) card.retains.push_back({{kLeaves[i]}, days, "", 0});
  }
  card.fields["pan"].lookups = {};
  policy.notices["n1"].purposes = SomeOf(said[3][0] | 1);
  policy.notices["n2"].purposes = SomeOf(said[3][1] | 1);
  if (said[3][2] % 8 == 0) policy.notices.erase("n2");
  if (said[3][2] % 4 == 1) policy.notices["n1"].sources = {"web"};
  if (said[3][3] % 8 == 7) {
    policy.sources["shop"] = SmallRole::kIndependent;
    for (SmallAllow& allow : card.allows) allow.sources.erase("shop");
  }
  policy.recipients["court"] = "AUTHORITY";
  const bool billing_reads =
      std::any_of(card.allows.begin(), card.allows.end(), [](const SmallAllow& allow) {
        return allow.purposes.contains("billing") &&
               (allow.fields.empty() || allow.fields.contains("pan"));
      });
  if (billing_reads && said[0][0] % 2 == 0) {
    card.discloses.push_back(
        {.recipient = "court", .ground = "LAW", .purpose = "billing", .fields = {"pan"}});
  }
  FillRetains(policy);
  return policy;
}

class Person {
 public:
  explicit Person(std::unique_ptr<const LoadedPolicy> first) {
    versions_.push_back(std::move(first));
  }

  enum class Kind { kMayGrant, kRestricts, kPublishes };

  // Takes a step and says of which kind it was.
  Kind Take(const Step& step, const History& rest) {
    const auto [what, a, b, c] = step;
    const std::string category = c % 3 == 0 ? "card" : "";
    const std::string purpose = kPurposes[a % std::size(kPurposes)];
    switch (what % 12) {
      case 0:
      case 1:
        if (data_.size() < kDataMax) {
          data_.push_back(model::Hold(InForce(), kNotices[a % 2], kSources[b % 2], "", now_));
        }
        return Kind::kMayGrant;
      case 2:
      case 3:
        Give(kLeaves[a % std::size(kLeaves)], category, kNotices[b % 2]);
        return Kind::kMayGrant;
      case 4:
        Choose(policy::Choice::kWithdrawn, purpose, category);
        return Kind::kRestricts;
      case 5:
        Choose(policy::Choice::kObjected, purpose, category);
        return Kind::kRestricts;
      case 6:
        Choose(policy::Choice::kDeclined, purpose, category);
        return Kind::kRestricts;
      case 7:
        standing_.events.push_back({"closed", now_});
        return Kind::kRestricts;
      case 8:
        standing_.restricted = a % 2 == 0;
        return standing_.restricted ? Kind::kRestricts : Kind::kMayGrant;
      case 9:
        standing_.holds.push_back({category, "C-1"});
        return Kind::kRestricts;
      case 10:
        return Publish(rest);
      default:
        now_ = Days(now_, 1 + a % 40, b);
        return Kind::kRestricts;
    }
  }

  // Whether each question is granted: by datum, then purpose, field and what is asked. A datum more
  // only makes it longer.
  std::vector<bool> Asked() const {
    std::vector<bool> granted;
    for (const LoadedTerms& datum : data_) AskAbout(&datum.real, InForce(), granted);
    return granted;
  }
  // As if the version that each datum is held under were still in force. `now` is what Asked says.
  std::vector<bool> AskedThen(const std::vector<bool>& now) const {
    std::vector<bool> granted;
    for (const LoadedTerms& datum : data_) {
      const LoadedPolicy& held = *versions_[datum.real.policy->version() - 1];
      if (&held != &InForce()) {
        AskAbout(&datum.real, held, granted);
      } else {
        const auto of = now.begin() + static_cast<std::ptrdiff_t>(granted.size());
        granted.insert(granted.end(), of, of + static_cast<std::ptrdiff_t>(kQuestionsEach));
      }
    }
    return granted;
  }
  // Of nobody and nothing: writing to the person, and storing something of before.
  std::vector<bool> AskedOfNew() const {
    std::vector<bool> granted;
    for (const std::string& purpose : kLeaves) {
      SmallRequest request = Read(purpose, "", "");
      request.action = SmallAction::kContact;
      granted.push_back(Ask(nullptr, InForce(), request));
    }
    for (const std::string& notice : kNotices) {
      for (const std::string& source : kSources) {
        SmallRequest request = Collect("card", "pan", notice, source);
        request.collected_at = kCollected;
        granted.push_back(Ask(nullptr, InForce(), request));
      }
    }
    return granted;
  }

  // Whether the subject said yes to the purpose of a question under another version than that which
  // its datum is held under.
  bool SaidYesElsewhere(size_t question) const {
    const policy::Policy* const held = data_[question / kQuestionsEach].real.policy;
    const std::string& purpose = kLeaves[question % kQuestionsEach / kQuestionsOfPurpose];
    return std::any_of(standing_.choices.begin(), standing_.choices.end(), [&](const auto& each) {
      return each.choice == policy::Choice::kGiven && each.purpose == purpose &&
             each.version != held->version();
    });
  }
  // Whether what a datum is held under could not be kept under a later version: publishing would
  // have been refused.
  bool Broken(size_t question) const {
    const policy::Policy* const held = data_[question / kQuestionsEach].real.policy;
    return policy::Diff(*held, *InForce().real).Has(PolicyChange::Effect::kBreaks);
  }

 private:
  static constexpr size_t kQuestionsOfPurpose = 2 * std::size(kFields) + 1;
  static constexpr size_t kQuestionsEach = std::size(kLeaves) * kQuestionsOfPurpose;

  const LoadedPolicy& InForce() const { return *versions_.back(); }

  void Choose(policy::Choice choice, const std::string& purpose, const std::string& category,
              const std::string& notice = "") {
    standing_.choices.push_back({purpose, category, choice, standing_.choices.size() + 1, notice,
                                 InForce().real->version()});
  }
  // What a vault takes as said: with a notice that is in force and asks for it.
  void Give(const std::string& purpose, const std::string& category, const std::string& notice) {
    const auto& notices = InForce().small.notices;
    const auto found = notices.find(notice);
    if (found == notices.end() || !found->second.purposes.contains(purpose)) return;
    Choose(policy::Choice::kGiven, purpose, category, notice);
  }

  Kind Publish(const History& rest) {
    std::array<Step, 4> said{};
    for (size_t i = 0; i < said.size() && i < rest.size(); ++i) said[i] = rest[i];
    if (versions_.size() == kVersionsMax) return Kind::kMayGrant;
    const auto number = static_cast<uint32_t>(versions_.size() + 1);
    auto next = LoadFilled(PolicyOf(number, said));
    if (next == nullptr) return Kind::kMayGrant;
    // A notice that was given up does not come back, nor does one ask for more than it did: that
    // takes a new one.
    for (const auto& [id, notice] : next->small.notices) {
      for (const auto& version : versions_) {
        const auto before = version->small.notices.find(id);
        if (before == version->small.notices.end()) return Kind::kMayGrant;
      }
    }
    versions_.push_back(std::move(next));
    return Kind::kPublishes;
  }

  bool Ask(const policy::Datum* datum, const LoadedPolicy& in_force, SmallRequest request) const {
    request.now = now_;
    std::vector<const policy::Policy*> versions;
    for (const auto& version : versions_) versions.push_back(version->real.get());
    policy::Request real = ToReal(request);
    real.versions = versions;
    return policy::Decide(*in_force.real, datum, standing_, real).allowed();
  }
  void AskAbout(const policy::Datum* datum, const LoadedPolicy& in_force,
                std::vector<bool>& granted) const {
    for (const std::string& purpose : kLeaves) {
      for (const std::string& field : kFields) {
        SmallRequest request = Read(purpose, "card", field);
        granted.push_back(Ask(datum, in_force, request));
        request.case_reference = "C-1";
        granted.push_back(Ask(datum, in_force, request));
      }
      SmallRequest disclose = Read(purpose, "card", "pan");
      disclose.action = SmallAction::kDisclose;
      disclose.case_reference = "C-1";
      disclose.recipient = "court";
      disclose.ground = "LAW";
      granted.push_back(Ask(datum, in_force, disclose));
    }
  }

  std::vector<std::unique_ptr<const LoadedPolicy>> versions_;
  std::vector<LoadedTerms> data_;
  policy::Standing standing_;
  Timestamp now_ = kCollected;
};

// The first question that was refused and is granted, if there is one.
std::optional<size_t> Granted(const std::vector<bool>& before, const std::vector<bool>& after) {
  for (size_t i = 0; i < before.size(); ++i) {
    if (after[i] && !before[i]) return i;
  }
  return std::nullopt;
}

struct Life {
  std::unique_ptr<const LoadedPolicy> first;
  History history;
};
Life AnyLife(size_t steps_max) {
  // Only the number of steps is small at first: a step of a small number would be one of a few.
  const auto step = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<Step>());
  Life life{LoadFilled(PolicyOf(1, *rc::gen::container<std::array<Step, 4>>(step))),
            *rc::gen::resize(static_cast<int>(steps_max), rc::gen::container<History>(step))};
  const bool loads = life.first != nullptr;
  if (!loads) RC_LOG() << RefusedPolicies().last;
  RC_ASSERT(loads);
  return life;
}

History After(const History& history, size_t step) {
  return {history.begin() + static_cast<std::ptrdiff_t>(step) + 1, history.end()};
}

TEST(Monotone, WithdrawingObjectingRestrictingHoldingAndTimeNeverGrant) {
  uint64_t restricted = 0;  // steps that made something refused
  uint64_t granted = 0;     // and granted
  const bool holds = rc::check("no step that restricts grants", [&] {
    auto [first, history] = AnyLife(kStepsMax);
    Person person(std::move(first));
    for (size_t i = 0; i < history.size(); ++i) {
      const std::vector<bool> before = person.Asked();
      const std::vector<bool> before_of_new = person.AskedOfNew();
      const Person::Kind kind = person.Take(history[i], After(history, i));
      const std::vector<bool> after = person.Asked();
      if (Granted(before, after)) ++granted;
      if (kind != Person::Kind::kRestricts) continue;
      if (Granted(after, before)) ++restricted;
      RC_ASSERT(Granted(before, after) == std::nullopt);
      RC_ASSERT(Granted(before_of_new, person.AskedOfNew()) == std::nullopt);
    }
  });
  EXPECT_TRUE(holds);
  EXPECT_GT(restricted, 5u);
  EXPECT_GT(granted, 5u);
}

TEST(Monotone, PublishingNeverGrantsMoreOfWhatIsHeldThanItsOwnVersionDid) {
  uint64_t narrowed = 0;   // questions that a later version refuses
  uint64_t other_yes = 0;  // and grants, for a yes under another version than the datum's
  const bool holds = rc::check("what is held is never granted more widely", [&] {
    auto [first, history] = AnyLife(2 * kStepsMax);
    Person person(std::move(first));
    for (size_t i = 0; i < history.size(); ++i) {
      person.Take(history[i], After(history, i));
      const std::vector<bool> now = person.Asked();
      const std::vector<bool> then = person.AskedThen(now);
      for (size_t at = 0; at < now.size(); ++at) {
        if (then[at] && !now[at]) ++narrowed;
        if (!now[at] || then[at]) continue;
        RC_ASSERT(person.SaidYesElsewhere(at) || person.Broken(at));
        ++other_yes;
      }
    }
  });
  EXPECT_TRUE(holds);
  EXPECT_GT(narrowed, 20u);
  std::printf("%zu refused later, %zu granted for another yes\n", narrowed, other_yes);
}

}  // namespace
}  // namespace bailee::model
