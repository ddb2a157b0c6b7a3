// SPDX-License-Identifier: Apache-2.0
#include "fuzz/vault_model.h"

namespace bailee::fuzz {

Basis BasisOf(Purpose purpose, Field field) {
  switch (purpose) {
    case Purpose::kBilling:
      return field == Field::kName ? Basis::kNone : Basis::kNecessary;
    case Purpose::kSupport:
      if (field == Field::kLast4) return Basis::kOptOut;
      return field == Field::kName ? Basis::kNecessary : Basis::kNone;
    case Purpose::kNews:
      return field == Field::kNote || field == Field::kName ? Basis::kOptIn : Basis::kNone;
  }
  return Basis::kNone;
}

int64_t DaysOf(Purpose purpose, Field field) {
  if (purpose == Purpose::kBilling) return 540;
  if (purpose == Purpose::kNews) return 365;
  return field == Field::kName ? 30 : 90;
}

bool Model::SaidAllows(const ModelSubject& subject, Purpose purpose, Basis basis) {
  const auto found = subject.said.find(purpose);
  const ModelSubject::Said said =
      found == subject.said.end() ? ModelSubject::Said{} : found->second;
  switch (basis) {
    case Basis::kNone:
      return false;
    case Basis::kNecessary:
      return !said.declined;
    case Basis::kOptOut:
      return !said.declined && !said.objected && !said.withdrawn;
    case Basis::kOptIn:
      return said.yes && !said.declined && !said.objected && !said.withdrawn;
  }
  return false;
}

bool Model::MayRead(const ModelSubject& subject, const ModelRecord& record, Purpose purpose,
                    Field field) const {
  const int64_t ends = record.collected_at_ms + DaysOf(purpose, field) * kMillisPerDay;
  return SaidAllows(subject, purpose, BasisOf(purpose, field)) && now_ms < ends &&
         !subject.restricted;
}

std::optional<ModelRecord> Model::Collect(const ModelSubject& subject, Field field,
                                          std::string value, int64_t collected_at_ms,
                                          bool wide_notice) const {
  ModelRecord record{{}, collected_at_ms, wide_notice, {}};
  record.values[static_cast<size_t>(field)] = std::move(value);
  const auto open = [&](Field each) {
    for (const Purpose purpose : kPurposes) {
      if (purpose == Purpose::kNews && !wide_notice) continue;
      const int64_t ends = collected_at_ms + DaysOf(purpose, each) * kMillisPerDay;
      if (SaidAllows(subject, purpose, BasisOf(purpose, each)) && now_ms < ends) return true;
    }
    return false;
  };
  const bool whole = open(field);
  const bool view = field == Field::kPan && open(Field::kLast4);
  if (!whole && !view) return std::nullopt;
  record.stored[static_cast<size_t>(field)] = whole;
  if (field == Field::kPan) record.stored[static_cast<size_t>(Field::kLast4)] = true;
  return record;
}

void Model::Say(ModelSubject& subject, LedgerKind kind, Purpose purpose) {
  subject.spoke = true;
  ModelSubject::Said& said = subject.said[purpose];
  switch (kind) {
    case LedgerKind::kGiven:
      said = {.yes = true};
      return;
    case LedgerKind::kWithdrawn:
      said.withdrawn = true;
      break;
    case LedgerKind::kObjected:
      said.objected = true;
      break;
    case LedgerKind::kDeclined:
      said.declined = true;
      break;
    case LedgerKind::kRestricted:
      subject.restricted = true;
      return;
    default:
      subject.restricted = false;
      return;
  }
  said.yes = false;
}

std::string ValueOf(const ModelRecord& record, Field field) {
  const std::string& value =
      record.values[static_cast<size_t>(field == Field::kLast4 ? Field::kPan : field)];
  return field == Field::kLast4 ? value.substr(value.size() - 4) : value;
}

}  // namespace bailee::fuzz
