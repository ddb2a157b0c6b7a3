// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

#include <algorithm>

#include "base/check.h"
#include "policy/lint.h"
#include "policy/tables.h"

namespace bailee::policy {
namespace {

std::string Errors(const std::vector<Finding>& findings, std::string_view file_name) {
  std::string out;
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::kError) continue;
    if (!out.empty()) out += '\n';
    out += FormatFinding(finding, file_name);
  }
  return out;
}

Result<std::shared_ptr<const Policy>> Load(const Draft& draft, Findings& findings,
                                           std::string_view file_name, std::vector<Finding>* out) {
  std::unique_ptr<Policy::Tables> tables;
  if (findings.errors() == 0) LintStructure(draft, findings);
  if (findings.errors() == 0) {
    tables = Compile(draft);
    Lint(draft, *tables, findings);
  }
  const bool valid = findings.errors() == 0;
  std::vector<Finding> list = findings.Take();
  std::string errors = valid ? std::string() : Errors(list, file_name);
  if (out != nullptr) *out = std::move(list);
  if (!valid) {
    return Status(Code::kPolicyInvalid, "policy.invalid", std::move(errors),
                  "correct the policy; `policy lint` shows warnings too");
  }
  return std::shared_ptr<const Policy>(std::make_shared<Policy>(std::move(tables)));
}

}  // namespace

Policy::Policy(std::unique_ptr<const Tables> tables) : tables_(std::move(tables)) {}
Policy::~Policy() = default;

Result<std::shared_ptr<const Policy>> Policy::FromText(std::string_view text,
                                                       std::string_view file_name,
                                                       std::vector<Finding>* findings) {
  Findings gathered;
  const Draft draft = DraftFromText(text, gathered);
  return Load(draft, gathered, file_name, findings);
}

Result<std::shared_ptr<const Policy>> Policy::FromBinary(ByteView bytes,
                                                         std::vector<Finding>* findings) {
  Findings gathered;
  const Draft draft = DraftFromBinary(bytes, gathered);
  return Load(draft, gathered, "policy", findings);
}

const Bytes& Policy::ToBinary() const { return tables_->binary; }
std::string_view Policy::name() const { return tables_->name; }
uint32_t Policy::version() const { return tables_->version; }
Timestamp Policy::effective() const { return tables_->effective; }

std::span<const PurposeInfo> Policy::purposes() const { return tables_->purposes; }
std::span<const NoticeInfo> Policy::notices() const { return tables_->notices; }
std::span<const SourceInfo> Policy::sources() const { return tables_->sources; }
std::span<const SignalInfo> Policy::signals() const { return tables_->signals; }
std::span<const ControllerInfo> Policy::controllers() const { return tables_->controllers; }
std::span<const CategoryInfo> Policy::categories() const { return tables_->categories; }
std::span<const RecipientInfo> Policy::recipients() const { return tables_->recipients; }
std::span<const ReportInfo> Policy::reports() const { return tables_->reports; }
std::span<const TestCase> Policy::tests() const { return tables_->tests; }

PurposeIndex Policy::FindPurpose(std::string_view id) const {
  return tables_->purpose_names.Find<PurposeTag>(id);
}
NoticeIndex Policy::FindNotice(std::string_view id) const {
  return tables_->notice_names.Find<NoticeTag>(id);
}
SourceIndex Policy::FindSource(std::string_view id) const {
  return tables_->source_names.Find<SourceTag>(id);
}
ControllerIndex Policy::FindController(std::string_view id) const {
  return tables_->controller_names.Find<ControllerTag>(id);
}
RecipientIndex Policy::FindRecipient(std::string_view id) const {
  return tables_->recipient_names.Find<RecipientTag>(id);
}
CategoryIndex Policy::FindCategory(std::string_view id) const {
  return tables_->category_names.Find<CategoryTag>(id);
}
FieldIndex Policy::FindField(CategoryIndex category, std::string_view full_name) const {
  BAILEE_CHECK(category.value < tables_->field_names.size());
  return tables_->field_names[category.value].Find<FieldTag>(full_name);
}

const SignalInfo* Policy::FindSignal(std::string_view id) const {
  const auto& signals = tables_->signals;
  const auto it = std::find_if(signals.begin(), signals.end(),
                               [&](const SignalInfo& each) { return each.id == id; });
  return it == signals.end() ? nullptr : &*it;
}

const PurposeInfo& Policy::purpose(PurposeIndex index) const {
  BAILEE_CHECK(index.value < tables_->purposes.size());
  return tables_->purposes[index.value];
}
const NoticeInfo& Policy::notice(NoticeIndex index) const {
  BAILEE_CHECK(index.value < tables_->notices.size());
  return tables_->notices[index.value];
}
const SourceInfo& Policy::source(SourceIndex index) const {
  BAILEE_CHECK(index.value < tables_->sources.size());
  return tables_->sources[index.value];
}
const ControllerInfo& Policy::controller(ControllerIndex index) const {
  BAILEE_CHECK(index.value < tables_->controllers.size());
  return tables_->controllers[index.value];
}
const CategoryInfo& Policy::category(CategoryIndex index) const {
  BAILEE_CHECK(index.value < tables_->categories.size());
  return tables_->categories[index.value];
}
const FieldInfo& Policy::field(CategoryIndex category, FieldIndex field) const {
  const CategoryInfo& info = this->category(category);
  BAILEE_CHECK(field.value < info.fields.size());
  return info.fields[field.value];
}

bool MayCombine(const Policy& policy, PurposeIndex purpose) {
  if (!purpose.valid() || !policy.purpose(purpose).leaf) return false;
  if (policy.purpose(purpose).combines) return true;
  return std::none_of(policy.purposes().begin(), policy.purposes().end(),
                      [](const PurposeInfo& each) { return each.leaf && each.combines; });
}

}  // namespace bailee::policy
