// SPDX-License-Identifier: Apache-2.0
#include "policy/diff.h"

#include "policy/diff_internal.h"

namespace bailee {
namespace {

void AddNew(std::vector<std::string>& list, const std::string& word) {
  if (std::find(list.begin(), list.end(), word) == list.end()) list.push_back(word);
}

}  // namespace

bool PolicyDiff::Has(PolicyChange::Effect effect) const {
  return std::any_of(changes.begin(), changes.end(),
                     [&](const PolicyChange& each) { return each.effect == effect; });
}

std::vector<std::string> PolicyDiff::WidenedPurposes() const {
  std::vector<std::string> purposes;
  for (const PolicyChange& change : changes) {
    if (change.effect != PolicyChange::Effect::kWider) continue;
    for (const std::string& purpose : change.purposes) AddNew(purposes, purpose);
  }
  return purposes;
}

std::vector<std::string> PolicyDiff::Categories() const {
  std::vector<std::string> categories;
  for (const PolicyChange& change : changes) {
    if (!change.category.empty()) AddNew(categories, change.category);
  }
  return categories;
}

namespace policy {
namespace diff {

void Append(Changes& changes, Difference difference, const PolicyChange& change) {
  for (const Effect effect : {Effect::kWider, Effect::kNarrower}) {
    if (effect == Effect::kWider ? !difference.wider : !difference.narrower) continue;
    changes.push_back(change);
    changes.back().effect = effect;
  }
}

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::vector<std::string> LeafNames(const Policy& policy, const PurposeSet& purposes) {
  std::vector<std::string> names;
  for (size_t i = 0; i < policy.purposes().size(); ++i) {
    if (purposes[i]) names.push_back(policy.purposes()[i].id);
  }
  return names;
}

std::vector<std::string> Without(const std::vector<std::string>& of,
                                 const std::vector<std::string>& without) {
  std::vector<std::string> rest;
  for (const std::string& word : of) {
    if (std::find(without.begin(), without.end(), word) == without.end()) rest.push_back(word);
  }
  return rest;
}

}  // namespace diff

PolicyDiff Diff(const Policy& before, const Policy& after) {
  const diff::Pair pair{before, after};
  PolicyDiff found;
  diff::DiffPurposes(pair, found.changes);
  diff::DiffNotices(pair, found.changes);
  diff::DiffSources(pair, found.changes);
  diff::DiffSignals(pair, found.changes);
  const auto id = [](const CategoryInfo& category) { return category.id; };
  for (const std::string& name : diff::NamesOfBoth(before.categories(), after.categories(), id)) {
    diff::DiffShape(pair, name, found.changes);
    diff::DiffUses(pair, name, found.changes);
    diff::DiffLookups(pair, name, found.changes);
    diff::DiffRetentions(pair, name, found.changes);
    diff::DiffDisclosures(pair, name, found.changes);
  }
  diff::DiffRecipients(pair, found.changes);
  diff::DiffReports(pair, found.changes);
  return found;
}

}  // namespace policy
}  // namespace bailee
