// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "bailee/subject_export.h"
#include "secret_json.h"

namespace bailee::tool {

// Writes an export as one JSON document, piece by piece: each record on a line of its own.
// `write` gets the pieces; what it returns other than success ends the export.
class SubjectJson final : public SubjectExportVisitor {
 public:
  using Write = std::function<Status(std::string_view)>;
  explicit SubjectJson(Write write) : write_(std::move(write)) {}

  Status Subject(const ExportedSubject& subject) override;
  Status Record(const ExportedRecord& record) override;

  // After the last record: begins the list of looks.
  Status BeginLooks();
  Status AddLook(const Look& look);

  // Ends the document.
  Status Finish(const SubjectExportSummary& summary);

  // Whether the ledger or the accounting was left out.
  bool incomplete() const { return incomplete_; }
  uint64_t looks() const { return looks_; }

 private:
  Status Next(std::string_view line);

  Write write_;
  bool first_ = true;
  bool in_looks_ = false;
  bool incomplete_ = false;
  uint64_t looks_ = 0;
};

}  // namespace bailee::tool
