// SPDX-License-Identifier: Apache-2.0
#include "vault/collect/fold_lookups.h"

#include <vector>

#include "base/try.h"
#include "keys/pending.h"

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
  const keys::HeldPurpose& purpose;  // the newest version held
};

std::vector<Foldable> FoldableIndexes(const keys::KeyringKeys& keyring) {
  std::vector<Foldable> foldable;
  for (const keys::HeldIndex& index : keyring.indexes) {
    const std::string_view name = index.name;
    const std::string_view purpose = name.substr(name.rfind('/') + 1);
    if (const keys::HeldPurpose* held = keyring.FindPurpose(purpose))
      foldable.push_back({index, *held});
  }
  return foldable;
}

// Entries of an index, from the key `from` on (empty: from the first).
Result<std::vector<Entry>> SomeEntries(store::Snapshot& snapshot, const keys::IndexName& index,
                                       ByteView from, size_t count_max) {
  std::vector<Entry> entries;
  BAILEE_RETURN_IF_ERROR(snapshot.Scan(
      Table::kLookup, keys::PendingPrefix(index), from, [&](ByteView key, ByteView value) {
        if (entries.size() == count_max) return false;
        entries.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
        return true;
      }));
  return entries;
}

Result<keys::Pending> OpenEntry(const VaultImpl& vault, const keys::Subject& subject,
                                const Foldable& foldable, const keys::PendingKey& key,
                                ByteView value) {
  BAILEE_TRY(const uint16_t version, keys::PendingPurposeVersion(value));
  const keys::HeldPurpose* held = vault.keyring().FindPurpose(foldable.purpose.id, version);
  if (held == nullptr) {
    return Status(Code::kDamage, "lookup.key-version",
                  "an entry waits that was left for another version of the purpose's key",
                  "open the vault with a keyring that has both versions: bailee key status");
  }
  const keys::PendingPlace place{.vault = vault.id(),
                                 .handle = key.handle,
                                 .index = key.index,
                                 .purpose = held->id,
                                 .purpose_version = version};
  return keys::OpenPending(place, key.nonce, subject.key, held->key, value);
}

Status FoldEntry(VaultImpl& vault, const Frame& frame, const Foldable& foldable,
                 const Entry& entry) {
  store::WriteTransaction& transaction = *frame.transaction;
  BAILEE_TRY(const keys::PendingKey key, keys::ParsePendingKey(entry.key));
  BAILEE_TRY(const std::optional<ByteView> row,
             transaction.Get(Table::kSubjects, keys::SubjectRowKeyOf(key.handle)));
  if (row) {
    BAILEE_TRY(const keys::Subject subject,
               keys::OpenSubject(vault.id(), key.handle, *row, *frame.shards(), transaction));
    BAILEE_TRY(const keys::Pending pending, OpenEntry(vault, subject, foldable, key, entry.value));
    const keys::LookupTag tag = pending.index_form.RevealBytes(
        [&](ByteView form) { return keys::TagOfValue(foldable.index.key, form); });
    const keys::LookupContext context = vault.LookupOf(frame);
    const keys::RowOwner owner{key.handle, subject.history};
    BAILEE_TRY(const bool listed,
               keys::IsListed(context, transaction, key.index, tag, owner, pending.record));
    if (!listed) {
      keys::BackEntries back;
      BAILEE_RETURN_IF_ERROR(keys::PutField(context, transaction, key.index, tag, owner,
                                            pending.record, vault.random(), back));
      BAILEE_RETURN_IF_ERROR(
          keys::PutBackRows(vault.id(), transaction, owner, back, vault.random()));
    }
  }
  return transaction.Delete(Table::kLookup, entry.key);
}

// Where folding one index has come to.
struct Progress {
  size_t folded = 0;
  Bytes from;     // the next key to look at
  Status damage;  // the first entry that did not open; it stays where it is
  bool done = false;
};

// Folds some entries of one index. One damaged entry must not keep the others from being found.
Status FoldSome(VaultImpl& vault, Frame& frame, const Foldable& foldable, Progress& progress) {
  store::WriteTransaction& transaction = *frame.transaction;
  BAILEE_TRY(const std::vector<Entry> entries,
             SomeEntries(transaction, {foldable.index.id, foldable.index.version}, progress.from,
                         kEntriesPerTransaction));
  size_t folded = 0;
  for (const Entry& entry : entries) {
    Status status = FoldEntry(vault, frame, foldable, entry);
    if (!status.ok() && status.code() != Code::kDamage) return status;
    if (!status.ok() && progress.damage.ok()) progress.damage = status;
    if (status.ok()) ++folded;
  }
  progress.done = entries.size() < kEntriesPerTransaction;
  progress.folded += folded;
  if (!entries.empty()) {
    progress.from = entries.back().key;
    progress.from.push_back(0);
  }
  if (folded == 0) return Status();
  const std::string_view purpose = foldable.purpose.name;
  BAILEE_TRY([[maybe_unused]] const DecisionId decision,
             vault.RecordWrite(frame, {.kind = EventKind::kFoldLookups, .purpose = purpose}));
  return Status();
}

}  // namespace

Result<bool> HasPending(Frame& frame, const keys::IndexName& index) {
  BAILEE_TRY(const std::vector<Entry> some, SomeEntries(*frame.snapshot, index, {}, 1));
  return !some.empty();
}

Result<size_t> FoldLookups(VaultImpl& vault) {
  size_t total = 0;
  Status damage;
  for (const Foldable& foldable : FoldableIndexes(vault.keyring())) {
    {
      BAILEE_TRY(Frame frame, vault.Begin());
      BAILEE_TRY(const bool pending,
                 HasPending(frame, {foldable.index.id, foldable.index.version}));
      if (!pending) continue;
    }
    Progress progress;
    while (!progress.done) {
      Progress next;
      BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) {
        next = progress;  // again from its start, if the job is run again
        return FoldSome(vault, frame, foldable, next);
      }));
      progress = std::move(next);
    }
    total += progress.folded;
    if (damage.ok()) damage = progress.damage;
  }
  if (!damage.ok()) return damage;
  return total;
}

}  // namespace bailee::vault
