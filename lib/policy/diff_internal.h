// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "policy/diff.h"

// Only for the diff_*.cc of this module.
namespace bailee::policy::diff {

// Two versions; across them only names identify.
struct Pair {
  const Policy& before;
  const Policy& after;
};

using Changes = std::vector<PolicyChange>;
using Effect = PolicyChange::Effect;

// Whether something may be more, may be less, or both.
struct Difference {
  bool wider = false;
  bool narrower = false;
};

// Appends `change` once for each effect that `difference` has. Lines and clauses of both versions
// are chosen by the caller.
void Append(Changes& changes, Difference difference, const PolicyChange& change);

std::string Join(const std::vector<std::string>& words);

// The names in `after`, in its order, then those that only `before` has.
template <typename Infos, typename NameOf>
std::vector<std::string> NamesOfBoth(const Infos& before, const Infos& after,
                                     const NameOf& name_of) {
  std::vector<std::string> names;
  for (const auto* infos : {&after, &before}) {
    for (const auto& info : *infos) {
      if (std::find(names.begin(), names.end(), name_of(info)) == names.end()) {
        names.push_back(name_of(info));
      }
    }
  }
  return names;
}

// The leaves among `purposes`, by name.
std::vector<std::string> LeafNames(const Policy& policy, const PurposeSet& purposes);

// `of` without what is in `without`.
std::vector<std::string> Without(const std::vector<std::string>& of,
                                 const std::vector<std::string>& without);

// Each appends its kind of change.
void DiffPurposes(const Pair& pair, Changes& changes);
void DiffNotices(const Pair& pair, Changes& changes);
void DiffSignals(const Pair& pair, Changes& changes);
void DiffSources(const Pair& pair, Changes& changes);
void DiffShape(const Pair& pair, std::string_view category, Changes& changes);
void DiffUses(const Pair& pair, std::string_view category, Changes& changes);
void DiffLookups(const Pair& pair, std::string_view category, Changes& changes);
void DiffRetentions(const Pair& pair, std::string_view category, Changes& changes);
void DiffDisclosures(const Pair& pair, std::string_view category, Changes& changes);
void DiffRecipients(const Pair& pair, Changes& changes);
void DiffReports(const Pair& pair, Changes& changes);

}  // namespace bailee::policy::diff
