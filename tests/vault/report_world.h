// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bailee/vault.h"
#include "support/error_is.h"
#include "support/event_recorder.h"
#include "support/raw_rows.h"
#include "support/temp_vault.h"

namespace bailee {

// Visits by country, computed over what is held; orders by country, fed while collecting.
inline constexpr std::string_view kReportPolicy = R"(
name: "shop" version: 1 effective: "2013-01-01"
purpose { id: "service" } purpose { id: "research" } purpose { id: "trends" }
notice { id: "n" purpose: ["service", "research", "trends"] source: "web" }
notice { id: "narrow" purpose: "service" source: "web" }
source { id: "web" role: OWN }
source { id: "button" role: INDEPENDENT }
category {
  id: "visit" says: "v" about: SUBJECT holds: MANY
  field { id: "country" kind: COUNTRY }
  field { id: "page" kind: TEXT max_bytes: 1024 }
  field { id: "at" kind: TIME view { id: "day" coarsen: DAY } }
  allow { purpose: "service" basis: NECESSARY field: "page" }
  retain { purpose: ["service", "research"] days: 365 from: COLLECTION }
}
category {
  id: "order" says: "o" about: SUBJECT holds: MANY
  field { id: "number" kind: TEXT }
  field { id: "country" kind: COUNTRY }
  field { id: "at" kind: TIME view { id: "day" coarsen: DAY } }
  allow { purpose: "service" basis: NECESSARY field: ["number", "at"] }
  retain { purpose: "service" days: 365 from: COLLECTION }
  retain { purpose: "trends" days: 30 from: COLLECTION }
}
category {
  id: "ping" says: "p" about: BROWSER holds: MANY needs_tag: true
  field { id: "country" kind: COUNTRY }
  field { id: "at" kind: TIME }
  retain { purpose: "trends" days: 30 from: COLLECTION }
}
recipient { id: "public" role: PUBLIC }
recipient { id: "analyst" role: ON_OUR_BEHALF agreement: "a" }
report { id: "visits" category: "visit" count: SUBJECTS by: "country" bucket: DAY of: "at"
         min_subjects: 2 purpose: "research" recipient: "public" clause: "R-1" }
report { id: "views" category: "visit" count: RECORDS by: "country" bucket: WEEK of: "at.day"
         min_subjects: 2 purpose: "research" recipient: "public" }
report { id: "total" category: "visit" count: SUBJECTS bucket: MONTH of: "at"
         min_subjects: 2 purpose: "research" recipient: "public" }
report { id: "pages" category: "visit" count: SUBJECTS by: "page" bucket: DAY of: "at"
         min_subjects: 2 purpose: "research" recipient: "public" }
report { id: "orders" category: "order" count: RECORDS by: "country" bucket: DAY of: "at.day"
         min_subjects: 2 purpose: "trends" recipient: "analyst" feed: AT_COLLECTION }
report { id: "pings" category: "ping" count: RECORDS by: "country" bucket: DAY of: "at"
         min_subjects: 2 purpose: "trends" recipient: "analyst" feed: AT_COLLECTION }
)";

inline std::vector<FieldInput> Fields(
    std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::vector<FieldInput> fields;
  for (const auto& [name, value] : values) fields.emplace_back(name, MakeSecret(value));
  return fields;
}

// From this many subjects on a cell with a floor of two is shown whatever the noise.
inline constexpr int kSurely = 2 + 2 * 80;

class ReportWorld : public ::testing::Test {
 protected:
  Vault Open(const std::vector<std::string>& purposes) {
    return vault_.Open(purposes, {.events = events_});
  }
  static CollectRequest Under(Who who, std::string_view notice = "n") {
    return {.who = who, .notice = notice, .source = "web", .on_behalf_of = {}};
  }
  // `count` people who each came once that day.
  void Visits(Vault& vault, std::string_view prefix, int count, std::string_view country,
              std::string_view at = "2013-05-30T10:00:00Z") {
    Batch batch = vault.CollectBatch();
    for (int i = 0; i < count; ++i) {
      const std::string ref = std::string(prefix) + std::to_string(i);
      batch.Add(Under(Who::Ref(ref)))
          .Put("visit", Fields({{"country", country}, {"at", at}, {"page", ref}}));
    }
    Expect(batch);
  }
  static void Expect(Batch& batch) {
    const auto done = batch.Commit();
    ASSERT_THAT(testing::StatusOf(done), testing::IsOk());
    for (const auto& each : *done) ASSERT_THAT(testing::StatusOf(each), testing::IsOk());
  }
  static ReportRequest Of(std::string_view id, std::string_view recipient = "public") {
    return {.id = id,
            .from = {kJune2013.unix_ms - 2 * kMillisPerDay},
            .until = {kJune2013.unix_ms - kMillisPerDay},
            .recipient = recipient};
  }
  // What is shown of a cell with these keys.
  static std::optional<uint64_t> Cell(const ReportCells& cells,
                                      const std::vector<std::string>& keys) {
    for (const ReportCell& cell : cells.cells) {
      if (cell.keys == keys) return cell.count;
    }
    return std::nullopt;
  }

  TempVault vault_{std::string(kReportPolicy)};
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
};

}  // namespace bailee
