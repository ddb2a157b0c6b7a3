// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bailee/policy.h"
#include "output.h"

namespace bailee::tool {

// One line of a record of processing activities: what is done with one category for one purpose
// (GDPR Art. 30(1)), or on behalf of one controller (Art. 30(2)).
struct Activity {
  std::string controller;  // empty: ourselves
  std::string purpose;
  std::string purpose_says;
  std::string category;
  std::string category_says;
  std::string persons;  // "persons" or "browsers"
  bool sensitive = false;
  std::vector<std::string> fields;      // or the reports that use them
  std::vector<std::string> basis;       // "NECESSARY", …; "REPORT"; "INSTRUCTIONS agreement"
  std::vector<std::string> sources;     // from which it may be taken for this purpose
  std::vector<std::string> recipients;  // "acquirer (ON_OUR_BEHALF)"
  std::string retention;
  std::vector<std::string> security;
  std::vector<std::string> clauses;
};

// Everything that a policy lets be done, in its order: our own, what only reports use, then what is
// done for controllers.
std::vector<Activity> ActivitiesOf(const PolicyDescription& policy);

// The names of the columns, and the cells of an activity under them.
std::vector<std::string> ActivityColumns();
std::vector<std::string> ActivityCells(const Activity& activity);
Json ActivityJson(const Activity& activity);

}  // namespace bailee::tool
