// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "bailee/clock.h"
#include "commands.h"
#include "explain.h"
#include "text.h"
#include "when.h"

namespace bailee::tool {
namespace {

struct AskOptions {
  std::string purpose;
  std::string target;  // CATEGORY[.FIELD]
  std::string policy;
  std::string on_behalf_of;
  std::string case_reference;
  std::string as_of;
  Timestamp now = Clock::System().Now();
};

struct FieldAnswer {
  std::string field;  // empty: the category has no field to ask about
  Status status;
};

Status AskPolicy(const PolicyDocument& document, const AskOptions& options,
                 const std::string& category, const std::string& field) {
  return document.Decide({.purpose = options.purpose,
                          .category = category,
                          .field = field,
                          .on_behalf_of = options.on_behalf_of,
                          .case_reference = options.case_reference,
                          .now = options.now});
}

// One answer for each field asked about: the one named, or every one of the category.
std::vector<FieldAnswer> AskAll(const PolicyDocument& document, const AskOptions& options,
                                const std::string& category, const std::string& field) {
  const auto* declared = document.Describe().FindCategory(category);
  std::vector<FieldAnswer> answers;
  if (!field.empty() || declared == nullptr) {
    answers.push_back({field, AskPolicy(document, options, category, field)});
    return answers;
  }
  for (const auto& each : declared->fields) {
    answers.push_back({each.name, AskPolicy(document, options, category, each.name)});
  }
  return answers;
}

struct Target {
  std::string category;
  std::string field;
};

Target SplitTarget(const std::string& text) {
  const size_t dot = text.find('.');
  if (dot == std::string::npos) return {text, {}};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

// What an answer repeats of the question: names that the policy has. What it does not have may be
// anything, a value put in the wrong place too.
constexpr const char* kUnknown = "?";

std::string KnownPurpose(const PolicyDescription& policy, const std::string& purpose) {
  return policy.FindPurpose(purpose) != nullptr ? purpose : kUnknown;
}

Target KnownTarget(const PolicyDescription& policy, const std::string& category,
                   const std::string& field) {
  const auto* declared = policy.FindCategory(category);
  if (declared == nullptr) return {kUnknown, field.empty() ? field : kUnknown};
  const bool known = field.empty() || PolicyDescription::FindField(*declared, field) != nullptr;
  return {category, known ? field : kUnknown};
}

// A category can be used for a purpose if any of its fields can.
const FieldAnswer& Deciding(const std::vector<FieldAnswer>& answers) {
  const auto yes = std::find_if(answers.begin(), answers.end(),
                                [](const FieldAnswer& each) { return each.status.ok(); });
  return yes != answers.end() ? *yes : answers.front();
}

Json RefusalJson(const Status& status) {
  const Json error = ErrorJson(status);
  Json json = {{"reasons", error["reasons"]}};
  for (const char* name : {"rule", "clause", "offer"}) {
    if (error.contains(name)) json[name] = error[name];
  }
  return json;
}

// The policy that was in force then.
Result<PolicyDocument> PolicyThen(Context& context, Timestamp then) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto bytes = vault->PolicyAsOf(then);
  if (!bytes.ok()) return bytes.status();
  return PolicyDocument::FromBinary(*bytes);
}

Status CanI(Context& context, AskOptions options) {
  if (!options.as_of.empty()) {
    const auto then = ParseWhen(options.as_of, options.now);
    if (!then.ok()) return then.status();
    options.now = *then;
  }
  const auto document =
      options.as_of.empty() ? context.LoadPolicy(options.policy) : PolicyThen(context, options.now);
  if (!document.ok()) return document.status();
  const Target target = SplitTarget(options.target);
  const std::vector<FieldAnswer> answers =
      AskAll(*document, options, target.category, target.field);
  const FieldAnswer& answer = Deciding(answers);
  const bool yes = answer.status.ok();
  const PolicyDescription& policy = document->Describe();
  const Target known = KnownTarget(policy, target.category, answer.field);
  Json json = {{"answer", yes ? "yes" : "no"},
               {"purpose", KnownPurpose(policy, options.purpose)},
               {"category", known.category},
               {"field", known.field},
               {"policy_version", policy.version}};
  if (!yes) json.update(RefusalJson(answer.status));
  Table table;
  if (yes) {
    table.rows.push_back({"yes"});
    if (target.field.empty()) table.rows.back().push_back("for example " + answer.field);
  } else {
    table.rows.push_back({"no", std::string(answer.status.message())});
  }
  const Status answered = context.out().Answer("can-i", json, table);
  return answered.ok() ? answer.status : answered;
}

// The rules that give the field to the purpose, in the policy's words.
std::vector<const PolicyDescription::Reader*> RulesFor(const PolicyDescription::Field& field,
                                                       const std::string& purpose) {
  std::vector<const PolicyDescription::Reader*> rules;
  for (const PolicyDescription::Reader& each : field.readers) {
    if (each.purpose == purpose) rules.push_back(&each);
  }
  return rules;
}

std::string ConditionOf(const PolicyDescription::Reader& rule) {
  std::string text = "the datum was collected under a notice that lists " + rule.purpose;
  if (rule.basis == "OPT_IN") text += ", and the subject consented";
  if (rule.basis == "OPT_OUT") text += ", and the subject did not object";
  if (rule.basis == "CASE") text += ", and every use names a case";
  if (!rule.sources.empty()) text += ", and it came from " + Join(rule.sources);
  return text;
}

void ExplainAllowed(const PolicyDescription::Field* field, const AskOptions& options, Json& json,
                    Table& table) {
  json["outcome"] = "allowed";
  table.rows.push_back({"allowed", "by the policy alone"});
  Json rules = Json::array();
  if (field != nullptr) {
    for (const auto* rule : RulesFor(*field, options.purpose)) {
      const std::string place = rule->line > 0 ? fmt::format(" (line {})", rule->line) : "";
      table.rows.push_back({"rule", rule->rule + place});
      if (!rule->clause.empty()) table.rows.push_back({"clause", rule->clause});
      table.rows.push_back({"provided", ConditionOf(*rule)});
      rules.push_back({{"rule", rule->rule},
                       {"line", rule->line},
                       {"clause", rule->clause},
                       {"basis", rule->basis},
                       {"provided", ConditionOf(*rule)}});
    }
  }
  json["rules"] = std::move(rules);
}

void ExplainRefused(const Status& status, Json& json, Table& table) {
  json["outcome"] = "refused";
  json.update(RefusalJson(status));
  const Refusal* refusal = status.refusal();
  if (refusal == nullptr) return;
  std::vector<std::string> words;
  for (const Reason reason : refusal->reasons) words.emplace_back(ReasonWord(reason));
  table.rows.push_back({"refused", Join(words, " ")});
  if (!refusal->rule.empty()) table.rows.push_back({"rule", refusal->rule});
  if (!refusal->clause.empty()) table.rows.push_back({"clause", refusal->clause});
  if (!refusal->offer.empty()) table.rows.push_back({"so", refusal->offer});
}

// Explaining is the answer, whatever is explained: the exit code is 0 for a refusal too.
Status Explain(Context& context, const AskOptions& options) {
  if (options.target.empty()) {
    if (DecisionId::FromText(options.purpose).ok()) {
      return ExplainDecision(context, options.purpose, options.policy);
    }
    return {Code::kUsage, "usage.missing", "a purpose alone cannot be explained",
            "name a category too, or a decision: bailee explain --help"};
  }
  const auto document = context.LoadPolicy(options.policy);
  if (!document.ok()) return document.status();
  const Target target = SplitTarget(options.target);
  const PolicyDescription& policy = document->Describe();
  const auto* category = policy.FindCategory(target.category);
  const std::string purpose = KnownPurpose(policy, options.purpose);
  Table table;
  Json list = Json::array();
  for (const FieldAnswer& answer : AskAll(*document, options, target.category, target.field)) {
    const Target known = KnownTarget(policy, target.category, answer.field);
    const std::string name = known.category + (known.field.empty() ? "" : "." + known.field);
    table.rows.push_back({"asked", fmt::format("{} for {}", name, purpose)});
    Json json = {{"field", known.field}};
    if (answer.status.ok()) {
      const auto* field = PolicyDescription::FindField(*category, answer.field);
      ExplainAllowed(field, options, json, table);
    } else {
      ExplainRefused(answer.status, json, table);
    }
    list.push_back(std::move(json));
  }
  return context.out().Answer("explain",
                              {{"policy", policy.name},
                               {"version", policy.version},
                               {"purpose", purpose},
                               {"category", category != nullptr ? category->id : kUnknown},
                               {"fields", list}},
                              table);
}

void AddQuestion(CLI::App& command, AskOptions& options) {
  command.add_option("--policy", options.policy, "ask this policy file instead of a vault")
      ->type_name("FILE");
  command.add_option("--on-behalf-of", options.on_behalf_of, "for data held for this controller")
      ->type_name("CONTROLLER");
  command.add_option("--case", options.case_reference, "a case reference: letters, digits, dashes")
      ->type_name("CASE");
}

}  // namespace

void AddAsk(Commands& commands) {
  auto can_i = std::make_shared<AskOptions>();
  CLI::App* command = commands.Add(
      commands.root(),
      {"can-i", "may this purpose read that? exits 0 for yes, 3 for no",
       "bailee can-i support payment_card.pan --policy acme.policy.textproto\n"
       "bailee can-i billing payment_card && echo yes",
       "Answers from the policy alone. A category without a field asks for any of its fields."},
      [can_i](Context& context) { return CanI(context, *can_i); });
  command->add_option("PURPOSE", can_i->purpose, "a leaf purpose, e.g. billing")->required();
  command->add_option("CATEGORY[.FIELD]", can_i->target, "e.g. payment_card.pan")->required();
  AddQuestion(*command, *can_i);
  command
      ->add_option("--as-of", can_i->as_of,
                   "as it was at that time: a day, RFC 3339, or how long ago, e.g. 90d")
      ->excludes("--policy")
      ->type_name("TIME");

  auto explain = std::make_shared<AskOptions>();
  command = commands.Add(
      commands.root(),
      {"explain", "the rule that decides, its clause, and what would change the answer",
       "bailee explain support payment_card.pan --policy acme.policy.textproto\n"
       "bailee explain 0f3a2b4c5d6e6f1c0d5e0c2b4b6d9a1e.r17 --keyring auditor.keyring",
       "A decision, as refusals name it, explains what became of that request: who asked, for\n"
       "what, each reason, and the rules of the policy of that time. That takes the auditor's\n"
       "keyring."},
      [explain](Context& context) { return Explain(context, *explain); });
  command
      ->add_option("PURPOSE|DECISION", explain->purpose,
                   "a leaf purpose, or a decision of the past")
      ->required();
  command->add_option("CATEGORY[.FIELD]", explain->target, "with a purpose: e.g. payment_card.pan");
  AddQuestion(*command, *explain);
}

}  // namespace bailee::tool
