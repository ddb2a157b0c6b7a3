// SPDX-License-Identifier: Apache-2.0
#include "audit/leaf.h"

#include <algorithm>
#include <utility>

#include "audit/journal_format.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/hash.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"

namespace bailee::audit {
namespace {

constexpr uint8_t kLeafVersion = 1;
constexpr size_t kTransactionBytes = 8;

Status BadLeaf() {
  return Status(Code::kDamage, "trail.bad-leaf", "a leaf of the audit trail makes no sense",
                "verify the trail; restore it from a backup");
}

ChainEnds GetChainEnds(Reader& in) {
  ChainEnds ends;
  ends.journal_number = in.Get<uint64_t>();
  ends.journal_chain = in.GetArray<32>();
  ends.write_number = in.Get<uint64_t>();
  ends.write_chain = in.GetArray<32>();
  return ends;
}

crypto::EncodedBinding WriteBinding(const VaultId& vault, const InstanceId& instance,
                                    uint64_t number) {
  return crypto::Encode(crypto::Binding{.label = crypto::Label::kWriteEvent,
                                        .vault = vault,
                                        .record = {instance.bytes},
                                        .context = number});
}

// Whether the body is one of `leaf`'s type that belongs to its instance and number.
bool HasItsBody(const Leaf& leaf) {
  switch (leaf.type) {
    case LeafType::kOpened: {
      const Result<Head> head = ParseHead(leaf.body);
      return head.ok() && head->size_bytes == leaf.body.size() && head->instance == leaf.instance &&
             leaf.number == 0;
    }
    case LeafType::kJournal: {
      const Entry entry = ParseEntry(leaf.instance, leaf.body);
      return entry.state == EntryState::kWhole && entry.size_bytes == leaf.body.size() &&
             entry.number == leaf.number;
    }
    case LeafType::kWrite:
      return ParseWriteBody(leaf.body).ok();
    case LeafType::kClosed:
      return leaf.number == 0 && leaf.body.size() == kChainEndsBytes;
    case LeafType::kAdopted:
      return leaf.number == 0 && ParseAdoption(leaf.body).ok();
  }
  return false;
}

}  // namespace

ChainHash ChainStart(ByteView head) { return crypto::Hash<32>(crypto::person::kChain, {head}); }

ChainHash ChainStep(const ChainHash& chain, ByteView entry_or_body) {
  return crypto::Hash<32>(crypto::person::kChain, {chain, entry_or_body});
}

void AppendChainEnds(const ChainEnds& ends, Bytes& out) {
  Writer writer(out);
  writer.Put(ends.journal_number).Put(ends.journal_chain);
  writer.Put(ends.write_number).Put(ends.write_chain);
}

Result<ChainEnds> ParseChainEnds(ByteView bytes) {
  Reader in(bytes);
  const ChainEnds ends = GetChainEnds(in);
  if (!in.complete()) return BadLeaf();
  return ends;
}

std::array<uint8_t, kWatermarkBytes> EncodeWatermark(const Watermark& watermark) {
  std::array<uint8_t, kWatermarkBytes> out;
  uint8_t* at = out.data();
  *at++ = static_cast<uint8_t>(watermark.state);
  StoreBigEndian(watermark.ends.journal_number, at);
  StoreBigEndian(watermark.offset, at + 8);
  const ChainEnds& ends = watermark.ends;
  at = std::copy(ends.journal_chain.begin(), ends.journal_chain.end(), at + 16);
  StoreBigEndian(ends.write_number, at);
  std::copy(ends.write_chain.begin(), ends.write_chain.end(), at + 8);
  return out;
}

Result<Watermark> ParseWatermark(ByteView bytes) {
  Reader in(bytes);
  const auto state = in.Get<uint8_t>();
  Watermark watermark;
  watermark.ends.journal_number = in.Get<uint64_t>();
  watermark.offset = in.Get<uint64_t>();
  watermark.ends.journal_chain = in.GetArray<32>();
  watermark.ends.write_number = in.Get<uint64_t>();
  watermark.ends.write_chain = in.GetArray<32>();
  if (!in.complete() || state < 1 || state > static_cast<uint8_t>(InstanceState::kEnded)) {
    return Status(Code::kDamage, "trail.bad-watermark",
                  "the watermark of an instance makes no sense", "restore it from a backup");
  }
  watermark.state = static_cast<InstanceState>(state);
  return watermark;
}

void AppendLeafHead(LeafType type, const InstanceId& instance, uint64_t number, Bytes& out) {
  Writer(out).Put(kLeafVersion).Put(static_cast<uint8_t>(type)).Put(instance.view()).Put(number);
}

Result<Leaf> ParseLeaf(ByteView bytes) {
  Reader in(bytes);
  const auto version = in.Get<uint8_t>();
  const auto type = in.Get<uint8_t>();
  Leaf leaf{static_cast<LeafType>(type), {in.GetArray<16>()}, in.Get<uint64_t>(), in.rest()};
  if (in.failed() || version != kLeafVersion || type < 1 || type > kLeafTypeCount ||
      !HasItsBody(leaf)) {
    return BadLeaf();
  }
  return leaf;
}

Status AppendWriteBody(uint64_t transaction, const EntryKey& key, const VaultId& vault,
                       const InstanceId& instance, uint64_t number, ByteView event,
                       crypto::Random& random, Bytes& out) {
  if (CiphertextSize(event.size()) > kEntryBytesMax) {
    return Status(Code::kInvalidValue, "trail.event-too-large",
                  "the event of this write does not fit the audit trail",
                  "write fewer things at once");
  }
  BAILEE_TRY(const Secret padded, crypto::Padded(event));
  Writer(out).Put(transaction);
  padded.RevealBytes([&](ByteView bytes) {
    crypto::SealAppend(key, WriteBinding(vault, instance, number), bytes, random, out);
  });
  return Status();
}

Result<WriteBody> ParseWriteBody(ByteView body) {
  if (body.size() < kTransactionBytes + crypto::kEnvelopeOverhead ||
      body.size() > kTransactionBytes + crypto::kEnvelopeOverhead + kEntryBytesMax ||
      !crypto::IsBucket(body.size() - kTransactionBytes - crypto::kEnvelopeOverhead)) {
    return BadLeaf();
  }
  return WriteBody{LoadBigEndian<uint64_t>(body.data()), body.subspan(kTransactionBytes)};
}

Result<Bytes> OpenWriteBody(const WriteBody& body, const EntryKey& key, const VaultId& vault,
                            const InstanceId& instance, uint64_t number) {
  Bytes padded(std::max(body.envelope.size(), crypto::kEnvelopeOverhead) -
               crypto::kEnvelopeOverhead);
  if (!crypto::OpenInto(key, WriteBinding(vault, instance, number), body.envelope, padded).ok()) {
    return Status(Code::kDamage, "trail.forged-entry",
                  "an event of the audit trail was not written by its instance",
                  "verify the trail; restore it from a backup");
  }
  BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
  padded.resize(size);
  return padded;
}

void AppendAdoption(const Adoption& adoption, Bytes& out) {
  AppendChainEnds(adoption.ends, out);
  Writer writer(out);
  writer.Put(adoption.adopter.view()).Put(adoption.first_unproven).Put(adoption.bytes_left_over);
}

Result<Adoption> ParseAdoption(ByteView body) {
  Reader in(body);
  Adoption adoption;
  adoption.ends = GetChainEnds(in);
  adoption.adopter.bytes = in.GetArray<16>();
  adoption.first_unproven = in.Get<uint64_t>();
  adoption.bytes_left_over = in.Get<uint64_t>();
  if (!in.complete()) return BadLeaf();
  return adoption;
}

}  // namespace bailee::audit
