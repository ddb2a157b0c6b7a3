// SPDX-License-Identifier: Apache-2.0
#include "model/small_world.h"

namespace bailee::model {
namespace {

const std::string kCases[] = {"",    "C-1", std::string(64, 'z'),   std::string(65, 'z'),
                              "a b", "A_1", std::string("a\0b", 3), "caf\xc3\xa9"};

std::vector<SmallStanding> FewStandings() {
  std::vector<SmallStanding> standings(4);
  standings[1].erased = true;
  standings[2].restricted = true;
  standings[3] = Chose({Says(SmallWord::kObjected, "news")});
  return standings;
}

// With the inner purpose `news` declared or only implied, knowing existence or not; basis of
// billing NECESSARY, OPT_IN or CASE, of news OPT_OUT or OPT_IN.
std::vector<SmallPolicy> FewPolicies() {
  std::vector<SmallPolicy> policies;
  for (const bool inner : {false, true}) {
    for (const SmallBasis basis : {SmallBasis::kNecessary, SmallBasis::kOptIn, SmallBasis::kCase}) {
      SmallPolicy policy = BasePolicy(2);
      if (inner) policy.purposes["news"] = true;
      auto& allows = policy.categories["card"].allows;
      allows[1].basis = basis;
      const bool opt_in = basis == SmallBasis::kOptIn;
      allows.push_back(
          {{"news"}, opt_in ? SmallBasis::kOptIn : SmallBasis::kOptOut, {"pan", "pan.last4"}, {}});
      policies.push_back(policy);
    }
  }
  return policies;
}

std::vector<SmallRequest> AllUses() {
  std::vector<SmallRequest> requests;
  for (const std::string purpose : {"billing", "keep", "news", "news.mail", "news.mail.x", "stats",
                                    "tally", "rights", "rights.x", "", "nope"}) {
    for (const std::string category : {"card", "log", "", "nope"}) {
      for (const std::string field :
           {"pan", "pan.last4", "code", "ip", "ip.net", "", "nope", "last4"}) {
        for (const std::string controller : {"", "acme", "nope"}) {
          for (const std::string& reference : kCases) {
            SmallRequest request = Read(purpose, category, field);
            request.on_behalf_of = controller;
            request.case_reference = reference;
            requests.push_back(request);
          }
        }
      }
    }
  }
  return requests;
}

}  // namespace

// Every name of a use, known and not; case references; every action; versions; moments around the
// first; keys; wraps.
void NamesOfUse(size_t policy_step, const VisitBlock& visit) {
  const std::vector<LoadedStanding> standings = LoadAll(FewStandings());
  const std::vector<SmallRequest> uses = AllUses();
  const Timestamp moments[] = {Days(kEffective, 0, -1), kEffective, kNow};
  size_t variant = 0;  // goes on across policies, so that a step meets every kind of question
  for (const SmallPolicy& small : FewPolicies()) {
    const auto policy = LoadFilled(small);
    if (policy == nullptr) continue;
    const LoadedTerms terms = Hold(*policy, "n1", "web", "", kCollected);
    // All of: action, version, moment, key, wrap. Taken one by one, since their product with every
    // name would say nothing new.
    for (const SmallAction action :
         {SmallAction::kRead, SmallAction::kVerifyPassword, SmallAction::kFind}) {
      for (const uint32_t version : {0U, 1U, 2U}) {
        for (const Timestamp now : moments) {
          for (const bool held : {true, false}) {
            for (const bool pending : {false, true}) {
              if (variant++ % policy_step != 0) continue;
              std::vector<SmallRequest> requests = uses;
              for (SmallRequest& request : requests) {
                request.action = action;
                request.policy_version = version;
                request.now = now;
                request.purpose_key_held = held;
                request.wrap_pending = pending;
              }
              const bool plain = version == 0 && now == kNow && held;
              const std::span<const LoadedStanding> some =
                  plain ? std::span(standings) : std::span(standings).first(1);
              if (!visit({policy.get(), {terms}, plain, some, requests})) return;
            }
          }
        }
      }
    }
  }
}

// Every name of a collection, known and not.
void NamesOfCollect(size_t policy_step, const VisitBlock& visit) {
  (void)policy_step;
  const std::vector<LoadedStanding> standings = LoadAll(FewStandings());
  std::vector<SmallRequest> requests;
  for (const std::string category : {"card", "log", "", "nope"}) {
    for (const std::string field : {"pan", "pan.last4", "code", "at", "ip", "ip.net", "", "nope"}) {
      for (const std::string notice : {"n1", "n2", "", "nope"}) {
        for (const std::string source : {"web", "shop", "indie", "", "nope"}) {
          for (const std::string controller : {"", "acme", "nope"}) {
            for (const uint32_t version : {0U, 1U, 2U}) {
              for (const bool held : {true, false}) {
                SmallRequest request = Collect(category, field, notice, source);
                request.on_behalf_of = controller;
                request.policy_version = version;
                request.purpose_key_held = held;
                request.wrap_pending = !held;
                request.purpose = held ? "" : "rights";
                request.now = version == 2 && !held ? Days(kEffective, 0, -1) : kNow;
                requests.push_back(request);
              }
            }
          }
        }
      }
    }
  }
  for (const SmallPolicy& small : FewPolicies()) {
    const auto policy = LoadFilled(small);
    if (policy == nullptr) continue;
    if (!visit({policy.get(), {}, true, standings, requests})) return;
  }
}

}  // namespace bailee::model
