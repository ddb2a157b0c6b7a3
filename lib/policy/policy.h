// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/limits.h"
#include "bailee/result.h"
#include "policy/finding.h"

namespace bailee::policy {

// The place of a declared thing in one version of a policy. Another version numbers anew: across
// versions only names identify. Default: nothing.
template <typename Tag>
struct Index {
  static constexpr uint16_t kNone = 0xFFFF;
  uint16_t value = kNone;
  bool valid() const { return value != kNone; }
  auto operator<=>(const Index&) const = default;
};
using PurposeIndex = Index<struct PurposeTag>;
using NoticeIndex = Index<struct NoticeTag>;
using SourceIndex = Index<struct SourceTag>;
using ControllerIndex = Index<struct ControllerTag>;  // nothing: held for ourselves
using CategoryIndex = Index<struct CategoryTag>;
using FieldIndex = Index<struct FieldTag>;              // within its category
using CompartmentIndex = Index<struct CompartmentTag>;  // within its category

// Leaf purposes of one policy, by PurposeIndex. Bits of inner purposes are never set.
using PurposeSet = std::bitset<limits::kPurposesMax>;

// The numbers below are those of policy.proto and are stored: never renumber.
enum class Kind : uint8_t {
  kText = 1,
  kEmail,
  kPhone,
  kPan,
  kExpiry,
  kIban,
  kPassword,
  kIp,
  kTime,
  kUrl,
  kUserAgent,
  kLanguage,
  kCountry,
  kMoney,
  kInteger,
  kBlob
};
enum class About : uint8_t { kSubject = 1, kBrowser };
enum class Holds : uint8_t { kOne = 1, kMany };
enum class Role : uint8_t { kOwn = 1, kPartner, kVendor, kCustomer, kIndependent };
// Why a purpose may use a field. kNecessary: always. kOptOut: unless the subject objected. kOptIn:
// only after the subject consented. kCase: only with a case reference, on every use.
enum class Basis : uint8_t { kNecessary = 1, kOptOut, kOptIn, kCase };
// How a view is computed from its field.
enum class Transform : uint8_t {
  kNone = 0,          // not a view
  kLast4 = 1,         // PAN, PHONE, IBAN: the last four digits
  kBinLast4 = 2,      // PAN: the first six and the last four digits
  kFirst1Domain = 3,  // EMAIL: first character and domain
  kPrefix = 16,       // IP: /24 of IPv4, /48 of IPv6
  kRegion = 17,       // IP: country or region by a MaxMind DB file; "unknown" without one
  kDay = 18,          // TIME: the day, UTC
  kHost = 19,         // URL: the host
  kPath = 20,         // URL: the path, without query and fragment
  kDomain = 21,       // EMAIL: the domain; URL: the last two labels of the host
  kLength = 22,       // TEXT, BLOB: the size in bytes, rounded up to a power of two
};

// The words of policy.proto, e.g. "USER_AGENT", "OPT_IN", "LAST4".
std::string_view KindWord(Kind kind);
std::string_view BasisWord(Basis basis);
std::string_view RoleWord(Role role);
std::string_view TransformWord(Transform transform);

struct PurposeInfo {
  std::string id;      // dotted, e.g. "contact.news"
  std::string says;    // what it is for, in words for the public; empty for an implied inner one
  std::string clause;  // of the privacy policy, e.g. "LL-08"; may be empty
  bool leaf = false;   // only leaves can be acted for
  bool may_know_existence = false;  // may be told that someone or something exists
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
  PurposeSet readers;          // leaves that some allow gives it to, from whatever source
  PurposeSet lookups;          // leaves that may find subjects by it
  PurposeSet report_purposes;  // of the reports that use it; those inputs are wrapped to `tally`
  bool is_view() const { return transform != Transform::kNone; }
  int line = 0;
};

// The fields of one category that share one set of purposes whatever the notice, source and
// controller, with the same basis, and are used by reports or not alike. A PASSWORD field is always
// alone. Numbered in the order of their first fields.
struct CompartmentInfo {
  std::vector<FieldIndex> fields;
};

struct CategoryInfo {
  std::string id;
  std::string says;
  std::string clause;
  About about = About::kSubject;
  Holds holds = Holds::kOne;
  bool sensitive = false;
  std::vector<FieldInfo> fields;
  std::vector<CompartmentInfo> compartments;
  std::vector<AllowRule> allows;
  std::vector<Retention> retentions;  // at most one for each leaf
  int64_t bucket_width_ms = 0;        // an eighth of the shortest retention; never 0
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

// One version of a policy: parsed, linted, compiled, immutable. Thread-safe. Lookups by name take
// constant time and allocate nothing; anything borrowed from a Policy lives as long as it does.
class Policy {
 public:
  struct Tables;  // internal

  // Reads textproto (message bailee.v1.Policy). `file_name` only names the file in messages. On
  // return `findings`, if given, holds every error and warning, in the order of the text; the
  // Status of a failure lists the errors, one `file:line:column: error: …` a line.
  // Errors: kPolicyInvalid ("policy.invalid") if there is any error; the hint says how to see all.
  static Result<std::shared_ptr<const Policy>> FromText(std::string_view text,
                                                        std::string_view file_name,
                                                        std::vector<Finding>* findings = nullptr);

  // Reads what ToBinary wrote, with the same lint; fields this library does not know are errors.
  // Rules then know their words and clauses but no lines.
  static Result<std::shared_ptr<const Policy>> FromBinary(ByteView bytes,
                                                          std::vector<Finding>* findings = nullptr);

  // The whole declaration, deterministically: the same text gives the same bytes in every process
  // of this library's version. Made once, when loaded.
  const Bytes& ToBinary() const;

  std::string_view name() const;
  uint32_t version() const;     // at least 1
  Timestamp effective() const;  // start of that day, UTC

  // Everything declared, in declaration order. Inner purposes that are only implied (`contact` by
  // `contact.news`) follow the declared ones.
  std::span<const PurposeInfo> purposes() const;
  std::span<const NoticeInfo> notices() const;
  std::span<const SourceInfo> sources() const;
  std::span<const ControllerInfo> controllers() const;
  std::span<const CategoryInfo> categories() const;

  // By full name; nothing if there is no such thing. Names are matched byte for byte.
  PurposeIndex FindPurpose(std::string_view id) const;  // leaf or inner
  NoticeIndex FindNotice(std::string_view id) const;
  SourceIndex FindSource(std::string_view id) const;
  ControllerIndex FindController(std::string_view id) const;
  CategoryIndex FindCategory(std::string_view id) const;
  FieldIndex FindField(CategoryIndex category, std::string_view full_name) const;

  // REQUIRES (these): a valid index of this policy.
  const PurposeInfo& purpose(PurposeIndex index) const;
  const NoticeInfo& notice(NoticeIndex index) const;
  const SourceInfo& source(SourceIndex index) const;
  const ControllerInfo& controller(ControllerIndex index) const;
  const CategoryInfo& category(CategoryIndex index) const;
  const FieldInfo& field(CategoryIndex category, FieldIndex field) const;

  // The purposes that `allow` gives this field for data of this source, held for this controller,
  // whatever the notice: union of the allows that name the field and take the source, within the
  // controller's instructions if there is a controller. An invalid source is taken only by allows
  // without a list of sources.
  PurposeSet AllowedPurposes(CategoryIndex category, FieldIndex field, SourceIndex source,
                             ControllerIndex controller) const;

  // Effective purposes of a datum: AllowedPurposes ∩ the notice's purposes. Empty if the notice or
  // source is invalid, if the source is INDEPENDENT, or if the notice lists sources and not this
  // one.
  PurposeSet EffectivePurposes(CategoryIndex category, FieldIndex field,
                               const TermsIndexes& terms) const;

  // The same for every field of a compartment.
  PurposeSet EffectivePurposes(CategoryIndex category, CompartmentIndex compartment,
                               const TermsIndexes& terms) const;

  // Purposes of the reports that use the field and that the notice lists: its `tally` wrap exists
  // if this is not empty. Empty under the same conditions as EffectivePurposes.
  PurposeSet ReportPurposes(CategoryIndex category, FieldIndex field,
                            const TermsIndexes& terms) const;

  // The allow that gives the field to the purpose for data of this source; null if none does. (Lint
  // refuses two with different bases.)
  const AllowRule* FindAllow(CategoryIndex category, FieldIndex field, PurposeIndex purpose,
                             SourceIndex source) const;

  // How long the category is kept for the purpose; null if it is not.
  const Retention* FindRetention(CategoryIndex category, PurposeIndex purpose) const;

  // The bucket of something collected at that time (the width is CategoryInfo::bucket_width_ms,
  // counted from the epoch; times before it have negative numbers).
  Bucket BucketOf(CategoryIndex category, Timestamp collected_at) const;

  // The bucket of that number. REQUIRES: `number` came from BucketOf of a policy, or is damaged:
  // out-of-range windows are clamped to the range of Timestamp.
  Bucket BucketAt(CategoryIndex category, int64_t number) const;

 private:
  explicit Policy(std::unique_ptr<const Tables> tables);
  std::unique_ptr<const Tables> tables_;

 public:
  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
};

// The first moment at which something collected at `collected_at` is past this retention:
// - from COLLECTION: collected_at + days;
// - from EVENT: the earlier of event + days (if it happened) and collected_at + at_most_days, where
//   `event_at` is the first time the event happened at or after collection.
// A day is 86,400,000 ms. Saturates at the ends of Timestamp.
Timestamp RetentionEnd(const Retention& retention, Timestamp collected_at,
                       std::optional<Timestamp> event_at);

// When the wraps of a whole bucket go: the RetentionEnd of something collected in the bucket's last
// millisecond, so that no record's end cuts off a newer one. An event counts only if it happened
// when the bucket was over (at or after `bucket.before`).
Timestamp WrapEnd(const Retention& retention, const Bucket& bucket,
                  std::optional<Timestamp> event_at);

// Runs a leaf purpose's name against those the vault keeps for itself: rights, upkeep, tally,
// auditor, log, authority, backup. No policy may declare them or anything below them.
bool IsReservedPurpose(std::string_view id);

}  // namespace bailee::policy
