// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "policy/draft.h"
#include "policy/tables.h"

// What a policy must satisfy beyond its grammar.
namespace bailee::policy {

// Ids, dates, versions, duplicates and limits. A draft with an error of these must not be compiled:
// it may not fit the numbers of the tables.
void LintStructure(const Draft& draft, Findings& findings);

// Everything else. `tables` was compiled from `draft`.
void Lint(const Draft& draft, const Policy::Tables& tables, Findings& findings);

// Its parts.
void LintNames(const Draft& draft, const Policy::Tables& tables, Findings& findings);
void LintFields(const CategoryDraft& category, Findings& findings);
void LintUse(const CategoryDraft& draft, CategoryIndex index, const Policy::Tables& tables,
             Findings& findings);
void LintOutside(const Draft& draft, const Policy::Tables& tables, Findings& findings);

}  // namespace bailee::policy
