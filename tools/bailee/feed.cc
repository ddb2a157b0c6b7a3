// SPDX-License-Identifier: Apache-2.0
#include "feed.h"

#include <fmt/format.h>

#include "bailee/limits.h"
#include "progress.h"

namespace bailee::tool {
namespace {

constexpr size_t kLinesPerBatchMax = 1000;
// A line may hold many records: the batch is stored well before the vault's own limit.
constexpr size_t kRecordsPerBatch = limits::kBatchRecordsMax / 2;
constexpr uint64_t kReportedLinesMax = 20;

bool IsPastRetention(const Status& status) {
  const Refusal* refusal = status.refusal();
  return refusal != nullptr && refusal->reasons.front() == Reason::kPastRetention;
}

}  // namespace

Feed::Feed(Context& context, Vault* vault, bool drop_expired)
    : context_(context), vault_(vault), drop_expired_(drop_expired) {}

Collection* Feed::Begin(uint64_t line, const CollectRequest& request) {
  lines_.push_back(line);
  if (vault_ == nullptr) return nullptr;
  if (!batch_.has_value()) batch_.emplace(vault_->CollectBatch());
  return &batch_->Add(request);
}

void Feed::Reject(uint64_t line, const Status& why) {
  if (++counts_.rejected <= kReportedLinesMax) {
    Json fields = ErrorJson(why);
    fields.erase("type");
    fields["line"] = line;
    const Refusal* refusal = why.refusal();
    const std::string decision = refusal == nullptr || refusal->decision.empty()
                                     ? ""
                                     : fmt::format(" (decision {})", refusal->decision);
    context_.out().Problem(fields, fmt::format("line {}: {}{}", line, why.message(), decision));
  } else if (counts_.rejected == kReportedLinesMax + 1) {
    context_.out().Note("further lines are counted and not reported one by one");
  }
}

void Feed::Count(uint64_t line, const Result<Collected>& result) {
  if (result.ok()) {
    ++counts_.stored;
    counts_.records += result->records.size();
    counts_.replaced += result->replaced;
    counts_.unchanged += result->unchanged;
  } else if (drop_expired_ && IsPastRetention(result.status())) {
    ++counts_.expired;
  } else {
    Reject(line, result.status());
  }
}

Status Feed::Flush(bool all) {
  const bool full = lines_.size() >= kLinesPerBatchMax ||
                    (batch_.has_value() && batch_->records() >= kRecordsPerBatch);
  if (!all && !full) return {};
  if (!batch_.has_value()) {
    counts_.stored += lines_.size();  // only checked
    lines_.clear();
    return {};
  }
  const auto results = batch_->Commit();
  if (!results.ok()) return results.status();
  for (size_t i = 0; i < results->size() && i < lines_.size(); ++i) Count(lines_[i], (*results)[i]);
  lines_.clear();
  return {};
}

Status Feed::Finish(const char* command, bool interrupted) {
  const bool dry_run = vault_ == nullptr;
  const auto row = [](const char* name, uint64_t count) {
    return std::vector<std::string>{name, std::to_string(count)};
  };
  Table table;
  table.rows = {
      row("lines", counts_.lines),         row(dry_run ? "good" : "stored", counts_.stored),
      row("records", counts_.records),     row("replaced", counts_.replaced),
      row("unchanged", counts_.unchanged), row("expired", counts_.expired),
      row("rejected", counts_.rejected)};
  Status answered = context_.out().Answer(command,
                                          {{"lines", counts_.lines},
                                           {"stored", dry_run ? 0 : counts_.stored},
                                           {"good", counts_.stored},
                                           {"records", counts_.records},
                                           {"replaced", counts_.replaced},
                                           {"unchanged", counts_.unchanged},
                                           {"expired", counts_.expired},
                                           {"rejected", counts_.rejected},
                                           {"dry_run", dry_run},
                                           {"interrupted", interrupted}},
                                          table);
  if (!answered.ok()) return answered;
  if (interrupted) {
    context_.exit_override = 130;
    return {Code::kPartial, "interrupted", fmt::format("interrupted after {} lines", counts_.lines),
            "run again; records that name their id are not stored twice"};
  }
  if (counts_.rejected == 0) return {};
  return {Code::kPartial, "input.partial",
          fmt::format("{} of {} lines were not stored", counts_.rejected, counts_.lines),
          "mend the lines named above and give them again"};
}

}  // namespace bailee::tool
