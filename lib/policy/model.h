// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/limits.h"
#include "base/kind.h"

// What a compiled policy is made of. Everything here belongs to one version of one policy.
namespace bailee::policy {

// The place of a declared thing in one version of a policy. Another version numbers anew: across
// versions only names identify. Default: nothing.
template <typename Tag>
struct Index {
  static constexpr uint16_t kNone = 0xFFFF;
  uint16_t value = kNone;
  bool valid() const { return value != kNone; }
  auto operator<=>(const Index&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14
};
using PurposeIndex = Index<struct PurposeTag>;
using NoticeIndex = Index<struct NoticeTag>;
using SourceIndex = Index<struct SourceTag>;
using ControllerIndex = Index<struct ControllerTag>;  // nothing: held for ourselves
using CategoryIndex = Index<struct CategoryTag>;
using FieldIndex = Index<struct FieldTag>;              // within its category
using CompartmentIndex = Index<struct CompartmentTag>;  // within its category
using RecipientIndex = Index<struct RecipientTag>;

// Leaf purposes of one policy, by PurposeIndex. Bits of inner purposes are never set.
using PurposeSet = std::bitset<limits::kPurposesMax>;

// The numbers below are those of policy.proto and are stored: never renumber.
enum class About : uint8_t { kSubject = 1, kBrowser };
enum class Holds : uint8_t { kOne = 1, kMany };
enum class Role : uint8_t { kOwn = 1, kPartner, kVendor, kCustomer, kIndependent };
// Why a purpose may use a field. kNecessary: always. kOptOut: unless the subject objected. kOptIn:
// only after the subject consented. kCase: only with a case reference, on every use.
enum class Basis : uint8_t { kNecessary = 1, kOptOut, kOptIn, kCase };
// The words of policy.proto, e.g. "OPT_IN", "PARTNER".
std::string_view BasisWord(Basis basis);
std::string_view RoleWord(Role role);

struct PurposeInfo {
  std::string id;      // dotted, e.g. "contact.news"
  std::string says;    // what it is for, in words for the public; empty for an implied inner one
  std::string clause;  // of the privacy policy, e.g. "LL-08"; may be empty
  bool leaf = false;   // only leaves can be acted for
  bool may_know_existence = false;  // may be told that someone or something exists
  bool combines = false;            // see MayCombine
  PurposeIndex parent;              // nothing for a first-level purpose
  PurposeSet leaves;                // itself if a leaf, else every leaf below it
  int line = 0;                     // in the source text; 0 if loaded from binary
};

struct NoticeInfo {
  std::string id;
  std::string sha256;  // of the text shown, lower-case hex; may be empty
  PurposeSet purposes;
  std::vector<SourceIndex> sources;  // empty: any source
  int line = 0;
};

struct SourceInfo {
  std::string id;
  Role role = Role::kOwn;
  int line = 0;
};

// What a browser sends, e.g. Sec-GPC: counts as objecting to these purposes, leaf or inner.
struct SignalInfo {
  std::string id;
  std::vector<std::string> purposes;
  std::string clause;
  int line = 0;
};

// What a controller's instructions allow: a purpose on a whole category, or on the named fields.
struct ControllerRule {
  CategoryIndex category;
  PurposeSet purposes;
  std::bitset<limits::kFieldsPerCategoryMax> fields;
};
struct ControllerInfo {
  std::string id;
  std::string agreement;
  std::vector<ControllerRule> rules;
  int line = 0;
};

// One `allow` of a category, with inner purposes expanded to the leaves of this version.
struct AllowRule {
  PurposeSet purposes;
  Basis basis = Basis::kNecessary;
  std::bitset<limits::kFieldsPerCategoryMax> fields;
  std::vector<SourceIndex> sources;  // empty: any source
  std::string words;                 // e.g. "payment_card allows support: pan.last4"
  std::string clause;                // its own, else its category's
  int line = 0;
};

enum class RetainFrom : uint8_t { kCollection = 1, kEvent };
// How long a category is kept for one leaf purpose.
struct Retention {
  PurposeIndex purpose;
  int32_t days = 0;
  RetainFrom from = RetainFrom::kCollection;
  std::string event;         // for kEvent
  int32_t at_most_days = 0;  // for kEvent: counted from collection, whatever happens
  std::string clause;
  int line = 0;
};

// A field, or a view of one. Fields stand in declaration order, each followed by its views.
struct FieldInfo {
  std::string name;         // full: "pan", "pan.last4"
  Kind kind = Kind::kText;  // of a view: the kind of the field it is computed from
  Transform transform = Transform::kNone;
  FieldIndex view_of;  // nothing for a field
  bool required = false;
  size_t max_bytes = 0;  // never 0; defaults to the limit of the kind
  CompartmentIndex compartment;
  PurposeSet readers;                 // leaves that some allow gives it to, from whatever source
  PurposeSet lookups;                 // leaves that may find subjects by it
  PurposeSet report_purposes;         // of the reports that use it
  PurposeSet stored_report_purposes;  // of those that are computed over what is held: these inputs
                                      // are wrapped to `tally`
  // Of use to nobody but reports that are fed while collecting: never stored.
  bool fed_only() const {
    return readers.none() && stored_report_purposes.none() && report_purposes.any();
  }
  bool is_view() const { return transform != Transform::kNone; }
  int line = 0;
};

// The fields of one category that share one set of purposes whatever the notice, source and
// controller, with the same basis, and are used by reports or not alike. A PASSWORD field is always
// alone. Numbered in the order of their first fields.
struct CompartmentInfo {
  std::vector<FieldIndex> fields;
};

// Numbers as in policy.proto.
enum class RecipientRole : uint8_t {
  kOnOurBehalf = 1,
  kThirdParty,
  kAuthority,
  kSuccessor,
  kPublic
};
enum class Ground : uint8_t {
  kConsent = 1,
  kOnOurBehalf,
  kLaw,
  kTermsOfService,
  kFraudOrSecurity,
  kImminentHarm,
  kSuccession
};

// The words of policy.proto, e.g. "SUCCESSOR", "LAW".
std::string_view RecipientRoleWord(RecipientRole role);
std::string_view GroundWord(Ground ground);
// The ground whose word is `word`, or nothing.
std::optional<Ground> ParseGround(std::string_view word);

struct RecipientInfo {
  std::string id;
  RecipientRole role = RecipientRole::kThirdParty;
  std::string agreement;
  std::string says;
  std::string clause;
  std::string public_key;  // X25519, lower-case hex; empty: none
  int line = 0;
};

// One `disclose` of a category: which fields may leave, to whom, on what ground.
struct DiscloseRule {
  RecipientIndex recipient;
  Ground ground = Ground::kConsent;
  PurposeIndex purpose;
  std::vector<FieldIndex> fields;
  int32_t wait_days = 0;   // these three for kSuccession
  int32_t until_days = 0;  // 0: no end
  NoticeIndex notice;
  std::string clause;
  int line = 0;
};

enum class ReportCount : uint8_t { kSubjects = 1, kRecords };
enum class ReportBucket : uint8_t { kDay = 1, kWeek, kMonth };
enum class ReportFeed : uint8_t { kStored = 1, kAtCollection };

struct ReportInfo {
  std::string id;
  CategoryIndex category;
  ReportCount count = ReportCount::kSubjects;
  std::vector<FieldIndex> by;
  ReportBucket bucket = ReportBucket::kDay;
  FieldIndex of;
  uint32_t min_subjects = 0;
  PurposeIndex purpose;
  std::vector<RecipientIndex> recipients;
  ReportFeed feed = ReportFeed::kStored;
  std::string clause;
  int line = 0;
};

struct CategoryInfo {
  std::string id;
  std::string says;
  std::string clause;
  About about = About::kSubject;
  Holds holds = Holds::kOne;
  bool sensitive = false;
  bool needs_tag = false;  // what comes without an accepted tag is disregarded
  std::vector<FieldInfo> fields;
  std::vector<CompartmentInfo> compartments;
  std::vector<AllowRule> allows;
  std::vector<Retention> retentions;  // at most one for each leaf
  std::vector<DiscloseRule> discloses;
  int64_t bucket_width_ms = 0;  // an eighth of the shortest retention; never 0
  int line = 0;
};

// The window of collection times that share one expiry bucket: [from, before).
struct Bucket {
  int64_t number = 0;
  Timestamp from;
  Timestamp before;
};

// What data is held under, in the numbers of one policy.
struct TermsIndexes {
  NoticeIndex notice;
  SourceIndex source;
  ControllerIndex controller;  // nothing: held for ourselves
};

}  // namespace bailee::policy
