// SPDX-License-Identifier: Apache-2.0
#include "vault/ledger/ledger_entry.h"

#include <array>

#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"

namespace bailee {
namespace {

constexpr std::array<std::string_view, kLedgerKindCount + 1> kWords = {
    "",           "given",        "withdrawn", "objected",  "declined",
    "signal",     "notice-shown", "event",     "hold",      "release",
    "restricted", "unrestricted", "agreed",    "rectified", "erasure-asked"};

}  // namespace

std::string_view LedgerKindWord(LedgerKind kind) { return kWords[static_cast<size_t>(kind)]; }

std::optional<LedgerKind> ParseLedgerKind(std::string_view word) {
  for (uint8_t i = 1; i <= kLedgerKindCount; ++i) {
    if (kWords[i] == word) return static_cast<LedgerKind>(i);
  }
  return std::nullopt;
}

namespace vault {
namespace {

using store::Table;

constexpr uint8_t kEntryRowVersion = 1;
constexpr size_t kEntryKeyBytes = 1 + 16 + 8;

Status DamagedLedger() {
  return Status(Code::kDamage, "ledger.damaged", "a ledger is damaged",
                "restore the vault from a backup; other people's ledgers are still readable");
}

crypto::EncodedBinding EntryBinding(const VaultId& vault, const Handle& handle, uint64_t sequence) {
  return crypto::Encode(crypto::Binding{
      .label = crypto::Label::kLedgerEntry, .vault = vault, .handle = handle, .context = sequence});
}

std::string Text(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Bytes EntriesPrefix(const Handle& handle) {
  Bytes key;
  Writer(key).Put(kEntryPrefix).Put(handle.view());
  return key;
}

Bytes EncodeLedgerEntry(const LedgerEntry& entry) {
  Bytes bytes;
  Writer writer(bytes);
  writer.Put(static_cast<uint8_t>(entry.kind))
      .Put(entry.recorded_at.unix_ms)
      .Put(entry.at.unix_ms)
      .Put(entry.policy_version);
  for (const std::string* text : {&entry.purpose, &entry.category, &entry.notice, &entry.name,
                                  &entry.reference, &entry.method}) {
    writer.PutPrefixed<uint8_t>(AsBytes(*text));
  }
  writer.Put(entry.record.view()).Put(static_cast<uint8_t>(entry.fields.size()));
  for (const std::string& field : entry.fields) writer.PutPrefixed<uint8_t>(AsBytes(field));
  return bytes;
}

Result<LedgerEntry> DecodeLedgerEntry(uint64_t sequence, ByteView bytes) {
  Reader reader(bytes);
  LedgerEntry entry;
  entry.sequence = sequence;
  const auto kind = reader.Get<uint8_t>();
  entry.recorded_at = {reader.Get<int64_t>()};
  entry.at = {reader.Get<int64_t>()};
  entry.policy_version = reader.Get<uint32_t>();
  for (std::string* text : {&entry.purpose, &entry.category, &entry.notice, &entry.name,
                            &entry.reference, &entry.method}) {
    *text = Text(reader.GetPrefixed<uint8_t>());
  }
  entry.record = {reader.GetArray<16>()};
  const auto count = reader.Get<uint8_t>();
  for (uint8_t i = 0; i < count; ++i) entry.fields.push_back(Text(reader.GetPrefixed<uint8_t>()));
  if (!reader.complete() || kind < 1 || kind > kLedgerKindCount) return DamagedLedger();
  entry.kind = static_cast<LedgerKind>(kind);
  return entry;
}

std::optional<EntryKey> ParseEntryKey(ByteView key) {
  Reader reader(key);
  const auto prefix = reader.Get<uint8_t>();
  const EntryKey parsed{{reader.GetArray<16>()}, reader.Get<uint64_t>()};
  if (!reader.complete() || prefix != kEntryPrefix) return std::nullopt;
  return parsed;
}

Bytes EntryKeyOf(const Handle& handle, uint64_t sequence) {
  Bytes key = EntriesPrefix(handle);
  Writer(key).Put(sequence);
  return key;
}

Result<LedgerEntry> OpenLedgerEntry(const VaultId& vault, const EntryKey& key,
                                    const crypto::HistoryKey& history, ByteView row) {
  if (row.empty() || row[0] != kEntryRowVersion) return DamagedLedger();
  const Result<Secret> padded =
      crypto::Open(history, EntryBinding(vault, key.handle, key.sequence), row.subspan(1));
  if (!padded.ok()) return crypto::DamageUnlessFull(padded.status(), DamagedLedger());
  return padded->RevealBytes([&](ByteView bytes) -> Result<LedgerEntry> {
    BAILEE_TRY(const size_t size, crypto::UnpaddedSize(bytes));
    return DecodeLedgerEntry(key.sequence, bytes.first(size));
  });
}

Status PutLedgerEntry(store::WriteTransaction& transaction, const VaultId& vault,
                      const Handle& handle, const crypto::HistoryKey& history,
                      const LedgerEntry& entry, crypto::Random& random) {
  Bytes plain = EncodeLedgerEntry(entry);
  const size_t size = plain.size();
  plain.resize(crypto::PaddedSize(size));
  crypto::Pad(plain, size);
  Bytes row = {kEntryRowVersion};
  crypto::SealAppend(history, EntryBinding(vault, handle, entry.sequence), plain, random, row);
  return transaction.Insert(Table::kLedger, EntryKeyOf(handle, entry.sequence), row);
}

Result<std::vector<LedgerEntry>> ReadLedger(store::Snapshot& snapshot, const VaultId& vault,
                                            const Handle& handle, const crypto::HistoryKey& history,
                                            uint64_t count) {
  std::vector<LedgerEntry> entries;
  Status problem;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(Table::kLedger, EntriesPrefix(handle), {}, [&](ByteView key, ByteView row) {
        const uint64_t next = entries.size() + 1;
        const bool is_next =
            key.size() == kEntryKeyBytes && Reader(key.last(8)).Get<uint64_t>() == next;
        Result<LedgerEntry> entry = is_next ? OpenLedgerEntry(vault, {handle, next}, history, row)
                                            : Result<LedgerEntry>(DamagedLedger());
        problem = entry.status();
        if (problem.ok()) entries.push_back(*std::move(entry));
        return problem.ok();
      }));
  if (!problem.ok()) return problem;
  if (entries.size() != count) return DamagedLedger();
  return entries;
}

}  // namespace vault
}  // namespace bailee
