// SPDX-License-Identifier: Apache-2.0
// Rows that the vault keeps for itself: ledgers, the accounting, key work, reports, meta.
#include <algorithm>
#include <iterator>

#include "base/codec.h"
#include "crypto/suite1.h"
#include "fuzz/keys.h"
#include "fuzz/target.h"
#include "keys/keyring_keys.h"
#include "support/memory_engine.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/frame/meta.h"
#include "vault/frame/rotation_row.h"
#include "vault/frame/standing.h"
#include "vault/ledger/keywork.h"
#include "vault/ledger/ledger_entry.h"
#include "vault/report/report_cells.h"

namespace bailee::fuzz {
namespace {

// --- Ledgers: an entry, the key of one, a standing, and what folding an entry into one gives

void CheckStanding(const vault::LedgerState& state) {
  const auto encoded = vault::EncodeStanding(state);
  if (!encoded.ok()) return CheckFailure(encoded.status(), {Code::kFull});
  const auto again = vault::DecodeStanding(*encoded);
  FUZZ_CHECK(again.ok() && Must(vault::EncodeStanding(*again)) == *encoded);
}

void RunStanding(ByteView input) {
  auto state = vault::DecodeStanding(input);
  if (!state.ok()) return CheckFailure(state.status(), {Code::kDamage});
  if (input.size() <= size_t{64} << 10)
    FUZZ_CHECK(Same(Must(vault::EncodeStanding(*state)), input));
  if (state->entries == ~uint64_t{0}) return;
  for (uint8_t kind = 1; kind <= kLedgerKindCount; ++kind) {
    vault::LedgerState folded = *state;
    LedgerEntry entry{.kind = static_cast<LedgerKind>(kind)};
    entry.sequence = folded.entries + 1;
    entry.notice = "n";
    if (!folded.standing.choices.empty()) entry.purpose = folded.standing.choices[0].purpose;
    vault::Fold(entry, folded);
    FUZZ_CHECK(folded.entries == state->entries + 1);
    CheckStanding(folded);
  }
}

std::vector<Bytes> StandingSeeds() {
  vault::LedgerState state;
  for (uint8_t kind = 1; kind <= kLedgerKindCount; ++kind) {
    LedgerEntry entry{.kind = static_cast<LedgerKind>(kind)};
    entry.sequence = kind;
    entry.purpose = "billing";
    entry.category = "payment_card";
    entry.notice = "checkout-7";
    entry.name = "account_closed";
    entry.reference = "C-7";
    entry.policy_version = 3;
    vault::Fold(entry, state);
  }
  state.standing.holds.push_back({"", "C-8"});
  return {Must(vault::EncodeStanding(state)), {}};
}

const Registered registered_standing({"standing", RunStanding, StandingSeeds});

void RunLedgerEntry(ByteView input) {
  if (const auto key = vault::ParseEntryKey(input)) {
    FUZZ_CHECK(Same(vault::EntryKeyOf(key->handle, key->sequence), input));
  }
  const auto entry = vault::DecodeLedgerEntry(7, input);
  if (!entry.ok()) return CheckFailure(entry.status(), {Code::kDamage});
  FUZZ_CHECK(Same(vault::EncodeLedgerEntry(*entry), input));
  FUZZ_CHECK(ParseLedgerKind(LedgerKindWord(entry->kind)) == entry->kind);
}

std::vector<Bytes> LedgerEntrySeeds() {
  LedgerEntry entry{.kind = LedgerKind::kRectified};
  entry.purpose = "billing";
  entry.fields = {"pan", "expiry"};
  return {vault::EncodeLedgerEntry(entry), vault::EntryKeyOf(kHandle, 7)};
}

const Registered registered_ledger_entry({"ledger_entry", RunLedgerEntry, LedgerEntrySeeds});

// --- The accounting: what is sealed in a row of it

Bytes DisclosureRow(ByteView plain) {
  const auto binding = crypto::Encode(crypto::Binding{
      .label = crypto::Label::kDisclosure, .vault = kVault, .handle = kHandle, .context = 7});
  Bytes row = {1};
  crypto::SealAppend(FixedKey<crypto::HistoryKey>(1), binding, plain, Random(), row);
  return row;
}

void RunDisclosureRow(ByteView input) {
  const auto history = FixedKey<crypto::HistoryKey>(1);
  CheckFailure(vault::OpenDisclosure(kVault, kHandle, 7, history, input).status(), {Code::kDamage});
  (void)vault::IsKeptDisclosure(input);
  const auto version = vault::KeptDisclosureVersion(input);
  FUZZ_CHECK(version.ok() ? vault::IsKeptDisclosure(input) : input.size() < 3 || input[0] != 2);
  if (input.size() > 16'384) return;
  const Bytes row = DisclosureRow(PaddedCopy(input));
  const auto info = vault::OpenDisclosure(kVault, kHandle, 7, history, row);
  if (!info.ok()) return CheckFailure(info.status(), {Code::kDamage});
  const Bytes again = Must(vault::SealDisclosure(kVault, *info, {}, history, Random()));
  const auto reread = vault::OpenDisclosure(kVault, kHandle, 7, history, again);
  FUZZ_CHECK(reread.ok() && reread->fields == info->fields && reread->records == info->records &&
             reread->recipient == info->recipient && reread->until == info->until &&
             again.size() == row.size());
  // The row of somebody who is erased says the same, to `rights` alone.
  keys::KeyringKeys rights;
  rights.purposes.push_back(
      {"rights", 3, crypto::NameIdOf("rights"), FixedKey<crypto::PurposeKey>(2)});
  const Bytes kept =
      Must(vault::KeepDisclosure(kVault, kHandle, 7, history, row, rights.purposes[0], Random()));
  FUZZ_CHECK(Must(vault::OpenKeptDisclosure(kVault, kHandle, 7, rights, kept)).fields ==
             info->fields);
  CheckFailure(vault::OpenDisclosure(kVault, kHandle, 7, history, kept).status(), {Code::kDamage});
}

std::vector<Bytes> DisclosureRowSeeds() {
  Bytes plain = {1};
  Writer writer(plain);
  writer.Put(int64_t{1'000}).Put(int64_t{2'000}).Put(uint32_t{3}).Put(kRecord.view());
  for (const char* text : {"acquirer", "LAW", "billing", "", "payment_card", "C-7", "1.r2"}) {
    writer.PutPrefixed<uint8_t>(AsBytes(text));
  }
  writer.Put(uint8_t{1}).PutPrefixed<uint8_t>(AsBytes("pan")).Put(uint16_t{1}).Put(kRecord.view());
  return {plain, {2, 0, 3, 1}};
}

const Registered registered_disclosure_row({"disclosure_row", RunDisclosureRow,
                                            DisclosureRowSeeds});

// --- Cells of reports: what is sealed in both kinds of row

const vault::BucketPlace kBucket{kVault, kCategory, policy::ReportBucket::kDay, {0}};

Bytes SealedCells(const crypto::Key& key, crypto::Label label, uint16_t version, ByteView plain) {
  const auto binding = crypto::Encode(
      crypto::Binding{.label = label,
                      .vault = kVault,
                      .category = kCategory,
                      .compartment = static_cast<uint16_t>(policy::ReportBucket::kDay),
                      .generation = version});
  Bytes row = {1};
  if (version != 0) Writer(row).Put(version);
  crypto::SealAppend(key, binding, plain, Random(), row);
  return row;
}

keys::KeyringKeys TallyKeyring() {
  keys::KeyringKeys keyring;
  keyring.purposes.push_back(
      {"tally", 2, crypto::NameIdOf("tally"), FixedKey<crypto::PurposeKey>(3)});
  return keyring;
}

void RunReportCells(ByteView input) {
  const keys::KeyringKeys keyring = TallyKeyring();
  const keys::HeldPurpose& tally = keyring.purposes[0];
  const auto feed_key = FixedKey<crypto::FeedKey>(4);
  const auto foreign = vault::OpenResult(kBucket, input, keyring);
  CheckFailure(foreign.status(), {Code::kDamage, Code::kKey});
  CheckFailure(vault::OpenFeed(kBucket, input, feed_key).status(), {Code::kDamage});
  if (input.size() > 16'384) return;
  const Bytes padded = PaddedCopy(input);
  const Bytes sealed = SealedCells(tally.key, crypto::Label::kReportCell, 2, padded);
  const auto result = vault::OpenResult(kBucket, sealed, keyring);
  if (result.ok()) {
    const Bytes again = Must(vault::SealResult(kBucket, *result, tally, Random()));
    FUZZ_CHECK(again.size() == sealed.size());
    const auto reread = Must(vault::OpenResult(kBucket, again, keyring));
    FUZZ_CHECK(reread.by == result->by && reread.cells.size() == result->cells.size());
    const Bytes key = vault::ResultRowKey(kBucket);
    (void)Must(vault::ResealResult(kVault, key, again, keyring, tally, Random()));
  } else {
    CheckFailure(result.status(), {Code::kDamage});
  }
  const Bytes fed = SealedCells(feed_key, crypto::Label::kReportFeed, 0, padded);
  const auto feed = vault::OpenFeed(kBucket, fed, feed_key);
  if (!feed.ok()) return CheckFailure(feed.status(), {Code::kDamage});
  FUZZ_CHECK(Must(vault::SealFeed(kBucket, *feed, feed_key, Random())).size() == fed.size());
  for (const auto& [values, tally_of] : feed->cells) {
    FUZZ_CHECK(vault::ValuesOf(values).size() == feed->by.size());
  }
}

std::vector<Bytes> ReportCellsSeeds() {
  Bytes result;
  Writer(result).Put(uint32_t{3}).Put(int64_t{5}).Put(uint32_t{20}).Put(uint8_t{1});
  Bytes cells;
  Writer writer(cells);
  writer.Put(uint8_t{1}).PutPrefixed<uint8_t>(AsBytes("region")).Put(uint32_t{2});
  Bytes feed = cells;
  for (const char* value : {"AT", "DE"}) {
    Writer(cells).PutPrefixed<uint8_t>(AsBytes(value)).Put(uint64_t{25});
    Writer(feed).PutPrefixed<uint8_t>(AsBytes(value)).Put(uint64_t{1}).Put(uint64_t{2});
    Writer(feed).Put(uint64_t{0});
  }
  result.insert(result.end(), cells.begin(), cells.end());
  return {result, feed};
}

const Registered registered_report_cells({"report_cells", RunReportCells, ReportCellsSeeds});

// --- Rows of meta and key work, in a store that holds nothing else

void RunMetaRows(ByteView input) {
  Choices choices(input);
  const auto engine = testing::MakeMemoryEngine();
  constexpr std::string_view kRows[] = {"vault", "restoring", "secrets", "clock", "rotatestorage"};
  Bytes values[std::size(kRows)];
  for (Bytes& value : values) value = ToBytes(choices.Short());
  Must(engine->Write([&](store::WriteTransaction& transaction) {
    for (size_t i = 0; i < std::size(kRows); ++i) {
      if (values[i].empty()) continue;
      const Status put = transaction.Put(store::Table::kMeta, AsBytes(kRows[i]), values[i]);
      if (!put.ok()) return put;
    }
    return Status();
  }));
  const auto snapshot = Must(engine->Read());
  const auto check = [](const Status& status) {
    if (!status.ok()) {
      CheckFailure(status, {Code::kDamage, Code::kNoVault, Code::kTooNew, Code::kKey});
    }
  };
  const auto vault_row = vault::ReadVaultRow(*snapshot);
  check(vault_row.status());
  if (vault_row.ok()) FUZZ_CHECK(vault::EncodeVaultRow(*vault_row) == values[0]);
  const auto storage = FixedKey<crypto::StorageKey>(1);
  check(vault::ReadStorageSecrets(*snapshot, kVault, 1, storage).status());
  const auto versions = vault::OpenStorageVersions(*snapshot);
  check(versions.status());
  if (versions.ok()) FUZZ_CHECK(versions->size() == 1 || (*versions)[0] < (*versions)[1]);
  const auto time = vault::ReadLatestTime(*snapshot);
  check(time.status());
  if (time.ok()) FUZZ_CHECK(time->unix_ms >= 0);
  const auto rotation = vault::ReadRotation(*snapshot, "storage");
  check(rotation.status());
  const bool under_way = rotation.ok() && rotation->has_value();
  FUZZ_CHECK(vault::ParseRotation(values[4]).ok() == under_way);
  if (under_way) {
    const RotationState state = vault::StateOf("storage", **rotation);
    FUZZ_CHECK(state.share >= 0 && state.share <= 1);
  }
}

std::vector<Bytes> MetaRowsSeeds() {
  Bytes secrets;
  for (const uint16_t version : {uint16_t{1}, uint16_t{2}}) {
    Writer(secrets).Put(version).Put(ByteView(Bytes(64 + crypto::kEnvelopeOverhead, 0x44)));
  }
  secrets.resize(2 + 64 + crypto::kEnvelopeOverhead);
  Bytes rotation = {1, 1, 0, 1, 0, 2, 1};
  Writer(rotation).Put(int64_t{5}).Put(uint64_t{9}).PutPrefixed<uint32_t>(AsBytes("\1abcdefg"));
  Bytes clock;
  Writer(clock).Put(int64_t{1'370'044'800'000});
  Bytes seed;
  Writer(seed).PutPrefixed<uint8_t>(vault::EncodeVaultRow({.id = kVault}));
  Writer(seed).Put(uint8_t{0}).PutPrefixed<uint8_t>(secrets).PutPrefixed<uint8_t>(clock);
  Writer(seed).PutPrefixed<uint8_t>(rotation);
  return {seed};
}

const Registered registered_meta_rows({"meta_rows", RunMetaRows, MetaRowsSeeds});

void RunKeywork(ByteView input) {
  Choices choices(input);
  Bytes key = ToBytes(choices.Short());
  const ByteView value = choices.Rest();
  const auto row = vault::ParseKeywork(key, value);
  if (!row.ok()) return CheckFailure(row.status(), {Code::kDamage});
  FUZZ_CHECK(!row->owed.empty() && value.size() == 2 + row->owed.size() * 6);
  FUZZ_CHECK(key.size() == 40 && value[1] == row->owed.size());
}

std::vector<Bytes> KeyworkSeeds() {
  Bytes key;
  Writer(key).Put(kHandle.view()).Put(kCategory.view()).Put(kRecord.view());
  Bytes seed;
  Writer(seed).PutPrefixed<uint8_t>(key).Put(uint8_t{1}).Put(uint8_t{2});
  for (const uint16_t compartment : {uint16_t{0}, uint16_t{3}}) {
    Writer(seed).Put(compartment).Put(uint32_t{4});
  }
  return {seed};
}

const Registered registered_keywork({"keywork", RunKeywork, KeyworkSeeds});

}  // namespace
}  // namespace bailee::fuzz
