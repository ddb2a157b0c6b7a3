// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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
// people are what can be deleted. Deleting is erasing, and is shredded at the end (Finish).
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
  std::vector<Handle> FindAll(const Selection& selection);
  const std::vector<std::string_view>& FieldsOf(Part part) const;
  void AddTo(Answer& answer, const Record& record, Part part) const;
  // One field of each; how many there were.
  uint64_t Rectify(std::span<const Who> whos, Field field, const std::string& value);
  void AddTo(Collection& collection, const Row& row) const;

  const Profile& profile_;
  const Role role_;
  std::map<std::string, uint64_t, std::less<>> purposes_;  // of the profile, to their index
  std::vector<size_t> metadata_;                           // fields that records have
  std::array<std::vector<std::string_view>, 3> fields_;    // what is read, by Part
  TempVault files_;
  Auditor auditor_;
  std::optional<Vault> vault_;
  std::map<std::string, Session, std::less<>> sessions_;
};

}  // namespace bailee::bench::gdpr
