// SPDX-License-Identifier: Apache-2.0
#include "model/enumerate.h"

#include "model/small_world.h"

namespace bailee::model {
namespace {

constexpr Family kFamilies[] = {
    {"names-of-use", NamesOfUse},   {"names-of-collect", NamesOfCollect},
    {"declarations", Declarations}, {"reports", Reports},
    {"versions", Versions},         {"choices", Choices},
    {"retentions", Retentions},     {"extremes", Extremes},
    {"collecting", Collecting},     {"disclosing", Disclosing},
    {"announcing", Announcing},     {"contacting", Contacting},
};

Refused& Counted() {
  static Refused refused;
  return refused;
}

}  // namespace

std::span<const Family> Families() { return kFamilies; }

const Refused& RefusedPolicies() { return Counted(); }

uint64_t ForEachCase(const Family& family, Form form, const VisitCase& visit) {
  uint64_t visited = 0;
  uint64_t number = 0;  // goes on across blocks, so that small ones are met as well
  family.enumerate(form.policy_step, [&](const Block& block) {
    const size_t data = block.terms.size() + (block.absent ? 1 : 0);
    const uint64_t count = uint64_t{data} * block.standings.size() * block.requests.size();
    const uint64_t end = number + count;
    uint64_t next = (number + form.case_step - 1) / form.case_step * form.case_step;
    for (; next < end; next += form.case_step) {
      const uint64_t at = next - number;
      const SmallRequest& request = block.requests[at % block.requests.size()];
      const uint64_t rest = at / block.requests.size();
      const LoadedStanding& standing = block.standings[rest % block.standings.size()];
      const uint64_t datum = rest / block.standings.size();
      const LoadedTerms* terms = datum < block.terms.size() ? &block.terms[datum] : nullptr;
      ++visited;
      if (!visit({block.in_force, terms, &standing, &request})) return false;
    }
    number = end;
    return true;
  });
  return visited;
}

SmallPolicy BasePolicy(uint32_t version) {
  SmallPolicy policy;
  policy.version = version;
  policy.effective = kEffective;
  policy.purposes = {{"keep", false},
                     {"billing", true},
                     {"news.mail", false},
                     {"news.sms", false},
                     {"stats", false}};
  policy.notices = {{"n1", {{"keep", "billing", "news", "stats"}, {}}},
                    {"n2", {{"keep", "news.mail"}, {"web"}}}};
  policy.sources = {
      {"web", SmallRole::kOwn}, {"shop", SmallRole::kPartner}, {"indie", SmallRole::kIndependent}};
  policy.controllers = {{"acme", {{{"keep"}, "card", {}}, {{"news.mail"}, "card", {"pan"}}}}};
  policy.categories["card"] = {
      {{"pan", {"PAN", "", {"keep", "billing"}}},
       {"pan.last4", {"PAN", "mask: LAST4", {}}},
       {"code", {"PASSWORD", "", {}}}},
      {{{"keep"}, SmallBasis::kNecessary, {}, {}}, {{"billing"}, SmallBasis::kNecessary, {}, {}}},
      {}};
  policy.categories["log"] = {
      {{"at", {"TIME", "", {}}}, {"ip", {"IP", "", {}}}, {"ip.net", {"IP", "coarsen: PREFIX", {}}}},
      {{{"keep"}, SmallBasis::kNecessary, {"ip.net"}, {}}},
      {}};
  policy.reports = {{"log", "stats", "ip", "at"}};
  return policy;
}

void FillRetains(SmallPolicy& policy) {
  for (auto& [id, category] : policy.categories) {
    for (const auto& [purpose, may_know] : policy.purposes) {
      bool used = false;
      bool kept = false;
      for (const SmallAllow& allow : category.allows) {
        for (const std::string& name : allow.purposes) {
          used = used || name == purpose || purpose.starts_with(name + ".");
        }
      }
      for (const SmallReport& report : policy.reports) {
        used = used || (report.category == id && report.purpose == purpose);
      }
      for (const auto& [other, flag] : policy.purposes) {
        if (other.starts_with(purpose + ".")) used = false;  // an inner one is kept by its leaves
      }
      for (const SmallRetain& retain : category.retains) {
        for (const std::string& name : retain.purposes) {
          kept = kept || name == purpose || purpose.starts_with(name + ".");
        }
      }
      if (used && !kept) category.retains.push_back({{purpose}, 1000, "", 0});
    }
  }
}

std::unique_ptr<const LoadedPolicy> LoadFilled(SmallPolicy policy) {
  FillRetains(policy);
  auto loaded = Load(std::move(policy));
  if (loaded->real != nullptr) return loaded;
  ++Counted().count;
  Counted().last = loaded->refusal + "\n" + ToText(loaded->small);
  return nullptr;
}

std::vector<LoadedStanding> LoadAll(std::vector<SmallStanding> standings) {
  std::vector<LoadedStanding> loaded;
  loaded.reserve(standings.size());
  for (SmallStanding& standing : standings) loaded.push_back(Load(std::move(standing)));
  return loaded;
}

SmallChoice Given(const std::string& purpose, const std::string& notice,
                  const std::string& category) {
  return {purpose, category, SmallWord::kGiven, 0, notice};
}

SmallChoice Says(SmallWord word, const std::string& purpose, const std::string& category) {
  return {purpose, category, word, 0, ""};
}

SmallChoice MadeUnder(SmallVersion version, SmallChoice choice) {
  choice.under = version;
  return choice;
}

SmallStanding Chose(std::vector<SmallChoice> choices) {
  SmallStanding standing;
  uint64_t sequence = 0;
  for (SmallChoice& choice : choices) choice.sequence = ++sequence;
  standing.choices = std::move(choices);
  return standing;
}

SmallRequest Read(const std::string& purpose, const std::string& category,
                  const std::string& field) {
  SmallRequest request;
  request.purpose = purpose;
  request.category = category;
  request.field = field;
  request.now = kNow;
  return request;
}

SmallRequest Collect(const std::string& category, const std::string& field,
                     const std::string& notice, const std::string& source) {
  SmallRequest request = Read("", category, field);
  request.action = SmallAction::kCollect;
  request.notice = notice;
  request.source = source;
  request.collected_at = kCollected;
  return request;
}

}  // namespace bailee::model
