// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/check.h"
#include "support/error_is.h"
#include "support/temp_vault.h"

namespace bailee {

// Runs check and keeps what it says. REQUIRES: nobody in this process has the vault open.
struct Checked {
  Result<CheckReport> report = Status(Code::kFailed, "test.not-run", "not run");
  std::vector<CheckFinding> findings;

  size_t Count(std::string_view kind) const {
    return static_cast<size_t>(std::count_if(findings.begin(), findings.end(),
                                             [&](const auto& each) { return each.kind == kind; }));
  }
  const CheckFinding* First(std::string_view kind) const {
    for (const CheckFinding& each : findings) {
      if (each.kind == kind) return &each;
    }
    return nullptr;
  }
  Status status() const { return report.ok() ? report->ToStatus() : report.status(); }
  const CheckedTable& Table(std::string_view name) const {
    for (const CheckedTable& each : report->tables) {
      if (each.name == name) return each;
    }
    std::abort();
  }
};

inline void PrintTo(const Checked& checked, std::ostream* out) {
  *out << checked.status().name() << ": " << checked.status().message();
  for (const CheckFinding& each : checked.findings) {
    *out << "\n  " << each.kind << " " << each.table << " "
         << (each.handle ? each.handle->ToHex() : "") << " " << each.category << " " << each.at
         << ": " << each.means;
  }
}

inline Checked RunCheck(const std::string& directory, Keyring keyring, CheckOptions options) {
  Checked checked;
  options.map_bytes = uint64_t{1} << 30;
  options.visit = [&](const CheckFinding& each) { checked.findings.push_back(each); };
  checked.report = Check(directory, std::move(keyring), options);
  return checked;
}

// What is in all of the keyrings that open a vault under the LiveLOOK policy.
inline const std::vector<std::string> kEveryPurpose = {
    "service",  "billing",       "support",     "improve.service", "improve.combined",
    "audit",    "network",       "develop",     "contact.news",    "contact.policy",
    "security", "legal.process", "legal.terms", "legal.harm",      "share.partner",
    "rights",   "upkeep",        "tally"};

// That a vault which nobody in this process has open is not damaged, every value in it read and
// every row held to the events of its trail.
// Whatever ended without closing is a note.
inline void ExpectNoDamage(TempVault& vault) {
  const Keyring auditor = vault.Origin("auditor");
  const Checked checked = RunCheck(vault.path(), vault.Granted("checker", kEveryPurpose),
                                   {.clock = &vault.clock(), .slices = 1, .auditor = &auditor});
  ASSERT_THAT(testing::StatusOf(checked.report), testing::IsOk());
  EXPECT_EQ(checked.report->damages, 0u) << ::testing::PrintToString(checked);
  EXPECT_TRUE(checked.report->next.empty());
  EXPECT_GT(checked.report->events_passes, 0u);
}

}  // namespace bailee
