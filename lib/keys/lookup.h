// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/box.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/random.h"
#include "keys/back_rows.h"
#include "keys/shards.h"
#include "store/engine.h"

// Lookup rows: FORMAT.md §11. From a ref, a browser's tag or a field's value to a handle.
namespace bailee::keys {

// Which list of refs: subjects and browsers are in key domains of their own.
enum class RefDomain : uint8_t { kSubject = 0x01, kTag = 0x02 };

LookupTag TagOfRef(const crypto::RefKey& key, std::string_view ref);
LookupTag TagOfBrowser(const crypto::TagKey& key, std::string_view tag);
LookupTag TagOfValue(const crypto::IndexKey& key, ByteView index_form);

// What lookup rows of one vault are read and written with. Borrows everything.
struct LookupContext {
  const VaultId& vault;
  Shards& shards;
};

// The handle under a ref's tag, or nothing. Errors: kDamage "lookup.damaged"; kFull; those of the
// store.
Result<std::optional<Handle>> FindRef(const LookupContext& context, store::Snapshot& snapshot,
                                      RefDomain domain, const LookupTag& tag);

// REQUIRES: no row under this tag yet. Errors: those of the store.
Status PutRef(const LookupContext& context, store::WriteTransaction& transaction, RefDomain domain,
              const LookupTag& tag, const Handle& handle, crypto::Random& random);

struct FieldHit {
  Handle handle;
  RecordId record;
  bool operator==(const FieldHit&) const = default;
};

// Calls `visit` for every row under a value's tag until it returns false. Errors: as FindRef.
Status FindField(const LookupContext& context, store::Snapshot& snapshot, const IndexName& index,
                 const LookupTag& tag, const std::function<bool(const FieldHit&)>& visit);

// Whether the value's tag already leads to this record of `owner`. Looks at the rows under the tag
// or at those that lead to the owner, whichever are fewer: many may have a value in common, and one
// may have many records. Errors: as FindField.
Result<bool> IsListed(const LookupContext& context, store::Snapshot& snapshot,
                      const IndexName& index, const LookupTag& tag, const RowOwner& owner,
                      const RecordId& record);

// Lists a record of `owner`. What a back row has to say of it is added to `back`: it must be put in
// the same transaction. Errors: those of the store; kDamage; kFull.
Status PutField(const LookupContext& context, store::WriteTransaction& transaction,
                const IndexName& index, const LookupTag& tag, const RowOwner& owner,
                const RecordId& record, crypto::Random& random, BackEntries& back);

// Seals a row of a ref or field again under the current key of its shard, if it is not yet.
// Errors: kDamage; kFull; those of the store.
Status MoveRow(const LookupContext& context, store::WriteTransaction& transaction, ByteView key,
               crypto::Random& random);

// Takes away every row under a ref's tag. Errors: those of the store.
Status DeleteRef(store::WriteTransaction& transaction, RefDomain domain, const LookupTag& tag);

// Whether a key of the table is of a row that leads to a record, pending and back rows too.
bool LeadsToRecord(ByteView key);

// The tag in the key of a row of a field; nothing of another row.
std::optional<LookupTag> TagOfField(ByteView key);

// A row that leads from a value to a record, as a holder of the storage key sees it.
struct OpenedRow {
  IndexName index;
  FieldHit hit;
};
// Errors: kDamage "lookup.damaged" also for a row of another kind; kFull; those of the store.
Result<OpenedRow> OpenFieldRow(const LookupContext& context, store::Snapshot& snapshot,
                               ByteView key, ByteView value);

// The row of a ref or a browser's tag, as a holder of the storage key sees it.
struct RefRow {
  RefDomain domain = RefDomain::kSubject;
  LookupTag tag{};
  Handle handle;
};
// Errors: as OpenFieldRow.
Result<RefRow> OpenRefRow(const LookupContext& context, store::Snapshot& snapshot, ByteView key,
                          ByteView value);

// The prefixes behind which the tags of rows begin that are sealed under shard keys: of refs, of
// browsers, and of each index that has rows. Errors: those of the store.
Result<std::vector<Bytes>> TaggedPrefixes(store::Snapshot& snapshot);

// The first bytes of the keys of pending entries of each index that has some. Errors: those of the
// store.
Result<std::vector<Bytes>> PendingPrefixes(store::Snapshot& snapshot);

// The first bytes of the keys of all rows of one index.
Bytes FieldPrefix(const IndexName& index);

}  // namespace bailee::keys
