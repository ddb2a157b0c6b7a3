// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/model_store.h"

#include <vector>

#include "bench/must.h"

namespace bailee::bench::gdpr {

template <typename Visit>
void ModelStore::Each(const Selection& selection, const Visit& visit) {
  const auto is_meant = [&](const Fields& fields) {
    if (!selection.purpose.empty() && fields[kPurpose] != selection.purpose) return false;
    return selection.by == By::kKey || fields[FieldOf(selection.by)] == selection.value;
  };
  if (selection.by == By::kKey) {
    const auto found = rows_.find(selection.number);
    if (found != rows_.end() && is_meant(found->second)) visit(found->first, found->second);
    return;
  }
  for (auto& [number, fields] : rows_)
    if (is_meant(fields)) visit(number, fields);
}

void ModelStore::Load(std::span<const Row> rows) {
  for (const Row& row : rows) Create(row);
}

void ModelStore::Create(const Row& row) {
  Must(rows_.emplace(row.number, row.fields).second, "a record is created twice");
}

Answer ModelStore::Read(const Selection& selection, Part part) {
  Answer answer;
  Each(selection, [&](uint64_t number, const Fields& fields) {
    answer.Add({number, fields}, part);
  });
  return answer;
}

uint64_t ModelStore::UpdateAll(const Row& row) {
  const auto found = rows_.find(row.number);
  if (found == rows_.end()) return 0;
  found->second = row.fields;
  return 1;
}

uint64_t ModelStore::UpdateData(uint64_t number, const std::string& value) {
  const auto found = rows_.find(number);
  if (found == rows_.end()) return 0;
  found->second[kData] = value;
  return 1;
}

uint64_t ModelStore::UpdateMetadata(const Selection& selection, Field field,
                                    const std::string& value) {
  uint64_t count = 0;
  Each(selection, [&](uint64_t, Fields& fields) {
    fields[field] = value;
    ++count;
  });
  return count;
}

uint64_t ModelStore::Delete(const Selection& selection) {
  std::vector<uint64_t> numbers;
  Each(selection, [&](uint64_t number, const Fields&) { numbers.push_back(number); });
  for (const uint64_t number : numbers) rows_.erase(number);
  return numbers.size();
}

uint64_t ModelStore::Bytes() {
  uint64_t bytes = 0;
  for (const auto& [number, fields] : rows_) bytes += fields[kData].size();
  return bytes;
}

}  // namespace bailee::bench::gdpr
