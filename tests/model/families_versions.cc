// SPDX-License-Identifier: Apache-2.0
#include "model/small_world.h"

namespace bailee::model {
namespace {

// Of billing, and of news: see Versioned.
SmallAllow& Billing(SmallPolicy& policy) { return Card(policy).allows[1]; }
SmallAllow& News(SmallPolicy& policy) { return Card(policy).allows[2]; }

void Kept(SmallPolicy& policy, const Names& purposes, int days) {
  for (const std::string& purpose : purposes)
    Card(policy).retains.push_back({{purpose}, days, "", 0});
}

// What one version can have that another has not.
constexpr Edit kUseEdits[] = {
    [](SmallPolicy&) {},
    [](SmallPolicy& p) { News(p).fields = {"pan.last4"}; },
    [](SmallPolicy& p) { News(p).fields = {}; },
    [](SmallPolicy& p) { News(p).sources = {"web"}; },
    [](SmallPolicy& p) { News(p).sources = {"shop"}; },
    [](SmallPolicy& p) { News(p).purposes = {"news.sms"}; },
    [](SmallPolicy& p) { News(p).basis = SmallBasis::kNecessary; },
    [](SmallPolicy& p) { News(p).basis = SmallBasis::kOptIn; },
    [](SmallPolicy& p) { News(p).basis = SmallBasis::kCase; },
    [](SmallPolicy& p) { Billing(p).basis = SmallBasis::kCase; },
    [](SmallPolicy& p) { Kept(p, {"news.mail"}, 1); },
    [](SmallPolicy& p) { p.notices["n1"].purposes = {"keep"}; },
    [](SmallPolicy& p) {
      p.notices["n1"].purposes = {"keep", "news.mail"};
    },
    [](SmallPolicy& p) { p.notices["n1"].sources = {"web"}; },
    [](SmallPolicy& p) { p.notices["n1"].sources = {"shop"}; },
    [](SmallPolicy& p) { p.notices["n2"].sources = {}; },
    [](SmallPolicy& p) { p.notices["n2"].purposes = {"news"}; },
    [](SmallPolicy& p) { p.notices.erase("n1"); },
    [](SmallPolicy& p) { p.notices.erase("n2"); },
    [](SmallPolicy& p) {
      p.sources.erase("shop");
      p.notices["n3"] = {{"billing", "keep", "news"}, {"web"}};
    },
    [](SmallPolicy& p) { p.sources["shop"] = SmallRole::kIndependent; },
    [](SmallPolicy& p) { p.controllers.erase("acme"); },
    [](SmallPolicy& p) {
      p.controllers["acme"] = {{{"news"}, "card", {}}};
    },
    [](SmallPolicy& p) {
      p.controllers["acme"] = {{{"billing"}, "card", {"pan"}}};
    },
    [](SmallPolicy& p) { p.purposes["news.mail.daily"] = false; },
    [](SmallPolicy& p) {
      p.purposes.erase("news.mail");
      p.notices["n2"].purposes = {"keep", "news"};
      p.controllers["acme"] = {{{"news"}, "card", {}}};
    },
    [](SmallPolicy& p) { p.purposes["news.mail"] = true; },
    [](SmallPolicy& p) { Card(p).fields["pan"].lookups = {"keep"}; },
    [](SmallPolicy& p) {
      Card(p).fields["pan"].lookups = {"keep", "billing", "news.mail"};
    },
    [](SmallPolicy& p) { Card(p).fields["code"].kind = "TEXT"; },
    [](SmallPolicy& p) {
      Card(p).fields.erase("pan.last4");
      News(p).fields = {"pan"};
    },
    [](SmallPolicy& p) {
      p.categories["other"] = Card(p);
      p.categories.erase("card");
      p.controllers["acme"] = {{{"news"}, "other", {}}};
    },
};

SmallPolicy Versioned(uint32_t version, Edit edit) {
  SmallPolicy policy = BasePolicy(version);
  Card(policy).allows.push_back({{"news"}, SmallBasis::kOptOut, {"pan", "pan.last4"}, {}});
  policy.controllers["acme"] = {{{"news.mail", "billing"}, "card", {}}};
  edit(policy);
  for (auto& [id, category] : policy.categories) {
    if (id == "log") continue;
    const Names& fields = category.allows[2].fields;
    if (fields.empty() || fields.contains("pan")) continue;
    category.fields["pan"].lookups.erase("news.mail");
  }
  return policy;
}

std::vector<SmallRequest> Requests() {
  std::vector<SmallRequest> requests;
  for (const std::string controller : {"", "acme"}) {
    for (const std::string purpose : {"billing", "news.mail"}) {
      for (const std::string field : {"pan", "pan.last4"}) {
        SmallRequest request = Read(purpose, "card", field);
        request.on_behalf_of = controller;
        requests.push_back(request);
        request.case_reference = "C-1";
        requests.push_back(request);
        if (field == "pan") request.action = SmallAction::kFind;
        if (field != "pan") request.now = Days(kCollected, 2);
        request.wrap_pending = true;
        requests.push_back(request);
      }
    }
    SmallRequest verify = Read("billing", "card", "code");
    verify.on_behalf_of = controller;
    requests.push_back(verify);
    verify.action = SmallAction::kVerifyPassword;
    requests.push_back(verify);
    requests.push_back(Read("rights", "card", "pan"));
    requests.back().on_behalf_of = controller;
  }
  return requests;
}

std::vector<LoadedStanding> VersionStandings() {
  std::vector<SmallStanding> standings;
  const std::vector<std::vector<SmallChoice>> choices = {
      {},
      {Given("news.mail", "n1")},
      {Given("news.mail", "n2")},
      {Given("news.mail", "n9"), Given("billing", "n1")},
      {Given("news.mail", "n2", "card"), Says(SmallWord::kObjected, "news.sms")},
      {Given("news.mail", "n1"), Says(SmallWord::kWithdrawn, "news")},
      {MadeUnder(SmallVersion::kThen, Given("news.mail", "n1"))},
      {MadeUnder(SmallVersion::kThen, Given("billing", "n1")),
       MadeUnder(SmallVersion::kThen, Given("news.mail", "n2", "card"))},
      {MadeUnder(SmallVersion::kLost, Given("news.mail", "n1"))},
      {Says(SmallWord::kObjected, "news"),
       MadeUnder(SmallVersion::kThen, Given("news.mail", "n1"))},
      {Says(SmallWord::kDeclined, "news.mail"), Says(SmallWord::kDeclined, "billing")},
      {Says(SmallWord::kObjected, "news", "card")}};
  const std::set<uint32_t> agreed[] = {{}, {1}, {2}};
  for (const auto& chosen : choices) {
    for (const auto& versions : agreed) {
      if (versions == agreed[1] && chosen.size() > 1) continue;
      standings.push_back(Chose(chosen));
      standings.back().agreed_versions = versions;
    }
  }
  return LoadAll(std::move(standings));
}

std::vector<LoadedTerms> TermsOfAnyName(const LoadedPolicy& policy) {
  std::vector<LoadedTerms> terms;
  for (const std::string notice : {"n1", "n2", "ghost"}) {
    for (const std::string source : {"web", "shop", "ghost"}) {
      // A name this version lacks but another has cannot be held under it.
      if (notice != "ghost" && !policy.small.notices.contains(notice)) continue;
      if (source != "ghost" && !policy.small.sources.contains(source)) continue;
      if (notice == "ghost" && source == "ghost") continue;
      terms.push_back(Hold(policy, notice, source, "", kCollected));
      if (!policy.small.controllers.contains("acme") || notice == "n2") continue;
      terms.push_back(Hold(policy, notice, source, "acme", kCollected));
    }
  }
  return terms;
}

}  // namespace

// Every pair of versions that differ from a common one by one edit each, and the same version read
// by itself: terms, choices and agreements of every kind.
void Versions(size_t policy_step, const VisitBlock& visit) {
  const std::vector<LoadedStanding> standings = VersionStandings();
  const std::vector<SmallRequest> requests = Requests();
  std::vector<std::unique_ptr<const LoadedPolicy>> before;
  std::vector<std::unique_ptr<const LoadedPolicy>> after;
  for (const Edit edit : kUseEdits) {
    before.push_back(LoadFilled(Versioned(1, edit)));
    after.push_back(LoadFilled(Versioned(2, edit)));
  }
  size_t number = 0;
  for (const auto& in_force : after) {
    for (const auto& held : before) {
      if (in_force == nullptr || held == nullptr) continue;
      if (number++ % policy_step != 0) continue;
      if (!visit({in_force.get(), TermsOfAnyName(*held), true, standings, requests})) return;
    }
    if (in_force == nullptr) continue;
    if (!visit({in_force.get(), TermsOfAnyName(*in_force), false, standings, requests})) return;
  }
}

}  // namespace bailee::model
