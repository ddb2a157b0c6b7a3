// SPDX-License-Identifier: Apache-2.0
// Backup streams: their parts, and whole ones of the fuzzer's messages.
#include <algorithm>

#include "base/codec.h"
#include "crypto/hash.h"
#include "crypto/stream.h"
#include "fuzz/keys.h"
#include "fuzz/memory_file.h"
#include "fuzz/target.h"
#include "vault/backup/backup_format.h"
#include "vault/backup/backup_set.h"
#include "vault/backup/backup_streams.h"

namespace bailee::fuzz {
namespace {

using vault::StreamEnd;
using vault::StreamHead;
using vault::StreamMessage;

constexpr std::initializer_list<Code> kDamagedOnly = {Code::kDamage};

// --- The parts, after a byte that says which

void CheckStreamHead(ByteView bytes) {
  const auto parsed = vault::ParseStreamHead(bytes);
  if (!parsed.ok()) {
    return CheckFailure(parsed.status(), {Code::kDamage, Code::kNoVault, Code::kTooNew});
  }
  Bytes again = vault::EncodeStreamHead(parsed->head);
  Writer(again).Put(parsed->box);
  FUZZ_CHECK(Same(again, parsed->bound));
  Writer(again).Put(ByteView(parsed->start.commitment)).Put(ByteView(parsed->start.start));
  FUZZ_CHECK(Same(again, bytes));
}

void CheckRows(ByteView bytes) {
  vault::RowsMessage message;
  const auto table = static_cast<store::Table>(bytes.size() > 1 ? bytes[1] : 0);
  const auto head = vault::ParseRows(bytes, [&](ByteView key, ByteView value) {
    message.Add(table, key, value);
    // A row is in one kind of stream at most.
    FUZZ_CHECK(!vault::InDataStream(table, key) || !vault::InKeyStream(table, key));
    return Status();
  });
  if (!head.ok()) return CheckFailure(head.status(), kDamagedOnly);
  FUZZ_CHECK(head->rows == message.rows() && head->table == table);
  FUZZ_CHECK(message.Take() == ToBytes(bytes));
}

void CheckRanges(ByteView bytes) {
  if (bytes.empty()) return;
  std::vector<vault::RangeInfo> ranges;
  const Status parsed = vault::ParseRanges(bytes, ranges);
  if (!parsed.ok()) return CheckFailure(parsed, kDamagedOnly);
  const std::vector<Bytes> again = vault::EncodeRanges(ranges);
  FUZZ_CHECK(again.size() == (ranges.empty() ? 0u : 1u));
  if (!ranges.empty()) FUZZ_CHECK(Same(ByteView(again[0]).subspan(1), bytes.subspan(1)));
  const auto key = FixedKey<crypto::RefKey>(1);
  const Bytes trailer = Must(vault::SealTrailer({.vault = kVault}, key, ranges, Random()));
  FUZZ_CHECK(trailer.size() == vault::TrailerBytes(ranges.size()));
  FUZZ_CHECK(Must(vault::OpenTrailer({.vault = kVault}, key, trailer)).size() == ranges.size());
}

void CheckSubjects(ByteView bytes) {
  if (bytes.empty()) return;
  Bytes again = {bytes[0]};
  uint32_t count = 0;
  Bytes subjects;
  const Status parsed = vault::VisitSubjects(bytes, [&](const vault::StreamSubject& each) {
    ++count;
    Writer(subjects).Put(each.handle.view()).Put(each.head.generation).Put(each.head.revision);
    Writer(subjects).Put(each.records).PutPrefixed<uint32_t>(each.state);
    return Status();
  });
  if (!parsed.ok()) return CheckFailure(parsed, kDamagedOnly);
  Writer(again).Put(count).Put(ByteView(subjects));
  FUZZ_CHECK(Same(again, bytes));
}

void CheckEnd(BackupKind kind, ByteView bytes) {
  const auto end = vault::ParseStreamEnd(kind, bytes);
  if (!end.ok()) return CheckFailure(end.status(), kDamagedOnly);
  FUZZ_CHECK(Same(vault::EncodeStreamEnd(kind, *end), bytes));
}

void RunBackupParts(ByteView input) {
  if (input.empty()) return;
  const ByteView bytes = input.subspan(1);
  switch (input[0] % 7) {
    case 0:
      return CheckStreamHead(bytes);
    case 1:
      return CheckRows(bytes);
    case 2:
      return CheckRanges(bytes);
    case 3:
      return CheckSubjects(bytes);
    case 4:
      return CheckEnd(BackupKind::kData, bytes);
    case 5:
      return CheckEnd(BackupKind::kKeys, bytes);
    default: {
      const auto opened = vault::OpenTrailer({.vault = kVault}, FixedKey<crypto::RefKey>(1), bytes);
      if (!opened.ok()) CheckFailure(opened.status(), kDamagedOnly);
    }
  }
}

Bytes RowsOf(store::Table table, std::string_view key) {
  vault::RowsMessage message;
  message.Add(table, AsBytes(key), AsBytes("value"));
  return message.Take();
}

Bytes SubjectsMessage() {
  Bytes message = {static_cast<uint8_t>(StreamMessage::kSubjects)};
  Writer(message).Put(uint32_t{1}).Put(kHandle.view()).Put(uint32_t{1}).Put(uint32_t{2});
  Writer(message).Put(uint64_t{3}).PutPrefixed<uint32_t>(AsBytes("state"));
  return message;
}

Bytes After(uint8_t choice, const Bytes& bytes) {
  Bytes chosen = {choice};
  chosen.insert(chosen.end(), bytes.begin(), bytes.end());
  return chosen;
}

std::vector<Bytes> BackupPartsSeeds() {
  Bytes head = vault::EncodeStreamHead({.vault = kVault, .taken_at = {5}});
  head.resize(vault::kStreamHeadBytes);
  const vault::RangeInfo range{
      .table = store::Table::kTerms, .rows = 3, .hash = KeyBytes(3), .carried = true};
  return {After(0, head),
          After(1, RowsOf(store::Table::kTerms, "key")),
          After(2, vault::EncodeRanges({range})[0]),
          After(3, SubjectsMessage()),
          After(4, vault::EncodeStreamEnd(BackupKind::kData, {.rows = 1})),
          After(5, vault::EncodeStreamEnd(BackupKind::kKeys, {.rows = 1})),
          After(6, Must(vault::SealTrailer({.vault = kVault}, FixedKey<crypto::RefKey>(1), {range},
                                           Random())))};
}

const Registered registered_backup_parts({"backup_parts", RunBackupParts, BackupPartsSeeds});

// --- A whole stream: the input's messages, sealed one after the other under a head of its kind

const crypto::BoxOpener& BackupKey() {
  static const crypto::BoxOpener opener(FixedKey<crypto::BoxSecret>(7));
  return opener;
}

keys::KeyringKeys BackupKeyring() {
  keys::KeyringKeys keyring;
  keyring.header.vault = kVault;
  keyring.header.roles = {keys::Role::kBackup};
  keyring.roles.push_back({keys::Role::kBackup, Must(Secret::From(ByteView(KeyBytes(7))))});
  return keyring;
}

// What the honest writer would say at the end of these messages, so that it is not the counts alone
// that are ever met.
struct Counts {
  uint64_t rows = 0;
  std::vector<vault::RangeInfo> ranges;
  uint64_t subjects = 0;

  void Add(ByteView message) {
    if (message.empty()) return;
    const auto kind = static_cast<StreamMessage>(message[0]);
    if (kind == StreamMessage::kRows) {
      const auto head = vault::ParseRows(message, [](ByteView, ByteView) { return Status(); });
      if (!head.ok()) return;
      rows += head->rows;
      ranges.push_back({head->table, head->rows, vault::HashOfRange(message), true});
    }
    if (kind != StreamMessage::kSubjects) return;
    (void)vault::VisitSubjects(message, [&](const vault::StreamSubject&) {
      ++subjects;
      ++rows;
      return Status();
    });
  }
};

Bytes StreamOf(Choices& choices) {
  const bool data = choices.Flag();
  const StreamHead head{.vault = kVault,
                        .kind = data ? BackupKind::kData : BackupKind::kKeys,
                        .id = {{1}},
                        .taken_at = {5},
                        .recipient = BackupKey().public_key()};
  Bytes stream = vault::EncodeStreamHead(head);
  static crypto::BoxSender sender = Must(crypto::BoxSender::Create(Random()));
  const auto key = FixedKey<crypto::StreamKey>(8);
  Must(key.Reveal([&](ByteView bytes) {
    return sender.SealAppend(head.recipient, vault::StreamKeyBinding(head), bytes, Random(),
                             stream);
  }));
  auto sealer = Must(crypto::StreamSealer::Begin(key, stream));
  Writer(stream).Put(ByteView(sealer.start().commitment)).Put(ByteView(sealer.start().start));
  const auto put = [&](ByteView message, bool last) {
    Writer(stream).Put(static_cast<uint32_t>(message.size() + crypto::kStreamMessageOverhead));
    sealer.SealAppend(message, last, stream);
  };
  Counts counts;
  const bool honest = choices.Flag();
  for (size_t left = choices.Below(6); left > 0; --left) {
    const ByteView message = choices.Long();
    counts.Add(message);
    put(message, !honest && left == 1);
  }
  if (!honest) {
    const ByteView more = choices.Short();
    stream.insert(stream.end(), more.begin(), more.end());
    return stream;
  }
  StreamEnd end{.rows = counts.rows, .parts = data ? counts.ranges.size() : counts.subjects};
  Bytes trailer;
  if (data) {
    for (const Bytes& list : vault::EncodeRanges(counts.ranges)) put(list, false);
    trailer = Must(vault::SealTrailer(head, FixedKey<crypto::RefKey>(1), counts.ranges, Random()));
    end.trailer = vault::HashOfTrailer(trailer);
  }
  put(vault::EncodeStreamEnd(head.kind, end), true);
  Writer(stream).Put(ByteView(trailer));
  return stream;
}

void RunBackupStream(ByteView input) {
  Choices choices(input);
  const bool sealed = choices.Flag();
  const MemoryFile file(sealed ? StreamOf(choices) : ToBytes(choices.Rest()));
  const auto head = vault::ReadStreamHead(file.path());
  if (!head.ok()) CheckFailure(head.status(), {Code::kDamage, Code::kNoVault, Code::kTooNew});
  if (head.ok()) {
    const auto index = vault::ReadIndex(file.path(), *head, FixedKey<crypto::RefKey>(1));
    if (!index.ok()) CheckFailure(index.status(), kDamagedOnly);
  }
  const keys::KeyringKeys keyring = BackupKeyring();
  const auto set = vault::BackupSet::Open(keyring, {file.path()}, {});
  if (!set.ok()) {
    const Code code = set.status().code();
    FUZZ_CHECK(code == Code::kDamage || code == Code::kNoVault || code == Code::kTooNew ||
               code == Code::kConflict || code == Code::kKey);
    return;
  }
  FUZZ_CHECK(set->keys().has_value() != !set->chain().empty());
  if (set->chain().empty()) return;
  uint64_t ranges = 0;
  Must(vault::VisitRanges(*set, [&](ByteView message) {
    ++ranges;
    return vault::ParseRows(message, [](ByteView, ByteView) { return Status(); }).status();
  }));
  FUZZ_CHECK(ranges == set->chain().back().end.parts);
}

std::vector<Bytes> BackupStreamSeeds() {
  std::vector<Bytes> seeds;
  for (const bool data : {true, false}) {
    Bytes seed = {1, static_cast<uint8_t>(data ? 1 : 0), 1, 1};
    Writer(seed).PutPrefixed<uint16_t>(data ? RowsOf(store::Table::kTerms, "key")
                                            : SubjectsMessage());
    seeds.push_back(seed);
    Choices choices(ByteView(seed).subspan(1));
    seeds.push_back(After(0, StreamOf(choices)));
  }
  return seeds;
}

const Registered registered_backup_stream({"backup_stream", RunBackupStream, BackupStreamSeeds});

}  // namespace
}  // namespace bailee::fuzz
