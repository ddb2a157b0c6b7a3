// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/result.h"
#include "policy/finding.h"
#include "policy/model.h"

namespace bailee::policy {

struct TestCase;

// One version of a policy: parsed, linted, compiled, immutable. Thread-safe. Lookups by name take
// constant time and allocate nothing; anything borrowed from a Policy lives as long as it does.
class Policy {
 public:
  struct Tables;                                          // internal
  explicit Policy(std::unique_ptr<const Tables> tables);  // internal
  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

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
  std::span<const SignalInfo> signals() const;
  std::span<const ControllerInfo> controllers() const;
  std::span<const CategoryInfo> categories() const;
  std::span<const RecipientInfo> recipients() const;
  std::span<const ReportInfo> reports() const;
  std::span<const TestCase> tests() const;  // see policy_tests.h

  // By full name; nothing if there is no such thing. Names are matched byte for byte.
  PurposeIndex FindPurpose(std::string_view id) const;  // leaf or inner
  NoticeIndex FindNotice(std::string_view id) const;
  SourceIndex FindSource(std::string_view id) const;
  ControllerIndex FindController(std::string_view id) const;
  RecipientIndex FindRecipient(std::string_view id) const;
  CategoryIndex FindCategory(std::string_view id) const;
  FieldIndex FindField(CategoryIndex category, std::string_view full_name) const;
  // Null if there is none.
  const SignalInfo* FindSignal(std::string_view id) const;

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

  // Purposes of the reports that use the field and that the notice lists. Empty under the same
  // conditions as EffectivePurposes, and within the instructions of the controller if there is one.
  PurposeSet ReportPurposes(CategoryIndex category, FieldIndex field,
                            const TermsIndexes& terms) const;

  // The same of the reports that are computed over what is held: the `tally` wrap of the field
  // exists if this is not empty.
  PurposeSet StoredReportPurposes(CategoryIndex category, FieldIndex field,
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

  // The bucket of that number. Any number is taken: windows are clamped to the range of Timestamp.
  Bucket BucketAt(CategoryIndex category, int64_t number) const;

 private:
  std::unique_ptr<const Tables> tables_;
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

// Whether one call may release data of several sources for this purpose: if it is marked
// `combines`, or no leaf of the policy is. An unknown purpose may not.
bool MayCombine(const Policy& policy, PurposeIndex purpose);

// Whether the vault keeps this purpose for itself: rights, upkeep, tally, auditor, log, authority,
// backup, and everything dotted below them. No policy may declare those.
bool IsReservedPurpose(std::string_view id);

}  // namespace bailee::policy
