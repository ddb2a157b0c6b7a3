// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bailee/policy.h"
#include "base/try.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/finding.h"
#include "policy/policy.h"
#include "policy/policy_tests.h"

namespace bailee {
namespace {

using policy::Policy;

std::vector<std::string> NamesOf(const Policy& declared, const policy::PurposeSet& purposes) {
  std::vector<std::string> names;
  for (size_t i = 0; i < declared.purposes().size(); ++i) {
    if (purposes.test(i)) names.push_back(declared.purposes()[i].id);
  }
  return names;
}

std::vector<std::string> NamesOf(const Policy& declared,
                                 const std::vector<policy::SourceIndex>& sources) {
  std::vector<std::string> names;
  names.reserve(sources.size());
  for (const policy::SourceIndex index : sources) names.push_back(declared.source(index).id);
  return names;
}

std::vector<PolicyDescription::Reader> ReadersOf(const Policy& declared,
                                                 const policy::CategoryInfo& category,
                                                 size_t field) {
  std::vector<PolicyDescription::Reader> readers;
  for (const policy::AllowRule& rule : category.allows) {
    if (!rule.fields.test(field)) continue;
    for (std::string& purpose : NamesOf(declared, rule.purposes)) {
      readers.push_back({.purpose = std::move(purpose),
                         .basis = std::string(BasisWord(rule.basis)),
                         .sources = NamesOf(declared, rule.sources),
                         .rule = rule.words,
                         .clause = rule.clause,
                         .line = rule.line});
    }
  }
  return readers;
}

PolicyDescription::Field DescribeField(const Policy& declared, const policy::CategoryInfo& category,
                                       size_t index) {
  const policy::FieldInfo& info = category.fields[index];
  PolicyDescription::Field field;
  field.name = info.name;
  field.kind = KindWord(info.kind);
  if (info.is_view()) {
    field.view_of = category.fields[info.view_of.value].name;
    field.transform = TransformWord(info.transform);
  }
  field.required = info.required;
  field.bytes_max = info.max_bytes;
  field.readers = ReadersOf(declared, category, index);
  field.lookups = NamesOf(declared, info.lookups);
  field.report_purposes = NamesOf(declared, info.report_purposes);
  return field;
}

template <typename Fields>
std::vector<std::string> FieldNames(const policy::CategoryInfo& category, const Fields& fields) {
  std::vector<std::string> names;
  for (const policy::FieldIndex field : fields) names.push_back(category.fields[field.value].name);
  return names;
}

std::vector<PolicyDescription::Release> ReleasesOf(const Policy& declared,
                                                   const policy::CategoryInfo& category) {
  std::vector<PolicyDescription::Release> releases;
  for (const policy::DiscloseRule& rule : category.discloses) {
    releases.push_back({.recipient = declared.recipients()[rule.recipient.value].id,
                        .ground = std::string(GroundWord(rule.ground)),
                        .purpose = declared.purpose(rule.purpose).id,
                        .fields = FieldNames(category, rule.fields),
                        .clause = rule.clause});
  }
  return releases;
}

PolicyDescription::Category DescribeCategory(const Policy& declared,
                                             const policy::CategoryInfo& info) {
  PolicyDescription::Category category;
  category.id = info.id;
  category.says = info.says;
  category.clause = info.clause;
  category.about_browser = info.about == policy::About::kBrowser;
  category.holds_many = info.holds == policy::Holds::kMany;
  category.sensitive = info.sensitive;
  for (size_t i = 0; i < info.fields.size(); ++i) {
    category.fields.push_back(DescribeField(declared, info, i));
  }
  for (const policy::Retention& retention : info.retentions) {
    category.retentions.push_back({.purpose = declared.purpose(retention.purpose).id,
                                   .days = retention.days,
                                   .event = retention.event,
                                   .at_most_days = retention.at_most_days,
                                   .clause = retention.clause});
  }
  category.releases = ReleasesOf(declared, info);
  return category;
}

// What concerns others: recipients, controllers, and who gets figures.
void DescribeOthers(const Policy& declared, PolicyDescription& description) {
  for (const policy::RecipientInfo& info : declared.recipients()) {
    description.recipients.push_back({.id = info.id,
                                      .role = std::string(RecipientRoleWord(info.role)),
                                      .agreement = info.agreement,
                                      .says = info.says,
                                      .clause = info.clause});
  }
  for (const policy::ControllerInfo& info : declared.controllers()) {
    description.controllers.push_back(info.id);
    for (const policy::ControllerRule& rule : info.rules) {
      const policy::CategoryInfo& category = declared.category(rule.category);
      std::vector<std::string> fields;
      for (size_t i = 0; i < category.fields.size(); ++i) {
        if (rule.fields[i]) fields.push_back(category.fields[i].name);
      }
      description.instructions.push_back({.controller = info.id,
                                          .agreement = info.agreement,
                                          .category = category.id,
                                          .purposes = NamesOf(declared, rule.purposes),
                                          .fields = std::move(fields)});
    }
  }
  for (const policy::ReportInfo& info : declared.reports()) {
    const policy::CategoryInfo& category = declared.category(info.category);
    PolicyDescription::Report report;
    report.id = info.id;
    report.category = category.id;
    report.fields = FieldNames(category, info.by);
    if (info.of.valid()) report.fields.push_back(category.fields[info.of.value].name);
    report.subjects_min = info.min_subjects;
    report.purpose = declared.purpose(info.purpose).id;
    for (const policy::RecipientIndex recipient : info.recipients)
      report.recipients.push_back(declared.recipients()[recipient.value].id);
    report.clause = info.clause;
    description.reports.push_back(std::move(report));
  }
}

PolicyDescription DescribePolicy(const Policy& declared) {
  PolicyDescription description;
  description.name = declared.name();
  description.version = declared.version();
  description.effective = declared.effective();
  for (const policy::PurposeInfo& info : declared.purposes()) {
    description.purposes.push_back({.id = info.id,
                                    .says = info.says,
                                    .clause = info.clause,
                                    .leaf = info.leaf,
                                    .may_know_existence = info.may_know_existence});
  }
  for (const policy::NoticeInfo& info : declared.notices()) {
    description.notices.push_back({.id = info.id,
                                   .purposes = NamesOf(declared, info.purposes),
                                   .sources = NamesOf(declared, info.sources)});
  }
  for (const policy::SourceInfo& info : declared.sources()) {
    description.sources.push_back({.id = info.id, .role = std::string(RoleWord(info.role))});
  }
  DescribeOthers(declared, description);
  for (const policy::CategoryInfo& info : declared.categories()) {
    description.categories.push_back(DescribeCategory(declared, info));
  }
  return description;
}

template <typename List>
auto* FindById(List& list, std::string_view id) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.id == id; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

struct PolicyDocument::Impl {
  std::shared_ptr<const Policy> declared;
  PolicyDescription description;
};

PolicyDocument::PolicyDocument(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Result<PolicyDocument> PolicyDocument::FromText(std::string_view text, std::string_view file_name,
                                                std::vector<PolicyFinding>* findings) {
  std::vector<policy::Finding> found;
  auto declared = Policy::FromText(text, file_name, &found);
  if (findings != nullptr) {
    findings->clear();
    for (policy::Finding& each : found) {
      findings->push_back({.error = each.severity == policy::Severity::kError,
                           .line = each.line,
                           .column = each.column,
                           .message = std::move(each.message)});
    }
  }
  if (!declared.ok()) return declared.status();
  PolicyDescription description = DescribePolicy(**declared);
  return PolicyDocument(
      std::make_shared<const Impl>(Impl{*std::move(declared), std::move(description)}));
}

Result<PolicyDocument> PolicyDocument::FromBinary(ByteView bytes) {
  BAILEE_TRY(std::shared_ptr<const Policy> declared, Policy::FromBinary(bytes));
  PolicyDescription description = DescribePolicy(*declared);
  return PolicyDocument(
      std::make_shared<const Impl>(Impl{std::move(declared), std::move(description)}));
}

const PolicyDescription& PolicyDocument::Describe() const { return impl_->description; }

std::vector<PolicyTestResult> PolicyDocument::RunTests() const {
  std::vector<PolicyTestResult> results;
  for (policy::TestResult& each : policy::RunTests(*impl_->declared)) {
    results.push_back({.name = std::move(each.name),
                       .line = each.line,
                       .passed = each.passed,
                       .expected_allowed = each.expected_allowed,
                       .allowed = each.got_allowed,
                       .expected_reasons = std::move(each.expected_reasons),
                       .reasons = std::move(each.got_reasons)});
  }
  return results;
}

PolicyDiff PolicyDocument::CompareWith(const PolicyDocument& newer) const {
  return policy::Diff(*impl_->declared, *newer.impl_->declared);
}

Status PolicyDocument::Decide(const PolicyQuestion& question) const {
  policy::Request request;
  request.action = policy::Action::kRead;
  request.purpose = question.purpose;
  request.category = question.category;
  request.field = question.field;
  request.on_behalf_of = question.on_behalf_of;
  request.case_reference = question.case_reference;
  request.now = question.now;
  request.purpose_key_held = true;
  const policy::Decision decision = policy::DecideStageOne(*impl_->declared, request);
  return decision.allowed() ? Status() : decision.ToStatus();
}

const PolicyDescription::Category* PolicyDescription::FindCategory(std::string_view id) const {
  return FindById(categories, id);
}

const PolicyDescription::Purpose* PolicyDescription::FindPurpose(std::string_view id) const {
  return FindById(purposes, id);
}

const PolicyDescription::Field* PolicyDescription::FindField(const Category& category,
                                                             std::string_view full_name) {
  const auto found = std::find_if(category.fields.begin(), category.fields.end(),
                                  [&](const Field& each) { return each.name == full_name; });
  return found == category.fields.end() ? nullptr : &*found;
}

}  // namespace bailee
