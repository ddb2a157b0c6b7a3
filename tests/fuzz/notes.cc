// SPDX-License-Identifier: Apache-2.0
// What is shown to others of a trail: signed heads, proofs, receipts.
#include <algorithm>
#include <optional>
#include <string>

#include "audit/checkpoint_sign.h"
#include "audit/checkpoint_text.h"
#include "audit/event_codec.h"
#include "audit/leaf.h"
#include "audit/note.h"
#include "audit/receipt.h"
#include "audit/tree.h"
#include "bailee/checkpoint.h"
#include "bailee/receipt.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "fuzz/keys.h"
#include "fuzz/target.h"

namespace bailee::fuzz {
namespace {

using namespace audit;  // NOLINT(google-build-using-namespace): nearly every name below

constexpr std::string_view kOrigin = "bailee/test";

std::string SomeCheckpoint(const TreeHead& head) {
  return Must(SignCheckpoint(Signer(), kOrigin, head, {1'370'044'800'000}));
}

// --- Checkpoints: notes that anybody made, and that the log's own key signed

void CheckNote(std::string_view text) {
  const auto note = ParseNote(text);
  if (!note.ok()) return CheckFailure(note, {Code::kInvalidValue});
  std::string again(note->text);
  again += "\n";
  for (const NoteSignature& each : note->signatures) {
    FUZZ_CHECK(IsNoteKeyName(each.name) && !each.bytes.empty());
    again += NoteSignatureLine(each.name, each.key_id, each.bytes);
  }
  FUZZ_CHECK(again == text);
}

void CheckCheckpoint(std::string_view text, bool ours) {
  const auto claimed = ParseCheckpoint(text);
  if (!claimed.ok()) CheckFailure(claimed, {Code::kInvalidValue});
  const auto proven = VerifyCheckpoint(text, kOrigin, LogKeyOf(Signer()));
  if (!proven.ok()) {
    FUZZ_CHECK(!ours);
    return CheckFailure(proven, {Code::kInvalidValue, Code::kAuditBroken});
  }
  FUZZ_CHECK(claimed.ok());
  FUZZ_CHECK(proven->origin == kOrigin && proven->size == claimed->size &&
             proven->root == claimed->root && !claimed->time);
}

void RunCheckpoint(ByteView input) {
  const std::string_view text = AsText(input);
  CheckNote(text);
  CheckCheckpoint(text, false);
  const auto bare = ParseCheckpointText(text);
  if (!bare.ok()) return CheckFailure(bare, {Code::kInvalidValue});
  FUZZ_CHECK(CheckpointText(bare->origin, {bare->size, bare->root}) == text);
  // What parses can be signed and then holds.
  if (bare->origin == kOrigin) CheckCheckpoint(SomeCheckpoint({bare->size, bare->root}), true);
  const LogKey key = LogKeyOf(Signer());
  std::string note(text);
  note += "\n" + NoteSignatureLine(kOrigin,
                                   NoteKeyIdOf(kOrigin, NoteSignatureType::kEd25519, key.bytes),
                                   Signer().SignNote(AsBytes(text)));
  CheckNote(note);
  CheckCheckpoint(note, bare->origin == kOrigin);
}

std::vector<Bytes> CheckpointSeeds() {
  const TreeHead head{7, LeafHash({})};
  return {ToBytes(SomeCheckpoint(head)), ToBytes(CheckpointText(kOrigin, head)),
          ToBytes(CheckpointText(kOrigin, {0, EmptyRoot()}))};
}

const Registered registered_checkpoint({"checkpoint", RunCheckpoint, CheckpointSeeds});

// --- Proofs as text

void RunProof(ByteView input) {
  const std::string_view text = AsText(input);
  const auto proof = ParseProof(text);
  if (!proof.ok()) return CheckFailure(proof, {Code::kInvalidValue});
  FUZZ_CHECK(Must(FormatProof(*proof)) == text);
  const auto proven = VerifyProof(text, LeafHash({}), kOrigin, LogKeyOf(Signer()));
  if (!proven.ok()) return CheckFailure(proven, {Code::kInvalidValue, Code::kAuditBroken});
  FUZZ_CHECK(proven->index == proof->index);
}

std::string ProofOfOnlyLeaf(const TreeHash& leaf) {
  return Must(FormatProof({.index = 0, .checkpoint = SomeCheckpoint({1, leaf})}));
}

std::vector<Bytes> ProofSeeds() {
  const TreeHash leaf = LeafHash({});
  const TreeHash root = NodeHash(leaf, leaf);
  return {ToBytes(ProofOfOnlyLeaf(leaf)),
          ToBytes(Must(FormatProof({.extra = {1, 2, 3},
                                    .index = 1,
                                    .hashes = {leaf},
                                    .checkpoint = SomeCheckpoint({2, root})})))};
}

const Registered registered_proof({"proof", RunProof, ProofSeeds});

// --- Proofs of hashes against a tree of up to 64 leaves: what is not the proof is refused

TreeHash RootOfFirst(uint64_t size) {
  Frontier frontier;
  for (uint64_t i = 0; i < size; ++i) {
    const uint8_t leaf = static_cast<uint8_t>(i);
    frontier.Append(LeafHash({&leaf, 1}));
  }
  return frontier.Root();
}

std::vector<TreeHash> HashesOf(const std::vector<LeafRange>& ranges) {
  std::vector<TreeHash> hashes;
  for (const LeafRange& range : ranges) {
    Frontier frontier;
    for (uint64_t i = range.first; i < range.end; ++i) {
      const uint8_t leaf = static_cast<uint8_t>(i);
      frontier.Append(LeafHash({&leaf, 1}));
    }
    hashes.push_back(frontier.Root());
  }
  return hashes;
}

// Changes a proof as the input says. Whether it still is what it was.
bool Tamper(Choices& choices, std::vector<TreeHash>& hashes) {
  const std::vector<TreeHash> before = hashes;
  const size_t edits = choices.Below(4);
  for (size_t i = 0; i < edits; ++i) {
    const size_t at = choices.Byte() % (hashes.size() + 1);
    switch (choices.Below(4)) {
      case 0:
        if (at < hashes.size()) hashes[at][choices.Below(32)] ^= choices.Byte();
        break;
      case 1:
        if (at < hashes.size()) hashes.erase(hashes.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 2:
        hashes.insert(hashes.begin() + static_cast<std::ptrdiff_t>(at), LeafHash({}));
        break;
      default:
        if (at + 1 < hashes.size()) std::swap(hashes[at], hashes[at + 1]);
    }
  }
  return hashes == before;
}

void RunMerkle(ByteView input) {
  Choices choices(input);
  const uint64_t size = 1 + choices.Below(64);
  const uint64_t index = choices.Byte() % size;
  const uint8_t leaf = static_cast<uint8_t>(index);
  std::vector<TreeHash> hashes = HashesOf(InclusionRanges(index, size));
  bool right = Tamper(choices, hashes);
  const uint64_t shown_index = index + (choices.Flag() ? choices.Number<uint64_t>() : 0);
  const uint64_t shown_size = size + (choices.Flag() ? choices.Number<uint64_t>() : 0);
  const Status included =
      VerifyInclusion(LeafHash({&leaf, 1}), shown_index, shown_size, hashes, RootOfFirst(size));
  if (right && shown_index == index && shown_size == size) FUZZ_CHECK(included.ok());
  // A proof of one place says the same at another only where the ways up to the root are alike.
  if (!right && shown_index == index && shown_size == size) FUZZ_CHECK(!included.ok());
  if (!included.ok()) CheckFailure(included, {Code::kAuditBroken});

  const uint64_t older = choices.Byte() % (size + 1);
  hashes = HashesOf(ConsistencyRanges(older, size));
  right = Tamper(choices, hashes);
  TreeHead old_head{older, RootOfFirst(older)};
  old_head.root[0] ^= choices.Byte();
  const bool true_head = old_head.root == RootOfFirst(older);
  const Status consistent = VerifyConsistency(old_head, {size, RootOfFirst(size)}, hashes);
  FUZZ_CHECK(consistent.ok() == (right && true_head));
  if (!consistent.ok()) CheckFailure(consistent, {Code::kAuditBroken});
}

std::vector<Bytes> MerkleSeeds() {
  return {{10, 3, 0, 0, 0, 5, 0, 0}, {63, 40, 1, 1, 0, 7, 1, 0, 0, 17, 2, 0, 1, 1}, {1}};
}

const Registered registered_merkle({"merkle", RunMerkle, MerkleSeeds});

// --- Receipts: as they are, and of an event of the fuzzer's that was sealed, proven and signed

void CheckReceipt(ByteView bytes, bool whole) {
  const auto receipt = VerifyReceipt(bytes, kOrigin, LogKeyOf(Signer()));
  if (!receipt.ok()) {
    return CheckFailure(receipt, {Code::kInvalidValue, Code::kTooNew, Code::kAuditBroken});
  }
  FUZZ_CHECK(whole);
}

Bytes ReceiptOf(ByteView event_bytes, uint64_t transaction) {
  constexpr InstanceId instance{{1}};
  ShownEntry entry{FixedKey<EntryKey>(6), {}, {}};
  AppendLeafHead(LeafType::kWrite, instance, 0, entry.leaf);
  Must(AppendWriteBody(transaction, entry.key, kVault, instance, 0, event_bytes, Random(),
                       entry.leaf));
  entry.proof = ProofOfOnlyLeaf(LeafHash(entry.leaf));
  return FormatReceipt(kVault, {&entry, 1});
}

void RunReceipt(ByteView input) {
  CheckReceipt(input, true);
  if (input.size() > 4096) return;
  const auto event = ParseEvent(input);
  const uint64_t transaction = event.ok() ? event->transaction : 0;
  const bool shows = event.ok() && StepOf(*event) == ReceiptStep::kErased;
  const Bytes receipt = ReceiptOf(input, transaction);
  CheckReceipt(receipt, shows);
  FUZZ_CHECK(VerifyReceipt(receipt, kOrigin, LogKeyOf(Signer())).ok() == shows);
  FUZZ_CHECK(!VerifyReceipt(receipt, "bailee/other", LogKeyOf(Signer())).ok());
}

std::vector<Bytes> ReceiptSeeds() {
  const EventCopy erased{.kind = EventKind::kErase, .details = {{What::kCount, "3"}}};
  const EventView view(erased);
  Bytes bytes;
  Must(AppendEvent(view.event(), bytes));
  return {bytes, ReceiptOf(bytes, 0)};
}

const Registered registered_receipt({"receipt", RunReceipt, ReceiptSeeds});

// --- The small texts that others are made of

void RunTexts(ByteView input) {
  const std::string_view text = AsText(input);
  (void)IsUtf8(text);
  if (const auto bytes = FromBase64(text)) FUZZ_CHECK(ToBase64(*bytes) == text);
  FUZZ_CHECK(*FromBase64(ToBase64(input)) == ToBytes(input));
  Bytes from_hex(text.size() / 2);
  if (FromHex(text, from_hex)) FUZZ_CHECK(ToHex(from_hex) == text);
  uint64_t number = 0;
  if (ParseDecimal(text, number)) FUZZ_CHECK(std::to_string(number) == text);
  if (const auto id = DecisionId::FromText(text); id.ok()) FUZZ_CHECK(id->ToText() == text);
  if (const auto handle = Handle::FromHex(text); handle.ok()) FUZZ_CHECK(handle->ToHex() == text);
}

std::vector<Bytes> TextsSeeds() {
  return {ToBytes("18446744073709551615"), ToBytes("Zm9vYg=="),
          ToBytes(DecisionId{.instance = {{1, 2}}, .write = true, .number = 17}.ToText()),
          ToBytes(kHandle.ToHex()), ToBytes("\xf0\x9f\x98\x80")};
}

const Registered registered_texts({"texts", RunTexts, TextsSeeds});

}  // namespace
}  // namespace bailee::fuzz
