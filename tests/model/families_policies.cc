// SPDX-License-Identifier: Apache-2.0
#include "model/small_world.h"

namespace bailee::model {
namespace {

// Every read, look-up and comparison, and every collection, by one purpose of the dotted family.
std::vector<SmallRequest> CardRequests() {
  std::vector<SmallRequest> requests;
  for (const std::string controller : {"", "acme"}) {
    for (const std::string purpose : {"news.mail", "news.sms"}) {
      for (const std::string field : {"pan", "pan.last4", "code"}) {
        SmallRequest request = Read(purpose, "card", field);
        request.on_behalf_of = controller;
        requests.push_back(request);
        request.case_reference = "C-1";
        requests.push_back(request);
        if (field == "pan.last4") continue;
        request.action = field == "pan" ? SmallAction::kFind : SmallAction::kVerifyPassword;
        requests.push_back(request);
      }
    }
    for (const std::string source : {"web", "shop"}) {
      for (const std::string field : {"pan", "code"}) {
        SmallRequest request = Collect("card", field, "n1", source);
        request.on_behalf_of = controller;
        requests.push_back(request);
      }
    }
  }
  return requests;
}

std::vector<LoadedTerms> TermsDeclared(const LoadedPolicy& policy) {
  std::vector<LoadedTerms> terms;
  for (const std::string source : {"web", "shop"}) {
    for (const std::string controller : {"", "acme"}) {
      terms.push_back(Hold(policy, "n1", source, controller, kCollected));
    }
  }
  terms.push_back(Hold(policy, "n1", "indie", "", kCollected));
  terms.push_back(Hold(policy, "ghost", "web", "", kCollected));
  terms.push_back(Hold(policy, "n1", "ghost", "", kCollected));
  return terms;
}

std::vector<LoadedStanding> StandingsAsked() {
  return LoadAll({SmallStanding{}, Chose({Given("news.mail", "n1")}),
                  Chose({Says(SmallWord::kObjected, "news")}),
                  Chose({Says(SmallWord::kDeclined, "news.mail")})});
}

// One notice and one controller, in all their small shapes.
std::vector<SmallPolicy> Surroundings() {
  std::vector<SmallPolicy> policies;
  const Names listed[] = {{"keep"}, {"news"}, {"news.mail"}, {"billing", "news.sms"}};
  const Names shown_at[] = {{}, {"web"}};
  const std::vector<SmallInstruction> instructions[] = {
      {{{"billing"}, "card", {}}},
      {{{"news"}, "card", {}}},
      {{{"news.mail"}, "card", {"pan.last4"}}, {{"news"}, "card", {"code"}}},
      {{{"news"}, "log", {}}}};
  for (const Names& purposes : listed) {
    for (const Names& sources : shown_at) {
      for (const auto& rules : instructions) {
        SmallPolicy policy = BasePolicy(2);
        policy.notices["n1"] = {purposes, sources};
        policy.controllers["acme"] = rules;
        policies.push_back(policy);
      }
    }
  }
  return policies;
}

std::vector<SmallAllow> Allows() {
  std::vector<SmallAllow> allows;
  const Names purposes[] = {{"news"}, {"news.mail"}, {"billing", "news.sms"}};
  const Names fields[] = {{}, {"pan"}, {"pan.last4"}, {"code", "pan"}};
  const Names sources[] = {{}, {"web"}, {"shop"}};
  for (const SmallBasis basis : kBases) {
    for (const Names& purpose : purposes) {
      for (const Names& field : fields) {
        for (const Names& source : sources) allows.push_back({purpose, basis, field, source});
      }
    }
  }
  return allows;
}

// `policy` with this allow in place of that of billing; whoever it gives the field to may look up.
SmallPolicy With(SmallPolicy policy, const std::vector<SmallAllow>& allows) {
  SmallCategory& card = policy.categories["card"];
  card.allows.pop_back();
  card.fields["pan"].lookups = {"keep"};
  for (const SmallAllow& allow : allows) {
    card.allows.push_back(allow);
    if (!allow.fields.empty() && !allow.fields.contains("pan")) continue;
    for (const std::string& purpose : allow.purposes) {
      if (purpose != "news") card.fields["pan"].lookups.insert(purpose);
    }
    if (allow.purposes.contains("news")) card.fields["pan"].lookups.insert("news.sms");
  }
  return policy;
}

// Two allows to the same purpose, which must then take data of different sources.
std::vector<std::vector<SmallAllow>> Pairs() {
  std::vector<std::vector<SmallAllow>> pairs;
  const Names fields[] = {{}, {"pan"}, {"code", "pan.last4"}};
  for (const SmallBasis one : kBases) {
    for (const SmallBasis other : kBases) {
      for (const Names& web : fields) {
        for (const Names& shop : fields) {
          pairs.push_back({{{"news"}, one, web, {"web"}}, {{"news.mail"}, other, shop, {"shop"}}});
        }
      }
    }
  }
  return pairs;
}

}  // namespace

// Every small allow under every small notice and controller; every pair of allows to one purpose.
void Declarations(size_t policy_step, const VisitBlock& visit) {
  const std::vector<LoadedStanding> standings = StandingsAsked();
  const std::vector<SmallRequest> requests = CardRequests();
  std::vector<SmallPolicy> policies;
  for (const SmallPolicy& surrounding : Surroundings()) {
    for (const SmallAllow& allow : Allows()) policies.push_back(With(surrounding, {allow}));
  }
  for (const auto& pair : Pairs()) policies.push_back(With(BasePolicy(2), pair));
  for (size_t i = 0; i < policies.size(); i += policy_step) {
    const auto policy = LoadFilled(std::move(policies[i]));
    if (policy == nullptr) continue;
    if (!visit({policy.get(), TermsDeclared(*policy), true, standings, requests})) return;
  }
}

// Reports on a field and on its view, with and without readers of them, and for a purpose that is
// also a reader; every notice and source; reads, and collections for ourselves and a controller.
void Reports(size_t policy_step, const VisitBlock& visit) {
  (void)policy_step;
  const std::vector<LoadedStanding> standings = StandingsAsked();
  std::vector<SmallRequest> requests;
  for (const std::string controller : {"", "acme"}) {
    for (const std::string field : {"at", "ip", "ip.net"}) {
      for (const std::string purpose : {"keep", "stats", "billing", "news.mail", "rights"}) {
        requests.push_back(Read(purpose, "log", field));
        requests.back().on_behalf_of = controller;
      }
      for (const std::string notice : {"n1", "n2", "n3"}) {
        for (const std::string source : {"web", "shop", "indie"}) {
          for (const int64_t days : {1, 999, 1000}) {
            requests.push_back(Collect("log", field, notice, source));
            requests.back().on_behalf_of = controller;
            requests.back().now = Days(kCollected, days);
          }
        }
      }
    }
  }
  const std::vector<SmallAllow> readers[] = {
      {{{"keep"}, SmallBasis::kNecessary, {"ip.net"}, {}}},
      {{{"keep"}, SmallBasis::kOptIn, {}, {}}},
      {{{"stats"}, SmallBasis::kNecessary, {"ip.net"}, {}}},
      {{{"stats", "keep"}, SmallBasis::kOptOut, {}, {"web"}}},
      {{{"news"}, SmallBasis::kOptOut, {"ip"}, {}}, {{"keep"}, SmallBasis::kCase, {"ip.net"}, {}}}};
  const std::vector<SmallReport> reports[] = {
      {{"log", "stats", "ip", "at"}},
      {{"log", "stats", "ip.net", "at"}},
      {{"log", "stats", "ip", "at"}, {"log", "billing", "ip.net", "at"}},
      {{"log", "stats", "ip", "at"}, {"log", "keep", "ip", "at"}},
      {{"log", "stats", "ip", "at", true}},
      {{"log", "stats", "ip.net", "at", true}},
      {{"log", "stats", "ip", "at"}, {"log", "billing", "ip.net", "at", true}}};
  const Names listed[] = {{"stats"}, {"keep"}, {"keep", "stats"}, {"billing", "news"}};
  for (const auto& allows : readers) {
    for (const auto& made : reports) {
      for (const Names& purposes : listed) {
        for (const bool instructed : {false, true}) {
          SmallPolicy small = BasePolicy(2);
          small.categories["log"].allows = allows;
          small.reports = made;
          small.notices["n1"].purposes = purposes;
          small.notices["n3"] = {purposes, {"shop"}};
          if (instructed) small.controllers["acme"] = {{{"stats", "keep"}, "log", {}}};
          const auto policy = LoadFilled(std::move(small));
          if (policy == nullptr) continue;
          std::vector<LoadedTerms> terms;
          for (const std::string notice : {"n1", "n2", "n3"}) {
            terms.push_back(Hold(*policy, notice, "web", "", kCollected));
            terms.push_back(Hold(*policy, notice, "shop", "acme", kCollected));
          }
          if (!visit({policy.get(), terms, true, standings, requests})) return;
        }
      }
    }
  }
}

}  // namespace bailee::model
