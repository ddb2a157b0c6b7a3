// SPDX-License-Identifier: Apache-2.0
#include "vault/rights/exported_record.h"

#include <algorithm>

namespace bailee::vault {
namespace {

policy::Decision DecideUse(const UseQuestion& question, const HeldField& field,
                           std::string_view purpose) {
  policy::Request request;
  request.action =
      field.kind == Kind::kPassword ? policy::Action::kVerifyPassword : policy::Action::kRead;
  request.purpose = purpose;
  request.category = question.category;
  request.field = field.name;
  request.on_behalf_of = question.on_behalf_of;
  request.now = question.frame.now;
  request.purpose_key_held = true;
  request.versions = question.frame.rules()->versions;
  return policy::Decide(question.frame.in_force(), &question.datum, question.standing, request);
}

ExportedUse UseOf(const UseQuestion& question, const std::vector<HeldField>& fields,
                  const std::string& purpose) {
  ExportedUse use{.purpose = purpose, .fields = {}, .reasons = {}};
  // Under one policy nothing tells the fields of a compartment apart.
  const bool alike = question.datum.policy == &question.frame.in_force();
  policy::CompartmentIndex decided;
  policy::Decision decision;
  policy::ReasonSet why_not;
  for (const HeldField& field : fields) {
    if (!alike || !decided.valid() || field.compartment != decided) {
      decision = DecideUse(question, field, purpose);
      decided = field.compartment;
    }
    if (decision.allowed()) {
      use.fields.emplace_back(field.name);
      continue;
    }
    why_not.Add(decision.reasons);
  }
  use.reasons = why_not.Ordered();
  return use;
}

}  // namespace

std::vector<ExportedUse> UsesOf(const UseQuestion& question, const std::vector<HeldField>& fields) {
  std::vector<ExportedUse> uses;
  for (const policy::PurposeInfo& purpose : question.frame.in_force().purposes()) {
    if (purpose.leaf) uses.push_back(UseOf(question, fields, purpose.id));
  }
  return uses;
}

std::vector<ExportedRecipient> RecipientsOf(const policy::Policy& in_force,
                                            std::string_view category,
                                            const std::vector<HeldField>& fields) {
  std::vector<ExportedRecipient> recipients;
  const policy::CategoryIndex index = in_force.FindCategory(category);
  if (!index.valid()) return recipients;
  const policy::CategoryInfo& info = in_force.category(index);
  for (const policy::DiscloseRule& rule : info.discloses) {
    const policy::RecipientInfo& to = in_force.recipients()[rule.recipient.value];
    ExportedRecipient recipient{.recipient = to.id,
                                .role = std::string(RecipientRoleWord(to.role)),
                                .ground = std::string(GroundWord(rule.ground)),
                                .purpose = in_force.purpose(rule.purpose).id,
                                .fields = {}};
    for (const policy::FieldIndex field : rule.fields) {
      const std::string& name = info.fields[field.value].name;
      const bool held = std::any_of(fields.begin(), fields.end(),
                                    [&](const HeldField& each) { return each.name == name; });
      if (held) recipient.fields.push_back(name);
    }
    if (!recipient.fields.empty()) recipients.push_back(std::move(recipient));
  }
  return recipients;
}

}  // namespace bailee::vault
