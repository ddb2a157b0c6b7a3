// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "stories.h"
#include "support/event_recorder.h"
#include "support/kept_export.h"

namespace bailee {

inline const Who kAda = Who::Ref(kUser);

class ExportTest : public ::testing::Test {
 protected:
  // An account with a password, a card, and a message that is held for a partner.
  void Fill() {
    Vault vault = temp.Open({});
    ASSERT_THAT(
        testing::StatusOf(
            vault.Collect({.who = kAda, .notice = "signup-1", .source = "web", .on_behalf_of = {}})
                .Put("account", {{"name", MakeSecret("Ada Lovelace")},
                                 {"email", MakeSecret("ada@analytical.example")},
                                 {"password", MakeSecret("correct horse battery")}})
                .Commit()),
        testing::IsOk());
    ASSERT_THAT(testing::StatusOf(StoreCard(vault, IdOf(1))), testing::IsOk());
    ASSERT_THAT(testing::StatusOf(
                    vault
                        .Collect({.who = kAda,
                                  .notice = "inquiry-1",
                                  .source = "mail",
                                  .on_behalf_of = "technology-partner"})
                        .Put("communication", {{"body", MakeSecret("it stays dark")}}, IdOf(2))
                        .Commit()),
                testing::IsOk());
  }
  void Say(const LedgerEvent& event) {
    Vault vault = temp.Open({});
    ASSERT_THAT(testing::StatusOf(vault.Record(kAda, event)), testing::IsOk());
  }
  Result<SubjectExportSummary> Run(KeptExport& kept, const SubjectExportOptions& options = {},
                                   const Who& who = kAda) {
    Vault vault = temp.Open({"rights"}, {.events = events});
    events->Take();
    return vault.Export(who, options, kept);
  }
  std::vector<EventRecorder::Seen> Exports() {
    std::vector<EventRecorder::Seen> found;
    for (auto& each : events->Take()) {
      if (each.kind == audit::EventKind::kExportSubject) found.push_back(std::move(each));
    }
    return found;
  }

  TempVault temp{PolicyText("livelook_2013")};
  std::shared_ptr<EventRecorder> events = std::make_shared<EventRecorder>();
};

}  // namespace bailee
