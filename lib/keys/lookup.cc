// SPDX-License-Identifier: Apache-2.0
#include "keys/lookup.h"

#include <algorithm>

#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/hash.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"
#include "keys/pending.h"

namespace bailee::keys {
namespace {

using store::Table;

Status DamagedLookup() {
  return Status(Code::kDamage, "lookup.damaged", "a lookup row does not open",
                "restore the vault from a backup; reading by handle still works");
}

Bytes RefPrefix(RefDomain domain, const LookupTag& tag) {
  Bytes key;
  Writer(key).Put(static_cast<uint8_t>(domain)).Put(ByteView(tag));
  return key;
}

Bytes FieldPrefix(const IndexName& index, const LookupTag& tag) {
  Bytes key;
  Writer(key).Put(kFieldKind).Put(index.id.view()).Put(index.version).Put(ByteView(tag));
  return key;
}

uint64_t ContextOf(ByteView nonce) { return LoadBigEndian<uint64_t>(nonce.data()); }

crypto::EncodedBinding HandleBinding(const VaultId& vault, const IndexName& index,
                                     const LookupTag& tag, uint64_t context) {
  return crypto::Encode(crypto::Binding{.label = crypto::Label::kLookupHandle,
                                        .vault = vault,
                                        .category = index.id,
                                        .record = {tag},
                                        .revision = index.version,
                                        .context = context});
}

// The parts of the key of a row that is sealed under a shard key.
struct TaggedKey {
  IndexName index;  // of a ref or browser: zero
  LookupTag tag{};
  RowNonce nonce{};
};

Result<TaggedKey> ParseTaggedKey(ByteView key) {
  Reader reader(key);
  TaggedKey parsed;
  const auto kind = reader.Get<uint8_t>();
  if (kind == kFieldKind) parsed.index = {{reader.GetArray<8>()}, reader.Get<uint16_t>()};
  parsed.tag = reader.GetArray<16>();
  parsed.nonce = reader.GetArray<8>();
  if (!reader.complete() || kind < 1 || kind > kFieldKind) return DamagedLookup();
  return parsed;
}

Result<Bytes> SealedValue(const LookupContext& context, store::Snapshot& snapshot,
                          const TaggedKey& key, ByteView plain, crypto::Random& random) {
  BAILEE_TRY(const NamedShardKey shard, context.shards.Current(snapshot, ShardOf(key.tag)));
  Bytes value;
  Writer(value).Put(shard.id);
  crypto::SealAppend(*shard.key,
                     HandleBinding(context.vault, key.index, key.tag, ContextOf(key.nonce)), plain,
                     random, value);
  return value;
}

// Opens the value of a row into `plain`, which has its exact size.
Status OpenValue(const LookupContext& context, store::Snapshot& snapshot, const TaggedKey& key,
                 ByteView value, std::span<uint8_t> plain) {
  if (value.size() != sizeof(uint64_t) + plain.size() + crypto::kEnvelopeOverhead)
    return DamagedLookup();
  const auto id = LoadBigEndian<uint64_t>(value.data());
  BAILEE_TRY(const crypto::ShardKey* shard, context.shards.Get(snapshot, ShardOf(key.tag), id));
  const Status opened = crypto::OpenInto(
      *shard, HandleBinding(context.vault, key.index, key.tag, ContextOf(key.nonce)),
      value.subspan(sizeof(uint64_t)), plain);
  return opened.ok() ? opened : crypto::DamageUnlessFull(opened, DamagedLookup());
}

// Calls `use` with the opened value of every row under `prefix` until it returns false.
Status VisitSealed(const LookupContext& context, store::Snapshot& snapshot, const Bytes& prefix,
                   size_t plain_bytes, const std::function<bool(ByteView)>& use) {
  Status problem;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(Table::kLookup, prefix, {}, [&](ByteView key, ByteView value) {
        std::array<uint8_t, 32> plain{};
        const std::span<uint8_t> opened = std::span(plain).first(plain_bytes);
        const Result<TaggedKey> parsed = ParseTaggedKey(key);
        problem =
            parsed.ok() ? OpenValue(context, snapshot, *parsed, value, opened) : parsed.status();
        if (!problem.ok()) return false;
        return use(ByteView(plain).first(plain_bytes));
      }));
  return problem;
}

Result<size_t> CountRows(store::Snapshot& snapshot, const Bytes& prefix, size_t count_max) {
  size_t count = 0;
  BAILEE_RETURN_IF_ERROR(snapshot.Scan(Table::kLookup, prefix, {},
                                       [&](ByteView, ByteView) { return ++count < count_max; }));
  return count;
}

// Whether `one` has fewer rows than `other`, or not many more; takes as long as counting the fewer.
Result<bool> HasFewerRows(store::Snapshot& snapshot, const Bytes& one, const Bytes& other) {
  for (size_t count_max = 16;; count_max *= 4) {
    BAILEE_TRY(const size_t of_one, CountRows(snapshot, one, count_max));
    if (of_one < count_max) return true;
    BAILEE_TRY(const size_t of_other, CountRows(snapshot, other, count_max));
    if (of_other < count_max) return false;
  }
}

// Whether a back row of the owner, and the row that it names, lead from `prefix` to the record.
Result<bool> IsListedBackwards(const LookupContext& context, store::Snapshot& snapshot,
                               const Bytes& prefix, const RowOwner& owner, const RecordId& record) {
  Status problem;
  std::vector<FieldKey> named;
  BAILEE_RETURN_IF_ERROR(snapshot.Scan(
      Table::kLookup, BackPrefix(owner.handle), {}, [&](ByteView key, ByteView value) {
        const Result<BackEntries> row = OpenBackRow(context.vault, owner, key, value);
        problem = row.status();
        if (!problem.ok()) return false;
        for (const BackEntry& entry : *row) {
          if (entry.record == record &&
              std::equal(prefix.begin(), prefix.end(), entry.field_key.begin()))
            named.push_back(entry.field_key);
        }
        return true;
      }));
  BAILEE_RETURN_IF_ERROR(problem);
  for (const FieldKey& key : named) {
    BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(Table::kLookup, key));
    if (row) return true;
  }
  return false;
}

// The least key behind all that begin with `prefix`. REQUIRES: a byte of it is not 0xFF.
Bytes Behind(Bytes prefix) {
  while (prefix.back() == 0xFF) prefix.pop_back();
  ++prefix.back();
  return prefix;
}

// The beginnings of the keys of all rows of a kind, one for each index: kind, index, version.
Result<std::vector<Bytes>> IndexPrefixes(store::Snapshot& snapshot, uint8_t kind) {
  constexpr size_t kPrefixBytes = 1 + 8 + 2;
  std::vector<Bytes> prefixes;
  const Bytes kind_prefix = {kind};
  Bytes from;
  for (;;) {
    Bytes found;
    BAILEE_RETURN_IF_ERROR(
        snapshot.Scan(Table::kLookup, kind_prefix, from, [&](ByteView key, ByteView) {
          if (key.size() > kPrefixBytes) found.assign(key.begin(), key.begin() + kPrefixBytes);
          return found.empty();
        }));
    if (found.empty()) return prefixes;
    from = Behind(found);
    prefixes.push_back(std::move(found));
  }
}

}  // namespace

LookupTag TagOfRef(const crypto::RefKey& key, std::string_view ref) {
  return crypto::KeyedHash<16>(key, crypto::person::kRef, {AsBytes(ref)});
}

LookupTag TagOfBrowser(const crypto::TagKey& key, std::string_view tag) {
  return crypto::KeyedHash<16>(key, crypto::person::kTag, {AsBytes(tag)});
}

LookupTag TagOfValue(const crypto::IndexKey& key, ByteView index_form) {
  return crypto::KeyedHash<16>(key, crypto::person::kIndex, {index_form});
}

Result<std::optional<Handle>> FindRef(const LookupContext& context, store::Snapshot& snapshot,
                                      RefDomain domain, const LookupTag& tag) {
  std::optional<Handle> found;
  BAILEE_RETURN_IF_ERROR(
      VisitSealed(context, snapshot, RefPrefix(domain, tag), 16, [&](ByteView plain) {
        found.emplace();
        std::copy(plain.begin(), plain.end(), found->bytes.begin());
        return false;
      }));
  return found;
}

Status PutRef(const LookupContext& context, store::WriteTransaction& transaction, RefDomain domain,
              const LookupTag& tag, const Handle& handle, crypto::Random& random) {
  Bytes key = RefPrefix(domain, tag);
  const RowNonce nonce = crypto::RandomArray<sizeof(RowNonce)>(random);
  Writer(key).Put(ByteView(nonce));
  BAILEE_TRY(const Bytes value,
             SealedValue(context, transaction, {{}, tag, nonce}, handle.view(), random));
  return transaction.Insert(Table::kLookup, key, value);
}

Status FindField(const LookupContext& context, store::Snapshot& snapshot, const IndexName& index,
                 const LookupTag& tag, const std::function<bool(const FieldHit&)>& visit) {
  return VisitSealed(context, snapshot, FieldPrefix(index, tag), 32, [&](ByteView plain) {
    Reader reader(plain);
    return visit({{reader.GetArray<16>()}, {reader.GetArray<16>()}});
  });
}

Result<bool> IsListed(const LookupContext& context, store::Snapshot& snapshot,
                      const IndexName& index, const LookupTag& tag, const RowOwner& owner,
                      const RecordId& record) {
  const Bytes prefix = FieldPrefix(index, tag);
  BAILEE_TRY(const bool forwards, HasFewerRows(snapshot, prefix, BackPrefix(owner.handle)));
  if (!forwards) return IsListedBackwards(context, snapshot, prefix, owner, record);
  bool listed = false;
  const FieldHit hit{owner.handle, record};
  BAILEE_RETURN_IF_ERROR(FindField(context, snapshot, index, tag, [&](const FieldHit& each) {
    listed = each == hit;
    return !listed;
  }));
  return listed;
}

Status PutField(const LookupContext& context, store::WriteTransaction& transaction,
                const IndexName& index, const LookupTag& tag, const RowOwner& owner,
                const RecordId& record, crypto::Random& random, BackEntries& back) {
  Bytes plain;
  Writer(plain).Put(owner.handle.view()).Put(record.view());
  Bytes key = FieldPrefix(index, tag);
  const RowNonce nonce = crypto::RandomArray<sizeof(RowNonce)>(random);
  Writer(key).Put(ByteView(nonce));
  BAILEE_TRY(const Bytes value,
             SealedValue(context, transaction, {index, tag, nonce}, plain, random));
  BAILEE_RETURN_IF_ERROR(transaction.Insert(Table::kLookup, key, value));
  back.push_back({.record = record});
  std::ranges::copy(key, back.back().field_key.begin());
  return Status();
}

Status DeleteRef(store::WriteTransaction& transaction, RefDomain domain, const LookupTag& tag) {
  std::vector<Bytes> found;
  BAILEE_RETURN_IF_ERROR(
      transaction.Scan(Table::kLookup, RefPrefix(domain, tag), {}, [&](ByteView key, ByteView) {
        found.emplace_back(key.begin(), key.end());
        return true;
      }));
  for (const Bytes& key : found) BAILEE_RETURN_IF_ERROR(transaction.Delete(Table::kLookup, key));
  return Status();
}

bool LeadsToRecord(ByteView key) {
  return !key.empty() &&
         (key[0] == kFieldKind || key[0] == kPendingKind || OwnerOfBackRow(key).has_value());
}

std::optional<LookupTag> TagOfField(ByteView key) {
  if (key.empty() || key[0] != kFieldKind) return std::nullopt;
  const Result<TaggedKey> parsed = ParseTaggedKey(key);
  return parsed.ok() ? std::optional<LookupTag>(parsed->tag) : std::nullopt;
}

Result<OpenedRow> OpenFieldRow(const LookupContext& context, store::Snapshot& snapshot,
                               ByteView key, ByteView value) {
  if (key.empty() || key[0] != kFieldKind) return DamagedLookup();
  BAILEE_TRY(const TaggedKey parsed, ParseTaggedKey(key));
  std::array<uint8_t, 32> plain{};
  BAILEE_RETURN_IF_ERROR(OpenValue(context, snapshot, parsed, value, plain));
  Reader hit{ByteView(plain)};
  return OpenedRow{parsed.index, {{hit.GetArray<16>()}, {hit.GetArray<16>()}}};
}

Result<RefRow> OpenRefRow(const LookupContext& context, store::Snapshot& snapshot, ByteView key,
                          ByteView value) {
  if (key.empty() || key[0] == kFieldKind) return DamagedLookup();
  BAILEE_TRY(const TaggedKey parsed, ParseTaggedKey(key));
  RefRow row{RefDomain{key[0]}, parsed.tag, {}};
  BAILEE_RETURN_IF_ERROR(OpenValue(context, snapshot, parsed, value, row.handle.bytes));
  return row;
}

Status MoveRow(const LookupContext& context, store::WriteTransaction& transaction, ByteView key,
               crypto::Random& random) {
  BAILEE_TRY(const TaggedKey parsed, ParseTaggedKey(key));
  BAILEE_TRY(const std::optional<ByteView> value, transaction.Get(Table::kLookup, key));
  constexpr size_t kLeast = sizeof(uint64_t) + crypto::kEnvelopeOverhead;
  if (!value || value->size() < kLeast) return DamagedLookup();
  BAILEE_TRY(const NamedShardKey current, context.shards.Current(transaction, ShardOf(parsed.tag)));
  if (LoadBigEndian<uint64_t>(value->data()) == current.id) return Status();
  Bytes plain(value->size() - kLeast);
  BAILEE_RETURN_IF_ERROR(OpenValue(context, transaction, parsed, *value, plain));
  BAILEE_TRY(const Bytes moved, SealedValue(context, transaction, parsed, plain, random));
  return transaction.Put(Table::kLookup, key, moved);
}

Result<std::vector<Bytes>> TaggedPrefixes(store::Snapshot& snapshot) {
  BAILEE_TRY(std::vector<Bytes> prefixes, IndexPrefixes(snapshot, kFieldKind));
  for (const RefDomain domain : {RefDomain::kSubject, RefDomain::kTag})
    prefixes.push_back({static_cast<uint8_t>(domain)});
  return prefixes;
}

Result<std::vector<Bytes>> PendingPrefixes(store::Snapshot& snapshot) {
  return IndexPrefixes(snapshot, kPendingKind);
}

Bytes FieldPrefix(const IndexName& index) {
  Bytes prefix = {kFieldKind};
  Writer(prefix).Put(index.id.view()).Put(index.version);
  return prefix;
}

}  // namespace bailee::keys
