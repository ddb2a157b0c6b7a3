// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/try.h"
#include "keys/issue.h"
#include "record/terms.h"
#include "vault/check/check_rows.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/frame/due.h"
#include "vault/frame/rotation_row.h"
#include "vault/ledger/keywork.h"
#include "vault/ledger/ledger_entry.h"
#include "vault/report/report_cells.h"

// Rows of everything but people, their records and what they are found by.
namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kTermsKeyBytes = 16;
constexpr uint8_t kSuppressedPrefix = 0x02;
constexpr size_t kSuppressedKeyBytes = 17;
constexpr size_t kCellsKeyBytes = 18;
constexpr size_t kCounterRowKeyBytes = 10;
constexpr uint8_t kCounterRow = 3;

// Rows of meta without which nothing opens, so that they have been read and verified.
constexpr std::array<std::string_view, 4> kReadAtOpen = {kMetaVault, kMetaManifest, kMetaSecrets,
                                                         kMetaClock};
// Those that belong to the trail, whose verification reads them: by the first bytes of their
// key, with or without the id of an instance behind.
constexpr std::array<std::string_view, 3> kOfTheTrail = {"tree", "trail", "pruned"};

std::string ShardText(uint16_t shard) { return "shard " + std::to_string(shard); }
std::string GroupText(uint16_t group) {
  const int first = group * keys::kShardsPerGroup;
  return "shards " + std::to_string(first) + " to " +
         std::to_string(first + keys::kShardsPerGroup - 1);
}

Bytes ShardIdOf(uint16_t shard) {
  Bytes id;
  Writer(id).Put(shard);
  return id;
}

// The number behind a name, if it is below `end`.
std::optional<uint8_t> NumberIn(ByteView key, std::string_view name, size_t end) {
  Reader reader(key);
  const bool named = AsText(reader.GetBytes(name.size())) == name;
  const auto number = reader.Get<uint8_t>();
  if (!named || !reader.complete() || number >= end) return std::nullopt;
  return number;
}

bool OneOf(std::string_view key, std::string_view name, size_t more) {
  return key.starts_with(name) && (key.size() == name.size() || key.size() == name.size() + more);
}

// Whether a row is what an authority says of the one that follows it.
bool IsSuccession(const VaultId& vault, ByteView key, ByteView value) {
  Reader reader(key.subspan(kMetaAuthority.size()));
  const crypto::VerifyKey authority{reader.GetArray<32>()};
  return reader.complete() && keys::ParseSuccessor(value, vault, authority).ok();
}

}  // namespace

Status RowChecker::Look(Frame& frame, Table table, ByteView key, ByteView value, RowFindings& out) {
  switch (table) {
    case Table::kMeta:
      return LookAtMeta(frame, key, value, out);
    case Table::kPolicies:
      return LookAtPolicy(frame, key, value, out);
    case Table::kTerms:
      return LookAtTerms(frame, key, value, out);
    case Table::kSubjects:
      return key.size() == keys::kSubjectRowKeyBytes && key.back() == 0
                 ? LookAtSubject(frame, key, value, out)
                 : LookAtWraps(frame, key, value, out);
    case Table::kRecords:
      return LookAtRecord(frame, key, value, out);
    case Table::kLookup:
      return LookAtLookup(frame, key, value, out);
    case Table::kDue:
      return LookAtDue(frame, key, value, out);
    case Table::kLedger:
      return LookAtLedger(frame, key, value, out);
    case Table::kDisclosures:
      return LookAtDisclosure(frame, key, value, out);
    case Table::kReports:
      return LookAtReport(frame, key, value, out);
    case Table::kKeywork:
      return LookAtKeywork(frame, key, value, out);
    case Table::kAuditLeaf:
    case Table::kAuditNode:
      return Status();  // the trail is verified as a whole
  }
  return Status();
}

Status RowChecker::LookAtMeta(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  const std::string_view name = AsText(key);
  if (const auto group = NumberIn(key, "shards", keys::kGroupCount))
    return LookAtGroup(frame, *group, out);
  // Their keys are tried with what lies under them.
  if (NumberIn(key, "groups", keys::kGroupRowCount)) return Status();
  if (name == "epoch") return LookForShards(frame, out);
  if (name.starts_with(kMetaAuthority)) {
    if (!IsSuccession(vault_.id(), key, value)) out.Add(Flaw::kMetaUnknown, "an authority");
    return Status();
  }
  if (name == kMetaManifest) return LookForRetired(frame, out);
  if (name.starts_with(kMetaRotate))
    return LookAtRotation(frame, name.substr(kMetaRotate.size()), value, out);
  if (name.starts_with(kMetaRetired))
    return LookAtRetired(frame, key.subspan(kMetaRetired.size()), value, out);
  const bool known =
      std::find(kReadAtOpen.begin(), kReadAtOpen.end(), name) != kReadAtOpen.end() ||
      std::any_of(kOfTheTrail.begin(), kOfTheTrail.end(),
                  [&](std::string_view each) { return OneOf(name, each, sizeof(InstanceId)); });
  if (!known) out.Add(Flaw::kMetaUnknown);
  return Status();
}

Status RowChecker::LookAtGroup(Frame& frame, uint16_t group, RowFindings& out) {
  const auto counts = frame.shards()->CountKeys(*frame.snapshot, group);
  if (counts.status().code() == Code::kDamage) {
    out.Add(Flaw::kShardDamaged, GroupText(group));
    return Status();
  }
  if (!counts.ok()) return counts.status();
  for (uint16_t i = 0; i < keys::kShardsPerGroup; ++i) {
    if ((*counts)[i] == 1) continue;
    const auto shard = static_cast<uint16_t>(group * keys::kShardsPerGroup + i);
    BAILEE_TRY(const std::optional<ByteView> due,
               frame.snapshot->Get(Table::kDue, DueKeyOf(Due::kShardRows, ShardIdOf(shard))));
    if (!due) out.Add(Flaw::kShardTwoKeys, ShardText(shard));
  }
  return Status();
}

// Those that are there are looked at where they are.
Status RowChecker::LookForShards(Frame& frame, RowFindings& out) {
  for (uint16_t group = 0; group < keys::kGroupCount; ++group) {
    BAILEE_TRY(const std::optional<ByteView> row,
               frame.snapshot->Get(Table::kMeta, keys::ShardsRowKeyOf(group)));
    if (!row) out.Add(Flaw::kShardDamaged, GroupText(group));
  }
  return Status();
}

Status RowChecker::LookAtPolicy(const Frame& frame, ByteView key, ByteView value,
                                RowFindings& out) {
  Reader reader(key);
  const auto version = reader.Get<uint32_t>();
  const bool known =
      reader.complete() && frame.rules()->policies.contains(version) &&
      keys::VerifyPolicy(value, frame.rules()->manifest, version, frame.rules()->authority).ok();
  if (!known) out.Add(Flaw::kPolicyUnknown, "version " + std::to_string(version));
  return Status();
}

Status RowChecker::LookAtTerms(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  if (key.size() != kTermsKeyBytes) {
    out.Add(Flaw::kRowUnknown);
    return Status();
  }
  const crypto::TermsId id{Reader(key).GetArray<16>()};
  const std::string at = "terms " + id.ToHex();
  // Not through the cache alone, which keeps what was read once.
  const Status parsed = record::ParseTerms(vault_.id(), id, value).status();
  if (!parsed.ok()) return Take(parsed, Flaw::kTermsDamaged, out, at);
  return Take(vault_.terms().Get(*frame.snapshot, vault_.id(), frame.rules(), id).status(),
              Flaw::kTermsDamaged, out, at);
}

Status RowChecker::LookAtDue(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  Reader reader(key);
  const auto due = static_cast<Due>(reader.Get<uint8_t>());
  const ByteView wanted = DueRow();
  bool whole = std::equal(value.begin(), value.end(), wanted.begin(), wanted.end());
  bool can_be = true;
  std::string at;
  if (due == Due::kRows) {
    const Handle handle{reader.GetArray<16>()};
    out.About(handle);
    BAILEE_TRY(const std::optional<ByteView> row,
               frame.snapshot->Get(Table::kSubjects, keys::SubjectRowKeyOf(handle)));
    can_be = !row;
  } else if (due == Due::kShard || due == Due::kShardRows) {
    const auto shard = reader.Get<uint16_t>();
    at = ShardText(shard);
    whole = whole && shard < keys::kShardCount;
    if (whole && due == Due::kShardRows) {
      const auto counts = frame.shards()->CountKeys(*frame.snapshot, shard / keys::kShardsPerGroup);
      if (!counts.ok() && counts.status().code() != Code::kDamage) return counts.status();
      can_be = !counts.ok() || (*counts)[shard % keys::kShardsPerGroup] == 2;
    }
  } else if (due == Due::kEnd) {
    const auto epoch = reader.Get<uint64_t>();
    at = "epoch " + std::to_string(epoch);
    can_be = epoch < frame.shards()->epoch();
  } else if (due != Due::kEpoch) {
    whole = false;
  }
  if (!whole || !reader.complete()) {
    out.Add(Flaw::kDueDamaged, at);
  } else if (!can_be) {
    out.Add(Flaw::kDueStray, at);
  }
  return Status();
}

Status RowChecker::LookAtLedger(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  if (key.size() == kSuppressedKeyBytes && key[0] == kSuppressedPrefix) {
    if (value.size() != 1 || value[0] != 1) out.Add(Flaw::kLedgerDamaged);
    return Status();
  }
  const std::optional<EntryKey> entry = ParseEntryKey(key);
  if (!entry) {
    out.Add(Flaw::kRowUnknown);
    return Status();
  }
  const std::string at = "entry " + std::to_string(entry->sequence);
  BAILEE_TRY(const SharedSubject subject, OwnerOf(frame, entry->handle, out));
  if (subject == nullptr) return Status();
  bool fits = entry->sequence >= 1 && entry->sequence <= subject->ledger_entries();
  if (fits && entry->sequence > 1) {
    BAILEE_TRY(const std::optional<ByteView> before,
               frame.snapshot->Get(Table::kLedger, EntryKeyOf(entry->handle, entry->sequence - 1)));
    fits = before.has_value();
  }
  if (!fits) out.Add(Flaw::kLedgerLength, at);
  return Take(OpenLedgerEntry(vault_.id(), *entry, subject->subject().history, value).status(),
              Flaw::kLedgerDamaged, out, at);
}

// A row that names another version opens for nobody, also where this keyring has not the key.
bool RowChecker::IsOpenVersion(const Frame& frame, std::string_view purpose, uint16_t version) {
  const keys::Manifest::Purpose* const stated = frame.rules()->manifest.FindPurpose(purpose);
  return stated != nullptr && stated->IsOpen(version);
}

Status RowChecker::LookAtDisclosure(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  Reader reader(key);
  const Handle handle{reader.GetArray<16>()};
  const auto sequence = reader.Get<uint64_t>();
  if (!reader.complete() || sequence == 0) {
    out.Add(Flaw::kRowUnknown);
    return Status();
  }
  out.About(handle);
  const std::string at = "row " + std::to_string(sequence);
  if (sequence > 1) {
    BAILEE_TRY(const std::optional<ByteView> before,
               frame.snapshot->Get(Table::kDisclosures, DisclosureKeyOf(handle, sequence - 1)));
    if (!before) out.Add(Flaw::kDisclosureGap, at);
  }
  if (IsKeptDisclosure(value)) {
    const Result<uint16_t> version = KeptDisclosureVersion(value);
    if (!version.ok() || !IsOpenVersion(frame, keys::kRights, *version)) {
      out.Add(Flaw::kDisclosureDamaged, at);
      return Status();
    }
    if (vault_.keyring().FindPurpose(keys::kRights) == nullptr) return Status();
    return TakeIfHeld(
        OpenKeptDisclosure(vault_.id(), handle, sequence, vault_.keyring(), value).status(),
        Flaw::kDisclosureDamaged, out, at);
  }
  const Result<SharedSubject> subject = vault_.LoadSubject(frame, handle);
  if (subject.status().code() == Code::kDamage) {
    out.Unsure();
    return Status();
  }
  if (!subject.ok()) return subject.status();
  if (*subject == nullptr) {
    out.Add(Flaw::kDisclosureDamaged, at);  // nobody has the key any more
    return Status();
  }
  return Take(
      OpenDisclosure(vault_.id(), handle, sequence, (*subject)->subject().history, value).status(),
      Flaw::kDisclosureDamaged, out, at);
}

Status RowChecker::LookAtReport(const Frame& frame, ByteView key, ByteView value,
                                RowFindings& out) {
  Reader reader(key);
  const auto type = reader.Get<uint8_t>();
  if (type == kCounterRow && key.size() == kCounterRowKeyBytes) {
    const bool fits = value.size() == sizeof(uint64_t) && (key[1] == 1 || key[1] == 2);
    if (!fits) out.Add(Flaw::kReportDamaged);
    return Status();
  }
  BucketPlace place;
  place.vault = vault_.id();
  place.report = {reader.GetArray<8>()};
  const auto unit = reader.Get<uint8_t>();
  place.unit = static_cast<policy::ReportBucket>(unit);
  place.from = {reader.Get<int64_t>()};
  if (key.size() != kCellsKeyBytes || (type != 1 && type != 2) || unit < 1 || unit > 3) {
    out.Add(Flaw::kRowUnknown);
    return Status();
  }
  if (type == 2) {
    BAILEE_TRY(const crypto::FeedKey feed, vault_.FeedKey());
    return Take(OpenFeed(place, value, feed).status(), Flaw::kReportDamaged, out);
  }
  const std::optional<uint16_t> version = ResultKeyVersion(key, value);
  if (!version || !IsOpenVersion(frame, keys::kTally, *version)) {
    out.Add(Flaw::kReportDamaged);
    return Status();
  }
  if (vault_.keyring().FindPurpose(keys::kTally) == nullptr) return Status();
  return TakeIfHeld(OpenResult(place, value, vault_.keyring()).status(), Flaw::kReportDamaged, out);
}

Status RowChecker::LookAtKeywork(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  const Result<KeyworkRow> row = ParseKeywork(key, value);
  if (!row.ok()) return Take(row.status(), Flaw::kKeyworkDamaged, out);
  out.About(row->handle);
  out.About(CategoryName(*frame.rules(), row->category));
  BAILEE_TRY(const std::optional<ByteView> subject,
             frame.snapshot->Get(Table::kSubjects, keys::SubjectRowKeyOf(row->handle)));
  if (subject) return Status();
  BAILEE_TRY(const std::optional<ByteView> going,
             frame.snapshot->Get(Table::kDue, DueKeyOf(Due::kRows, row->handle.view())));
  if (!going) out.Add(Flaw::kKeyworkStray);
  return Status();
}

Status CheckEpochFile(VaultImpl& vault, RowFindings& out) {
  // Others may step epochs meanwhile: what does not fit is looked at again.
  constexpr int kTriesMax = 8;
  for (int tries = 0;; ++tries) {
    RowFindings found("epoch");
    uint64_t epoch = 0;
    {
      BAILEE_TRY(const Frame frame, vault.Begin());
      epoch = frame.shards()->epoch();
      BAILEE_TRY(const auto mine, vault.epoch_file().Look(epoch, vault.storage()));
      const std::string at = "epoch " + std::to_string(epoch);
      using State = keys::EpochFile::Content::State;
      const bool held = mine.state == State::kOpens || mine.state == State::kClosed;
      if (!held || mine.epoch != epoch) found.Add(Flaw::kEpochDamaged, at);
      BAILEE_TRY(const auto other, vault.epoch_file().Look(epoch + 1, vault.storage()));
      const bool sealed = other.state == State::kOpens || other.state == State::kClosed;
      if (other.state == State::kDamaged || other.epoch > epoch + 1)
        found.Add(Flaw::kEpochBlock, at);
      // One that is above it was made by a step that was given up.
      if (sealed && other.epoch < epoch) {
        Bytes id;
        Writer(id).Put(other.epoch);
        BAILEE_TRY(const std::optional<ByteView> due,
                   frame.snapshot->Get(Table::kDue, DueKeyOf(Due::kEnd, id)));
        if (!due) found.Add(Flaw::kEpochNotWiped, "epoch " + std::to_string(other.epoch));
      }
    }
    if (found.findings().empty() || tries == kTriesMax) {
      out = std::move(found);
      return Status();
    }
  }
}

}  // namespace bailee::vault
