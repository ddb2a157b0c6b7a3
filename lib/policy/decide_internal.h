// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "policy/decide.h"

// The parts of Decide. The numbers in brackets are those of the rules in decide.h.
namespace bailee::policy {

// A request with its names looked up in the policy in force.
struct Asked {
  Asked(const Policy& policy, const Request& asked_for) : in_force(policy), request(asked_for) {}

  const Policy& in_force;
  const Request& request;
  bool rights = false;
  bool ours = true;  // on behalf of ourselves
  PurposeIndex purpose;
  CategoryIndex category;
  FieldIndex field;
  ControllerIndex controller;
  NoticeIndex notice;            // for kCollect
  SourceIndex source;            // for kCollect
  RecipientIndex recipient;      // for kDisclose
  std::optional<Ground> ground;  // for kDisclose; nothing if it is no word of one

  bool known_field() const { return category.valid() && field.valid(); }
};

Asked LookUp(const Policy& in_force, const Request& request);

ReasonSet ReadStageOne(const Asked& asked);     // [1] to [11]
ReasonSet CollectStageOne(const Asked& asked);  // [1], [20] to [24]
ReasonSet ReadStageTwo(const Asked& asked, const Datum* datum,
                       const Standing& standing);  // [31] to [50]
ReasonSet CollectStageTwo(const Asked& asked, const Standing& standing,
                          FieldSet& stored);     // [60], [61]
ReasonSet PolicyInForce(const Asked& asked);     // [1]
ReasonSet DiscloseStageOne(const Asked& asked);  // [70] to [73], beside ReadStageOne

// [74] to [77]. `older`: a datum that is not agreed, or null. `source`: as in Concern.
ReasonSet DiscloseStageTwo(const Asked& asked, const Datum* older,
                           std::optional<SourceIndex> source, const Standing& standing);
ReasonSet ContactStageOne(const Asked& asked);                            // [1], [80], [81]
ReasonSet ContactStageTwo(const Asked& asked, const Standing& standing);  // [82] to [85]

// What the choices of a subject come to. A yes and a no never stand together: whichever was said
// later has undone the other.
struct Said {
  bool yes = false;  // one covers the use
  ReasonSet noes;    // of the noes that stand
};

// What choices are about.
struct Concern {
  PurposeIndex purpose;
  CategoryIndex category;  // none: what is of no category, where a yes has none and a no has any
  FieldIndex field;        // none if there is no category
  // One of the policy in force, or nothing for one it does not know; nullopt: a yes may take any.
  std::optional<SourceIndex> source;
  std::string_view on_behalf_of = {};
};
// `versions`: as in Request; without any, what was said under another version covers nothing.
Said WhatWasSaid(const Policy& in_force, std::span<const Policy* const> versions,
                 const Standing& standing, const Concern& concern);

// What that means on this basis.
ReasonSet ChoiceReasons(const Said& said, Basis basis);

// The values of the field that is asked for: itself and its views. REQUIRES: known_field().
FieldSet ValuesOf(const Asked& asked);

// Whether the retention of a policy is over; also if it keeps nothing for this purpose.
bool Ended(const Policy& policy, CategoryIndex category, PurposeIndex purpose,
           const Standing& standing, Timestamp collected_at, Timestamp now);

// Whether a hold, of this category or of all, keeps what would go.
bool OnHold(const Standing& standing, std::string_view category);

// Whether a notice is shown at a source.
bool Takes(const NoticeInfo& notice, SourceIndex source);

// Fills in rule, clause and offer of a visible refusal.
void Explain(const Asked& asked, Decision& decision);

}  // namespace bailee::policy
