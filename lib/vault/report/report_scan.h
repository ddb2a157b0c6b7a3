// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bailee/report.h"
#include "policy/report.h"
#include "record/row.h"
#include "vault/frame/vault_impl.h"
#include "vault/report/report_cells.h"
#include "vault/report/report_floor.h"

namespace bailee::vault {

// Counts the cells of some buckets of a report over everything held, in one pass over the records,
// subject after subject, in short snapshots. Memory: the cells and one subject's part of them.
class ReportScan {
 public:
  // `windows` are ascending. `rules` are those the ask was allowed under: others are a kConflict.
  ReportScan(VaultImpl& vault, std::shared_ptr<const Rules> rules, const policy::ReportInfo& report,
             const keys::HeldPurpose& tally, std::span<const policy::ReportWindow> windows)
      : vault_(vault),
        rules_(std::move(rules)),
        report_(report),
        tally_(tally),
        floor_(report.min_subjects),
        windows_(windows),
        cells_(windows.size()) {}

  // Errors: kPartial "report.stopped"; kConflict "policy.changed"; kDamage; those of the store.
  Status Run(const std::function<bool(const ReportProgress&)>& progress);

  // By window.
  const std::vector<CellMap>& cells() const { return cells_; }

 private:
  using SharedSubject = std::shared_ptr<const OpenedSubject>;
  struct CellPlace {
    size_t window = 0;
    CellKey key;
    auto operator<=>(const CellPlace&) const = default;  // NOLINT(modernize-use-nullptr)
  };

  Status Chunk(Frame& frame, bool& more);
  Status Take(Frame& frame, const Handle& handle, const RecordId& id, ByteView bytes);
  // Where the record is counted, or nothing.
  Result<std::optional<CellPlace>> PlaceOf(Frame& frame, const OpenedSubject& subject,
                                           const RecordId& id, const record::RecordRow& row);
  // Adds the value of a field to `key`; false if it cannot be read, or is too long.
  Result<bool> AddValue(Frame& frame, const OpenedSubject& subject, const RecordId& id,
                        const record::RecordRow& row, const policy::CategoryInfo& then,
                        const std::string& field, CellKey& key);
  Result<OpenedSubject::SharedKey> KeyOf(Frame& frame, const OpenedSubject& subject,
                                         const RecordId& id, const record::RecordRow& row,
                                         const record::RowEntry& entry);
  // Adds what the subject at hand had to the cells.
  void EndSubject();

  VaultImpl& vault_;
  const std::shared_ptr<const Rules> rules_;
  const policy::ReportInfo& report_;
  const keys::HeldPurpose& tally_;
  const Floor floor_;
  const std::span<const policy::ReportWindow> windows_;
  std::vector<CellMap> cells_;
  Bytes from_;  // where to go on
  uint64_t seen_ = 0;
  SharedSubject subject_;
  std::map<CellPlace, uint64_t> of_subject_;  // records
};

}  // namespace bailee::vault
