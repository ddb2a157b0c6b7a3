// SPDX-License-Identifier: Apache-2.0
#include "vault/fold_lookups.h"

#include <vector>

#include "base/try.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kEntriesPerTransaction = 1'000;

struct Entry {
  Bytes key;
  Bytes value;
};

// One index whose entries this process can fold.
struct Foldable {
  const keys::HeldIndex& index;
  const keys::HeldPurpose& purpose;
};

std::vector<Foldable> FoldableIndexes(const keys::KeyringKeys& keyring) {
  std::vector<Foldable> foldable;
  for (const keys::HeldIndex& index : keyring.indexes) {
    const std::string_view purpose = std::string_view(index.name).substr(index.name.rfind('/') + 1);
    if (const keys::HeldPurpose* held = keyring.FindPurpose(purpose))
      foldable.push_back({index, *held});
  }
  return foldable;
}

Result<std::vector<Entry>> SomeEntries(store::Snapshot& snapshot, const keys::IndexName& index,
                                       size_t count_max) {
  std::vector<Entry> entries;
  BAILEE_RETURN_IF_ERROR(snapshot.Scan(
      Table::kLookup, keys::PendingPrefix(index), {}, [&](ByteView key, ByteView value) {
        if (entries.size() == count_max) return false;
        entries.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
        return true;
      }));
  return entries;
}

Status FoldEntry(VaultImpl& vault, store::WriteTransaction& transaction, const Foldable& foldable,
                 const Entry& entry) {
  BAILEE_TRY(const keys::PendingKey key, keys::ParsePendingKey(entry.key));
  BAILEE_TRY(const std::optional<ByteView> row,
             transaction.Get(Table::kSubjects, keys::SubjectRowKeyOf(key.handle)));
  if (row) {
    BAILEE_TRY(const crypto::ShardKey* shard,
               vault.shards().Get(transaction, keys::ShardOf(key.handle.bytes)));
    BAILEE_TRY(const keys::Subject subject,
               keys::OpenSubject(vault.id(), key.handle, *row, *shard));
    const keys::PendingPlace place{.vault = vault.id(),
                                   .handle = key.handle,
                                   .index = key.index,
                                   .subject_generation = subject.head.generation,
                                   .purpose = foldable.purpose.id,
                                   .purpose_version = foldable.purpose.version};
    BAILEE_TRY(const keys::Pending pending,
               keys::OpenPending(place, key.nonce, subject.key, foldable.purpose.key, entry.value));
    const keys::LookupTag tag = pending.index_form.RevealBytes(
        [&](ByteView form) { return keys::TagOfValue(foldable.index.key, form); });
    const keys::FieldHit hit{key.handle, pending.record};
    BAILEE_TRY(const bool listed, keys::IsListed(vault.lookup(), transaction, key.index, tag, hit));
    if (!listed) {
      BAILEE_RETURN_IF_ERROR(
          keys::PutField(vault.lookup(), transaction, key.index, tag, hit, vault.random()));
    }
  }
  return transaction.Delete(Table::kLookup, entry.key);
}

// Folds some entries of one index; how many there were.
Result<size_t> FoldSome(VaultImpl& vault, const Foldable& foldable) {
  const keys::IndexName index{foldable.index.id, foldable.index.version};
  size_t folded = 0;
  BAILEE_RETURN_IF_ERROR(vault.engine().Write([&](store::WriteTransaction& transaction) -> Status {
    folded = 0;
    BAILEE_TRY(const Frame frame, vault.BeginWrite(transaction));
    BAILEE_TRY(const std::vector<Entry> entries,
               SomeEntries(transaction, index, kEntriesPerTransaction));
    for (const Entry& entry : entries)
      BAILEE_RETURN_IF_ERROR(FoldEntry(vault, transaction, foldable, entry));
    folded = entries.size();
    if (folded == 0) return Status();
    const std::string_view purpose = foldable.purpose.name;
    BAILEE_TRY([[maybe_unused]] const uint64_t number,
               vault.RecordWrite(transaction, frame,
                                 {.kind = EventKind::kFoldLookups, .purpose = purpose}));
    return Status();
  }));
  return folded;
}

}  // namespace

Result<bool> HasPending(Frame& frame, const keys::IndexName& index) {
  BAILEE_TRY(const std::vector<Entry> some, SomeEntries(*frame.snapshot, index, 1));
  return !some.empty();
}

Result<size_t> FoldLookups(VaultImpl& vault) {
  size_t total = 0;
  for (const Foldable& foldable : FoldableIndexes(vault.keyring())) {
    {
      BAILEE_TRY(Frame frame, vault.Begin());
      BAILEE_TRY(const bool pending,
                 HasPending(frame, {foldable.index.id, foldable.index.version}));
      if (!pending) continue;
    }
    while (true) {
      BAILEE_TRY(const size_t folded, FoldSome(vault, foldable));
      total += folded;
      if (folded < kEntriesPerTransaction) break;
    }
  }
  return total;
}

}  // namespace bailee::vault
