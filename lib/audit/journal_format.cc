// SPDX-License-Identifier: Apache-2.0
#include "audit/journal_format.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "audit/event.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/aead.h"
#include "crypto/binding.h"
#include "crypto/checksum.h"
#include "crypto/padding.h"

namespace bailee::audit {
namespace {

constexpr std::string_view kJournalMagic = "BAILEEJN";
constexpr uint16_t kJournalVersion = 1;
constexpr size_t kFirstKeysBytes = 2 * crypto::kKeyBytes;
constexpr size_t kCheckBytes = 8;
constexpr size_t kCheckedHeadBytes = kEntryHeadBytes - kCheckBytes;  // size, number, attempt
constexpr size_t kCiphertextBytesMin = 32 + crypto::kAeadTagBytes;   // of the smallest bucket

Status BadHead() {
  return Status(Code::kDamage, "trail.bad-head", "the head of a journal makes no sense",
                "verify the trail; restore it from a backup");
}

crypto::EncodedWrapBinding HeadBinding(const VaultId& vault, const InstanceId& instance,
                                       Timestamp opened_at) {
  return crypto::Encode(
      crypto::WrapBinding{.binding = {.label = crypto::Label::kJournalHead,
                                      .vault = vault,
                                      .record = {instance.bytes},
                                      .context = static_cast<uint64_t>(opened_at.unix_ms)},
                          .purpose = crypto::NameIdOf("auditor"),
                          .key_version = 1});
}

ByteView CutToFit(const std::string& text) {
  const std::string_view whole = text;
  return AsBytes(whole.substr(0, kTextBytesMax));
}

Bytes EncodeOrigin(const Origin& origin) {
  Bytes out;
  Writer writer(out);
  writer.PutPrefixed<uint8_t>(CutToFit(origin.actor)).Put(origin.keyring_id).Put(origin.uid);
  writer.Put(origin.pid);
  writer.PutPrefixed<uint8_t>(CutToFit(origin.host)).PutPrefixed<uint8_t>(CutToFit(origin.program));
  return out;
}

// What the box of a head holds, padded.
Result<Secret> SecretsOf(const NewHead& head, const Origin& origin) {
  const Bytes encoded = EncodeOrigin(origin);
  const size_t size = kFirstKeysBytes + encoded.size();
  BAILEE_TRY(Secret secrets, Secret::Allocate(crypto::PaddedSize(size)));
  secrets.RevealMutable([&](std::span<uint8_t> out) {
    uint8_t* at = out.data();
    for (const crypto::ChainKey* key : {&head.journal_first, &head.writes_first}) {
      key->Reveal([&](ByteView bytes) { at = std::copy(bytes.begin(), bytes.end(), at); });
    }
    std::copy(encoded.begin(), encoded.end(), at);
    crypto::Pad(out, size);
  });
  return secrets;
}

bool ParseOrigin(ByteView bytes, Origin& origin) {
  Reader in(bytes);
  origin.actor = AsText(in.GetPrefixed<uint8_t>());
  origin.keyring_id = in.GetArray<16>();
  origin.uid = in.Get<uint32_t>();
  origin.pid = in.Get<uint32_t>();
  origin.host = AsText(in.GetPrefixed<uint8_t>());
  origin.program = AsText(in.GetPrefixed<uint8_t>());
  return in.complete();
}

bool AllZero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

// The check of an entry whose parts do not lie together: those of most events fit the stack.
uint64_t CheckOf(const InstanceId& instance, ByteView head, ByteView ciphertext) {
  std::array<uint8_t, 1024> few;
  Bytes many;
  const size_t size = head.size() + ciphertext.size();
  if (size > few.size()) many.resize(size);
  uint8_t* const joined = many.empty() ? few.data() : many.data();
  std::memcpy(joined, head.data(), head.size());
  std::memcpy(joined + head.size(), ciphertext.data(), ciphertext.size());
  return crypto::Checksum(instance.bytes, {joined, size});
}

crypto::AeadNonce NonceOf(uint32_t attempt) {
  crypto::AeadNonce nonce{};
  StoreBigEndian(attempt, nonce.data());
  return nonce;
}

}  // namespace

Result<NewHead> BuildHead(const VaultId& vault, const InstanceId& instance, Timestamp opened_at,
                          const Origin& origin, const crypto::BoxPublicKey& auditor,
                          crypto::Random& random) {
  NewHead head;
  BAILEE_TRY(head.journal_first, crypto::ChainKey::Generate(random));
  BAILEE_TRY(head.writes_first, crypto::ChainKey::Generate(random));
  BAILEE_TRY(const Secret secrets, SecretsOf(head, origin));
  BAILEE_TRY(crypto::BoxSender sender, crypto::BoxSender::Create(random));
  BAILEE_TRY(const Bytes box, secrets.RevealBytes([&](ByteView bytes) {
    return sender.Seal(auditor, HeadBinding(vault, instance, opened_at), bytes, random);
  }));
  Writer writer(head.bytes);
  writer.Put(AsBytes(kJournalMagic)).Put(kJournalVersion).Put(vault.view()).Put(instance.view());
  writer.Put(opened_at.unix_ms).PutPrefixed<uint32_t>(box);
  writer.Put(crypto::Checksum(instance.bytes, head.bytes));
  BAILEE_CHECK(head.bytes.size() <= kHeadBytesMax);
  return head;
}

Result<Head> ParseHead(ByteView bytes) {
  Reader in(bytes.first(std::min(bytes.size(), kHeadBytesMax)));
  if (AsText(in.GetBytes(kJournalMagic.size())) != kJournalMagic ||
      in.Get<uint16_t>() != kJournalVersion) {
    return BadHead();
  }
  Head head;
  head.vault.bytes = in.GetArray<16>();
  head.instance.bytes = in.GetArray<16>();
  head.opened_at.unix_ms = in.Get<int64_t>();
  const ByteView box = in.GetPrefixed<uint32_t>();
  if (box.size() < crypto::kBoxOverhead || !crypto::IsBucket(box.size() - crypto::kBoxOverhead)) {
    return BadHead();
  }
  const auto checked = static_cast<size_t>(box.data() + box.size() - bytes.data());
  const auto check = in.Get<uint64_t>();
  if (in.failed() || check != crypto::Checksum(head.instance.bytes, bytes.first(checked))) {
    return BadHead();
  }
  head.box.assign(box.begin(), box.end());
  head.size_bytes = checked + kCheckBytes;
  return head;
}

Result<OpenedHead> OpenHead(const Head& head, const crypto::BoxOpener& auditor) {
  BAILEE_TRY(const Secret secrets,
             auditor.Open(HeadBinding(head.vault, head.instance, head.opened_at), head.box));
  return secrets.RevealBytes([](ByteView padded) -> Result<OpenedHead> {
    BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
    Reader in(padded.first(size));
    const ByteView journal_first = in.GetBytes(crypto::kKeyBytes);
    const ByteView writes_first = in.GetBytes(crypto::kKeyBytes);
    OpenedHead opened;
    if (in.failed() || !ParseOrigin(in.rest(), opened.origin)) return BadHead();
    BAILEE_TRY(opened.journal_first, crypto::ChainKey::FromBytes(journal_first));
    BAILEE_TRY(opened.writes_first, crypto::ChainKey::FromBytes(writes_first));
    return opened;
  });
}

Entry ParseEntry(const InstanceId& instance, ByteView bytes) {
  Reader in(bytes);
  const size_t size = in.Get<uint32_t>();
  const auto number = in.Get<uint64_t>();
  const auto attempt = in.Get<uint32_t>();
  const auto check = in.Get<uint64_t>();
  if (in.failed() || (size == 0 && AllZero(bytes))) return {.state = EntryState::kTorn};
  if (size < kCiphertextBytesMin || size > kEntryBytesMax ||
      !crypto::IsBucket(size - crypto::kAeadTagBytes)) {
    return {.state = EntryState::kDamaged};
  }
  const ByteView ciphertext = in.GetBytes(size);
  if (in.failed()) return {.state = EntryState::kTorn};
  if (check != CheckOf(instance, bytes.first(kCheckedHeadBytes), ciphertext)) {
    return {.state = EntryState::kDamaged};
  }
  return {EntryState::kWhole, number, attempt, ciphertext, kEntryHeadBytes + size};
}

size_t CiphertextSize(size_t event_bytes) {
  return crypto::PaddedSize(event_bytes) + crypto::kAeadTagBytes;
}

void SealEntry(ByteView key, const InstanceId& instance, uint64_t number, uint32_t attempt,
               Bytes& frame) {
  BAILEE_CHECK(frame.size() >= kEntryHeadBytes);
  const size_t event_bytes = frame.size() - kEntryHeadBytes;
  const size_t size = CiphertextSize(event_bytes);
  BAILEE_CHECK(size <= kEntryBytesMax);
  frame.resize(kEntryHeadBytes + size);
  const auto ciphertext = std::span(frame).subspan(kEntryHeadBytes);
  const auto padded = ciphertext.first(size - crypto::kAeadTagBytes);
  crypto::Pad(padded, event_bytes);
  crypto::AeadSeal(key, NonceOf(attempt), {}, padded, ciphertext);
  // What the check covers is first put together in front of the ciphertext, which then need not be
  // moved; the check goes between them.
  std::array<uint8_t, kCheckedHeadBytes> head;
  StoreBigEndian(static_cast<uint32_t>(size), head.data());
  StoreBigEndian(number, head.data() + 4);
  StoreBigEndian(attempt, head.data() + 12);
  std::copy(head.begin(), head.end(), frame.data() + kCheckBytes);
  const uint64_t check = crypto::Checksum(instance.bytes, ByteView(frame).subspan(kCheckBytes));
  std::copy(head.begin(), head.end(), frame.data());
  StoreBigEndian(check, frame.data() + kCheckedHeadBytes);
}

Result<Bytes> OpenEntry(ByteView key, const Entry& entry) {
  BAILEE_CHECK(entry.state == EntryState::kWhole);
  Bytes padded(entry.ciphertext.size() - crypto::kAeadTagBytes);
  if (!crypto::AeadOpen(key, NonceOf(entry.attempt), {}, entry.ciphertext, padded)) {
    return Status(Code::kDamage, "trail.forged-entry",
                  "an entry of the audit trail was not written by its instance",
                  "verify the trail; restore it from a backup");
  }
  BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
  padded.resize(size);
  return padded;
}

}  // namespace bailee::audit
