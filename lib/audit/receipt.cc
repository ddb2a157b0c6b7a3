// SPDX-License-Identifier: Apache-2.0
#include "audit/receipt.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "audit/leaf.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/hex.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

constexpr std::string_view kReceiptMagic = "BAILEERC";
constexpr uint16_t kReceiptVersion = 2;

Status MalformedReceipt() {
  return Status(Code::kInvalidValue, "receipt.malformed", "this is no receipt of erasing",
                "take the file that bailee audit receipt wrote");
}

Status WrongEntry() {
  return Status(Code::kAuditBroken, "receipt.entry",
                "an entry of the receipt is not what it claims to be",
                "do not believe it; ask for another");
}

// As it lies in the receipt.
struct Claimed {
  ByteView key;
  ByteView leaf;
  ByteView proof;
};

struct ClaimedReceipt {
  VaultId vault;
  std::array<Claimed, kReceiptStepsMax> entries;
  size_t count = 0;
};

Result<ClaimedReceipt> ParseReceipt(ByteView bytes) {
  if (bytes.size() > limits::kReceiptBytesMax) return MalformedReceipt();
  Reader reader(bytes);
  if (!std::ranges::equal(reader.GetBytes(kReceiptMagic.size()), AsBytes(kReceiptMagic))) {
    return MalformedReceipt();
  }
  const auto version = reader.Get<uint16_t>();
  if (version > kReceiptVersion) {
    return Status(Code::kTooNew, "receipt.too-new", "the receipt was made by a later version",
                  "use that version to check it");
  }
  ClaimedReceipt receipt;
  receipt.vault = {reader.GetArray<16>()};
  receipt.count = reader.Get<uint8_t>();
  if (version != kReceiptVersion || receipt.count < 1 || receipt.count > kReceiptStepsMax) {
    return MalformedReceipt();
  }
  for (size_t i = 0; i < receipt.count; ++i) {
    receipt.entries[i].key = reader.GetBytes(crypto::kKeyBytes);
    receipt.entries[i].leaf = reader.GetPrefixed<uint32_t>();
    receipt.entries[i].proof = reader.GetPrefixed<uint32_t>();
  }
  if (!reader.complete()) return MalformedReceipt();
  return receipt;
}

const std::string* TextOf(const EventCopy& event, What what) {
  const auto detail = std::ranges::find(event.details, what, &EventCopy::Detail::what);
  return detail == event.details.end() ? nullptr : &detail->text;
}

struct OpenedWrite {
  DecisionId id;
  EventCopy event;
};

Result<OpenedWrite> OpenClaimed(const VaultId& vault, const Claimed& claimed) {
  const Result<Leaf> leaf = ParseLeaf(claimed.leaf);
  if (!leaf.ok() || leaf->type != LeafType::kWrite) return WrongEntry();
  const WriteBody body = *ParseWriteBody(leaf->body);  // it parsed with the leaf
  BAILEE_TRY(const EntryKey key, EntryKey::FromBytes(claimed.key));
  const Result<Bytes> bytes = OpenWriteBody(body, key, vault, leaf->instance, leaf->number);
  if (!bytes.ok()) return WrongEntry();
  Result<EventCopy> event = ParseEvent(*bytes);
  if (!event.ok() || event->transaction != body.transaction) return WrongEntry();
  return OpenedWrite{{leaf->instance, true, leaf->number}, *std::move(event)};
}

Result<ProvenLeaf> ProveClaimed(const Claimed& claimed, std::string_view origin,
                                const LogKeys& keys) {
  const std::string_view text(reinterpret_cast<const char*>(claimed.proof.data()),
                              claimed.proof.size());
  BAILEE_TRY(const InclusionProof proof, ParseProof(text));
  if (!proof.extra.empty()) return MalformedReceipt();
  return VerifyProof(text, LeafHash(claimed.leaf), origin, keys);
}

void Tell(ReceiptStep step, const OpenedWrite& write, ErasureReceipt& receipt) {
  const EventCopy& event = write.event;
  switch (step) {
    case ReceiptStep::kErased:
      receipt.decision = write.id;
      receipt.handle = event.handle;
      receipt.case_reference = event.case_reference;
      receipt.records = NumberOf(event, What::kCount).value_or(0);
      receipt.erased_at = event.at;
      break;
    case ReceiptStep::kShredded:
      receipt.shredded_at = event.at;
      break;
    case ReceiptStep::kCompacted:
      receipt.compacted_at = event.at;
      break;
    case ReceiptStep::kDestroyed:
      receipt.destroyed = {*Sha256Of(event), event.at};
      break;
  }
}

}  // namespace

std::optional<uint64_t> NumberOf(const EventCopy& event, What what) {
  const std::string* const text = TextOf(event, what);
  if (text == nullptr) return std::nullopt;
  uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [stopped, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::optional<KeyStreamSha256> Sha256Of(const EventCopy& event) {
  const std::string* const text = TextOf(event, What::kSha256);
  KeyStreamSha256 sha256;
  if (text == nullptr || !FromHex(*text, sha256.bytes)) return std::nullopt;
  return sha256;
}

std::optional<ReceiptStep> StepOf(const EventCopy& event) {
  if (event.outcome != Outcome::kAllowed) return std::nullopt;
  const auto count = NumberOf(event, What::kCount);
  switch (event.kind) {
    case EventKind::kErase:
      if (count) return ReceiptStep::kErased;
      break;
    case EventKind::kShred:
      if (count == uint64_t{0}) return ReceiptStep::kShredded;
      break;
    case EventKind::kCompact:
      return ReceiptStep::kCompacted;
    case EventKind::kDestroyed:
      if (Sha256Of(event)) return ReceiptStep::kDestroyed;
      break;
    default:
      break;
  }
  return std::nullopt;
}

bool ReceiptSteps::Allows(ReceiptStep step) const {
  const auto shown = [&](ReceiptStep other) { return shown_[static_cast<size_t>(other)]; };
  if (shown(step)) return false;
  if (step == ReceiptStep::kErased) return true;
  return shown(step == ReceiptStep::kShredded ? ReceiptStep::kErased : ReceiptStep::kShredded);
}

Bytes FormatReceipt(const VaultId& vault, std::span<const ShownEntry> entries) {
  BAILEE_CHECK(!entries.empty() && entries.size() <= kReceiptStepsMax);
  Bytes out;
  Writer writer(out);
  writer.Put(AsBytes(kReceiptMagic)).Put(kReceiptVersion).Put(vault.view());
  writer.Put(static_cast<uint8_t>(entries.size()));
  for (const ShownEntry& entry : entries) {
    entry.key.Reveal([&](ByteView key) { writer.Put(key); });
    writer.PutPrefixed<uint32_t>(entry.leaf).PutPrefixed<uint32_t>(AsBytes(entry.proof));
  }
  return out;
}

}  // namespace bailee::audit

namespace bailee {

Result<ErasureReceipt> VerifyReceipt(ByteView receipt, std::string_view origin,
                                     const LogKeys& keys) {
  BAILEE_TRY(const audit::ClaimedReceipt claimed, audit::ParseReceipt(receipt));
  ErasureReceipt proven;
  proven.vault = claimed.vault;
  uint64_t next = 0;
  audit::ReceiptSteps steps;
  for (size_t i = 0; i < claimed.count; ++i) {
    const audit::Claimed& entry = claimed.entries[i];
    BAILEE_TRY(const ProvenLeaf place, audit::ProveClaimed(entry, origin, keys));
    if (place.index < next || (i > 0 && place.checkpoint != proven.checkpoint)) {
      return audit::WrongEntry();
    }
    next = place.index + 1;
    proven.checkpoint = place.checkpoint;
    BAILEE_TRY(const audit::OpenedWrite write, audit::OpenClaimed(claimed.vault, entry));
    const auto step = audit::StepOf(write.event);
    if (!step || !steps.Allows(*step)) return audit::WrongEntry();
    steps.Add(*step);
    audit::Tell(*step, write, proven);
  }
  return proven;
}

}  // namespace bailee
