// SPDX-License-Identifier: Apache-2.0
#include "vault/disclose/parcel.h"

#include <algorithm>
#include <limits>
#include <span>

#include "base/check.h"
#include "base/codec.h"
#include "base/hex.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/box.h"
#include "crypto/names.h"
#include "crypto/padding.h"

namespace bailee::vault {
namespace {

constexpr std::string_view kParcelMagic = "BAILEEPC";
constexpr uint16_t kParcelVersion = 1;
constexpr uint16_t kRecipientKeyVersion = 1;

Status BadKey() {
  return Status(Code::kKey, "disclose.recipient-key",
                "nothing can be sealed to the recipient's public key",
                "ask the recipient for its X25519 key and publish a policy with it");
}

// Writes into guarded memory; without a buffer it only counts.
class Sink {
 public:
  explicit Sink(std::span<uint8_t> out) : out_(out) {}
  void Put(ByteView bytes) {
    if (!out_.empty()) std::copy(bytes.begin(), bytes.end(), out_.data() + size_);
    size_ += bytes.size();
  }
  template <std::integral Int>
  void Put(Int value) {
    uint8_t bytes[sizeof(Int)];
    StoreBigEndian(value, bytes);
    Put(ByteView(bytes));
  }
  void PutName(std::string_view name) {
    Put(static_cast<uint8_t>(name.size()));
    Put(AsBytes(name));
  }
  size_t size() const { return size_; }

 private:
  std::span<uint8_t> out_;
  size_t size_ = 0;
};

void PutValue(Sink& sink, const Record::Value& value) {
  sink.PutName(value.name);
  sink.Put(static_cast<uint8_t>(value.value ? 1 : 0));
  if (!value.value) return sink.Put(uint32_t{0});
  value.value->RevealBytes([&](ByteView bytes) {
    sink.Put(static_cast<uint32_t>(bytes.size()));
    sink.Put(bytes);
  });
}

void PutContents(Sink& sink, const DisclosureInfo& info, const std::vector<Record>& records) {
  sink.Put(info.at.unix_ms);
  sink.Put(info.until ? info.until->unix_ms : std::numeric_limits<int64_t>::max());
  sink.PutName(info.purpose);
  sink.PutName(info.ground);
  sink.PutName(info.category);
  sink.Put(static_cast<uint16_t>(records.size()));
  for (const Record& record : records) {
    sink.Put(record.id.view());
    sink.Put(record.collected_at.unix_ms);
    sink.Put(static_cast<uint8_t>(record.values.size()));
    for (const Record::Value& value : record.values) PutValue(sink, value);
  }
}

Result<Secret> PaddedContents(const DisclosureInfo& info, const std::vector<Record>& records) {
  Sink counter({});
  PutContents(counter, info, records);
  const size_t size = counter.size();
  BAILEE_TRY(Secret contents, Secret::Allocate(crypto::PaddedSize(size)));
  contents.RevealMutable([&](std::span<uint8_t> out) {
    Sink sink(out);
    PutContents(sink, info, records);
    BAILEE_CHECK(sink.size() == size);
    crypto::Pad(out, size);
  });
  return contents;
}

}  // namespace

Result<Bytes> SealParcel(const VaultId& vault, const ParcelId& id, const DisclosureInfo& info,
                         const std::vector<Record>& records, std::string_view public_key,
                         crypto::Random& random) {
  crypto::BoxPublicKey recipient;
  if (!FromHex(public_key, recipient.bytes)) return BadKey();
  BAILEE_TRY(const Secret contents, PaddedContents(info, records));
  BAILEE_TRY(crypto::BoxSender sender, crypto::BoxSender::Create(random));
  const crypto::WrapBinding binding{
      .binding = {.label = crypto::Label::kParcel, .vault = vault, .record = {id.bytes}},
      .purpose = crypto::NameIdOf(info.recipient),
      .key_version = kRecipientKeyVersion};
  Bytes parcel;
  Writer(parcel).Put(AsBytes(kParcelMagic)).Put(kParcelVersion).Put(vault.view()).Put(id.view());
  Writer(parcel).PutPrefixed<uint8_t>(AsBytes(info.recipient));
  const Status sealed = contents.RevealBytes([&](ByteView bytes) {
    return sender.SealAppend(recipient, crypto::Encode(binding), bytes, random, parcel);
  });
  if (!sealed.ok()) return sealed.code() == Code::kFull ? sealed : BadKey();
  return parcel;
}

}  // namespace bailee::vault
