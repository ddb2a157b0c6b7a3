// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/draft.h"
#include "policy/policy.h"
#include "policy/policy_tests.h"

// What a Policy is inside. Only for the files of this module.
namespace bailee::policy {

// From names to numbers. Each read looks up several: no lookup allocates or divides.
class NameMap {
 public:
  // The first of two equal names stays.
  void Add(const std::string& name, size_t number);
  template <typename Tag>
  Index<Tag> Find(std::string_view name) const {
    const Entry* const found = Look(name);
    return found == nullptr ? Index<Tag>{} : Index<Tag>{found->number};
  }
  // For suggestions: every name not longer than a name may be.
  std::vector<std::string_view> Names() const;

 private:
  struct Entry {
    std::string name;
    uint16_t number = 0;
  };
  const Entry* Look(std::string_view name) const;
  // Where the name is, or where it would be. REQUIRES: an empty place.
  size_t PlaceOf(std::string_view name) const;

  std::vector<Entry> entries_;
  // Places by hash, a power of two and at least half of them empty (0); others hold the number of
  // an entry, from 1.
  std::vector<uint16_t> places_;
};

struct Policy::Tables {
  std::string name;
  uint32_t version = 0;
  Timestamp effective;
  std::vector<PurposeInfo> purposes;
  std::vector<NoticeInfo> notices;
  std::vector<SourceInfo> sources;
  std::vector<SignalInfo> signals;
  std::vector<ControllerInfo> controllers;
  std::vector<CategoryInfo> categories;
  std::vector<RecipientInfo> recipients;
  std::vector<ReportInfo> reports;
  std::vector<TestCase> tests;
  Bytes binary;

  NameMap purpose_names;
  NameMap notice_names;
  NameMap source_names;
  NameMap controller_names;
  NameMap category_names;
  NameMap recipient_names;
  std::vector<NameMap> field_names;  // by category
};
using Tables = Policy::Tables;

// Makes the tables. Names that nothing declares are left out, so that lint can say more about a
// policy than that; the tables of a policy with errors are good for lint alone.
// REQUIRES: LintStructure found the draft to fit the numbers.
std::unique_ptr<Tables> Compile(const Draft& draft);

// The compartments of a category whose fields, allows and report uses are compiled.
void CompileCompartments(Tables& tables, CategoryIndex category);

// The leaves that these names mean in this version.
PurposeSet ExpandLeaves(const Tables& tables, const std::vector<Word>& purposes);

// Days since 1970-01-01 of YYYY-MM-DD; nothing for anything else.
std::optional<int64_t> ParseDate(std::string_view text);

}  // namespace bailee::policy
