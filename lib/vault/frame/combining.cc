// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "vault/frame/session_impl.h"

// Combining data of several sources is a use of its own. As soon as a policy has a purpose that
// combines, no other may have more than one source released by one call. That is not in Decide,
// which looks at one datum: it is a rule about calls.
namespace bailee::vault {

std::optional<policy::Decision> SessionImpl::Apart(const Frame& frame, const FoundRow& found,
                                                   std::string& source) const {
  const std::string& mine = found.terms->source;
  if (source.empty() || source == mine) {
    source = mine;
    return std::nullopt;
  }
  const policy::Policy& policy = frame.in_force();
  const auto combining =
      std::find_if(policy.purposes().begin(), policy.purposes().end(),
                   [](const policy::PurposeInfo& each) { return each.leaf && each.combines; });
  // The file of one person, for that person, holds everything.
  const bool may = combining == policy.purposes().end() || purpose_.name == keys::kRights ||
                   policy::MayCombine(policy, policy.FindPurpose(purpose_.name));
  if (may) return std::nullopt;
  policy::Decision refused;
  refused.reasons.Add(Reason::kNotCollectedFor);
  refused.rule = "only " + combining->id + " may combine sources";
  refused.clause = combining->clause;
  refused.offer = "name one source for the session: " + source + " or " + mine;
  return refused;
}

bool SessionImpl::IsOfSource(const FoundRow& found) const {
  return source_.empty() || found.terms->source == source_;
}

}  // namespace bailee::vault
