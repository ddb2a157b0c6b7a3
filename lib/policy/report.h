// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/reason.h"
#include "policy/decide.h"

// The rules of reports. Pure and total, as Decide is. Rules 90 to 99 of the decision.
namespace bailee::policy {

// Asking for a report. `report` is one of `in_force`; F is `in_force`.
// 90. policy-not-in-force: now < F.effective().
// 91. unknown-recipient: the recipient is not in F.
// 92. recipient-not-listed: it is in F and not among the report's.
// 93. purpose-key-missing: the key of `tally` is not held.
// All that hold, in this order; none: allowed.
std::vector<Reason> DecideReport(const Policy& in_force, const ReportInfo& report,
                                 std::string_view recipient, bool tally_held, Timestamp now);

// Whether a datum may be counted by `report`, one of F. T is datum.policy; p stands for every leaf
// of the report's purpose, c is its category; n, s are the names of the datum's notice and source.
// 95. It is held for ourselves. (What a controller instructs is not our statistics. Chosen.)
// 96. For each p, c and each field that the report is by or of: p is in F.ReportPurposes(c, field,
//     {n, s} in F), and in T.ReportPurposes(c, field, datum.terms) unless agreed_versions has
//     F.version(). So a report never reaches what was collected before it was declared.
// 97. For no p a no *stands* (the word is of decide.h) to (p, c): objected, withdrawn and declined
//     end counting, whatever the basis of other uses. A yes is not needed.
// 98. standing has none of restricted, erasure_waits and erased.
// 99. Neither F nor T has `ended` p (the word is of decide.h) at `now`.
bool MayCount(const Policy& in_force, const ReportInfo& report, const Datum& datum,
              const Standing& standing, Timestamp now);

// The report of that id, or null.
const ReportInfo* FindReport(const Policy& policy, std::string_view id);

// The bucket that `at` lies in: its begin, which is that of a day, of a Monday or of the first of a
// month, UTC, and the begin of the next. Saturates at the ends of Timestamp.
struct ReportWindow {
  Timestamp from;
  Timestamp before;
  bool operator==(const ReportWindow&) const = default;
};
ReportWindow WindowOf(ReportBucket bucket, Timestamp at);

// The begin of the day that a canonical TIME, or a view DAY of one, names; nothing if it names
// none.
std::optional<Timestamp> DayOf(std::string_view canonical_time);

// "SUBJECTS", "RECORDS"; "DAY", "WEEK", "MONTH"; "STORED", "AT_COLLECTION".
std::string_view ReportCountWord(ReportCount count);
std::string_view ReportBucketWord(ReportBucket bucket);
std::string_view ReportFeedWord(ReportFeed feed);

}  // namespace bailee::policy
