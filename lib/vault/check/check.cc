// SPDX-License-Identifier: Apache-2.0
#include "vault/check/check.h"

#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "audit/findings.h"
#include "audit/verify.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/init.h"
#include "crypto/random.h"
#include "store/lmdb_preflight.h"
#include "vault/check/check_events.h"

namespace bailee {
namespace vault {
namespace {

using store::Table;

constexpr size_t kRowsPerLook = 512;
constexpr size_t kBytesPerLook = size_t{4} << 20;
constexpr uint32_t kToldMin = 4;

CheckFinding FindingOf(const TrailFinding& trail) {
  std::string at;
  if (trail.leaf) at = "leaf " + std::to_string(*trail.leaf);
  if (trail.instance) at += (at.empty() ? "instance " : ", instance ") + trail.instance->ToHex();
  return {.weight = trail.weight == TrailFinding::Weight::kBroken ? CheckFinding::Weight::kDamage
                                                                  : CheckFinding::Weight::kNote,
          .kind = trail.name,
          .table = std::string(store::TableName(Table::kAuditLeaf)),
          .handle = {},
          .category = {},
          .record = {},
          .at = std::move(at),
          .means = trail.message,
          .hint = "see bailee audit verify, with the pin that is kept outside the vault"};
}

}  // namespace

Status Checker::Run(CheckPlace place) {
  BAILEE_RETURN_IF_ERROR(Record());
  BAILEE_TRY(const store::Engine::Statistics statistics, vault_.engine().Measure());
  for (uint8_t i = 0; i < store::kTableCount; ++i) {
    all_ += statistics.rows[i];
    report_.tables.push_back({.name = std::string(store::TableName(Table{i}))});
  }
  share_ = place.share;
  RowChecker rows(vault_, share_, looked_);
  bool stopped = false;
  for (; place.stage < kStages && !stopped; ++place.stage) {
    if (place.stage < kEpochStage) BAILEE_RETURN_IF_ERROR(LookAtTable(place, rows, stopped));
    if (place.stage == kEpochStage) BAILEE_RETURN_IF_ERROR(LookAtEpochFile());
    if (place.stage == kTrailStage) BAILEE_RETURN_IF_ERROR(LookAtTrail(stopped));
    if (place.stage == kEventsStage) BAILEE_RETURN_IF_ERROR(LookAtEvents(place, stopped));
    if (stopped) {
      report_.next = place.ToText();
      break;
    }
  }
  report_.records_read = looked_.records_read;
  report_.compartments_closed = looked_.compartments_closed;
  report_.wraps_opened = looked_.wraps_opened;
  report_.wraps_closed = looked_.wraps_closed;
  return Status();
}

Status Checker::Record() {
  BAILEE_TRY(const Frame frame, vault_.Begin());
  BAILEE_TRY(report_.decision, vault_.Record(frame, {.kind = EventKind::kCheck}));
  // Whoever reads the trail is in it.
  return auditor_ ? vault_.Record(frame, {.kind = EventKind::kTrailVerify}).status() : Status();
}

Status Checker::TakeAuditor() {
  if (options_.auditor == nullptr) return Status();
  const keys::KeyringKeys& keys = options_.auditor->keys();
  BAILEE_RETURN_IF_ERROR(CheckIsOf(keys, vault_.row()));
  const Secret* secret = keys.FindRole(keys::Role::kAuditor);
  if (secret == nullptr) {
    return {Code::kKey, "key.auditor-missing", "the keyring does not hold the auditor's secret",
            "use the auditor's keyring"};
  }
  BAILEE_TRY(crypto::BoxSecret box, secret->RevealBytes([](ByteView bytes) {
    return crypto::BoxSecret::FromBytes(bytes);
  }));
  auditor_.emplace(std::move(box));
  BAILEE_TRY(const Frame frame, vault_.Begin());
  if (auditor_->public_key() == frame.rules()->manifest.auditor_public) return Status();
  return {Code::kKey, "key.not-of-this-vault",
          "the keyring's secret of the auditor is not the vault's",
          "use the keyring that init wrote for this vault"};
}

bool Checker::Stopped() { return options_.progress && !options_.progress(rows_, all_); }

Status Checker::LookAtTable(CheckPlace& place, RowChecker& rows, bool& stopped) {
  do {
    BAILEE_RETURN_IF_ERROR(LookAtSome(Table{place.stage}, place.key, rows));
    if (!Stopped()) continue;
    // Where the table is at its end the next one is where to go on.
    if (place.key.empty()) ++place.stage;
    stopped = true;
    return Status();
  } while (!place.key.empty());
  return Status();
}

Status Checker::LookAtSome(Table table, Bytes& key, RowChecker& rows) {
  CheckedTable& tally = report_.tables[static_cast<size_t>(table)];
  std::vector<Bytes> suspicious;
  {
    BAILEE_TRY(Frame frame, vault_.Begin());
    const Bytes from = std::exchange(key, {});
    size_t count = 0;
    size_t bytes = 0;
    Status problem;
    BAILEE_RETURN_IF_ERROR(
        frame.snapshot->Scan(table, {}, from, [&](ByteView row_key, ByteView value) {
          if (count == kRowsPerLook || bytes >= kBytesPerLook) {
            key.assign(row_key.begin(), row_key.end());
            return false;
          }
          ++count;
          bytes += value.size();
          RowFindings found(table);
          problem = rows.Look(frame, table, row_key, value, found);
          if (!found.findings().empty()) {
            suspicious.emplace_back(row_key.begin(), row_key.end());
          } else {
            ++(found.unsure() ? tally.unsure : tally.good);
          }
          return problem.ok();
        }));
    BAILEE_RETURN_IF_ERROR(problem);
    rows_ += count;
    tally.rows += count;
  }
  return LookAgain(table, suspicious);
}

Status Checker::LookAgain(Table table, const std::vector<Bytes>& keys) {
  if (keys.empty()) return Status();
  CheckedTable& tally = report_.tables[static_cast<size_t>(table)];
  LookedAt not_counted;
  RowChecker rows(vault_, share_, not_counted);
  BAILEE_TRY(Frame frame, vault_.Begin());
  for (const Bytes& key : keys) {
    RowFindings found(table);
    BAILEE_TRY(const std::optional<ByteView> value, frame.snapshot->Get(table, key));
    if (value) BAILEE_RETURN_IF_ERROR(rows.Look(frame, table, key, *value, found));
    Say(found.findings());
    ++(found.damaged() ? tally.damaged : found.unsure() ? tally.unsure : tally.good);
  }
  return Status();
}

Status Checker::LookAtEvents(CheckPlace& place, bool& stopped) {
  if (!auditor_ && place.key.empty()) return Status();
  if (!auditor_) {
    return {Code::kUsage, "check.auditor", "the check was stopped while it compared events",
            "give the auditor's keyring again"};
  }
  const EventChecker::Request request{.auditor = *auditor_,
                                      .told_max = options_.told_max,
                                      .say = [&](const auto& found) { Say(found); },
                                      .stopped = [&] { return Stopped(); }};
  return EventChecker(vault_, request, report_).Run(place.key, stopped);
}

void Checker::Say(const std::vector<CheckFinding>& findings) {
  for (const CheckFinding& each : findings) {
    if (each.weight == CheckFinding::Weight::kDamage) ++report_.damages;
    if (each.weight == CheckFinding::Weight::kNote) ++report_.notes;
    if (options_.visit) options_.visit(each);
  }
}

Status Checker::LookAtEpochFile() {
  RowFindings found("epoch");
  BAILEE_RETURN_IF_ERROR(CheckEpochFile(vault_, found));
  Say(found.findings());
  return Status();
}

Status Checker::LookAtTrail(bool& stopped) {
  // Pruning takes leaves away that a verification had still to read.
  constexpr int kTriesMax = 8;
  for (int tries = 0;; ++tries) {
    Status looked = TakeTrail(stopped);
    if (looked.code() != Code::kBusy || tries == kTriesMax) return looked;
  }
}

Status Checker::TakeTrail(bool& stopped) {
  if (vault_.trail() == nullptr) return Status();
  BAILEE_RETURN_IF_ERROR(vault_.trail()->Drain());
  BAILEE_TRY(const std::unique_ptr<audit::JournalDirectory> journals,
             audit::JournalDirectory::Open(directory_));
  audit::Findings findings;
  const Result<audit::Verified> verified =
      audit::VerifyTrail(vault_.engine(), *journals,
                         {.vault = vault_.id(), .stopped = [&] { return Stopped(); }}, findings);
  if (verified.status().code() == Code::kPartial) {
    stopped = true;
    return Status();
  }
  if (!verified.ok() && verified.status().code() != Code::kDamage) return verified.status();
  if (!verified.ok()) {
    findings.Broken(verified.status().name(), std::string(verified.status().message()));
  }
  std::vector<CheckFinding> found;
  uint64_t damaged = 0;
  for (const TrailFinding& each : findings.Take()) {
    found.push_back(FindingOf(each));
    if (each.weight == TrailFinding::Weight::kBroken) ++damaged;
  }
  Say(found);
  BAILEE_TRY(const store::Engine::Statistics statistics, vault_.engine().Measure());
  for (const Table table : {Table::kAuditLeaf, Table::kAuditNode}) {
    CheckedTable& tally = report_.tables[static_cast<size_t>(table)];
    tally.rows = statistics.rows[static_cast<size_t>(table)];
    if (table == Table::kAuditLeaf && verified.ok()) tally.rows = verified->size - verified->pruned;
    tally.damaged = table == Table::kAuditLeaf ? std::min(damaged, tally.rows) : 0;
    tally.unsure = verified.ok() ? 0 : tally.rows - tally.damaged;
    tally.good = tally.rows - tally.damaged - tally.unsure;
    rows_ += tally.rows;
  }
  return Status();
}

namespace {

// What is left of a vault of which no row can be looked at: tables that are whole page by page.
Status Survey(const store::PreflightRequest& request, const CheckOptions& options,
              CheckReport& report) {
  const Result<std::vector<store::WalkedTree>> trees = store::SurveyDataFile(request);
  if (!trees.ok()) return trees.status();
  for (const store::WalkedTree& tree : *trees) {
    const bool whole = tree.status.ok();
    if (!whole && tree.status.code() != Code::kDamage) return tree.status;
    const uint64_t good = whole ? tree.rows : 0;
    if (tree.name != "tables" && tree.name != "free list") {
      report.tables.push_back({.name = tree.name,
                               .rows = tree.rows,
                               .good = good,
                               .damaged = 0,
                               .unsure = tree.rows - good});
    }
    if (whole) continue;
    RowFindings found(tree.name);
    found.Add(Flaw::kFilePages, std::string(tree.status.message()));
    ++report.damages;
    if (options.visit) options.visit(found.findings().front());
  }
  return Status();
}

void SayOne(RowFindings& found, Flaw kind, std::string at, const CheckOptions& options,
            CheckReport& report) {
  found.Add(kind, std::move(at));
  ++report.damages;
  if (options.visit) options.visit(found.findings().front());
}

CheckReport DamagedFile(const store::PreflightRequest& request, const Status& walked,
                        const CheckOptions& options) {
  CheckReport report;
  const Status surveyed = Survey(request, options, report);
  if (!surveyed.ok() || report.damages == 0) {
    RowFindings found("file");
    SayOne(found, Flaw::kFileHead, std::string(walked.message()), options, report);
  }
  return report;
}

CheckReport DoesNotOpen(const store::PreflightRequest& request, const Status& why,
                        const CheckOptions& options) {
  CheckReport report;
  const bool epoch = why.name().starts_with("epoch.");
  RowFindings found(epoch ? "epoch" : "meta");
  SayOne(found, epoch ? Flaw::kEpochDamaged : Flaw::kOpenFails,
         std::string(why.name()) + ": " + std::string(why.message()), options, report);
  // That the pages are whole was seen before; what they hold nobody can say.
  if (Survey(request, options, report).ok()) {
    for (CheckedTable& table : report.tables) {
      table.unsure += std::exchange(table.good, 0);
    }
  }
  return report;
}

Result<CheckPlace> PlaceToBegin(const CheckOptions& options) {
  if (!options.from.empty()) return CheckPlace::FromText(options.from);
  CheckPlace place;
  place.share.slices = options.slices;
  if (options.slices > kSlicesMax || (options.slice && *options.slice >= options.slices)) {
    return Status(Code::kUsage, "check.slice", "there is no such slice of the records",
                  "name one from 0 to one less than there are, of at most 10000");
  }
  if (options.told_max < kToldMin) {
    return Status(Code::kUsage, "check.told-max", "too little is kept of what events tell",
                  "allow at least 4 records and people");
  }
  if (options.slice) place.share.slice = *options.slice;
  if (!options.slice && options.slices > 1) {
    const auto random = crypto::RandomArray<8>(crypto::SystemRandom());
    place.share.slice =
        static_cast<uint32_t>(LoadBigEndian<uint64_t>(random.data()) % options.slices);
  }
  return place;
}

}  // namespace
}  // namespace vault

Result<CheckReport> Check(const std::string& directory, Keyring keyring,
                          const CheckOptions& options) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  BAILEE_TRY(vault::CheckPlace place, vault::PlaceToBegin(options));
  const store::PreflightRequest request{
      .data_file = directory + "/data.mdb", .unclean_shutdown = true, .others_live = true};
  struct stat info = {};
  // What is not there, or no regular file, opening says.
  if (lstat(request.data_file.c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
    const Status walked = store::PreflightDataFile(request);
    if (walked.code() == Code::kDamage) return vault::DamagedFile(request, walked, options);
    BAILEE_RETURN_IF_ERROR(walked);
  }
  const auto vault = vault::VaultImpl::Open(
      directory, std::move(keyring),
      {.clock = options.clock, .map_bytes = options.map_bytes, .epoch_path = options.epoch_path});
  if (vault.status().code() == Code::kDamage)
    return vault::DoesNotOpen(request, vault.status(), options);
  if (!vault.ok()) return vault.status();
  if (options.from.empty()) place.vault = (*vault)->id();
  if (place.vault != (*vault)->id()) return vault::CheckPlace::FromText("").status();
  CheckReport report;
  report.vault = place.vault;
  report.opened = true;
  report.slices = place.share.slices;
  report.slice = place.share.slice;
  vault::Checker checker(**vault, directory, options, report);
  BAILEE_RETURN_IF_ERROR(checker.TakeAuditor());
  BAILEE_RETURN_IF_ERROR(checker.Run(std::move(place)));
  return report;
}

Status CheckReport::ToStatus() const {
  if (damages > 0) {
    return {Code::kDamage, "check.damage",
            "damage was found in " + std::to_string(damages) + " places",
            "restore the vault from a backup; what is still good is in the answer"};
  }
  if (!next.empty()) {
    return {Code::kPartial, "check.stopped", "it was stopped before its end",
            "go on from the place that is named as next"};
  }
  if (notes > 0) {
    return {Code::kFindings, "check.findings",
            std::to_string(notes) + " things are not as they should be, and nothing is lost",
            "look at what each says can be done"};
  }
  return Status();
}

}  // namespace bailee
