// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/oracle.h"
#include "policy/decide.h"
#include "policy/policy.h"

// The same small world twice: as the oracle knows it and as the library does.
namespace bailee::model {

// The policy as textproto, for Policy::FromText.
std::string ToText(const SmallPolicy& policy);

struct LoadedPolicy {
  SmallPolicy small;
  std::shared_ptr<const policy::Policy> real;
  std::string refusal;  // what lint said, if `real` is null
};
// Never null; `real` is null if the library refuses the policy.
std::unique_ptr<const LoadedPolicy> Load(SmallPolicy policy);

// A datum. A notice or source that the policy does not know stands for one it never knew: its name
// must be unknown to every policy. REQUIRES: the controller is empty or known.
struct LoadedTerms {
  SmallTerms small;
  policy::Datum real;
};
LoadedTerms Hold(const LoadedPolicy& policy, const std::string& notice, const std::string& source,
                 const std::string& controller, Timestamp collected_at);

struct LoadedStanding {
  SmallStanding small;
  policy::Standing real;
};
LoadedStanding Load(SmallStanding standing);

// Borrows the names of `request`.
policy::Request ToReal(const SmallRequest& request);

// One question to both.
struct Case {
  const LoadedPolicy* in_force = nullptr;
  const LoadedTerms* terms = nullptr;  // null: no datum
  const LoadedStanding* standing = nullptr;
  const SmallRequest* request = nullptr;
};

// What the subject said, each choice with the version it was made under.
policy::Standing StandingOf(const Case& question);
policy::Decision AskReal(const Case& question);
policy::Decision AskReal(const Case& question, const policy::Standing& standing);
OracleAnswer AskOracle(const Case& question);

// Whether both say the same: reasons, primary, visible, what is stored, and what stage one alone
// says. Otherwise
// `difference`, if given, says in words what differs.
bool Agree(const Case& question, std::string* difference = nullptr);

// A case made as small as it can be while the two still disagree, in words. REQUIRES: they do.
std::string MinimalInWords(const Case& question);

}  // namespace bailee::model
