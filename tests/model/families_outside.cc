// SPDX-License-Identifier: Apache-2.0
#include "model/small_world.h"

namespace bailee::model {
namespace {

const std::string kGrounds[] = {"CONSENT",
                                "ON_OUR_BEHALF",
                                "LAW",
                                "TERMS_OF_SERVICE",
                                "FRAUD_OR_SECURITY",
                                "IMMINENT_HARM",
                                "SUCCESSION",
                                "",
                                "NOPE"};

std::vector<SmallDisclose>& Rules(SmallPolicy& policy) { return Card(policy).discloses; }

// Cards with an address; news of it is OPT_OUT. One disclose for each kind of recipient and each
// kind of condition.
SmallPolicy Outside(uint32_t version) {
  SmallPolicy policy = BasePolicy(version);
  policy.recipients = {{"bank", "ON_OUR_BEHALF"},
                       {"press", "THIRD_PARTY"},
                       {"court", "AUTHORITY"},
                       {"heir", "SUCCESSOR"}};
  SmallCategory& card = Card(policy);
  card.fields["mail"] = {"EMAIL", "", {}};
  card.fields["mail.domain"] = {"EMAIL", "coarsen: DOMAIN", {}};
  card.allows.push_back({{"news"}, SmallBasis::kOptOut, {"pan", "mail"}, {}});
  card.discloses = {{"bank", "ON_OUR_BEHALF", "billing", {"pan"}},
                    {"press", "CONSENT", "news.mail", {"pan", "mail"}},
                    {"press", "FRAUD_OR_SECURITY", "billing", {"pan", "mail", "mail.domain"}},
                    {"press", "LAW", "billing", {"mail", "mail.domain"}},
                    {"court", "LAW", "billing", {"pan", "mail"}},
                    {"court", "IMMINENT_HARM", "billing", {"mail"}},
                    {"court", "TERMS_OF_SERVICE", "keep", {"mail"}},
                    {"heir", "SUCCESSION", "keep", {"pan", "mail"}, "n1", 1, 3}};
  return policy;
}

// What one version can have that another has not.
constexpr Edit kDiscloseEdits[] = {
    [](SmallPolicy&) {},
    [](SmallPolicy& p) { Rules(p).clear(); },
    [](SmallPolicy& p) { Rules(p).erase(Rules(p).begin() + 1); },
    [](SmallPolicy& p) { Rules(p)[1].ground = "IMMINENT_HARM"; },
    [](SmallPolicy& p) { Rules(p)[1].fields = {"mail"}; },
    [](SmallPolicy& p) { Rules(p)[2].ground = "CONSENT"; },
    [](SmallPolicy& p) { Rules(p)[4].purpose = "news.mail"; },
    [](SmallPolicy& p) { Rules(p)[7].fields = {"mail"}; },
    [](SmallPolicy& p) { p.recipients["press"] = "AUTHORITY"; },
    [](SmallPolicy& p) { p.recipients["court"] = "THIRD_PARTY"; },
    [](SmallPolicy& p) {
      p.recipients.erase("court");
      Rules(p).erase(Rules(p).begin() + 4, Rules(p).begin() + 7);
    },
    [](SmallPolicy& p) { Card(p).allows[1].basis = SmallBasis::kOptIn; },
    [](SmallPolicy& p) { Card(p).allows[1].basis = SmallBasis::kCase; },
    [](SmallPolicy& p) {
      Card(p).fields.erase("mail.domain");
      Rules(p)[2].fields = Rules(p)[3].fields = {"mail"};
    },
    [](SmallPolicy& p) {
      Card(p).fields.erase("mail.domain");
      Card(p).fields["mail"].kind = "TEXT";
      Rules(p)[2].fields = Rules(p)[3].fields = {"mail"};
    },
    [](SmallPolicy& p) {
      p.categories["other"] = Card(p);
      p.categories.erase("card");
      p.controllers.clear();
    },
    [](SmallPolicy& p) {
      p.purposes.erase("news.mail");
      p.purposes["news.mail.daily"] = false;
      p.notices["n2"].purposes = {"keep", "news"};
      p.controllers.clear();
      Rules(p)[1].purpose = "news.mail.daily";
    },
};

SmallPolicy Edited(uint32_t version, Edit edit) {
  SmallPolicy policy = Outside(version);
  edit(policy);
  return policy;
}

SmallRequest Ask(const std::string& recipient, const std::string& ground,
                 const std::string& purpose, const std::string& field) {
  SmallRequest request = Read(purpose, "card", field);
  request.action = SmallAction::kDisclose;
  request.recipient = recipient;
  request.ground = ground;
  return request;
}

// Every recipient, ground, purpose and field, with a case and without.
std::vector<SmallRequest> EveryName() {
  std::vector<SmallRequest> requests;
  for (const std::string recipient : {"bank", "press", "court", "heir", "nope", ""}) {
    for (const std::string& ground : kGrounds) {
      for (const std::string purpose : {"billing", "news.mail", "news", "keep", "rights", "nope"}) {
        for (const std::string field : {"pan", "mail", "mail.domain", "code", "nope"}) {
          requests.push_back(Ask(recipient, ground, purpose, field));
          requests.push_back(requests.back());
          requests.back().case_reference = "C-1";
        }
      }
    }
  }
  for (const std::string reference : {"a b", "C-1 ", "caf\xc3\xa9"}) {
    requests.push_back(Ask("court", "LAW", "billing", "pan"));
    requests.back().case_reference = reference;
  }
  requests.push_back(Ask("bank", "ON_OUR_BEHALF", "billing", "pan"));
  requests.back().category = "nope";
  requests.push_back(Ask("bank", "ON_OUR_BEHALF", "billing", "pan"));
  requests.back().purpose_key_held = false;
  requests.push_back(Ask("bank", "ON_OUR_BEHALF", "billing", "pan"));
  requests.back().on_behalf_of = "acme";
  return requests;
}

// What some version lists, and its neighbours.
std::vector<SmallRequest> Listed() {
  std::vector<SmallRequest> requests;
  const auto add = [&](const std::string& recipient, const std::string& ground,
                       const std::string& purpose) {
    for (const std::string field : {"pan", "mail", "mail.domain"}) {
      for (const bool pending : {false, true}) {
        requests.push_back(Ask(recipient, ground, purpose, field));
        requests.back().case_reference = "C-1";
        requests.back().wrap_pending = pending;
      }
    }
  };
  add("bank", "ON_OUR_BEHALF", "billing");
  for (const std::string ground : {"CONSENT", "IMMINENT_HARM"}) add("press", ground, "news.mail");
  for (const std::string ground : {"CONSENT", "FRAUD_OR_SECURITY", "LAW"}) {
    add("press", ground, "billing");
  }
  for (const std::string purpose : {"billing", "news.mail"}) add("court", "LAW", purpose);
  add("court", "IMMINENT_HARM", "billing");
  add("heir", "SUCCESSION", "keep");
  return requests;
}

std::vector<LoadedStanding> DiscloseStandings() {
  std::vector<SmallStanding> standings;
  const std::vector<std::vector<SmallChoice>> choices = {
      {},
      {Given("news.mail", "n1")},
      {Given("news.mail", "n2", "card"), Given("billing", "n1")},
      {Given("news.mail", "n1", "log"), Given("billing", "n2")},
      {MadeUnder(SmallVersion::kThen, Given("news.mail", "n1")),
       MadeUnder(SmallVersion::kThen, Given("billing", "n1"))},
      {Given("news.mail", "n1"), Says(SmallWord::kWithdrawn, "news")},
      {Given("billing", "n1"), Says(SmallWord::kObjected, "billing")},
      {Says(SmallWord::kDeclined, "news.mail"), Says(SmallWord::kWithdrawn, "billing", "card")}};
  for (const auto& chosen : choices) {
    for (const uint32_t agreed : {0U, 2U}) {
      for (const bool shown : {false, true}) {
        standings.push_back(Chose(chosen));
        if (agreed != 0) standings.back().agreed_versions = {agreed};
        if (shown) standings.back().notices = {{"n1", Days(kNow, -2)}};
      }
    }
  }
  standings.emplace_back().restricted = true;
  standings.back().notices = {{"n1", Days(kNow, -2)}};
  standings.push_back(Chose({Given("billing", "n1")}));
  standings.back().erased = true;
  standings.emplace_back().erasure_waits = true;
  return LoadAll(std::move(standings));
}

std::vector<LoadedTerms> TermsDisclosed(const LoadedPolicy& policy) {
  return {Hold(policy, "n1", "web", "", kCollected), Hold(policy, "n1", "shop", "", kCollected),
          Hold(policy, "n2", "ghost", "", kCollected)};
}

// No notice, one or two, on and around what matters.
std::vector<LoadedStanding> Announcements() {
  std::vector<SmallEvent> notices;
  for (const std::string name : {"n1", "n2"}) {
    for (const int64_t days : {-3, -2, -1, 0}) {
      for (const int64_t plus_ms : {-1, 0, 1}) notices.push_back({name, Days(kNow, days, plus_ms)});
    }
  }
  std::vector<SmallStanding> standings(1);
  for (const SmallEvent& first : notices) {
    standings.emplace_back().notices = {first};
    for (const SmallEvent& second : notices) standings.emplace_back().notices = {first, second};
  }
  for (SmallStanding& standing : standings) {
    if (standing.notices.size() == 1) standing.events = {{"n1", Days(kNow, -2)}};
  }
  standings.emplace_back().notices = {{"n1", Days(kNow, -2)}};
  standings.back().agreed_versions = {2};
  return LoadAll(std::move(standings));
}

}  // namespace

// Names of every kind on one version, and every pair of versions that differ from a common one by
// one edit each, on what some version lists.
void Disclosing(size_t policy_step, const VisitBlock& visit) {
  const std::vector<LoadedStanding> standings = DiscloseStandings();
  const std::vector<SmallRequest> names = EveryName();
  const std::vector<SmallRequest> listed = Listed();
  std::vector<std::unique_ptr<const LoadedPolicy>> before;
  std::vector<std::unique_ptr<const LoadedPolicy>> after;
  for (const Edit edit : kDiscloseEdits) {
    before.push_back(LoadFilled(Edited(1, edit)));
    after.push_back(LoadFilled(Edited(2, edit)));
  }
  if (after.front() == nullptr) return;
  if (!visit({after.front().get(), TermsDisclosed(*after.front()), true, standings, names})) return;
  size_t number = 0;
  for (const auto& in_force : after) {
    for (const auto& held : before) {
      if (in_force == nullptr || held == nullptr) continue;
      if (number++ % policy_step != 0) continue;
      if (!visit({in_force.get(), TermsDisclosed(*held), true, standings, listed})) return;
    }
  }
}

// Waits and ends of the policy in force and of the one collected under, before, at and after each.
void Announcing(size_t policy_step, const VisitBlock& visit) {
  struct Span {
    std::string notice;
    int wait_days;
    int until_days;
  };
  const Span spans[] = {{"n1", 0, 0}, {"n1", 1, 0}, {"n1", 2, 0}, {"n1", 1, 2}, {"n2", 0, 3}};
  const std::vector<LoadedStanding> standings = Announcements();
  std::vector<SmallRequest> requests;
  for (const int64_t plus_ms : {-1, 0, 1}) {
    requests.push_back(Ask("heir", "SUCCESSION", "keep", "pan"));
    requests.back().now = Days(kNow, 0, plus_ms);
  }
  const auto with = [](uint32_t version, const Span& span) {
    SmallPolicy policy = Outside(version);
    Rules(policy)[7] = {"heir",      "SUCCESSION",   "keep",         {"pan"},
                        span.notice, span.wait_days, span.until_days};
    return LoadFilled(std::move(policy));
  };
  size_t number = 0;
  for (const Span& now : spans) {
    const auto in_force = with(2, now);
    for (const Span& then : spans) {
      const auto held = with(1, then);
      if (in_force == nullptr || held == nullptr) continue;
      if (number++ % policy_step != 0) continue;
      if (!visit({in_force.get(), TermsDisclosed(*held), true, standings, requests})) return;
    }
    if (in_force != nullptr &&
        !visit({in_force.get(), TermsDisclosed(*in_force), false, standings, requests}))
      return;
  }
}

// Purposes that write to people and their namesakes, choices, restriction, erasure, suppression.
void Contacting(size_t /*policy_step: they are few*/, const VisitBlock& visit) {
  std::vector<SmallStanding> standings;
  const SmallChoice choices[] = {Given("contact.news", "c1"),
                                 Given("contact.news", "c1", "card"),
                                 Given("contact.news", "n1"),
                                 Given("contact", "c1"),
                                 Says(SmallWord::kWithdrawn, "contact.news", "card"),
                                 Says(SmallWord::kObjected, "contact"),
                                 Says(SmallWord::kDeclined, "contact.sms"),
                                 Says(SmallWord::kWithdrawn, "cont")};
  for (const SmallChoice& first : choices) {
    for (const SmallChoice& second : choices) {
      for (unsigned flags = 0; flags < 4; ++flags) {
        standings.push_back(&second == choices ? Chose({first}) : Chose({first, second}));
        standings.back().restricted = (flags & 1) != 0;
        standings.back().erased = (flags & 2) != 0;
      }
      for (const SmallChoice& third : {choices[0], choices[4]}) {
        standings.push_back(Chose({first, second, third}));
      }
    }
  }
  standings.emplace_back();
  standings.emplace_back().restricted = true;
  const std::vector<LoadedStanding> loaded = LoadAll(std::move(standings));
  std::vector<SmallRequest> requests;
  for (const std::string purpose : {"contact.news", "contact.sms", "contact", "contacts", "con",
                                    "billing", "rights", "nope", ""}) {
    for (const bool suppressed : {false, true}) {
      for (const uint32_t version : {0U, 1U}) {
        SmallRequest request = Read(purpose, "card", "pan");
        request.action = SmallAction::kContact;
        request.suppressed = suppressed;
        request.policy_version = version;
        request.purpose_key_held = false;
        requests.push_back(request);
      }
    }
  }
  for (const bool may_know : {false, true}) {
    for (const bool inner : {false, true}) {
      SmallPolicy policy = BasePolicy(2);
      for (const std::string extra : {"contacts", "con"}) policy.purposes[extra] = true;
      if (inner) {
        policy.purposes["contact.news"] = may_know;
        policy.purposes["contact.sms"] = !may_know;
      } else {
        policy.purposes["contact"] = may_know;
      }
      policy.notices["c1"] = {{"contact"}, {}};
      const auto loaded_policy = LoadFilled(std::move(policy));
      if (loaded_policy == nullptr) continue;
      if (!visit({loaded_policy.get(), {}, true, loaded, requests})) return;
    }
  }
}

}  // namespace bailee::model
