// SPDX-License-Identifier: Apache-2.0
#include "vault/collect/disregard.h"

#include "base/codec.h"
#include "base/try.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr uint8_t kCounterType = 3;
constexpr size_t kCounterKeyBytes = 10;

Status DamagedCounter() {
  return Status(Code::kDamage, "report.counter", "a counter of what was disregarded is damaged",
                "restore the vault from a backup; nothing else depends on it");
}

std::string NameOf(const policy::Policy& policy, Disregard why, const crypto::NameId& id) {
  if (why == Disregard::kNoAcceptedTag) {
    for (const policy::CategoryInfo& category : policy.categories()) {
      if (crypto::NameIdOf(category.id) == id) return category.id;
    }
  } else {
    for (const policy::SourceInfo& source : policy.sources()) {
      if (crypto::NameIdOf(source.id) == id) return source.id;
    }
  }
  return id.ToHex();
}

}  // namespace

Status CountDisregarded(const Frame& frame, Disregard why, std::string_view name, uint64_t count) {
  Bytes key;
  Writer(key).Put(kCounterType).Put(static_cast<uint8_t>(why)).Put(crypto::NameIdOf(name).view());
  BAILEE_TRY(const std::optional<ByteView> row, frame.transaction->Get(Table::kReports, key));
  uint64_t before = 0;
  if (row) {
    if (row->size() != sizeof before) return DamagedCounter();
    before = LoadBigEndian<uint64_t>(row->data());
  }
  Bytes value;
  Writer(value).Put(before + count);
  return frame.transaction->Put(Table::kReports, key, value);
}

Result<std::vector<Disregarded>> ReadDisregarded(VaultImpl& vault) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  std::vector<Disregarded> counters;
  bool damaged = false;
  const Bytes prefix = {kCounterType};
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kReports, prefix, {}, [&](ByteView key, ByteView value) {
        damaged =
            key.size() != kCounterKeyBytes || (key[1] != 1 && key[1] != 2) || value.size() != 8;
        if (damaged) return false;
        const auto why = static_cast<Disregard>(key[1]);
        const crypto::NameId id{Reader(key.subspan(2)).GetArray<8>()};
        counters.push_back(
            {why == Disregard::kNoAcceptedTag ? "no-accepted-tag" : "source-independent",
             NameOf(frame.in_force(), why, id), LoadBigEndian<uint64_t>(value.data())});
        return true;
      }));
  if (damaged) return DamagedCounter();
  return counters;
}

}  // namespace bailee::vault
