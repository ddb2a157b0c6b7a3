// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/limits.h"
#include "bailee/reason.h"
#include "bailee/status.h"
#include "policy/policy.h"

// The one place that says yes or no. Pure and total: no I/O, no clock, no cryptography, no
// allocation unless the answer is no. Whatever is not allowed by a rule below is refused.
namespace bailee::policy {

enum class Action : uint8_t {
  kRead = 1,        // one field or view of one datum
  kCollect,         // storing one field under proposed terms; has no purpose
  kVerifyPassword,  // comparing with a PASSWORD field
  kFind,            // from a value of a field to its subject
  kDisclose,        // giving one field or view of one datum to a recipient
  kContact,         // writing to somebody; has a purpose, and neither category nor field
};

// Whether the key work for the request's purpose on this datum is done.
enum class WrapState : uint8_t { kPresent = 1, kPending };

// What is asked. Names are borrowed for the call and may be any bytes.
struct Request {
  Action action = Action::kRead;
  std::string_view purpose;  // ignored by kCollect
  std::string_view category;
  std::string_view field;           // full name: "pan", "pan.last4"
  std::string_view on_behalf_of;    // controller; empty: ourselves
  std::string_view case_reference;  // counts as given if it is 1 to 64 of [A-Za-z0-9-]
  Timestamp now;
  uint32_t policy_version = 0;           // the version the caller was built for; 0: any
  bool purpose_key_held = false;         // ignored by kCollect
  WrapState wrap = WrapState::kPresent;  // ignored by kCollect
  // Every version that choices were made under, to see what a yes was given for; the policy in
  // force need not be among them.
  std::span<const Policy* const> versions = {};
  // Only for kCollect: the terms it would be held under, and when it was collected.
  std::string_view notice = {};
  std::string_view source = {};
  Timestamp collected_at = {};
  // Only for kDisclose: to whom, and why it is lawful: a word of policy.proto, e.g. "LAW".
  std::string_view recipient = {};
  std::string_view ground = {};
  // Only for kContact: the address is on the list of those not to be written to.
  bool suppressed = false;
};

// What a datum that exists is held under. `policy` is the version it was collected under; it must
// outlive the call and may be the policy in force itself. `terms` are numbers of `policy`.
struct Datum {
  const Policy* policy = nullptr;
  TermsIndexes terms;
  Timestamp collected_at;
};

// What a subject said about a purpose.
enum class Choice : uint8_t { kGiven = 1, kWithdrawn, kObjected, kDeclined };
struct PurposeChoice {
  std::string purpose;   // leaf or inner
  std::string category;  // empty: every category
  Choice choice = Choice::kGiven;
  uint64_t sequence = 0;  // of the ledger event: a later event has a higher number
  std::string notice;  // for kGiven: the notice shown; without one in force it counts as never made
  uint32_t version = 0;  // of the policy that was in force then
};
struct NamedEvent {
  std::string event;
  Timestamp at;
};
struct Hold {
  std::string category;        // empty: every category
  std::string reference = {};  // the case it is for
};
struct NoticeShown {
  std::string notice;
  Timestamp at;  // when it was first shown
};

// The fold of one subject's ledger. An unknown subject is one with an empty ledger: Standing{}.
struct Standing {
  std::vector<PurposeChoice> choices;
  std::vector<NamedEvent> events;
  std::vector<Hold> holds;
  std::vector<NoticeShown> notices;
  std::vector<uint32_t> agreed_versions;  // policy versions the subject agreed to as a whole
  bool restricted = false;
  bool erasure_waits = false;  // erasure was asked for and waits for a hold to end
  bool erased = false;
};

// Reasons as a set; bit r is Reason(r).
class ReasonSet {
 public:
  void Add(Reason reason) { bits_ |= uint64_t{1} << static_cast<uint8_t>(reason); }
  void Add(ReasonSet other) { bits_ |= other.bits_; }
  bool Has(Reason reason) const { return ((bits_ >> static_cast<uint8_t>(reason)) & 1) != 0; }
  bool empty() const { return bits_ == 0; }
  bool operator==(const ReasonSet&) const = default;

  // In the order of kPrecedence: the primary reason first.
  std::vector<Reason> Ordered() const;

 private:
  uint64_t bits_ = 0;
};

// Fields and views of one category, by FieldIndex.
using FieldSet = std::bitset<limits::kFieldsPerCategoryMax>;

struct Decision {
  ReasonSet reasons;    // empty: allowed
  bool visible = true;  // may be told; if false the caller must answer `not-found` and nothing else
  // Only for an allowed kCollect by Decide: which of the field and its views may be kept [61]. What
  // is not in it must be forgotten, even if it was given.
  FieldSet stored;
  // Filled only for a visible refusal. Not part of what two implementations must agree on.
  std::string rule;    // the rule in words of the policy
  std::string clause;  // its clause
  std::string offer;   // what would be allowed or would change the answer

  bool allowed() const { return reasons.empty(); }

  // The refusal as callers see it: kRefused with all reasons in order, or kNotFound
  // ("vault.not-found") if not visible. REQUIRES: !allowed()
  Status ToStatus() const;
};

// Which reason is the primary one: the first in this order that holds.
inline constexpr Reason kPrecedence[] = {Reason::kPolicyNotInForce,
                                         Reason::kUnknownPurpose,
                                         Reason::kUnknownCategory,
                                         Reason::kUnknownField,
                                         Reason::kUndeclaredField,
                                         Reason::kUnknownSource,
                                         Reason::kUnknownNotice,
                                         Reason::kSourceIndependent,
                                         Reason::kUnknownRecipient,
                                         Reason::kSubjectErased,
                                         Reason::kIndividualReadOfReportData,
                                         Reason::kNotCollectedFor,
                                         Reason::kOutsideInstructions,
                                         Reason::kRecipientNotListed,
                                         Reason::kGroundNotMet,
                                         Reason::kContactSuppressed,
                                         Reason::kDeclined,
                                         Reason::kObjected,
                                         Reason::kConsentWithdrawn,
                                         Reason::kConsentMissing,
                                         Reason::kNoticeMissing,
                                         Reason::kCaseMissing,
                                         Reason::kRestricted,
                                         Reason::kPastRetention,
                                         Reason::kHeld,
                                         Reason::kPurposeKeyMissing,
                                         Reason::kWrapPending};

// THE RULES
//
// Words. F is the policy in force; T is datum.policy. p, c, f, k are request.purpose, .category,
// .field, .on_behalf_of; k is *ours* when empty. "In F" and "in T" mean looked up there by name.
// `allowed(X, f, s, k, p)`: p is in X.AllowedPurposes(c, f, s, k). `basis(X, f, p, s)`: the basis
// of X.FindAllow(c, f, p, s). A leaf is a purpose of which nothing dotted below is declared. A rule
// whose names are unknown in F is skipped, since rule 2, 3, 4 or 20 has refused already. All rules
// of a stage are applied and their reasons united; nothing stops at the first. A *case* is given if
// case_reference is 1 to 64 characters of [A-Za-z0-9-].
//
// STAGE ONE (looks nothing up; always visible)
//  1. policy-not-in-force: now < F.effective(), or policy_version is neither 0 nor F.version().
// For kRead, kVerifyPassword, kFind and kDisclose, which below is meant wherever kRead and kFind
// are named together, and where rules 8 and 24 say kRead:
//  2. unknown-purpose: p is not a leaf of F and not "rights". (Reserved purposes other than rights
//     are never acted for here.)
//  3. unknown-category: c is not in F.
//  4. unknown-field: c is in F and f is not a field or view of c in F.
//  5. purpose-key-missing: purpose_key_held is false.
//  6. outside-instructions: k is not ours and is not a controller of F.
// For kRead, kVerifyPassword and kFind by p = "rights" (export; it ignores rules 8 to 11):
//  7. not-collected-for: the action is not kRead, or f is a PASSWORD field.
// For kRead, kVerifyPassword and kFind by any other p:
//  8. not-collected-for: p is not in f's FieldInfo::readers in F; or the action is kRead and f's
//     kind is PASSWORD; or it is kVerifyPassword and f's kind is not PASSWORD; or it is kFind and p
//     is not in f's FieldInfo::lookups in F.
//  9. individual-read-of-report-data: p is not in f's readers in F, f's report_purposes in F is not
//     empty, and either p is among report_purposes or f's readers is empty.
// 10. outside-instructions: k is a controller of F, p is in f's readers in F, and no rule of k
//     (ControllerInfo::rules) has category c, field f and purpose p.
// 11. case-missing: no case is given, at least one allow of c in F has p and f, and every such
//     allow has basis CASE.
// For kCollect (F is also the policy it will be held under; s and n are request.source, .notice):
// 20. unknown-category: c is not in F. undeclared-field: c is in F and f is not a field of c, or is
//     a view (views are computed, not collected).
// 21. unknown-source: s is not in F. source-independent: its role is INDEPENDENT.
// 22. unknown-notice: n is not in F.
// 23. outside-instructions: k is not ours and is not a controller of F.
// 24. The *values* of f are f itself and its views in F: a field may be used through a view alone.
//     For a value g, E(g) = F.EffectivePurposes(c, g, {n, s, k}) and R(g) = F.ReportPurposes(c, g,
//     {n, s, k}). If c, f (not a view), s, n and k are known, s is not INDEPENDENT, and E(g) and
//     R(g) are empty for every value g: outside-instructions if k is not ours and
//     F.EffectivePurposes(c, g, {n, s, ours}) is not empty for some value g; otherwise
//     not-collected-for.
//
// For kDisclose, beside rules 2 to 11 (a purpose must be one that may read what it gives away); r
// and g are request.recipient and .ground; `listed(X, r, g, p, f)`: a disclose of c in X has r, g,
// p and f (lint refuses two); any ground if g is left out:
// 70. unknown-recipient: r is not in F.
// 71. recipient-not-listed: r, c and f are in F, p is a leaf of F or "rights", and not
//     listed(F, r, p, f).
// 72. ground-not-met: listed(F, r, p, f), and not listed(F, r, g, p, f), be g a ground or no word.
//     (That a processor has an agreement and SUCCESSION is to a SUCCESSOR is for lint.)
// 73. case-missing: listed(F, r, g, p, f), g is LAW, TERMS_OF_SERVICE, FRAUD_OR_SECURITY or
//     IMMINENT_HARM, and no case is given.
// For kContact:
// 80. unknown-purpose: p is not a leaf of F. (Also "rights": it writes to nobody.)
// 81. not-collected-for: p is a leaf of F, not "contact", and not dotted below it.
//
// STAGE TWO (only if stage one gave no reason)
// Choices. A kGiven is a *yes* to (p, c, s) if its category is empty or c, its purpose is p, and
// its notice is in F, lists p there and takes s (its sources there are empty or include s);
// otherwise it is as if never made. Another choice is a *no* to (p, c) if its category is empty or
// c and its purpose is p or a dotted ancestor of p. Choices are ordered by sequence, equal ones as
// they stand in `choices`. A no *stands* if no yes comes after it: a yes lifts every earlier no,
// another no lifts nothing.
// A yes *covers* f if no no to (p, c) comes after it and it was given under F.version(), or under a
// version G among request.versions that had the use: p is a leaf of G, c and f are known in G, its
// notice is in G, lists p there and takes s, s is not INDEPENDENT in G, and allowed(G, f, s,
// k, p) (where a yes may take any source: p is in f's FieldInfo::readers in G). Nobody said yes to
// what a later version added.
// What they come to on a basis, `choice(basis)`, is these reasons:
//   CASE       none.
//   NECESSARY  declined if a kDeclined stands.
//   OPT_OUT    declined if a kDeclined stands, objected if a kObjected does, consent-withdrawn if a
//              kWithdrawn does.
//   OPT_IN     the same; consent-missing if no yes covers f and nothing stands.
// `ended(X, p)`: X has no retention of c for p (or no category c), or now >= RetentionEnd(that
// retention, collected_at, e), where e is the earliest NamedEvent with the retention's event name
// and collected_at <= at <= now, if any. (What lies in the future has not happened.)
//
// 30. subject-erased: if standing.erased, this rule alone is applied, with or without a datum. For
//     p = "rights" and for kCollect the answer is subject-erased. For any other p it is what rule
//     50 says of Standing{}, and subject-erased if that is nothing: an erased subject and an
//     unknown one look alike.
// For kRead, kVerifyPassword and kFind by p = "rights":
// 31. outside-instructions: there is a datum and the name of its controller in T (ours: empty) is
//     not k.
// 32. wrap-pending: rule 31 gave nothing and request.wrap is kPending.
// For kRead, kVerifyPassword and kFind by any other p, when there is a datum; s, n, d are the names
// of its source, notice and controller in T:
// 40. outside-instructions: d is not k (ours: both empty); or the datum's controller is not ours
//     and its name is not a controller of F.
// 41. Route. The datum is *agreed* if T.version() is F.version() or agreed_versions has
//     F.version(). It is *consented* if a yes to (p, c, s) covers f, nothing stands against (p, c)
//     and allowed(F, f, s, k, p). Then:
//     a. `now_ok`: allowed(F, f, s, k, p), and s is in F and not INDEPENDENT there, and n is in F
//        and lists p there (whatever sources n lists). A notice that F dropped lists nothing.
//     b. `then_ok`: agreed, and p is in F.EffectivePurposes(c, f, {n, s, k} in F); or not agreed,
//        and p, c and f are known in T, p is a leaf of T, and p is in
//        T.EffectivePurposes(c, f, datum.terms); for kFind p must then also be in f's lookups in T.
//     The *terms route* is open if now_ok and then_ok. The *consent route* is open if the datum is
//     consented and s is in F and not INDEPENDENT there.
// 42. If a route is open, the *judges* are F and, unless the datum is agreed, T if rule 43 says so.
//     Reasons: choice(basis(X, f, p, s)) for every judge X; case-missing if a judge's basis is CASE
//     and no case is given; past-retention if ended(X, p) for any judge X.
// 43. T is a judge if p, c and f are known in T, p is a leaf of T, and allowed(T, f, s, d, p):
//     always on the terms route, and on the consent route whenever T knew the use, whatever its
//     notice. Consent opens a route; it does not prolong what T said of the use. (Otherwise a
//     narrower F, which closes the terms route, could leave T unasked and so grant.)
// 44. If no route is open: not-collected-for. Also, if allowed(F, f, s, k, p) and a notice of F
//     that takes source s lists p (s in F, not INDEPENDENT): consent-missing if nothing stands,
//     otherwise declined, objected and consent-withdrawn for those that stand.
// 45. restricted: standing.restricted.
// 46. held: standing.erasure_waits; or past-retention was given and a Hold has category empty or c.
// 47. wrap-pending: request.wrap is kPending and no other reason of stage two was given.
// For kRead, kVerifyPassword and kFind by any other p, when there is no datum (`datum` is null; an
// allowed answer then only means that `not-found` hides nothing):
// 50. choice(b) for the strictest basis b (NECESSARY < OPT_OUT < OPT_IN) among the allows of c in F
//     that have p and f, leaving out those with basis CASE, where a yes may take any source;
//     restricted if standing.restricted.
// For kDisclose, beside rules 30 to 50 and before 47; with no datum, as with rule 50, a yes may
// take any source. (Restriction is for every ground, LAW too, chosen: its wraps are parked, so that
// nobody could; whoever must give in to a law lifts it first, which the ledger keeps.)
// 74. If there is a datum that is not agreed: recipient-not-listed if c and f are not known in T, p
//     is not a leaf of T, or not listed(T, r, p, f); ground-not-met if that is listed and
//     listed(T, r, g, p, f) is not. (A new recipient or ground is a widening. No consent to the
//     purpose reaches it, chosen: only agreement does.)
// 75. notice-missing: for X = F, and for X = T if there is a datum that is not agreed, listed(X, r,
//     g, p, f) has ground SUCCESSION, and there is no NoticeShown of its notice at or before now,
//     or for the earliest such moment m: now < m + wait_days, or until_days is not 0 and now >= m +
//     until_days.
// 76. choice(OPT_IN) if g is CONSENT.
// 77. choice(OPT_IN) if f's kind in F is EMAIL (a view too, chosen), g is not LAW, and r's role is
//     THIRD_PARTY in F, or in T if there is a datum that is not agreed and T has r.
// Rule 30 takes for rule 50 what 50 and 75 to 77 say of Standing{} and no datum.
// For kContact (`datum` is ignored; an erased subject has Standing{}):
// 82. choice(OPT_IN) for p, whatever bases the policy has, where a yes counts only if its category
//     is empty and may take any source, and covers whatever version it was given under, and a no
//     counts whatever its category.
// 83. restricted: standing.restricted.
// 84. If p is not marked may_know_existence in F and rules 82 and 83 gave a reason, it is
//     consent-missing instead: what someone unknown is told.
// 85. contact-suppressed: request.suppressed.
// For kCollect (`datum` is ignored):
// 60. For each value g (rule 24) and each q in E(g), the reasons are choice(basis(F, g, q, s)) for
//     q, and past-retention if ended(F, q) with request.collected_at. For each q in R(g),
//     past-retention if ended(F, q). A value is *open* if at least one q in its E or R has no
//     reasons. If a value is open, the answer is allowed; otherwise all reasons of all values are
//     united. (What nobody may use is not collected.) Restriction and holds do not stop storing.
// 61. What an allowed answer lets the caller keep, `stored`. A value g is *kept* if a q in E(g), or
//     in the part of R(g) that comes of reports computed over what is held (feed STORED), has no
//     reasons. f and all its views if f is kept, so that a view can be opened later by consent, but
//     for views that nobody reads and that only reports fed AT_COLLECTION use; otherwise the kept
//     views alone. (A whole value is never stored for the sake of its views, nor a view that nobody
//     may use without it; what only reports fed at collection use is never stored, so the answer
//     may be allowed and nothing kept.)
//
// VISIBLE. Stage one always. Stage two: if the action is kCollect or kContact or p is "rights", or
// p itself is marked may_know_existence in F (the mark of an inner purpose is not inherited). But
// subject-erased is visible to p = "rights" alone.
//
// Why rule 60 may be told, though it reads standing: hiding its reasons would hide nothing. What is
// collected of someone unknown is stored, so a refusal that an unknown person would not meet tells
// of standing whatever its words. Whoever collects names the person and has to tell them why
// nothing is stored; of what is held it learns nothing, as rule 60 looks at no datum.

// Stage one alone: what can be said without looking anything up. `in_force` must outlive the call.
Decision DecideStageOne(const Policy& in_force, const Request& request);

// Both stages. `datum` is null if there is none; ignored for kCollect and kContact.
// REQUIRES: if there is a datum, its policy is not null and each of its indexes is one of that
// policy or nothing. Nothing as notice or source is a name that no policy knows.
Decision Decide(const Policy& in_force, const Datum* datum, const Standing& standing,
                const Request& request);

}  // namespace bailee::policy
