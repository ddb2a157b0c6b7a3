// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/vault.h"

namespace bailee {

// Keeps an export in memory, as texts.
class KeptExport final : public SubjectExportVisitor {
 public:
  struct Kept {
    RecordId id;
    std::string category;
    Status damage;
    std::string notice;
    std::string source;
    std::string controller;
    bool proven = false;
    std::map<std::string, std::string> values;
    std::map<std::string, Reason> gaps;
    std::map<std::string, ExportedUse> uses;
    std::vector<ExportedRecipient> recipients;
  };

  Status Subject(const ExportedSubject& subject) override {
    ++subjects;
    handle = subject.handle;
    browser = subject.browser;
    ref = subject.ref.Reveal([](std::string_view text) { return std::string(text); });
    restricted = subject.restricted;
    ledger = subject.ledger;
    ledger_damage = subject.ledger_damage;
    disclosures = subject.disclosures;
    disclosures_damage = subject.disclosures_damage;
    return Status();
  }
  Status Record(const ExportedRecord& record) override {
    Kept kept{.id = record.id,
              .category = record.category,
              .damage = record.damage,
              .notice = record.notice,
              .source = record.source,
              .controller = record.controller,
              .proven = record.proven,
              .values = {},
              .gaps = {},
              .uses = {},
              .recipients = record.recipients};
    for (const auto& each : record.values) {
      kept.values[each.name] =
          each.value->Reveal([](std::string_view text) { return std::string(text); });
    }
    for (const ExportedGap& gap : record.gaps) kept.gaps[gap.field] = gap.reason;
    for (const ExportedUse& use : record.uses) kept.uses[use.purpose] = use;
    records.push_back(std::move(kept));
    return stop_after != 0 && records.size() >= stop_after
               ? Status(Code::kPartial, "test.stopped", "stopped")
               : Status();
  }

  // The only record of a category. REQUIRES: there is one.
  const Kept& Of(std::string_view category) const {
    const Kept* only = nullptr;
    for (const Kept& each : records) {
      if (each.category == category) only = &each;
    }
    return *only;
  }
  bool empty() const { return subjects == 0 && records.empty(); }

  int subjects = 0;
  Handle handle;
  bool browser = false;
  std::string ref;
  bool restricted = false;
  std::vector<LedgerEntry> ledger;
  Status ledger_damage;
  std::vector<DisclosureInfo> disclosures;
  Status disclosures_damage;
  std::vector<Kept> records;
  size_t stop_after = 0;
};

}  // namespace bailee
