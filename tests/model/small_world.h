// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/enumerate.h"

// The world the families vary.
namespace bailee::model {

inline constexpr Timestamp kEffective{1'577'836'800'000};  // 2020-01-01
inline constexpr Timestamp Days(Timestamp from, int64_t days, int64_t plus_ms = 0) {
  return {from.unix_ms + days * kMillisPerDay + plus_ms};
}
inline constexpr Timestamp kCollected = Days(kEffective, 10, 12'345);
inline constexpr Timestamp kNow = Days(kCollected, 1);

// Purposes keep (all of `card`, for everyone), billing (may know existence), news.mail, news.sms,
// stats (of reports); notices n1 and n2 (from web only); sources web, shop (partner), indie
// (independent); controller acme; categories card (pan, pan.last4, code: a PASSWORD) and log (at,
// ip, ip.net, for stats alone but for ip.net, which keep may read).
SmallPolicy BasePolicy(uint32_t version);

// Gives every purpose that an allow or a report of a category names, and that has no retention
// there, one of 1,000 days from collection.
void FillRetains(SmallPolicy& policy);

// The category that most families ask about.
inline SmallCategory& Card(SmallPolicy& policy) { return policy.categories["card"]; }

inline constexpr SmallBasis kBases[] = {SmallBasis::kNecessary, SmallBasis::kOptOut,
                                        SmallBasis::kOptIn, SmallBasis::kCase};

// What makes one version of a policy differ from another.
using Edit = void (*)(SmallPolicy&);

// FillRetains, then Load. Null if the library refuses it, which is counted.
std::unique_ptr<const LoadedPolicy> LoadFilled(SmallPolicy policy);

std::vector<LoadedStanding> LoadAll(std::vector<SmallStanding> standings);

SmallChoice Given(const std::string& purpose, const std::string& notice,
                  const std::string& category = "");
SmallChoice MadeUnder(SmallVersion version, SmallChoice choice);
SmallChoice Says(SmallWord word, const std::string& purpose, const std::string& category = "");

// Standing with these choices, numbered from 1.
SmallStanding Chose(std::vector<SmallChoice> choices);

SmallRequest Read(const std::string& purpose, const std::string& category,
                  const std::string& field);
SmallRequest Collect(const std::string& category, const std::string& field,
                     const std::string& notice, const std::string& source);

// Families, by file.
void NamesOfUse(size_t policy_step, const VisitBlock& visit);
void NamesOfCollect(size_t policy_step, const VisitBlock& visit);
void Declarations(size_t policy_step, const VisitBlock& visit);
void Reports(size_t policy_step, const VisitBlock& visit);
void Versions(size_t policy_step, const VisitBlock& visit);
void Choices(size_t policy_step, const VisitBlock& visit);
void Retentions(size_t policy_step, const VisitBlock& visit);
void Extremes(size_t policy_step, const VisitBlock& visit);
void Collecting(size_t policy_step, const VisitBlock& visit);
void Disclosing(size_t policy_step, const VisitBlock& visit);
void Announcing(size_t policy_step, const VisitBlock& visit);
void Contacting(size_t policy_step, const VisitBlock& visit);

}  // namespace bailee::model
