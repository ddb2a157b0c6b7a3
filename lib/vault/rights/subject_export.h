// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bailee/subject_export.h"
#include "vault/frame/session_impl.h"
#include "vault/rights/exported_record.h"

namespace bailee::vault {

// Vault::Export.
Result<SubjectExportSummary> ExportSubject(const std::shared_ptr<VaultImpl>& vault, const Who& who,
                                           const SubjectExportOptions& options,
                                           SubjectExportVisitor& visitor);

// One export that is under way. It reads as a session for `rights` does, but everything.
class SubjectExport {
 public:
  // REQUIRES: `rights` is the key of that purpose and held by the vault's keyring.
  SubjectExport(const std::shared_ptr<VaultImpl>& vault, const keys::HeldPurpose& rights,
                std::string on_behalf_of);

  Result<SubjectExportSummary> Run(const Who& who, SubjectExportVisitor& visitor);

 private:
  using SharedSubject = std::shared_ptr<const OpenedSubject>;
  struct Chunk {
    std::vector<ExportedRecord> records;
    std::vector<EventRecord> about;
    Bytes next;  // the key to go on with; empty after the last
  };

  Result<ExportedSubject> Begin(const Who& who);
  // Why this person is not exported, with its event; or success.
  Status Refused(Frame& frame, const SharedSubject& subject);
  Result<bool> HoldsAnything(Frame& frame, const OpenedSubject& subject);
  Result<ExportedSubject> Describe(Frame& frame, const OpenedSubject& subject);
  Status AddDisclosures(ExportedSubject& subject);

  Result<Chunk> NextChunk(const Handle& handle, const Bytes& from);
  Status TakeRow(Frame& frame, const OpenedSubject& subject, const RecordKey& key, ByteView bytes,
                 Chunk& chunk);
  // Nothing: it is not of this controller. Errors: kDamage, that of this record; others.
  Result<std::optional<ExportedRecord>> ExportRow(Frame& frame, const OpenedSubject& subject,
                                                  const RecordKey& key, const FoundRow& found);
  Ask AskFor(const ExportedRecord& record, std::span<const std::string_view> fields) const;
  // The fields that rights may read. Notes the others as gaps.
  std::vector<std::string_view> Readable(const Frame& frame, const OpenedSubject& subject,
                                         const policy::Datum& datum,
                                         const policy::CategoryInfo& category,
                                         ExportedRecord& record) const;
  // Fills in the values there are. Errors: kDamage; kFull; those of the store.
  Status OpenFields(Frame& frame, const OpenedSubject& subject, const FoundRow& found,
                    std::span<const std::string_view> fields, ExportedRecord& record);

  const std::shared_ptr<VaultImpl> vault_;
  const std::string on_behalf_of_;
  SessionImpl session_;
  const Ask ask_;  // of the events
};

}  // namespace bailee::vault
