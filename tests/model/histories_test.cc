// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "bailee/vault.h"
#include "model/small_world.h"
#include "support/temp_vault.h"

// Random histories of one person: what a vault answers after each step is what the twin of the
// decision says of everything that was said and collected until then. RC_PARAMS asks for more, or
// for the history that failed.
namespace bailee::model {
namespace {

// A short form, unless the environment asks for another. Before RapidCheck looks.
[[maybe_unused]] const int kShortForm = setenv("RC_PARAMS", "max_success=30", 0);

constexpr Timestamp kInForceSince{1'356'998'400'000};  // 2013-01-01
constexpr std::string_view kNumber = "4111111111111111";
constexpr size_t kStepsMax = 24;

// Four bytes that say what happens; every value is a step.
using Step = std::array<uint8_t, 4>;
using History = std::vector<Step>;

// Only the number of steps is small at first: a step of a small number would be one of a few.
rc::Gen<History> AnyHistory() {
  const auto step = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<Step>());
  return rc::gen::resize(kStepsMax, rc::gen::container<History>(step));
}

SmallPolicy PolicyOf(const Step& bases) {
  constexpr SmallBasis kAll[] = {SmallBasis::kNecessary, SmallBasis::kOptOut, SmallBasis::kOptIn,
                                 SmallBasis::kCase};
  SmallPolicy policy = BasePolicy(1);
  policy.effective = kInForceSince;
  SmallCategory& card = policy.categories["card"];
  card.allows = {{{"keep"}, SmallBasis::kNecessary, {"code", "pan.last4"}, {}},
                 {{"billing"}, kAll[bases[0] % 4], {"pan"}, {}},
                 {{"news.mail"}, kAll[bases[1] % 4], {"pan"}, {}},
                 {{"news.sms"}, kAll[bases[2] % 4], {"pan.last4"}, {"web"}}};
  card.fields["pan"].lookups = {};
  card.retains = {{{"billing"}, 10, "closed", 60}, {{"news.mail"}, 30, "", 0}};
  FillRetains(policy);
  return policy;
}

class World {
 public:
  explicit World(const SmallPolicy& policy)
      : policy_(policy),
        temp_(ToText(policy)),
        vault_(temp_.Open({"keep", "billing", "news.mail", "news.sms", "upkeep"})) {}

  void Take(const Step& step) {
    const auto [what, a, b, c] = step;
    const std::string category = c % 3 == 0 ? "card" : "";
    switch (what % 10) {
      case 0:
      case 1:
        return Collect(a % 2 == 0 ? "n1" : "n2", b % 2 == 0 ? "web" : "shop");
      case 2:
      case 3:
        return Choose(SmallWord::kGiven, kLeaves[a % 4], category, b % 2 == 0 ? "n1" : "n2");
      case 4:
        return Choose(SmallWord::kWithdrawn, kPurposes[a % 5], category);
      case 5:
        return Choose(b % 2 == 0 ? SmallWord::kObjected : SmallWord::kDeclined, kPurposes[a % 5],
                      category);
      case 6:
        return Close();
      case 7:
        return Restrict(a % 2 == 0);
      case 8:
        return Hold(a % 2 == 0, category);
      default:
        return temp_.clock().AdvanceDays(1 + a % 40);
    }
  }

  // How often which answer was expected, over all histories: that they are about something.
  static inline std::map<std::string, uint64_t> answers;

  void Check() {
    for (const Kept& kept : kept_) {
      for (const std::string& purpose : kLeaves) {
        for (const std::string field : {"pan", "pan.last4"}) CheckRead(kept, purpose, field);
      }
    }
  }

 private:
  struct Kept {
    RecordId record;
    SmallTerms terms;
    Names stored;
  };

  static inline const std::string kLeaves[] = {"keep", "billing", "news.mail", "news.sms"};
  static inline const std::string kPurposes[] = {"keep", "billing", "news.mail", "news.sms",
                                                 "news"};

  Timestamp Now() { return temp_.clock().Now(); }

  // The reasons in words; "allowed"; or "hidden" where nothing may be told.
  static std::string InWords(const OracleAnswer& answer) {
    if (answer.reasons.empty()) return "allowed";
    if (!answer.visible) return "hidden";
    std::string words;
    for (const Reason reason : answer.reasons) words += " " + std::string(ReasonWord(reason));
    return words;
  }
  static std::string InWords(const Status& status) {
    if (status.ok()) return "allowed";
    if (status.refusal() == nullptr) {
      return status.name() == "vault.not-found" ? "hidden" : std::string(status.message());
    }
    Reasons reasons;
    for (const Reason reason : status.refusal()->reasons) reasons.insert(reason);
    return InWords(OracleAnswer{.reasons = std::move(reasons)});
  }

  void Collect(const std::string& notice, const std::string& source) {
    SmallRequest request = model::Collect("card", "pan", notice, source);
    request.now = request.collected_at = Now();
    const OracleAnswer expected = OracleDecide(policy_, nullptr, standing_, request);
    std::vector<FieldInput> fields;
    fields.emplace_back("pan", MakeSecret(kNumber));
    const Result<Collected> done =
        vault_.Collect({.who = kWho, .notice = notice, .source = source, .on_behalf_of = {}})
            .Put("card", std::move(fields))
            .Commit();
    RC_ASSERT(InWords(done.status()) == InWords(expected));
    if (!done.ok()) return;
    kept_.push_back(
        {done->records.front(), {&policy_, notice, source, "", Now()}, expected.stored});
  }

  // What a vault does not take as said was not said.
  bool Record(const LedgerEvent& event) {
    const Result<Recorded> done = vault_.Record(kWho, event);
    if (done.ok()) sequence_ = done->sequence;
    // The last: an end of what never began.
    RC_ASSERT(done.ok() || done.status().code() == Code::kInvalidValue ||
              done.status().code() == Code::kNotFound);
    return done.ok();
  }
  void Choose(SmallWord word, const std::string& purpose, const std::string& category,
              const std::string& notice = "") {
    constexpr LedgerKind kKinds[] = {LedgerKind::kGiven, LedgerKind::kWithdrawn,
                                     LedgerKind::kObjected, LedgerKind::kDeclined};
    if (!Record({.kind = kKinds[static_cast<int>(word)],
                 .purpose = purpose,
                 .category = category,
                 .notice = notice})) {
      return;
    }
    standing_.choices.push_back({purpose, category, word, sequence_, notice, SmallVersion::kNow});
  }
  void Close() {
    if (Record({.kind = LedgerKind::kNamedEvent, .name = "closed"}))
      standing_.events.push_back({"closed", Now()});
  }
  void Restrict(bool restricted) {
    if (Record({.kind = restricted ? LedgerKind::kRestricted : LedgerKind::kUnrestricted}))
      standing_.restricted = restricted;
  }
  void Hold(bool held, const std::string& category) {
    if (!Record({.kind = held ? LedgerKind::kHold : LedgerKind::kRelease,
                 .category = category,
                 .reference = "C-1"})) {
      return;
    }
    std::erase(standing_.held_categories, category);
    if (held) standing_.held_categories.push_back(category);
  }

  void CheckRead(const Kept& kept, const std::string& purpose, const std::string& field) {
    SmallRequest request = model::Read(purpose, "card", field);
    request.now = Now();
    const OracleAnswer expected = OracleDecide(policy_, &kept.terms, standing_, request);
    answers[InWords(expected)]++;
    Result<Session> session = vault_.As(purpose);
    const Result<bailee::Record> record =
        session->Read({.who = kWho, .category = "card", .record = kept.record, .fields = {field}});
    RC_ASSERT(InWords(record.status()) == InWords(expected));
    if (!record.ok()) return;
    RC_ASSERT(record->Has(field) == kept.stored.contains(field));
    if (!record->Has(field)) return;
    const std::string read =
        record->At(field).Reveal([](std::string_view text) { return std::string(text); });
    RC_ASSERT(read == (field == "pan" ? kNumber : kNumber.substr(12)));
  }

  static inline const Who kWho = Who::Ref("ada");

  const SmallPolicy policy_;
  TempVault temp_;
  Vault vault_;
  SmallStanding standing_;
  uint64_t sequence_ = 0;
  std::vector<Kept> kept_;
};

TEST(Histories, AVaultAnswersAsTheTwinOfTheDecision) {
  const bool holds = rc::check("a vault answers as the twin of the decision", [] {
    const auto bases = *rc::gen::arbitrary<Step>();
    const auto history = *AnyHistory();
    World world(PolicyOf(bases));
    for (const Step& step : history) {
      world.Take(step);
      world.Check();
    }
  });
  EXPECT_TRUE(holds);
  EXPECT_GT(World::answers["allowed"], 0u);
  EXPECT_GT(World::answers["hidden"], 0u);
  EXPECT_GT(World::answers.size(), 6u) << "more than a few kinds of answers";
  for (const auto& [words, times] : World::answers) std::printf("%8zu %s\n", times, words.c_str());
}

// A standing of independent events: each about a purpose or a thing of its own.
SmallStanding Independent(const History& history) {
  const std::string purposes[] = {"keep", "billing", "news.mail", "news.sms"};
  SmallStanding standing;
  for (size_t i = 0; i < history.size() && i < std::size(purposes); ++i) {
    const auto word = static_cast<SmallWord>(history[i][0] % 4);
    const std::string notice =
        word == SmallWord::kGiven ? (history[i][1] % 2 == 0 ? "n1" : "n2") : "";
    standing.choices.push_back(
        {purposes[i], history[i][2] % 3 == 0 ? "card" : "", word, i + 1, notice});
  }
  return standing;
}

RC_GTEST_PROP(Histories, TheOrderOfIndependentEventsDoesNotMatter, ()) {
  const auto loaded = LoadFilled(PolicyOf(*rc::gen::arbitrary<Step>()));
  RC_ASSERT(loaded != nullptr);
  const auto history = *AnyHistory();
  SmallStanding one = Independent(history);
  SmallStanding other = one;
  for (size_t i = other.choices.size(); i > 1; --i) {
    const size_t with = *rc::gen::inRange<size_t>(0, i);
    std::swap(other.choices[i - 1], other.choices[with]);
  }
  for (size_t i = 0; i < other.choices.size(); ++i) other.choices[i].sequence = i + 1;
  const Timestamp at = Days(kInForceSince, 100);
  const LoadedTerms terms = Hold(*loaded, "n1", "web", "", at);
  const LoadedStanding first = Load(std::move(one));
  const LoadedStanding second = Load(std::move(other));
  for (const std::string purpose : {"keep", "billing", "news.mail", "news.sms"}) {
    SmallRequest request = Read(purpose, "card", "pan");
    request.now = at;
    const Case asked{loaded.get(), &terms, &first, &request};
    const Case again{loaded.get(), &terms, &second, &request};
    RC_ASSERT(AskReal(asked).reasons == AskReal(again).reasons);
    RC_ASSERT(Agree(asked) && Agree(again));
  }
}

}  // namespace
}  // namespace bailee::model
