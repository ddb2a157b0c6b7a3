// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bailee/check.h"
#include "store/engine.h"

// What check can find: see bailee/check.h.
namespace bailee::vault {

enum class Flaw : uint8_t {
  kFilePages,
  kFileHead,
  kOpenFails,
  kMetaUnknown,
  kShardDamaged,
  kShardTwoKeys,
  kPolicyUnknown,
  kTermsDamaged,
  kTermsMissing,
  kSubjectDamaged,
  kSubjectMissing,
  kSubjectUnlisted,
  kSubjectStanding,
  kWrapsDamaged,
  kWrapsMissing,
  kWrapDamaged,
  kRecordDamaged,
  kRecordOld,
  kRecordData,
  kLookupDamaged,
  kLookupDead,
  kLookupNoBack,
  kLookupMissing,
  kLookupRef,
  kDueDamaged,
  kDueStray,
  kLedgerDamaged,
  kLedgerLength,
  kDisclosureDamaged,
  kDisclosureGap,
  kReportDamaged,
  kKeyworkDamaged,
  kKeyworkStray,
  kRowUnknown,
  kEpochDamaged,
  kEpochNotWiped,
  kEpochBlock,
  kRotateDamaged,
  kRotateStray,
  kRetiredDamaged,
  kRetiredMissing,
  kToldRecordGone,
  kToldRecordBack,
  kToldRecordOther,
  kToldRecordNever,
  kToldSubjectGone,
  kToldSubjectBack,
  kToldLedgerShort,
  kToldLedgerLong,
  kToldLedgerOther,
  kToldSharesShort,
  kToldSharesLong,
  kToldOrder,
  kToldPruned,
  kToldRestored,
};
inline constexpr size_t kFlawCount = 55;

const CheckKind& KindOf(Flaw flaw);

// What was found about one row, or one place.
class RowFindings {
 public:
  explicit RowFindings(store::Table table) : table_(store::TableName(table)) {}
  explicit RowFindings(std::string place) : table_(std::move(place)) {}

  // What the findings that follow are about.
  void About(const Handle& handle) { handle_ = handle; }
  void About(std::string category, const std::optional<RecordId>& record = {}) {
    category_ = std::move(category);
    record_ = record;
  }

  void Add(Flaw flaw, std::string at = {});
  // Of another part of the vault, under its own name.
  void Add(CheckFinding finding) { findings_.push_back(std::move(finding)); }
  // The row hangs on something that is damaged, and nobody can say whether it is good.
  void Unsure() { unsure_ = true; }

  const std::vector<CheckFinding>& findings() const { return findings_; }
  bool damaged() const;
  bool unsure() const { return unsure_; }

 private:
  std::string table_;
  std::optional<Handle> handle_;
  std::string category_;
  std::optional<RecordId> record_;
  std::vector<CheckFinding> findings_;
  bool unsure_ = false;
};

}  // namespace bailee::vault
