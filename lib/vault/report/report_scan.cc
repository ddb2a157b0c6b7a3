// SPDX-License-Identifier: Apache-2.0
#include "vault/report/report_scan.h"

#include <algorithm>
#include <utility>

#include "base/codec.h"
#include "base/try.h"
#include "record/fields.h"
#include "record/revisions.h"
#include "record/seal.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

constexpr size_t kReportChunkRecords = 1024;

Status ReportStopped() {
  return Status(Code::kPartial, "report.stopped", "it was stopped before all cells were computed",
                "ask again: buckets that were finished are kept");
}

Status RulesChanged() {
  return Status(Code::kConflict, "policy.changed", "the policy changed while this was computed",
                "ask again under the policy now in force");
}

}  // namespace

Status ReportScan::Run(const std::function<bool(const ReportProgress&)>& progress) {
  BAILEE_TRY(const store::Engine::Statistics statistics, vault_.engine().Measure());
  const uint64_t total = statistics.rows[static_cast<size_t>(store::Table::kRecords)];
  bool more = true;
  while (more) {
    if (progress && !progress({.records_seen = seen_, .records_total = std::max(seen_, total)}))
      return ReportStopped();
    BAILEE_TRY(Frame frame, vault_.Begin());
    if (frame.rules() != rules_) return RulesChanged();
    BAILEE_RETURN_IF_ERROR(Chunk(frame, more));
  }
  EndSubject();
  return Status();
}

Status ReportScan::Chunk(Frame& frame, bool& more) {
  const crypto::NameId category = rules_->in_force->category(report_.category).id;
  more = false;
  size_t rows = 0;
  Status problem;
  const Bytes from = std::exchange(from_, {});
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(store::Table::kRecords, {}, from, [&](ByteView key, ByteView bytes) {
        if (rows++ == kReportChunkRecords) {
          from_.assign(key.begin(), key.end());
          more = true;
          return false;
        }
        ++seen_;
        if (key.size() != kRecordKeyBytes) return true;
        const RecordKey at = DecodeRecordKey(key);
        if (at.category == category) problem = Take(frame, at.handle, at.record, bytes);
        return problem.ok();
      }));
  return problem;
}

Status ReportScan::Take(Frame& frame, const Handle& handle, const RecordId& id, ByteView bytes) {
  if (subject_ == nullptr || subject_->handle() != handle) {
    EndSubject();
    BAILEE_TRY(subject_, vault_.LoadSubject(frame, handle));
  }
  if (subject_ == nullptr) return Status();
  BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(bytes));
  const crypto::NameId category = rules_->in_force->category(report_.category).id;
  // An older row put back opens under its own revision; the subject's row says which one holds.
  if (row.head().revision != subject_->subject().RevisionOf(category, id))
    return DamagedRecord("it is not the newest");
  BAILEE_TRY(std::optional<CellPlace> place, PlaceOf(frame, *subject_, id, row));
  if (place) ++of_subject_[*std::move(place)];
  return Status();
}

Result<std::optional<ReportScan::CellPlace>> ReportScan::PlaceOf(Frame& frame,
                                                                 const OpenedSubject& subject,
                                                                 const RecordId& id,
                                                                 const record::RecordRow& row) {
  const policy::Policy& in_force = frame.in_force();
  BAILEE_TRY(const std::shared_ptr<const BoundTerms> terms,
             vault_.terms().Get(*frame.snapshot, vault_.id(), frame.rules(), row.head().terms));
  const policy::Datum datum = terms->DatumAt(row.head().collected_at);
  if (!policy::MayCount(in_force, report_, datum, subject.standing(), frame.now))
    return std::optional<CellPlace>();
  const policy::Policy& under = *terms->bound->policy;
  const policy::CategoryIndex then = under.FindCategory(in_force.category(report_.category).id);
  if (!then.valid()) return DamagedRecord("its terms do not know its category");
  const policy::CategoryInfo& category = under.category(then);
  const auto name = [&](policy::FieldIndex field) {
    return in_force.field(report_.category, field).name;
  };
  CellKey of;
  BAILEE_TRY(const bool dated, AddValue(frame, subject, id, row, category, name(report_.of), of));
  const auto day =
      dated ? policy::DayOf(AsText(ByteView(of).subspan(1))) : std::optional<Timestamp>();
  if (!day) return std::optional<CellPlace>();
  const auto window = std::find_if(windows_.begin(), windows_.end(), [&](const auto& each) {
    return each.from <= *day && *day < each.before;
  });
  if (window == windows_.end()) return std::optional<CellPlace>();
  CellPlace place{static_cast<size_t>(window - windows_.begin()), {}};
  for (const policy::FieldIndex field : report_.by) {
    BAILEE_TRY(const bool added,
               AddValue(frame, subject, id, row, category, name(field), place.key));
    if (!added) return std::optional<CellPlace>();
  }
  return std::optional<CellPlace>(std::move(place));
}

Result<OpenedSubject::SharedKey> ReportScan::KeyOf(Frame& frame, const OpenedSubject& subject,
                                                   const RecordId& id, const record::RecordRow& row,
                                                   const record::RowEntry& entry) {
  keys::WrapPlace place = subject.Place(rules_->in_force->category(report_.category).id,
                                        entry.compartment, row.head().terms);
  if (entry.travelling.empty())
    return subject.CompartmentKey(*frame.snapshot, place, entry.generation, tally_.id,
                                  vault_.keyring());
  place.record = id;
  return subject.TravellingKey(place, entry.travelling, tally_.id, vault_.keyring());
}

Result<bool> ReportScan::AddValue(Frame& frame, const OpenedSubject& subject, const RecordId& id,
                                  const record::RecordRow& row, const policy::CategoryInfo& then,
                                  const std::string& name, CellKey& key) {
  const auto field = std::find_if(then.fields.begin(), then.fields.end(),
                                  [&](const auto& each) { return each.name == name; });
  if (field == then.fields.end()) return false;
  const std::optional<record::RowEntry> entry = row.Find(field->compartment.value);
  if (!entry) return DamagedRecord("a compartment is missing");
  BAILEE_TRY(const OpenedSubject::SharedKey opener, KeyOf(frame, subject, id, row, *entry));
  if (opener == nullptr) return false;
  const crypto::NameId category = rules_->in_force->category(report_.category).id;
  BAILEE_TRY(const record::Revisions revisions,
             record::Revisions::Open({vault_.id(), subject.handle(), category, id},
                                     subject.subject().history, row));
  const record::CompartmentPlace place{.vault = vault_.id(),
                                       .handle = subject.handle(),
                                       .category = category,
                                       .record = id,
                                       .compartment = entry->compartment,
                                       .generation = entry->generation,
                                       .head = revisions.HeadOf(entry->compartment)};
  BAILEE_TRY(const Secret plain, record::OpenCompartment(*opener, place, entry->sealed));
  const auto number = static_cast<record::FieldNumber>(field - then.fields.begin());
  return plain.RevealBytes([&](ByteView bytes) -> Result<bool> {
    BAILEE_TRY(const std::optional<ByteView> value, record::FindField(bytes, number));
    return AppendToKey(value.value_or(ByteView()), key);
  });
}

void ReportScan::EndSubject() {
  if (subject_ == nullptr) return;
  const bool named = !subject_->subject().ref.empty();
  std::vector<size_t> used(windows_.size());
  for (const auto& [place, records] : of_subject_) {
    if (++used[place.window] > kCellsOfOneMax) continue;
    CellMap& cells = cells_[place.window];
    const auto found = cells.find(place.key);
    if (found == cells.end() && cells.size() >= kCellsPerBucketMax) continue;
    CellTally& tally = found == cells.end() ? cells[place.key] : found->second;
    if (!named) {
      tally.unnamed += records;
      continue;
    }
    ++tally.subjects;
    tally.counted += std::min(records, floor_.records_of_one_max);
  }
  of_subject_.clear();
  subject_ = nullptr;
}

}  // namespace bailee::vault
