// SPDX-License-Identifier: Apache-2.0
#include "model/world.h"

#include <chrono>
#include <utility>

namespace bailee::model {
namespace {

std::string Quoted(const std::string& name) { return " \"" + name + "\""; }

void List(std::string& text, const char* word, const Names& names) {
  for (const std::string& name : names) text += std::string(" ") + word + ":" + Quoted(name);
}

const char* Word(SmallBasis basis) {
  switch (basis) {
    case SmallBasis::kNecessary:
      return "NECESSARY";
    case SmallBasis::kOptOut:
      return "OPT_OUT";
    case SmallBasis::kOptIn:
      return "OPT_IN";
    case SmallBasis::kCase:
      return "CASE";
  }
  return "";
}

const char* Word(SmallRole role) {
  switch (role) {
    case SmallRole::kOwn:
      return "OWN";
    case SmallRole::kPartner:
      return "PARTNER";
    case SmallRole::kIndependent:
      return "INDEPENDENT";
  }
  return "";
}

std::string Date(Timestamp moment) {
  const std::chrono::sys_days day{std::chrono::days{moment.unix_ms / kMillisPerDay}};
  const std::chrono::year_month_day date{day};
  const auto two = [](unsigned number) {
    return (number < 10 ? "-0" : "-") + std::to_string(number);
  };
  return std::to_string(static_cast<int>(date.year())) + two(static_cast<unsigned>(date.month())) +
         two(static_cast<unsigned>(date.day()));
}

void AppendField(std::string& text, const SmallCategory& category, const std::string& name) {
  const SmallField& field = category.fields.at(name);
  text += "  field { id:" + Quoted(name) + " kind: " + field.kind;
  for (const auto& [full, view] : category.fields) {
    if (view.transform.empty() || !full.starts_with(name + ".")) continue;
    text += " view { id:" + Quoted(full.substr(name.size() + 1)) + " " + view.transform + " }";
  }
  for (const std::string& purpose : field.lookups) {
    text += " lookup { purpose:" + Quoted(purpose) + " }";
  }
  text += " }\n";
}

void AppendDisclose(std::string& text, const SmallDisclose& rule) {
  text += "  disclose { recipient:" + Quoted(rule.recipient) + " ground: " + rule.ground +
          " purpose:" + Quoted(rule.purpose);
  List(text, "field", rule.fields);
  if (!rule.notice.empty()) {
    text += " notice:" + Quoted(rule.notice) + " wait_days: " + std::to_string(rule.wait_days) +
            " until_days: " + std::to_string(rule.until_days);
  }
  text += " }\n";
}

void AppendCategory(std::string& text, const std::string& id, const SmallCategory& category) {
  text += "category { id:" + Quoted(id) + " says: \"things\" about: SUBJECT holds: MANY\n";
  for (const auto& [name, field] : category.fields) {
    if (field.transform.empty()) AppendField(text, category, name);
  }
  for (const SmallAllow& allow : category.allows) {
    text += "  allow {";
    List(text, "purpose", allow.purposes);
    text += std::string(" basis: ") + Word(allow.basis);
    List(text, "field", allow.fields);
    List(text, "source", allow.sources);
    text += " }\n";
  }
  for (const SmallRetain& retain : category.retains) {
    text += "  retain {";
    List(text, "purpose", retain.purposes);
    text += " days: " + std::to_string(retain.days);
    if (retain.event.empty()) {
      text += " from: COLLECTION }\n";
    } else {
      text += " from: EVENT event:" + Quoted(retain.event) +
              " at_most_days: " + std::to_string(retain.at_most_days) + " }\n";
    }
  }
  for (const SmallDisclose& rule : category.discloses) AppendDisclose(text, rule);
  text += "}\n";
}

void AppendControllers(std::string& text, const SmallPolicy& policy) {
  for (const auto& [id, rules] : policy.controllers) {
    text += "controller { id:" + Quoted(id) + " agreement: \"A-1\"";
    for (const SmallInstruction& rule : rules) {
      text += " allow {";
      List(text, "purpose", rule.purposes);
      text += " category:" + Quoted(rule.category);
      List(text, "field", rule.fields);
      text += " }";
    }
    text += " }\n";
  }
}

void AppendReports(std::string& text, const SmallPolicy& policy) {
  if (policy.reports.empty()) return;
  text += "recipient { id: \"public\" role: PUBLIC says: \"everyone\" }\n";
  int number = 0;
  for (const SmallReport& report : policy.reports) {
    text += "report { id: \"r" + std::to_string(++number) +
            "\" category:" + Quoted(report.category) +
            (report.at_collection ? " feed: AT_COLLECTION count: RECORDS" : " count: SUBJECTS") +
            " by:" + Quoted(report.by) + " bucket: DAY of:" + Quoted(report.of) +
            " min_subjects: 20 purpose:" + Quoted(report.purpose) + " recipient: \"public\" }\n";
  }
}

policy::Action Real(SmallAction action) {
  switch (action) {
    case SmallAction::kRead:
      return policy::Action::kRead;
    case SmallAction::kCollect:
      return policy::Action::kCollect;
    case SmallAction::kVerifyPassword:
      return policy::Action::kVerifyPassword;
    case SmallAction::kFind:
      return policy::Action::kFind;
    case SmallAction::kDisclose:
      return policy::Action::kDisclose;
    case SmallAction::kContact:
      return policy::Action::kContact;
  }
  return policy::Action::kRead;
}

policy::Choice Real(SmallWord word) {
  switch (word) {
    case SmallWord::kGiven:
      return policy::Choice::kGiven;
    case SmallWord::kWithdrawn:
      return policy::Choice::kWithdrawn;
    case SmallWord::kObjected:
      return policy::Choice::kObjected;
    case SmallWord::kDeclined:
      return policy::Choice::kDeclined;
  }
  return policy::Choice::kGiven;
}

std::string ReasonsInWords(const Reasons& reasons) {
  std::string text;
  for (const Reason reason : reasons) text += " " + std::string(ReasonWord(reason));
  return text.empty() ? " allowed" : text;
}

Reasons ToReasons(const policy::ReasonSet& set) {
  Reasons reasons;
  for (uint8_t number = 1; number <= kReasonCount; ++number) {
    if (set.Has(Reason{number})) reasons.insert(Reason{number});
  }
  return reasons;
}

// Whether the two answers are one, but for what is stored.
bool Same(const policy::Decision& real, const OracleAnswer& oracle) {
  policy::ReasonSet expected;
  for (const Reason reason : oracle.reasons) expected.Add(reason);
  if (!(real.reasons == expected) || real.allowed() != oracle.reasons.empty()) return false;
  if (real.visible != oracle.visible) return false;
  return real.allowed() || real.reasons.Ordered().front() == OraclePrimary(oracle.reasons);
}

// The names of what the library would keep of a collection.
Names StoredNames(const Case& question, const policy::Decision& real) {
  Names names;
  if (real.stored.none()) return names;
  const policy::Policy& policy = *question.in_force->real;
  const auto& fields = policy.category(policy.FindCategory(question.request->category)).fields;
  for (size_t i = 0; i < real.stored.size(); ++i) {
    if (real.stored[i]) names.insert(i < fields.size() ? fields[i].name : "(no field)");
  }
  return names;
}

std::string Joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += " " + name;
  return text.empty() ? " nothing" : text;
}

std::string Differ(const policy::Decision& real, const OracleAnswer& oracle) {
  const auto seen = [](bool visible) { return visible ? " (visible)" : " (hidden)"; };
  return "library:" + ReasonsInWords(ToReasons(real.reasons)) + seen(real.visible) +
         "\noracle: " + ReasonsInWords(oracle.reasons) + seen(oracle.visible) + "\n";
}

}  // namespace

std::string ToText(const SmallPolicy& policy) {
  std::string text = "name: \"small\" version: " + std::to_string(policy.version) +
                     " effective: \"" + Date(policy.effective) + "\"\n";
  for (const auto& [id, may_know] : policy.purposes) {
    text += "purpose { id:" + Quoted(id) + " says: \"something\"" +
            (may_know ? " may_know_existence: true" : "") + " }\n";
  }
  for (const auto& [id, role] : policy.sources) {
    text += "source { id:" + Quoted(id) + " role: " + Word(role) + " }\n";
  }
  for (const auto& [id, notice] : policy.notices) {
    text += "notice { id:" + Quoted(id);
    List(text, "purpose", notice.purposes);
    List(text, "source", notice.sources);
    text += " }\n";
  }
  AppendControllers(text, policy);
  for (const auto& [id, role] : policy.recipients) {
    text += "recipient { id:" + Quoted(id) + " role: " + role +
            (role == "ON_OUR_BEHALF" ? " agreement: \"A-2\"" : "") + " says: \"somebody\" }\n";
  }
  for (const auto& [id, category] : policy.categories) AppendCategory(text, id, category);
  AppendReports(text, policy);
  return text;
}

std::unique_ptr<const LoadedPolicy> Load(SmallPolicy policy) {
  auto loaded = std::make_unique<LoadedPolicy>();
  auto real = policy::Policy::FromText(ToText(policy), "small.policy");
  if (real.ok()) {
    loaded->real = *std::move(real);
  } else {
    loaded->refusal = std::string(real.status().message());
  }
  loaded->small = std::move(policy);
  return loaded;
}

LoadedTerms Hold(const LoadedPolicy& policy, const std::string& notice, const std::string& source,
                 const std::string& controller, Timestamp collected_at) {
  return {
      {&policy.small, notice, source, controller, collected_at},
      {policy.real.get(),
       {policy.real->FindNotice(notice), policy.real->FindSource(source),
        controller.empty() ? policy::ControllerIndex{} : policy.real->FindController(controller)},
       collected_at}};
}

LoadedStanding Load(SmallStanding standing) {
  policy::Standing real;
  for (const SmallChoice& choice : standing.choices) {
    real.choices.push_back(
        {choice.purpose, choice.category, Real(choice.word), choice.sequence, choice.notice, 0});
  }
  for (const SmallEvent& event : standing.events) real.events.push_back({event.name, event.at});
  for (const SmallEvent& notice : standing.notices)
    real.notices.push_back({notice.name, notice.at});
  for (const std::string& category : standing.held_categories) real.holds.push_back({category});
  real.agreed_versions.assign(standing.agreed_versions.begin(), standing.agreed_versions.end());
  real.restricted = standing.restricted;
  real.erasure_waits = standing.erasure_waits;
  real.erased = standing.erased;
  return {std::move(standing), std::move(real)};
}

policy::Request ToReal(const SmallRequest& request) {
  policy::Request real;
  real.action = Real(request.action);
  real.purpose = request.purpose;
  real.category = request.category;
  real.field = request.field;
  real.on_behalf_of = request.on_behalf_of;
  real.case_reference = request.case_reference;
  real.now = request.now;
  real.policy_version = request.policy_version;
  real.purpose_key_held = request.purpose_key_held;
  real.wrap = request.wrap_pending ? policy::WrapState::kPending : policy::WrapState::kPresent;
  real.notice = request.notice;
  real.source = request.source;
  real.collected_at = request.collected_at;
  real.recipient = request.recipient;
  real.ground = request.ground;
  real.suppressed = request.suppressed;
  return real;
}

policy::Standing StandingOf(const Case& question) {
  const uint32_t now = question.in_force->real->version();
  const uint32_t then = question.terms != nullptr ? question.terms->real.policy->version() : 0;
  policy::Standing standing = question.standing->real;
  for (size_t i = 0; i < standing.choices.size(); ++i) {
    const SmallVersion under = question.standing->small.choices[i].under;
    if (under == SmallVersion::kNow) standing.choices[i].version = now;
    if (under == SmallVersion::kThen) standing.choices[i].version = then;
  }
  return standing;
}

policy::Decision AskReal(const Case& question, const policy::Standing& standing) {
  const policy::Policy& now = *question.in_force->real;
  const policy::Datum* datum = question.terms != nullptr ? &question.terms->real : nullptr;
  const policy::Policy* versions[] = {&now, datum == nullptr ? &now : datum->policy};
  policy::Request request = ToReal(*question.request);
  request.versions = versions;
  return policy::Decide(now, datum, standing, request);
}

policy::Decision AskReal(const Case& question) { return AskReal(question, StandingOf(question)); }

OracleAnswer AskOracle(const Case& question) {
  return OracleDecide(question.in_force->small,
                      question.terms != nullptr ? &question.terms->small : nullptr,
                      question.standing->small, *question.request);
}

bool Agree(const Case& question, std::string* difference) {
  const policy::Decision real = AskReal(question);
  const OracleAnswer oracle = AskOracle(question);
  if (!Same(real, oracle)) {
    if (difference != nullptr) *difference = Differ(real, oracle);
    return false;
  }
  if (const Names kept = StoredNames(question, real); kept != oracle.stored) {
    if (difference != nullptr) {
      *difference = "stored by the library:" + Joined(kept) +
                    "\nstored by the oracle: " + Joined(oracle.stored) + "\n";
    }
    return false;
  }
  const policy::Decision real_one =
      policy::DecideStageOne(*question.in_force->real, ToReal(*question.request));
  const OracleAnswer oracle_one = OracleStageOne(question.in_force->small, *question.request);
  if (!Same(real_one, oracle_one)) {
    if (difference != nullptr) *difference = "stage one\n" + Differ(real_one, oracle_one);
    return false;
  }
  return true;
}

}  // namespace bailee::model
