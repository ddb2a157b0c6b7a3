// SPDX-License-Identifier: Apache-2.0
#include "keys/wraps.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"
#include "record/row.h"

namespace bailee::keys {
namespace {

constexpr uint8_t kWrapsRowVersion = 1;
constexpr uint8_t kWrapsRowKind = 0x01;  // after the handle, in the key of a row
constexpr size_t kSealedKeyBytes = crypto::kKeyBytes + crypto::kEnvelopeOverhead;
constexpr size_t kBoxedKeyBytes = crypto::kKeyBytes + crypto::kBoxOverhead;

Status DamagedWraps() {
  return Status(Code::kDamage, "wraps.damaged", "the wraps of a compartment do not open",
                "restore the vault from a backup; other records are still readable");
}

crypto::Binding OuterBinding(const WrapPlace& place) {
  return {.label = crypto::Label::kWrapsRow,
          .vault = place.vault,
          .handle = place.handle,
          .category = place.category,
          .record = place.record,
          .compartment = place.compartment,
          .terms = place.terms,
          .generation = place.subject_generation};
}

crypto::EncodedWrapBinding InnerBinding(const WrapPlace& place, const Wrap& wrap) {
  crypto::Binding binding = OuterBinding(place);
  binding.label = wrap.write_only ? crypto::Label::kWriteOnlyWrap : crypto::Label::kWrap;
  binding.generation = wrap.generation;
  return crypto::Encode(crypto::WrapBinding{binding, wrap.purpose, wrap.key_version});
}

bool Travels(const Wrap& wrap) { return wrap.generation == record::kTravellingGeneration; }

auto Order(const Wrap& wrap) { return std::tie(wrap.generation, wrap.purpose, wrap.key_version); }

Result<std::vector<Wrap>> DecodeWraps(ByteView padded) {
  BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
  Reader reader(padded.first(size));
  const auto count = reader.Get<uint16_t>();
  std::vector<Wrap> wraps;
  wraps.reserve(std::min<size_t>(count, size / kSealedKeyBytes));
  for (uint16_t i = 0; i < count && !reader.failed(); ++i) {
    Wrap wrap;
    const auto type = reader.Get<uint8_t>();
    if (type != static_cast<uint8_t>(crypto::Label::kWrap) &&
        type != static_cast<uint8_t>(crypto::Label::kWriteOnlyWrap)) {
      return DamagedWraps();
    }
    wrap.write_only = type == static_cast<uint8_t>(crypto::Label::kWriteOnlyWrap);
    wrap.purpose = {reader.GetArray<8>()};
    wrap.key_version = reader.Get<uint16_t>();
    wrap.generation = reader.Get<uint32_t>();
    const ByteView sealed = reader.GetBytes(wrap.write_only ? kBoxedKeyBytes : kSealedKeyBytes);
    wrap.sealed.assign(sealed.begin(), sealed.end());
    if (!wraps.empty() && Order(wraps.back()) >= Order(wrap)) return DamagedWraps();
    wraps.push_back(std::move(wrap));
  }
  if (!reader.complete()) return DamagedWraps();
  return wraps;
}

}  // namespace

WrapsRowKey WrapsRowKeyOf(const WrapPlace& place) {
  WrapsRowKey key{};
  uint8_t* at = std::copy(place.handle.bytes.begin(), place.handle.bytes.end(), key.data());
  *at++ = kWrapsRowKind;
  at = std::copy(place.category.bytes.begin(), place.category.bytes.end(), at);
  StoreBigEndian(place.compartment, at);
  std::copy(place.terms.bytes.begin(), place.terms.bytes.end(), at + 2);
  return key;
}

std::array<uint8_t, 17> WrapsRowsPrefix(const Handle& handle) {
  std::array<uint8_t, 17> prefix{};
  *std::copy(handle.bytes.begin(), handle.bytes.end(), prefix.begin()) = kWrapsRowKind;
  return prefix;
}

std::optional<WrapsRowName> ParseWrapsRowKey(ByteView key) {
  Reader reader(key);
  const Handle handle{reader.GetArray<16>()};
  const auto kind = reader.Get<uint8_t>();
  const WrapsRowName name{
      handle, {reader.GetArray<8>()}, reader.Get<uint16_t>(), {reader.GetArray<16>()}};
  if (!reader.complete() || kind != kWrapsRowKind) return std::nullopt;
  return name;
}

Result<crypto::BoxSender*> LazyBoxSender::Get(crypto::Random& random) {
  if (!sender_) {
    BAILEE_TRY(sender_, crypto::BoxSender::Create(random));
  }
  return &*sender_;
}

Result<WrapSet> WrapSet::OpenSealed(const WrapPlace& place, const crypto::SubjectKey& subject,
                                    ByteView row) {
  Reader reader(row);
  if (reader.Get<uint8_t>() != kWrapsRowVersion) return DamagedWraps();
  const Result<Secret> opened =
      crypto::Open(subject, crypto::Encode(OuterBinding(place)), reader.rest());
  if (!opened.ok()) return crypto::DamageUnlessFull(opened.status(), DamagedWraps());
  WrapSet set;
  BAILEE_TRY(set.wraps_, opened->RevealBytes(DecodeWraps));
  return set;
}

Result<WrapSet> WrapSet::Open(const WrapPlace& place, const crypto::SubjectKey& subject,
                              ByteView row) {
  BAILEE_TRY(WrapSet set, OpenSealed(place, subject, row));
  // A category that holds ONE has a record id of zeroes, as a row has: only the generation tells
  // what travelled from what lay in a row.
  if (std::any_of(set.wraps_.begin(), set.wraps_.end(), Travels)) return DamagedWraps();
  return set;
}

Result<WrapSet> WrapSet::OpenTravelling(const WrapPlace& place, const crypto::SubjectKey& subject,
                                        ByteView row) {
  BAILEE_TRY(WrapSet set, OpenSealed(place, subject, row));
  if (!std::all_of(set.wraps_.begin(), set.wraps_.end(), Travels)) return DamagedWraps();
  return set;
}

Bytes WrapSet::SealAll(const WrapPlace& place, const crypto::SubjectKey& subject,
                       crypto::Random& random) const {
  Bytes plain;
  Writer writer(plain);
  writer.Put(static_cast<uint16_t>(wraps_.size()));
  for (const Wrap& wrap : wraps_) {
    const crypto::Label type =
        wrap.write_only ? crypto::Label::kWriteOnlyWrap : crypto::Label::kWrap;
    writer.Put(static_cast<uint8_t>(type))
        .Put(wrap.purpose.view())
        .Put(wrap.key_version)
        .Put(wrap.generation);
    writer.Put(ByteView(wrap.sealed));
  }
  const size_t size = plain.size();
  plain.resize(crypto::PaddedSize(size));
  crypto::Pad(plain, size);
  Bytes row;
  row.reserve(1 + plain.size() + crypto::kEnvelopeOverhead);
  row.push_back(kWrapsRowVersion);
  crypto::SealAppend(subject, crypto::Encode(OuterBinding(place)), plain, random, row);
  return row;
}

Result<Bytes> WrapSet::Seal(const WrapPlace& place, const crypto::SubjectKey& subject,
                            crypto::Random& random) const {
  BAILEE_CHECK(std::none_of(wraps_.begin(), wraps_.end(), Travels));
  return SealAll(place, subject, random);
}

Result<Bytes> WrapSet::SealTravelling(const WrapPlace& place, const crypto::SubjectKey& subject,
                                      crypto::Random& random) const {
  BAILEE_CHECK(std::all_of(wraps_.begin(), wraps_.end(), Travels));
  return SealAll(place, subject, random);
}

const Wrap* WrapSet::Find(const crypto::NameId& purpose, uint16_t key_version,
                          uint32_t generation) const {
  for (const Wrap& wrap : wraps_) {
    if (wrap.purpose == purpose && wrap.key_version == key_version && wrap.generation == generation)
      return &wrap;
  }
  return nullptr;
}

const Wrap* WrapSet::FindHeld(const crypto::NameId& purpose, uint32_t generation,
                              const KeyringKeys& keys) const {
  for (const Wrap& wrap : wraps_) {
    if (wrap.purpose != purpose || wrap.generation != generation) continue;
    if (keys.FindPurpose(wrap.purpose, wrap.key_version) != nullptr) return &wrap;
  }
  return nullptr;
}

bool WrapSet::HasGeneration(uint32_t generation) const {
  return std::any_of(wraps_.begin(), wraps_.end(),
                     [&](const Wrap& wrap) { return wrap.generation == generation; });
}

const Wrap* WrapSet::FindFor(const KeyringKeys& keys) const {
  const std::vector<uint32_t> write_only = WriteOnlyNumbers();
  const Wrap* best = nullptr;
  for (const Wrap& wrap : wraps_) {
    if (keys.FindPurpose(wrap.purpose, wrap.key_version) == nullptr) continue;
    if (std::binary_search(write_only.begin(), write_only.end(), wrap.generation)) continue;
    if (best == nullptr || best->write_only >= wrap.write_only) best = &wrap;
  }
  return best;
}

Status WrapSet::Add(const WrapPlace& place, uint32_t generation, const crypto::CompartmentKey& key,
                    std::span<const WrapRecipient> recipients, LazyBoxSender& boxes,
                    crypto::Random& random) {
  for (const WrapRecipient& recipient : recipients) {
    Wrap wrap{.write_only = recipient.key == nullptr,
              .purpose = recipient.purpose,
              .key_version = recipient.key_version,
              .generation = generation,
              .sealed = {}};
    const auto binding = InnerBinding(place, wrap);
    if (wrap.write_only) {
      BAILEE_TRY(crypto::BoxSender * sender, boxes.Get(random));
      BAILEE_TRY(wrap.sealed, key.Reveal([&](ByteView bytes) {
        return sender->Seal(recipient.box_public, binding, bytes, random);
      }));
    } else {
      key.Reveal([&](ByteView bytes) {
        crypto::SealAppend(*recipient.key, binding, bytes, random, wrap.sealed);
      });
    }
    const auto at =
        std::lower_bound(wraps_.begin(), wraps_.end(), wrap,
                         [](const Wrap& a, const Wrap& b) { return Order(a) < Order(b); });
    wraps_.insert(at, std::move(wrap));
  }
  return Status();
}

uint32_t WrapSet::NextGeneration() const {
  return wraps_.empty() ? 1 : wraps_.back().generation + 1;
}

std::vector<uint32_t> WrapSet::WriteOnlyNumbers() const {
  std::vector<uint32_t> numbers;
  for (auto first = wraps_.begin(); first != wraps_.end();) {
    const auto next = std::find_if(first, wraps_.end(), [&](const Wrap& wrap) {
      return wrap.generation != first->generation;
    });
    if (std::all_of(first, next, [](const Wrap& wrap) { return wrap.write_only; }))
      numbers.push_back(first->generation);
    first = next;
  }
  return numbers;
}

Result<crypto::CompartmentKey> OpenWrap(const WrapPlace& place, const Wrap& wrap,
                                        const crypto::PurposeKey& key) {
  const auto binding = InnerBinding(place, wrap);
  if (wrap.write_only) {
    BAILEE_TRY(crypto::BoxSecret secret, crypto::DeriveBoxSecret(key, wrap.key_version));
    Result<Secret> opened = crypto::BoxOpener(std::move(secret)).Open(binding, wrap.sealed);
    if (!opened.ok()) return crypto::DamageUnlessFull(opened.status(), DamagedWraps());
    return crypto::CompartmentKey::FromSecret(*std::move(opened));
  }
  Result<Secret> opened = crypto::Open(key, binding, wrap.sealed);
  if (!opened.ok()) return crypto::DamageUnlessFull(opened.status(), DamagedWraps());
  return crypto::CompartmentKey::FromSecret(*std::move(opened));
}

}  // namespace bailee::keys
