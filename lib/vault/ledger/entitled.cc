// SPDX-License-Identifier: Apache-2.0
#include "vault/ledger/entitled.h"

#include <algorithm>

namespace bailee::vault {
namespace {

// The leaves that Decide might allow. Without a choice of the subject and under one policy these
// are the effective purposes: no consent can add to them.
policy::PurposeSet Candidates(const WrapsQuestion& question, const policy::Standing& standing) {
  const policy::Policy& policy = *question.rules.in_force->policy;
  if (question.rules.in_force->policy == question.collected.policy && standing.choices.empty()) {
    return policy.EffectivePurposes(question.category, question.compartment, question.terms);
  }
  policy::PurposeSet leaves;
  for (size_t i = 0; i < policy.purposes().size(); ++i) leaves[i] = policy.purposes()[i].leaf;
  return leaves;
}

policy::Request RequestFor(const WrapsQuestion& question, const policy::FieldInfo& field) {
  const policy::Policy& collected = *question.collected.policy;
  return {.action = field.kind == Kind::kPassword ? policy::Action::kVerifyPassword
                                                  : policy::Action::kRead,
          .category = collected.category(question.category).id,
          .field = field.name,
          .on_behalf_of = question.terms.controller.valid()
                              ? std::string_view(collected.controller(question.terms.controller).id)
                              : std::string_view(),
          .case_reference = "any",
          .now = question.now,
          .purpose_key_held = true,
          .versions = question.rules.versions};
}

}  // namespace

std::vector<keys::WrapRecipient> EntitledRecipients(const WrapsQuestion& question,
                                                    const policy::Standing& standing) {
  const policy::Policy& in_force = *question.rules.in_force->policy;
  const policy::Policy& collected = *question.collected.policy;
  const policy::CategoryInfo& category = collected.category(question.category);
  const auto& fields = category.compartments[question.compartment.value].fields;
  const policy::FieldIndex first = fields.front();
  const policy::Datum datum{&collected, question.terms, question.collected_at};

  std::vector<keys::WrapRecipient> recipients;
  question.rules.in_force->upkeep.AddTo(recipients);
  if (category.fields[first.value].kind != Kind::kPassword)
    question.rules.in_force->rights.AddTo(recipients);
  if (collected.StoredReportPurposes(question.category, first, question.terms).any())
    question.rules.in_force->tally.AddTo(recipients);
  // Nothing tells the fields of a compartment apart but another policy.
  const bool alike = question.rules.in_force->policy == question.collected.policy;
  const policy::PurposeSet candidates = Candidates(question, standing);
  for (size_t i = 0; i < question.rules.in_force->recipients.size(); ++i) {
    if (!candidates[i]) continue;
    const bool allowed = std::any_of(
        fields.begin(), alike ? fields.begin() + 1 : fields.end(), [&](policy::FieldIndex field) {
          policy::Request request = RequestFor(question, category.fields[field.value]);
          request.purpose = in_force.purposes()[i].id;
          return policy::Decide(in_force, &datum, standing, request).allowed();
        });
    if (allowed) question.rules.in_force->recipients[i].AddTo(recipients);
  }
  return recipients;
}

}  // namespace bailee::vault
