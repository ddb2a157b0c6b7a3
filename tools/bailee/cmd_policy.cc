// SPDX-License-Identifier: Apache-2.0
#include "cmd_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen.h"
#include "commands.h"
#include "files.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct PolicyOptions {
  std::string file;
  std::string name_space = "policy";
  std::string language = "cpp";
  std::string out;
  bool exit_code = false;
};

size_t CountFindings(const std::vector<PolicyFinding>& findings, bool error) {
  return static_cast<size_t>(std::count_if(findings.begin(), findings.end(),
                                           [&](const auto& each) { return each.error == error; }));
}

Status Lint(Context& context, const PolicyOptions& options) {
  std::vector<PolicyFinding> findings;
  const auto document = ReadPolicyFile(options.file, &findings);
  if (!document.ok() && document.status().code() != Code::kPolicyInvalid) return document.status();
  Table table{{"place", "", "finding"}, {}};
  Json list = Json::array();
  for (const PolicyFinding& each : findings) {
    const char* severity = each.error ? "error" : "warning";
    table.rows.push_back(
        {fmt::format("{}:{}:{}", options.file, each.line, each.column), severity, each.message});
    list.push_back({{"severity", severity},
                    {"line", each.line},
                    {"column", each.column},
                    {"message", each.message}});
  }
  const size_t errors = CountFindings(findings, true);
  const size_t warnings = CountFindings(findings, false);
  if (findings.empty()) table.rows.push_back({options.file, "ok", "nothing found"});
  Status answered = context.out().Answer(
      "policy-lint",
      {{"file", options.file}, {"errors", errors}, {"warnings", warnings}, {"findings", list}},
      table);
  if (!answered.ok()) return answered;
  if (!document.ok()) {
    return {Code::kPolicyInvalid, "policy.invalid",
            fmt::format("{} has {} error(s)", options.file, errors),
            "mend the first one first: later ones may follow from it"};
  }
  if (warnings == 0 || !options.exit_code) return {};
  return {Code::kFindings, "policy.warnings",
          fmt::format("{} has {} warning(s)", options.file, warnings),
          "leave out --exit-code to accept warnings"};
}

Json Words(const std::vector<Reason>& reasons) {
  Json words = Json::array();
  for (const Reason reason : reasons) words.push_back(ReasonWord(reason));
  return words;
}

std::string JoinReasons(const std::vector<Reason>& reasons) {
  std::vector<std::string> words;
  words.reserve(reasons.size());
  for (const Reason reason : reasons) words.emplace_back(ReasonWord(reason));
  return Join(words, " ");
}

Status Test(Context& context, const PolicyOptions& options) {
  const auto document = ReadPolicyFile(options.file);
  if (!document.ok()) return document.status();
  Table table{{"", "test", "expected", "got", "reasons"}, {}};
  Json list = Json::array();
  size_t failed = 0;
  for (const PolicyTestResult& each : document->RunTests()) {
    const char* expected = each.expected_allowed ? "allowed" : "refused";
    const char* got = each.allowed ? "allowed" : "refused";
    if (!each.passed) ++failed;
    table.rows.push_back(
        {each.passed ? "ok" : "FAIL", each.name, expected, got, JoinReasons(each.reasons)});
    list.push_back({{"name", each.name},
                    {"line", each.line},
                    {"passed", each.passed},
                    {"expected", expected},
                    {"got", got},
                    {"expected_reasons", Words(each.expected_reasons)},
                    {"reasons", Words(each.reasons)}});
  }
  const size_t count = list.size();
  Status answered = context.out().Answer(
      "policy-test",
      {{"file", options.file}, {"tests", count}, {"failed", failed}, {"results", list}}, table);
  if (!answered.ok()) return answered;
  if (failed == 0) {
    context.out().Note(fmt::format("{} of {} pass", count, count));
    return {};
  }
  return {Code::kFindings, "policy.test-failed", fmt::format("{} of {} tests fail", failed, count),
          "see the rule that decides: bailee explain PURPOSE CATEGORY.FIELD --policy FILE"};
}

Json FieldJson(const PolicyDescription::Field& field) {
  Json readers = Json::array();
  for (const PolicyDescription::Reader& each : field.readers) {
    readers.push_back({{"purpose", each.purpose},
                       {"basis", each.basis},
                       {"sources", each.sources},
                       {"rule", each.rule},
                       {"clause", each.clause},
                       {"line", each.line}});
  }
  return {{"name", field.name},         {"kind", field.kind},
          {"view_of", field.view_of},   {"transform", field.transform},
          {"required", field.required}, {"readers", readers},
          {"lookups", field.lookups},   {"report_purposes", field.report_purposes}};
}

Json CategoryJson(const PolicyDescription::Category& category) {
  Json fields = Json::array();
  for (const auto& field : category.fields) fields.push_back(FieldJson(field));
  Json retentions = Json::array();
  for (const auto& each : category.retentions) {
    retentions.push_back({{"purpose", each.purpose},
                          {"days", each.days},
                          {"event", each.event},
                          {"at_most_days", each.at_most_days},
                          {"clause", each.clause}});
  }
  return {{"id", category.id},
          {"says", category.says},
          {"clause", category.clause},
          {"about", category.about_browser ? "BROWSER" : "SUBJECT"},
          {"holds", category.holds_many ? "MANY" : "ONE"},
          {"sensitive", category.sensitive},
          {"fields", fields},
          {"retentions", retentions}};
}

// "billing, support (OPT_IN)": a purpose once, with its basis unless it is simply necessary.
std::string ReadersText(const PolicyDescription::Field& field) {
  std::vector<std::string> words;
  for (const PolicyDescription::Reader& each : field.readers) {
    std::string word = each.purpose;
    if (each.basis != "NECESSARY") word += fmt::format(" ({})", each.basis);
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  if (field.kind == "PASSWORD") return "nobody; verified only";
  if (!words.empty()) return Join(words);
  return field.report_purposes.empty() ? "nobody" : "reports only";
}

Status ShowPolicy(Context& context, const PolicyOptions& options) {
  const auto document = context.LoadPolicy(options.file);
  if (!document.ok()) return document.status();
  const PolicyDescription& policy = document->Describe();
  Table table;
  table.rows.push_back({"policy", policy.name, fmt::format("v{}", policy.version),
                        "in force from " + FormatDay(policy.effective)});
  Json purposes = Json::array();
  for (const auto& each : policy.purposes) {
    purposes.push_back({{"id", each.id},
                        {"says", each.says},
                        {"clause", each.clause},
                        {"leaf", each.leaf},
                        {"may_know_existence", each.may_know_existence}});
    if (each.leaf) table.rows.push_back({"purpose", each.id, each.clause, each.says});
  }
  Json categories = Json::array();
  for (const auto& category : policy.categories) {
    categories.push_back(CategoryJson(category));
    table.rows.push_back({"category", category.id, category.clause, category.says});
    for (const auto& field : category.fields) {
      table.rows.push_back(
          {"field", category.id + "." + field.name, field.kind, ReadersText(field)});
    }
  }
  return context.out().Answer("policy-show",
                              {{"name", policy.name},
                               {"version", policy.version},
                               {"effective", FormatDay(policy.effective)},
                               {"purposes", purposes},
                               {"categories", categories}},
                              table);
}

Status Generate(Context& context, const PolicyOptions& options) {
  const auto document = context.LoadPolicy(options.file);
  if (!document.ok()) return document.status();
  auto header = GenerateCppHeader(document->Describe(), options.name_space);
  if (!header.ok()) return header.status();
  if (options.out.empty()) return context.out().Text("policy-codegen", *header);
  if (Status written = WriteNewFile(options.out, *header); !written.ok()) return written;
  return context.out().Answer("policy-codegen", {{"file", options.out}, {"bytes", header->size()}},
                              {{}, {{"wrote", options.out}}});
}

void AddLintAndTest(Commands& commands, CLI::App& policy) {
  auto lint = std::make_shared<PolicyOptions>();
  CLI::App* command = commands.Add(
      policy,
      {"lint", "every error and warning of a policy file",
       "bailee policy lint acme.policy.textproto\nbailee policy lint --exit-code "
       "acme.policy.textproto",
       "Exits 15 if there is an error; 4 if there are warnings and --exit-code is given."},
      [lint](Context& context) { return Lint(context, *lint); });
  command->add_option("FILE", lint->file, "the policy, textproto")->required();
  command->add_flag("--exit-code", lint->exit_code, "exit 4 if there are warnings");

  auto test = std::make_shared<PolicyOptions>();
  command = commands.Add(policy,
                         {"test", "run the tests that a policy file holds",
                          "bailee policy test acme.policy.textproto", "Exits 4 if a test fails."},
                         [test](Context& context) { return Test(context, *test); });
  command->add_option("FILE", test->file, "the policy, textproto")->required();
}

}  // namespace

void AddPolicy(Commands& commands) {
  CLI::App& policy = *commands.Group("policy", "check, test, show and compile policies");
  AddLintAndTest(commands, policy);
  AddPolicyVersions(commands, policy);

  auto show = std::make_shared<PolicyOptions>();
  CLI::App* command =
      commands.Add(policy,
                   {"show", "purposes, categories, fields, and who may read what",
                    "bailee policy show acme.policy.textproto\n"
                    "bailee policy show --vault /var/lib/acme/vault --keyring cred:acme"},
                   [show](Context& context) { return ShowPolicy(context, *show); });
  command->add_option("FILE", show->file, "the policy; without it the one in force in the vault");

  auto generate = std::make_shared<PolicyOptions>();
  command = commands.Add(
      policy,
      {"codegen", "a C++ header in which forbidden reads do not compile",
       "bailee policy codegen --lang cpp --namespace acme -o acme_policy.h acme.policy.textproto"},
      [generate](Context& context) { return Generate(context, *generate); });
  command->add_option("FILE", generate->file,
                      "the policy; without it the one in force in the vault");
  command->add_option("--lang", generate->language, "the language: cpp")
      ->check(CLI::IsMember({"cpp"}))
      ->type_name("LANG");
  command->add_option("--namespace", generate->name_space, "C++ namespace of the generated names")
      ->type_name("NAME");
  command->add_option("-o,--out", generate->out, "write a new file instead of standard output")
      ->type_name("FILE");
}

}  // namespace bailee::tool
