// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "policy/decide.h"
#include "policy/support.h"

namespace bailee::policy {

inline constexpr char kV1[] = R"(name: "d" version: 1 effective: "2020-01-01"
purpose { id: "service" says: "s" may_know_existence: true }
purpose { id: "billing" says: "b" may_know_existence: true }
purpose { id: "quiet" says: "q" }
purpose { id: "improve" says: "i" may_know_existence: true }
purpose { id: "contact.news" says: "n" may_know_existence: true }
purpose { id: "contact.offers" says: "o" may_know_existence: true }
purpose { id: "legal" says: "l" may_know_existence: true }
purpose { id: "develop" says: "d" may_know_existence: true }
purpose { id: "research" says: "r" may_know_existence: true }
source { id: "web" role: OWN }
source { id: "shop" role: PARTNER }
source { id: "button" role: INDEPENDENT }
notice { id: "all" purpose: ["service", "billing", "quiet", "improve", "contact", "legal", "research"] }
notice { id: "some" purpose: "service" source: "web" }
notice { id: "develop-1" purpose: "develop" source: "web" }
notice { id: "news-1" purpose: "contact.news" }
controller { id: "acme" agreement: "x" allow { purpose: "service" category: "card" field: "holder" } }
controller { id: "bolt" agreement: "y" allow { purpose: "service" category: "card" } }
category {
  id: "card" says: "c" clause: "X-1" about: SUBJECT holds: MANY
  field { id: "pan" kind: PAN view { id: "last4" mask: LAST4 } lookup { purpose: "billing" } }
  field { id: "holder" kind: TEXT }
  field { id: "secret" kind: PASSWORD }
  field { id: "region" kind: COUNTRY }
  field { id: "at" kind: TIME }
  allow { purpose: "billing" basis: NECESSARY field: ["pan", "pan.last4", "holder"] }
  allow { purpose: "service" basis: NECESSARY field: ["pan.last4", "holder", "secret"] clause: "X-2" }
  allow { purpose: "quiet" basis: NECESSARY field: "holder" }
  allow { purpose: "improve" basis: OPT_OUT field: "holder" }
  allow { purpose: "contact" basis: OPT_IN field: "holder" }
  allow { purpose: "legal" basis: CASE field: "holder" }
  allow { purpose: "develop" basis: OPT_IN field: "holder" }
  retain { purpose: ["service", "quiet", "improve", "contact", "legal", "develop"] days: 100 from: COLLECTION }
  retain { purpose: "billing" days: 10 from: EVENT event: "closed" at_most_days: 100 }
  retain { purpose: "research" days: 50 from: COLLECTION }
}
category {
  id: "opinion" says: "o" about: SUBJECT holds: ONE sensitive: true
  field { id: "text" kind: TEXT }
  allow { purpose: "improve" basis: OPT_IN }
  allow { purpose: "contact.news" basis: OPT_IN }
  retain { purpose: ["improve", "contact.news"] days: 8 from: COLLECTION }
}
report { id: "r" category: "card" count: SUBJECTS by: "region" bucket: DAY of: "at" min_subjects: 5 purpose: "research" }
)";

// Asks questions about one datum of `card`, allowed unless a test changes something.
class DecideTest : public ::testing::Test {
 protected:
  DecideTest() {
    request.purpose = "service";
    request.category = "card";
    request.field = "holder";
    request.now = At(1000);
    request.purpose_key_held = true;
    request.notice = "all";
    request.source = "web";
    request.collected_at = At(1000);
    Hold(*v1, "all", "web");
  }

  // The day so many days after the policy took effect.
  Timestamp At(int64_t day) const { return {v1->effective().unix_ms + day * kMillisPerDay}; }
  void Hold(const Policy& policy, std::string_view notice, std::string_view source,
            std::string_view controller = "") {
    datum.policy = &policy;
    datum.terms = {policy.FindNotice(notice), policy.FindSource(source),
                   policy.FindController(controller)};
    datum.collected_at = At(990);
  }
  void Ask(std::string_view purpose, std::string_view field = "holder",
           Action action = Action::kRead) {
    request.purpose = purpose;
    request.field = field;
    request.action = action;
  }
  void Collect(std::string_view category, std::string_view field) {
    request.action = Action::kCollect;
    request.purpose = "";
    request.category = category;
    request.field = field;
    request.purpose_key_held = false;
  }
  void Choose(Choice choice, std::string purpose, std::string category = "",
              std::string notice = "all") {
    standing.choices.push_back({std::move(purpose), std::move(category), choice, ++sequence_,
                                std::move(notice), in_force->version()});
  }

  // The reasons in words, the primary first; "allowed" if there are none.
  static std::string Words(const Decision& decision) {
    std::string out;
    for (const Reason reason : decision.reasons.Ordered()) {
      out += (out.empty() ? "" : " ") + std::string(ReasonWord(reason));
    }
    return out.empty() ? "allowed" : out;
  }
  Decision Full() const { return Decide(*in_force, &datum, standing, request); }
  std::string Answer() const { return Words(Full()); }
  std::string AnswerWithoutDatum() const {
    return Words(Decide(*in_force, nullptr, standing, request));
  }
  // The names of what a collection would keep.
  std::string Stored() const {
    const FieldSet stored = Decide(*in_force, nullptr, standing, request).stored;
    std::string out;
    for (uint16_t i = 0; i < stored.size(); ++i) {
      if (!stored[i]) continue;
      out += (out.empty() ? "" : " ") +
             in_force->field(in_force->FindCategory(request.category), {i}).name;
    }
    return out;
  }
  std::string StageOne() const { return Words(DecideStageOne(*in_force, request)); }

  PolicyPtr v1 = Loaded(kV1);
  // Another version, made of the first by one change.
  PolicyPtr Version2(std::string_view from, std::string_view to) const {
    return Loaded(With(With(kV1, "version: 1", "version: 2"), from, to));
  }

  PolicyPtr in_force = v1;
  Datum datum;
  Standing standing;
  Request request;

 private:
  uint64_t sequence_ = 0;
};

}  // namespace bailee::policy
