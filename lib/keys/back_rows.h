// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/random.h"
#include "store/engine.h"

// Back rows: FORMAT.md §11.4. From a subject to the lookup rows that lead to them, so that whoever
// erases the subject finds those without the keys of any index.
namespace bailee::keys {

using LookupTag = std::array<uint8_t, 16>;
using RowNonce = std::array<uint8_t, 8>;  // the random end of a row's key

// The first byte of the key of a row that leads from a value of a field to a record.
inline constexpr uint8_t kFieldKind = 0x03;

// One index: a field for one lookup purpose, and a version of its key.
struct IndexName {
  crypto::NameId id;
  uint16_t version = 0;
};

// The subject whose record a row leads to.
struct RowOwner {
  const Handle& handle;
  const crypto::HistoryKey& history;
};

// The key of a row that leads from a value of a field to a record.
inline constexpr size_t kFieldKeyBytes = 1 + 8 + 2 + 16 + 8;
using FieldKey = std::array<uint8_t, kFieldKeyBytes>;

// One row that leads to the subject, and the record that it leads to.
struct BackEntry {
  FieldKey field_key{};
  RecordId record;

  LookupTag tag() const;
  bool operator==(const BackEntry&) const = default;
};
using BackEntries = std::vector<BackEntry>;
inline constexpr size_t kBackEntriesMax = 32;  // of a row

// Puts as few rows as have room for `entries`. Errors: those of the store.
Status PutBackRows(const VaultId& vault, store::WriteTransaction& transaction,
                   const RowOwner& owner, std::span<const BackEntry> entries,
                   crypto::Random& random);

// Has the row with this key have these entries; deletes it if there are none. Errors: those of the
// store.
Status ReplaceBackRow(const VaultId& vault, store::WriteTransaction& transaction,
                      const RowOwner& owner, ByteView key, std::span<const BackEntry> entries,
                      crypto::Random& random);

// What a row has. Errors: kDamage "lookup.damaged"; kFull.
Result<BackEntries> OpenBackRow(const VaultId& vault, const RowOwner& owner, ByteView key,
                                ByteView value);

// The first bytes of the keys of all back rows, and of those of a subject.
Bytes BackPrefix();
Bytes BackPrefix(const Handle& handle);

// The subject of the back row with this key; nothing of another row.
std::optional<Handle> OwnerOfBackRow(ByteView key);

}  // namespace bailee::keys
