// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bailee/vault.h"
#include "bench/gdpr/store.h"
#include "bench/gdpr/vault_trail.h"
#include "support/temp_vault.h"

namespace bailee::bench::gdpr {

// Ours. Each record is what the vault holds of one person, whose ref is the record's key, since
// people are what can be deleted; metadata and data are a category each, so that who administers
// has no key to the data. Deleting is erasing, and is shredded at the end (Finish).
class VaultStore final : public Store {
 public:
  explicit VaultStore(const StoreOptions& options);

  std::string Name() const override { return "Bailee"; }
  void Load(std::span<const Row> rows) override;
  void Create(const Row& row) override { Load({&row, 1}); }
  Answer Read(const Selection& selection, Part part) override;
  uint64_t UpdateAll(const Row& row) override;
  uint64_t UpdateData(uint64_t number, const std::string& value) override;
  uint64_t UpdateMetadata(const Selection& selection, Field field,
                          const std::string& value) override;
  uint64_t Delete(const Selection& selection) override;
  bool IsDeleted(uint64_t number) override;
  uint64_t ReadLog(uint64_t count) override;
  uint64_t LogSize() override;
  void Finish() override;
  uint64_t Bytes() override;
  void AdvanceSeconds(uint64_t seconds) override;

 private:
  void Open();
  void Close();
  Session& SessionFor(std::string_view purpose);
  // Who names the records of a selection.
  Session& FinderFor(const Selection& selection);
  std::vector<Handle> FindAll(Session& session, const Selection& selection);
  // Returns whether it was there.
  bool ReadOne(Session& session, const Who& who, Part part, Answer& answer);
  bool ReadPart(Session& session, const Who& who, std::string_view category, Answer& answer);
  bool Rectify(uint64_t number, std::string_view category, Field field, const std::string& value);
  void AddTo(Collection& collection, const Row& row) const;
  void Rewrite(Session& session, std::span<const Handle> handles, Field field,
               const std::string& value);
  uint64_t Erase(std::span<const Handle> handles);

  const Profile& profile_;
  const Role role_;
  std::map<std::string, uint64_t, std::less<>> purposes_;  // of the profile, to their index
  std::vector<size_t> metadata_;                           // fields that records have
  std::vector<std::string_view> about_fields_;             // what is read of metadata
  TempVault files_;
  Auditor auditor_;
  std::optional<Vault> vault_;
  std::map<std::string, Session, std::less<>> sessions_;
};

}  // namespace bailee::bench::gdpr
