// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/ids.h"

// Reports: the only way to aggregates. What is counted, for whom and from how many people on is
// declared in the policy; nothing else can be asked. SECURITY.md says what an answer may betray.
namespace bailee {

struct ReportProgress {
  uint64_t records_seen = 0;
  uint64_t records_total = 0;
};

// Texts are borrowed for the call.
struct ReportRequest {
  std::string_view id;         // as the policy names it
  Timestamp from;              // the first bucket is the one this lies in
  Timestamp until;             // the last is the one that begins before it
  std::string_view recipient;  // who is going to have it
  // Called while cells are computed, from the calling thread, about every thousand records; false
  // stops. Buckets computed before stay.
  std::function<bool(const ReportProgress&)> progress = {};
};

// One number of a report.
struct ReportCell {
  std::vector<std::string> keys;  // what its records have in the fields that the report is by
  uint64_t count = 0;             // a multiple of five, near the true number: never it
};

// One bucket. Computed on the first ask after it ended, and the same ever after.
struct ReportCells {
  Timestamp from;
  Timestamp until;  // not part of it
  Timestamp computed_at;
  uint32_t policy_version = 0;    // that it was computed under, and what that said:
  uint32_t min_subjects = 0;      //   no cell shows fewer people than this
  std::vector<std::string> by;    //   names of the keys
  bool counts_records = false;    //   records, at most a few of each person; else people
  std::vector<ReportCell> cells;  // ascending by keys
  // Everybody else is in cells that are not shown, `group-too-small`: whether there are any is not
  // told. Each stands for fewer than this many people.
  uint64_t fewer_than = 0;
};

struct ReportResult {
  std::string id;
  std::string recipient;
  uint32_t policy_version = 0;  // that allowed the answer
  std::vector<ReportCells> buckets;
  DecisionId decision;  // the event that recorded it
};

// A report as declared.
struct ReportDescription {
  std::string id;
  std::string category;
  std::string counts;  // "SUBJECTS", "RECORDS"
  std::vector<std::string> by;
  std::string bucket;  // "DAY", "WEEK", "MONTH"
  std::string of;
  uint32_t min_subjects = 0;
  std::string purpose;
  std::vector<std::string> recipients;
  std::string feed;  // "STORED", "AT_COLLECTION"
  std::string clause;
};

// What was collected and not taken: counted, and nothing else kept of it.
struct Disregarded {
  std::string why;   // "no-accepted-tag", "source-independent"
  std::string what;  // the category, or the source; its id in hex where the policy no longer has it
  uint64_t count = 0;
};

}  // namespace bailee
