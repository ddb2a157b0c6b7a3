// SPDX-License-Identifier: Apache-2.0
#include "model/small_world.h"

namespace bailee::model {
namespace {

// Every choice on news.mail, its parent, its sibling and its parent's namesake, for the category,
// another and all.
std::vector<SmallChoice> Alphabet() {
  std::vector<SmallChoice> choices;
  for (const std::string purpose : {"news.mail", "news", "news.sms", "new"}) {
    for (const std::string category : {"", "card", "log"}) {
      for (const std::string notice : {"n1", "n2", "n3", "n9", ""}) {
        choices.push_back(Given(purpose, notice, category));
      }
      for (const SmallWord word :
           {SmallWord::kWithdrawn, SmallWord::kObjected, SmallWord::kDeclined}) {
        choices.push_back(Says(word, purpose, category));
      }
      // A notice says nothing about any other choice.
      choices.push_back({purpose, category, SmallWord::kObjected, 0, "n1"});
    }
  }
  return choices;
}

// Every sequence of up to two of them, numbered up, down and alike.
std::vector<LoadedStanding> Sequences() {
  const std::vector<SmallChoice> alphabet = Alphabet();
  std::vector<SmallStanding> standings(1);
  for (const SmallChoice& first : alphabet) {
    standings.push_back(Chose({first}));
    for (const SmallChoice& second : alphabet) {
      for (const uint64_t number : {1U, 5U, 9U}) {
        standings.push_back(Chose({first, second}));
        standings.back().choices[0].sequence = 5;
        standings.back().choices[1].sequence = number;
      }
    }
  }
  return LoadAll(std::move(standings));
}

SmallPolicy Newsletter(uint32_t version, SmallBasis basis) {
  SmallPolicy policy = BasePolicy(version);
  policy.categories["card"].allows.push_back({{"news"}, basis, {"pan"}, {}});
  policy.notices["n3"] = {{"billing", "keep", "news.sms"}, {}};
  return policy;
}

// Every sequence of three short choices, numbered up and alike.
std::vector<LoadedStanding> Triples() {
  const SmallChoice choices[] = {Given("news.mail", "n1"),
                                 Given("news.mail", "n2", "card"),
                                 Says(SmallWord::kWithdrawn, "news.mail", "card"),
                                 Says(SmallWord::kObjected, "news"),
                                 Says(SmallWord::kDeclined, "news.mail"),
                                 Says(SmallWord::kDeclined, "news.sms")};
  std::vector<SmallStanding> standings;
  for (const SmallChoice& first : choices) {
    for (const SmallChoice& second : choices) {
      for (const SmallChoice& third : choices) {
        for (const bool restricted : {false, true}) {
          standings.push_back(Chose({first, second, third}));
          standings.back().restricted = restricted;
        }
        standings.push_back(Chose({first, second, third}));
        for (SmallChoice& choice : standings.back().choices) choice.sequence = 7;
        standings.push_back(Chose({MadeUnder(SmallVersion::kThen, first), second, third}));
        standings.push_back(Chose({first, second, MadeUnder(SmallVersion::kThen, third)}));
      }
    }
  }
  standings.push_back(Chose({Says(SmallWord::kObjected, "news"), Given("news.mail", "n1"),
                             Says(SmallWord::kObjected, "news"),
                             MadeUnder(SmallVersion::kLost, Given("news.mail", "n2"))}));
  return LoadAll(std::move(standings));
}

// Three purposes that use the card number: all the field, one its view, and one both, each on a
// basis of its own.
std::vector<std::vector<SmallAllow>> CardUses(SmallBasis billing, SmallBasis mail, SmallBasis sms) {
  const Names web = {"web"};
  return {{{{"billing"}, billing, {"pan"}, {}},
           {{"news.mail"}, mail, {"pan"}, {}},
           {{"news.sms"}, sms, {"pan"}, web}},
          {{{"billing"}, billing, {"pan"}, {}},
           {{"news.mail"}, mail, {"pan.last4"}, {}},
           {{"news.sms"}, sms, {"pan"}, web}},
          {{{"billing"}, billing, {"pan"}, {}},
           {{"billing"}, mail, {"pan.last4"}, web},
           {{"news.mail"}, mail, {"pan"}, {}},
           {{"news.sms"}, sms, {"pan.last4"}, {}}}};
}

SmallPolicy UsedBy(const std::vector<SmallAllow>& uses) {
  SmallPolicy policy = BasePolicy(2);
  policy.notices["n4"] = {{"billing", "news"}, {}};
  SmallCategory& card = policy.categories["card"];
  card.allows = {{{"keep"}, SmallBasis::kNecessary, {"code", "pan.last4"}, {}}};
  card.allows.insert(card.allows.end(), uses.begin(), uses.end());
  card.fields["pan"].lookups = {"billing"};
  card.retains = {
      {{"billing"}, 1, "closed", 2}, {{"news.mail"}, 2, "", 0}, {{"news.sms"}, 3, "", 0}};
  return policy;
}

}  // namespace

// Every sequence of choices: for every basis, held under the same version, under an older one that
// lacked the purpose and under one of another basis.
void Choices(size_t policy_step, const VisitBlock& visit) {
  (void)policy_step;
  const std::vector<LoadedStanding> sequences = Sequences();
  const std::vector<LoadedStanding> triples = Triples();
  std::vector<SmallRequest> requests = {Read("news.mail", "card", "pan")};
  requests.push_back(Collect("card", "pan", "n2", "web"));
  const auto older = LoadFilled(BasePolicy(1));
  const auto other = LoadFilled(Newsletter(1, SmallBasis::kOptOut));
  for (const SmallBasis basis : kBases) {
    const auto policy = LoadFilled(Newsletter(2, basis));
    if (policy == nullptr || older == nullptr || other == nullptr) continue;
    const std::vector<LoadedTerms> terms = {
        Hold(*policy, "n1", "web", "", kCollected), Hold(*policy, "n1", "shop", "", kCollected),
        Hold(*older, "n1", "web", "", kCollected), Hold(*other, "n1", "shop", "", kCollected)};
    for (const auto* standings : {&sequences, &triples}) {
      if (!visit({policy.get(), terms, true, *standings, requests})) return;
    }
  }
}

// Collections that would serve up to three purposes of every basis, each with its own retention and
// its own choice, by the field, by its view, or one of them by each.
void Collecting(size_t policy_step, const VisitBlock& visit) {
  std::vector<SmallStanding> standings;
  const std::string purposes[] = {"billing", "news.mail", "news.sms"};
  for (size_t mix = 0; mix < 216; ++mix) {
    std::vector<SmallChoice> choices;
    size_t rest = mix;
    for (const std::string& purpose : purposes) {
      const size_t word = rest % 6;
      rest /= 6;
      if (word == 0) continue;
      if (word <= 2) choices.push_back(Given(purpose, word == 1 ? "n1" : "", "card"));
      if (word > 2) choices.push_back(Says(static_cast<SmallWord>(word - 2), purpose));
    }
    standings.push_back(Chose(choices));
    if (mix % 6 == 0) standings.back().events = {{"closed", kCollected}};
    standings.back().restricted = mix % 2 == 0;
    if (mix % 3 == 0) standings.back().held_categories = {""};
    standings.back().erased = mix == 100;
  }
  const std::vector<LoadedStanding> loaded = LoadAll(std::move(standings));
  std::vector<SmallRequest> requests;
  for (const std::string notice : {"n1", "n2", "n4"}) {
    for (const std::string source : {"web", "shop"}) {
      for (const int64_t plus_ms : {-1, 0, 1}) {
        for (const int64_t days : {1, 2, 3}) {
          requests.push_back(Collect("card", "pan", notice, source));
          requests.back().now = Days(kCollected, days, plus_ms);
        }
      }
    }
  }
  size_t number = 0;
  for (const SmallBasis billing : kBases) {
    for (const SmallBasis mail : kBases) {
      for (const SmallBasis sms : kBases) {
        for (const auto& uses : CardUses(billing, mail, sms)) {
          if (number++ % policy_step != 0) continue;
          const auto policy = LoadFilled(UsedBy(uses));
          if (policy == nullptr) continue;
          if (!visit({policy.get(), {}, true, loaded, requests})) return;
        }
      }
    }
  }
}

}  // namespace bailee::model
