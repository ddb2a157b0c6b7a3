// SPDX-License-Identifier: Apache-2.0
// The bytes of the audit trail: journals, leaves, events, and what is kept of a tree.
#include <algorithm>

#include "audit/cut.h"
#include "audit/event_codec.h"
#include "audit/journal_format.h"
#include "audit/leaf.h"
#include "audit/tree.h"
#include "base/codec.h"
#include "crypto/checksum.h"
#include "crypto/suite1.h"
#include "fuzz/keys.h"
#include "fuzz/target.h"

namespace bailee::fuzz {
namespace {

using namespace audit;  // NOLINT(google-build-using-namespace): nearly every name below

constexpr InstanceId kInstance{{0xd0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};

// --- Events

void RunEvent(ByteView input) {
  const auto event = ParseEvent(input);
  if (!event.ok()) return CheckFailure(event, {Code::kDamage});
  const EventView view(*event);
  Bytes again;
  Must(AppendEvent(view.event(), again));
  FUZZ_CHECK(again.size() == EventSize(view.event()));
  FUZZ_CHECK(Same(again, input));
}

EventCopy SomeEvent() {
  return {.kind = EventKind::kDisclose,
          .outcome = Outcome::kRefused,
          .at = {1'370'044'800'000},
          .purpose = "billing",
          .category = "payment_card",
          .fields = {"pan", "pan.last4"},
          .case_reference = "C-7",
          .recipient = "acquirer",
          .ground = "LAW",
          .reasons = {Reason::kObjected},
          .handle = kHandle,
          .records = {{kHandle, kCategory, kRecord, {}}},
          .details = {{What::kCount, "3"}, {What::kSaid, "given"}},
          .policy_version = 3,
          .transaction = 17};
}

Bytes BytesOf(const EventCopy& event) {
  const EventView view(event);
  Bytes bytes;
  Must(AppendEvent(view.event(), bytes));
  return bytes;
}

std::vector<Bytes> EventSeeds() {
  EventCopy of_rows = SomeEvent();
  of_rows.records[0].version = audit::RecordVersion{4, {1'370'044'800'000}};
  return {BytesOf({}), BytesOf(SomeEvent()), BytesOf(of_rows)};
}

const Registered registered_event({"event", RunEvent, EventSeeds});

// --- Heads of journals: as they are, and with a check that holds

const crypto::BoxOpener& Auditor() {
  static const crypto::BoxOpener auditor(FixedKey<crypto::BoxSecret>(3));
  return auditor;
}

NewHead SomeHead() {
  return Must(BuildHead(kVault, kInstance, {1'370'044'800'000},
                        {.actor = "web", .uid = 33, .pid = 7, .host = "a", .program = "b"},
                        Auditor().public_key(), Random()));
}

void CheckHead(ByteView bytes) {
  const auto head = ParseHead(bytes);
  if (!head.ok()) return CheckFailure(head, {Code::kDamage});
  FUZZ_CHECK(head->size_bytes <= bytes.size() && head->size_bytes <= kHeadBytesMax);
  // What follows a head does not matter to it.
  FUZZ_CHECK(ParseHead(bytes.first(head->size_bytes)).ok());
  FUZZ_CHECK(!ParseHead(bytes.first(head->size_bytes - 1)).ok());
  const auto opened = OpenHead(*head, Auditor());
  if (!opened.ok()) CheckFailure(opened, {Code::kDamage, Code::kKey});
}

void RunJournalHead(ByteView input) {
  CheckHead(input);
  // magic, version, vault, instance, time, box
  constexpr size_t kInstanceAt = 8 + 2 + 16;
  if (input.size() < kInstanceAt + 16 + 8 + 4) return;
  Bytes checked = ToBytes(input);
  crypto::ChecksumKey key{};
  std::copy_n(input.begin() + kInstanceAt, key.size(), key.begin());
  const uint64_t check = crypto::Checksum(key, input);
  Writer(checked).Put(check);
  CheckHead(checked);
}

std::vector<Bytes> JournalHeadSeeds() {
  const Bytes head = SomeHead().bytes;
  return {head, {head.begin(), head.end() - 8}};
}

const Registered registered_journal_head({"journal_head", RunJournalHead, JournalHeadSeeds});

// --- What only the auditor reads of a head: the input is what is sealed there

void RunOrigin(ByteView input) {
  if (input.size() > 1024) return;
  Head head{.vault = kVault, .instance = kInstance, .opened_at = {5}};
  const auto binding =
      crypto::Encode(crypto::WrapBinding{.binding = {.label = crypto::Label::kJournalHead,
                                                     .vault = kVault,
                                                     .record = {kInstance.bytes},
                                                     .context = 5},
                                         .purpose = crypto::NameIdOf("auditor"),
                                         .key_version = 1});
  static crypto::BoxSender sender = Must(crypto::BoxSender::Create(Random()));
  head.box = Must(sender.Seal(Auditor().public_key(), binding, PaddedCopy(input), Random()));
  const auto opened = OpenHead(head, Auditor());
  if (!opened.ok()) return CheckFailure(opened, {Code::kDamage});
  FUZZ_CHECK(opened->origin.actor.size() <= 255 && opened->origin.host.size() <= 255);
  const size_t texts =
      opened->origin.actor.size() + opened->origin.host.size() + opened->origin.program.size();
  FUZZ_CHECK(input.size() == 64 + 3 + texts + 16 + 4 + 4);
}

std::vector<Bytes> OriginSeeds() {
  Bytes seed(64);
  Writer(seed).PutPrefixed<uint8_t>(AsBytes("web")).Put(ByteView(KeyBytes(1)).first(16));
  Writer(seed).Put(uint32_t{33}).Put(uint32_t{7});
  Writer(seed).PutPrefixed<uint8_t>(AsBytes("host")).PutPrefixed<uint8_t>(AsBytes("program"));
  return {seed};
}

const Registered registered_origin({"origin", RunOrigin, OriginSeeds});

// --- Entries of a journal, one after the other as they are read after a crash

void RunJournal(ByteView input) {
  ByteView rest = input;
  for (;;) {
    const Entry entry = ParseEntry(kInstance, rest);
    if (entry.state != EntryState::kWhole) break;
    FUZZ_CHECK(entry.size_bytes >= kEntryHeadBytes && entry.size_bytes <= rest.size());
    FUZZ_CHECK(ParseEntry(kInstance, rest.first(entry.size_bytes - 1)).state == EntryState::kTorn);
    const auto opened = OpenEntry(KeyBytes(4), entry);
    if (!opened.ok()) {
      CheckFailure(opened, {Code::kDamage});
    } else {
      const auto parsed = ParseEvent(*opened);
      if (!parsed.ok()) CheckFailure(parsed, {Code::kDamage});
    }
    rest = rest.subspan(entry.size_bytes);
  }
}

Bytes EntryOf(ByteView event_bytes, uint64_t number) {
  Bytes frame(kEntryHeadBytes);
  frame.insert(frame.end(), event_bytes.begin(), event_bytes.end());
  SealEntry(KeyBytes(4), kInstance, number, 0, frame);
  return frame;
}

std::vector<Bytes> JournalSeeds() {
  Bytes two = EntryOf(BytesOf(SomeEvent()), 0);
  const Bytes second = EntryOf(BytesOf({}), 1);
  two.insert(two.end(), second.begin(), second.end());
  Bytes zeros = two;
  zeros.resize(zeros.size() + 100);
  return {two, zeros, EntryOf({}, 0)};
}

// A check has no key: a mutation is followed by one that holds, so that what is behind it is met.
size_t MutateJournal(uint8_t* data, size_t size, size_t size_max, unsigned seed,
                     size_t (*fallback)(uint8_t*, size_t, size_t)) {
  size = fallback(data, size, size_max);
  if (seed % 4 == 0) return size;
  for (size_t at = 0; size - at >= kEntryHeadBytes;) {
    const size_t rest = size - at - kEntryHeadBytes;
    const size_t ciphertext = std::min<size_t>(LoadBigEndian<uint32_t>(data + at), rest);
    Bytes checked(data + at, data + at + kEntryHeadBytes - 8);
    checked.insert(checked.end(), data + at + kEntryHeadBytes,
                   data + at + kEntryHeadBytes + ciphertext);
    StoreBigEndian(crypto::Checksum(kInstance.bytes, checked), data + at + kEntryHeadBytes - 8);
    at += kEntryHeadBytes + ciphertext;
  }
  return size;
}

const Registered registered_journal({"journal", RunJournal, JournalSeeds, MutateJournal});

// --- Leaves of the tree and what is kept beside it

void CheckLeaf(ByteView input) {
  const auto leaf = ParseLeaf(input);
  if (!leaf.ok()) return CheckFailure(leaf, {Code::kDamage});
  Bytes again;
  AppendLeafHead(leaf->type, leaf->instance, leaf->number, again);
  again.insert(again.end(), leaf->body.begin(), leaf->body.end());
  FUZZ_CHECK(Same(again, input));
  if (leaf->type == LeafType::kAdopted) {
    Bytes body;
    AppendAdoption(Must(ParseAdoption(leaf->body)), body);
    FUZZ_CHECK(Same(body, leaf->body));
  }
  if (leaf->type == LeafType::kClosed) {
    Bytes body;
    AppendChainEnds(Must(ParseChainEnds(leaf->body)), body);
    FUZZ_CHECK(Same(body, leaf->body));
  }
  if (leaf->type != LeafType::kWrite) return;
  const auto opened = OpenWriteBody(Must(ParseWriteBody(leaf->body)), FixedKey<EntryKey>(5), kVault,
                                    leaf->instance, leaf->number);
  if (!opened.ok()) CheckFailure(opened, {Code::kDamage});
}

void RunTrailRows(ByteView input) {
  if (input.empty()) return;
  const ByteView bytes = input.subspan(1);
  switch (input[0] % 4) {
    case 0:
      return CheckLeaf(bytes);
    case 1: {
      const auto watermark = ParseWatermark(bytes);
      if (!watermark.ok()) return CheckFailure(watermark, {Code::kDamage});
      FUZZ_CHECK(Same(EncodeWatermark(*watermark), bytes));
      return;
    }
    case 2: {
      const auto open = ParseOpenInstance(kInstance, bytes);
      if (!open.ok()) return CheckFailure(open, {Code::kDamage});
      FUZZ_CHECK(Same(EncodeOpenInstance(*open), bytes));
      return;
    }
    default: {
      const auto frontier = Frontier::Parse(bytes);
      if (!frontier.ok()) return CheckFailure(frontier, {Code::kDamage});
      FUZZ_CHECK(Same(frontier->Encode(), bytes));
      (void)frontier->Root();
      if (frontier->size() == kTreeSizeMax) return;
      Frontier more = *frontier;
      more.Append(LeafHash(bytes));
      FUZZ_CHECK(more.size() == frontier->size() + 1);
    }
  }
}

Bytes Chosen(uint8_t choice, ByteView bytes) {
  Bytes chosen = {choice};
  chosen.insert(chosen.end(), bytes.begin(), bytes.end());
  return chosen;
}

Bytes LeafOf(LeafType type, uint64_t number, ByteView body) {
  Bytes leaf = {0};
  AppendLeafHead(type, kInstance, number, leaf);
  leaf.insert(leaf.end(), body.begin(), body.end());
  return leaf;
}

std::vector<Bytes> TrailRowsSeeds() {
  const Bytes head = SomeHead().bytes;
  Bytes ends;
  AppendChainEnds({}, ends);
  Bytes adoption;
  AppendAdoption({}, adoption);
  Bytes write;
  Must(AppendWriteBody(7, FixedKey<EntryKey>(5), kVault, kInstance, 3, BytesOf(SomeEvent()),
                       Random(), write));
  Frontier frontier;
  for (int i = 0; i < 11; ++i) frontier.Append(LeafHash(ends));
  return {LeafOf(LeafType::kOpened, 0, head),
          LeafOf(LeafType::kJournal, 2, EntryOf(BytesOf({}), 2)),
          LeafOf(LeafType::kWrite, 3, write),
          LeafOf(LeafType::kClosed, 0, ends),
          LeafOf(LeafType::kAdopted, 0, adoption),
          Chosen(1, EncodeWatermark({})),
          Chosen(2, EncodeOpenInstance(NewInstance(head))),
          Chosen(3, frontier.Encode())};
}

const Registered registered_trail_rows({"trail_rows", RunTrailRows, TrailRowsSeeds});

}  // namespace
}  // namespace bailee::fuzz
