// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "bench/gdpr/store.h"

namespace bailee::bench::gdpr {

// What every store should answer: records in memory, in the clear, looked over one by one.
class ModelStore final : public Store {
 public:
  std::string Name() const override { return "the model"; }
  void Load(std::span<const Row> rows) override;
  void Create(const Row& row) override;
  Answer Read(const Selection& selection, Part part) override;
  uint64_t UpdateAll(const Row& row) override;
  uint64_t UpdateData(uint64_t number, const std::string& value) override;
  uint64_t UpdateMetadata(const Selection& selection, Field field,
                          const std::string& value) override;
  uint64_t Delete(const Selection& selection) override;
  bool IsDeleted(uint64_t number) override { return rows_.count(number) == 0; }
  // It keeps no log.
  uint64_t ReadLog(uint64_t) override { return 0; }
  uint64_t LogSize() override { return 0; }
  void Finish() override {}
  // Of the data alone.
  uint64_t Bytes() override;

 private:
  template <typename Visit>
  void Each(const Selection& selection, const Visit& visit);

  std::map<uint64_t, Fields> rows_;
};

}  // namespace bailee::bench::gdpr
