// SPDX-License-Identifier: Apache-2.0
#include "vault/report/report.h"

#include <algorithm>

#include "base/suggest.h"
#include "base/try.h"
#include "policy/report.h"
#include "vault/report/report_feed.h"
#include "vault/report/report_floor.h"
#include "vault/report/report_scan.h"

namespace bailee::vault {
namespace {

using audit::Detail;
using audit::What;
using policy::ReportWindow;
using store::Table;

constexpr size_t kBucketsMax = 400;
// So many buckets are counted in one pass over the records; more would hold too many cells.
constexpr size_t kBucketsPerPass = 31;

std::string DayText(Timestamp day) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{day.unix_ms / kMillisPerDay}}};
  char text[16];
  const int size = std::snprintf(text, sizeof text, "%04d-%02u-%02u", int{date.year()},
                                 unsigned{date.month()}, unsigned{date.day()});
  return {text, static_cast<size_t>(size)};
}

// One question, with everything that its events say of it.
class ReportQuestion {
 public:
  ReportQuestion(VaultImpl& vault, const ReportRequest& request)
      : vault_(vault), request_(request), tally_(vault.keyring().FindPurpose(keys::kTally)) {}

  Result<ReportResult> Run() {
    BAILEE_TRY(Frame frame, vault_.Begin());
    BAILEE_RETURN_IF_ERROR(Allow(frame));
    std::vector<ReportWindow> missing;
    for (const ReportWindow& window : windows_) {
      BAILEE_TRY(const std::optional<ByteView> row, RowOf(*frame.snapshot, window));
      if (!row) missing.push_back(window);
    }
    if (!missing.empty()) {
      const std::shared_ptr<const Rules> rules = frame.rules();
      frame.snapshot = nullptr;
      frame.owned.reset();  // a long snapshot would hold back the reuse of space
      const Status computed = Compute(rules, missing);
      BAILEE_TRY(frame, vault_.Begin());
      if (!computed.ok()) return Fail(frame, computed);
      BAILEE_RETURN_IF_ERROR(Allow(frame));
    }
    return Answer(frame);
  }

 private:
  // Whether the policy in force gives it to this recipient, of these buckets; else records that it
  // does not.
  Status Allow(const Frame& frame) {
    const policy::Policy& policy = frame.in_force();
    rules_ = frame.rules();
    report_ = policy::FindReport(policy, request_.id);
    if (report_ == nullptr) return Fail(frame, Unknown(policy));
    const std::vector<Reason> reasons =
        policy::DecideReport(policy, *report_, request_.recipient, tally_ != nullptr, frame.now);
    if (!reasons.empty()) return Refuse(frame, reasons);
    Status ranged = FindWindows(frame.now);
    return ranged.ok() ? ranged : Fail(frame, ranged);
  }

  Status Unknown(const policy::Policy& policy) const {
    std::vector<std::string_view> names;
    for (const policy::ReportInfo& each : policy.reports()) names.push_back(each.id);
    return Status(Code::kNotFound, "report.unknown",
                  "the policy has no such report" + DidYouMean(request_.id, names),
                  "see them: bailee report list");
  }

  Status FindWindows(Timestamp now) {
    windows_.clear();
    ReportWindow window = policy::WindowOf(report_->bucket, request_.from);
    while (window.from < request_.until && windows_.size() <= kBucketsMax) {
      windows_.push_back(window);
      const ReportWindow next = policy::WindowOf(report_->bucket, window.before);
      if (next.from <= window.from) break;
      window = next;
    }
    if (windows_.empty() || windows_.size() > kBucketsMax) {
      return Status(
          Code::kInvalidValue, "report.range",
          windows_.empty() ? "no bucket begins in that time" : "that are more than 400 buckets",
          "the first bucket is the one that `from` lies in, and `until` comes after it");
    }
    if (windows_.back().before > now) {
      return Status(Code::kInvalidValue, "report.open",
                    "the last of these buckets has not ended, and its cells are computed only once",
                    "ask for what ended, or again when it has");
    }
    return Status();
  }

  BucketPlace PlaceOf(const ReportWindow& window) const {
    return {vault_.id(), crypto::NameIdOf(report_->id), report_->bucket, window.from};
  }

  Result<std::optional<ByteView>> RowOf(store::Snapshot& snapshot,
                                        const ReportWindow& window) const {
    return snapshot.Get(Table::kReports, ResultRowKey(PlaceOf(window)));
  }

  Status Compute(const std::shared_ptr<const Rules>& rules,
                 std::span<const ReportWindow> missing) const {
    if (report_->feed == policy::ReportFeed::kAtCollection) return Store(rules, missing, {});
    while (!missing.empty()) {
      const auto pass = missing.first(std::min(missing.size(), kBucketsPerPass));
      ReportScan scan(vault_, rules, *report_, *tally_, pass);
      BAILEE_RETURN_IF_ERROR(scan.Run(request_.progress));
      BAILEE_RETURN_IF_ERROR(Store(rules, pass, scan.cells()));
      missing = missing.subspan(pass.size());
    }
    return Status();
  }

  // All buckets of a pass in one transaction. What another process computed meanwhile stays.
  Status Store(const std::shared_ptr<const Rules>& rules, std::span<const ReportWindow> windows,
               std::span<const CellMap> counted) const {
    return vault_.Write([&](Frame& frame) -> Status {
      if (frame.rules() != rules) {
        return Status(Code::kConflict, "policy.changed",
                      "the policy changed while this was computed",
                      "ask again under the policy now in force");
      }
      // As of this transaction: the key may be rotated meanwhile.
      const keys::HeldPurpose* tally =
          HeldOf(frame.rules()->manifest.FindPurpose(keys::kTally), vault_.keyring());
      if (tally == nullptr)
        return NotForThisKeyring("reports are made by tally",
                                 "open the vault with the tally keyring");
      for (size_t i = 0; i < windows.size(); ++i) {
        const BucketPlace place = PlaceOf(windows[i]);
        BAILEE_TRY(const std::optional<ByteView> row, RowOf(*frame.transaction, windows[i]));
        if (row) continue;
        CellMap fed;
        if (counted.empty()) {
          BAILEE_TRY(fed, TakeFeed(vault_, *frame.transaction, place));
        }
        const ResultRow result = ResultOf(frame, counted.empty() ? fed : counted[i]);
        BAILEE_TRY(const Bytes sealed, SealResult(place, result, *tally, vault_.random()));
        BAILEE_RETURN_IF_ERROR(
            frame.transaction->Put(Table::kReports, ResultRowKey(place), sealed));
      }
      const Details details(*this, windows.front().from, windows.size());
      BAILEE_TRY([[maybe_unused]] const DecisionId decision,
                 vault_.RecordWrite(frame, EventOf(frame, Outcome::kAllowed, details)));
      return Status();
    });
  }

  ResultRow ResultOf(const Frame& frame, const CellMap& counted) const {
    const Floor floor(report_->min_subjects);
    ResultRow row{.policy_version = frame.in_force().version(),
                  .computed_at = frame.now,
                  .min_subjects = report_->min_subjects,
                  .count = report_->count};
    for (const policy::FieldIndex field : report_->by)
      row.by.push_back(frame.in_force().field(report_->category, field).name);
    for (const auto& [key, tally] : counted) {
      const auto shown = Shown(floor, report_->count, tally, vault_.random());
      if (shown) row.cells.push_back({ValuesOf(key), *shown});
    }
    std::sort(row.cells.begin(), row.cells.end(),
              [](const auto& a, const auto& b) { return a.keys < b.keys; });
    return row;
  }

  Result<ReportResult> Answer(Frame& frame) const {
    ReportResult result{.id = report_->id,
                        .recipient = std::string(request_.recipient),
                        .policy_version = frame.in_force().version()};
    for (const ReportWindow& window : windows_) {
      BAILEE_TRY(const std::optional<ByteView> bytes, RowOf(*frame.snapshot, window));
      // Rows are never deleted: it was there before.
      if (!bytes) {
        return Fail(frame, Status(Code::kDamage, "report.damaged", "cells of a bucket are missing",
                                  "restore the vault from a backup"));
      }
      Result<ResultRow> row = OpenResult(PlaceOf(window), *bytes, vault_.keyring());
      if (!row.ok()) return Fail(frame, row.status());
      result.buckets.push_back(Released(window, *std::move(row)));
    }
    const Details details(*this, windows_.front().from, windows_.size());
    BAILEE_TRY(result.decision, vault_.Record(frame, EventOf(frame, Outcome::kAllowed, details)));
    return result;
  }

  static ReportCells Released(const ReportWindow& window, ResultRow row) {
    ReportCells cells{.from = window.from,
                      .until = window.before,
                      .computed_at = row.computed_at,
                      .policy_version = row.policy_version,
                      .min_subjects = row.min_subjects,
                      .by = std::move(row.by),
                      .counts_records = row.count == policy::ReportCount::kRecords,
                      .cells = {},
                      .fewer_than = Floor(row.min_subjects).fewer_than};
    for (ResultRow::Cell& cell : row.cells) {
      cells.cells.push_back({std::move(cell.keys), cell.shown});
    }
    return cells;
  }

  // The details of an event, with their texts.
  struct Details {
    Details(const ReportQuestion& ask, std::optional<Timestamp> from, size_t buckets)
        : bucket(from ? DayText(*from) : std::string()), count(std::to_string(buckets)) {
      if (ask.report_ != nullptr) list.push_back({What::kReport, ask.report_->id});
      if (from) {
        list.push_back({What::kBucket, bucket});
        list.push_back({What::kCount, count});
      }
    }
    Details(const Details&) = delete;
    Details& operator=(const Details&) = delete;
    ~Details() = default;
    std::string bucket;
    std::string count;
    std::vector<Detail> list;
  };

  // What a caller passes may be anything; what is recorded are names of the policy.
  Event EventOf(const Frame& frame, Outcome outcome, const Details& details) const {
    const bool known = frame.in_force().FindRecipient(request_.recipient).valid();
    return {.kind = EventKind::kReport,
            .outcome = outcome,
            .purpose = report_ == nullptr
                           ? std::string_view()
                           : std::string_view(frame.in_force().purpose(report_->purpose).id),
            .category = report_ == nullptr
                            ? std::string_view()
                            : std::string_view(frame.in_force().category(report_->category).id),
            .recipient = known ? request_.recipient : std::string_view(),
            .details = details.list};
  }

  Status Fail(const Frame& frame, const Status& status) const {
    const Details details(*this, std::nullopt, 0);
    const Outcome outcome =
        status.code() == Code::kNotFound ? Outcome::kNotFound : Outcome::kFailed;
    BAILEE_TRY([[maybe_unused]] const DecisionId decision,
               vault_.Record(frame, EventOf(frame, outcome, details)));
    return status;
  }

  Status Refuse(const Frame& frame, const std::vector<Reason>& reasons) const {
    const Details details(*this, std::nullopt, 0);
    Event event = EventOf(frame, Outcome::kRefused, details);
    event.reasons = reasons;
    BAILEE_TRY(const DecisionId decision, vault_.Record(frame, event));
    Refusal refusal{.reasons = reasons,
                    .clause = report_->clause,
                    .rule = "report " + report_->id + " is for",
                    .offer = {}};
    for (const policy::RecipientIndex each : report_->recipients)
      refusal.rule += " " + frame.in_force().recipients()[each.value].id;
    const bool keyless = reasons.front() == Reason::kPurposeKeyMissing;
    refusal.offer = keyless ? "open the vault with the tally keyring" : "ask for one of these";
    refusal.decision = decision.ToText();
    return Status::Refused(std::move(refusal));
  }

  VaultImpl& vault_;
  const ReportRequest& request_;
  const keys::HeldPurpose* tally_;
  std::shared_ptr<const Rules> rules_;  // what report_ points into
  const policy::ReportInfo* report_ = nullptr;
  std::vector<ReportWindow> windows_;
};

}  // namespace

Result<ReportResult> AskReport(VaultImpl& vault, const ReportRequest& request) {
  return ReportQuestion(vault, request).Run();
}

Result<std::vector<ReportDescription>> DescribeReports(VaultImpl& vault) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  const policy::Policy& policy = frame.in_force();
  std::vector<ReportDescription> reports;
  for (const policy::ReportInfo& report : policy.reports()) {
    ReportDescription each{.id = report.id,
                           .category = policy.category(report.category).id,
                           .counts = std::string(policy::ReportCountWord(report.count)),
                           .by = {},
                           .bucket = std::string(policy::ReportBucketWord(report.bucket)),
                           .of = policy.field(report.category, report.of).name,
                           .min_subjects = report.min_subjects,
                           .purpose = policy.purpose(report.purpose).id,
                           .recipients = {},
                           .feed = std::string(policy::ReportFeedWord(report.feed)),
                           .clause = report.clause};
    for (const policy::FieldIndex field : report.by)
      each.by.push_back(policy.field(report.category, field).name);
    for (const policy::RecipientIndex index : report.recipients)
      each.recipients.push_back(policy.recipients()[index.value].id);
    reports.push_back(std::move(each));
  }
  return reports;
}

}  // namespace bailee::vault
