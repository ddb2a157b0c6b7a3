// SPDX-License-Identifier: Apache-2.0
#include "audit/chain.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"

namespace bailee::audit {
namespace {

constexpr size_t kNumberAt = 33;  // in what is hashed

}  // namespace

Result<KeyChain> KeyChain::Start(ChainKind kind, const VaultId& vault, const InstanceId& instance,
                                 crypto::ChainKey first) {
  BAILEE_CHECK(!first.empty());
  BAILEE_TRY(Secret state, Secret::Allocate(kStateBytes));
  state.RevealMutable([&](std::span<uint8_t> out) {
    first.Reveal([&](ByteView key) { std::memcpy(out.data(), key.data(), key.size()); });
  });
  return KeyChain(kind, vault, instance, std::move(state));
}

KeyChain::KeyChain(ChainKind kind, const VaultId& vault, const InstanceId& instance, Secret state)
    : state_(std::move(state)) {
  Prefix out{};
  out[0] = static_cast<uint8_t>(kind);
  std::copy(vault.bytes.begin(), vault.bytes.end(), out.begin() + 1);
  std::copy(instance.bytes.begin(), instance.bytes.end(), out.begin() + 17);
  hashed_ = out;
}

void KeyChain::MakeKeys(std::span<uint8_t> state, Prefix& hashed, uint64_t number) {
  StoreBigEndian(number, hashed.data() + kNumberAt);
  crypto::KeyedHashInto(ByteView(state.first(crypto::kKeyBytes)), crypto::person::kTrail, hashed,
                        state.subspan(kEntryKeyAt));
}

void KeyChain::TakeStep(std::span<uint8_t> state) {
  std::memcpy(state.data(), state.data() + kNextAt, crypto::kKeyBytes);
}

void KeyChain::MakeKeys() {
  state_.RevealMutable([&](std::span<uint8_t> state) { MakeKeys(state, hashed_, number_); });
}

void KeyChain::WipeKeys(bool advance) {
  state_.RevealMutable([&](std::span<uint8_t> state) {
    if (advance) TakeStep(state);
    crypto::Wipe(state.subspan(kEntryKeyAt));
  });
  if (advance) ++number_;
}

Status KeyChain::CheckReach(uint64_t number) const {
  if (number < number_) {
    return Status(Code::kDamage, "trail.key-gone", "the key of an earlier entry is wiped",
                  "the entries of the audit trail are out of order; verify it");
  }
  if (number - number_ > kAheadMax) {
    return Status(Code::kDamage, "trail.key-too-far", "the next entry is too far ahead",
                  "entries of the audit trail are missing; verify it");
  }
  return Status();
}

Result<EntryKey> KeyChain::KeyAt(uint64_t number) const {
  BAILEE_RETURN_IF_ERROR(CheckReach(number));
  BAILEE_TRY(Secret copy, Secret::Allocate(kStateBytes));
  BAILEE_TRY(Secret key, Secret::Allocate(crypto::kKeyBytes));
  copy.RevealMutable([&](std::span<uint8_t> state) {
    state_.RevealBytes([&](ByteView mine) { std::memcpy(state.data(), mine.data(), mine.size()); });
    Prefix hashed = hashed_;
    for (uint64_t i = number_;; ++i) {
      MakeKeys(state, hashed, i);
      if (i == number) break;
      TakeStep(state);
    }
    key.RevealMutable([&](std::span<uint8_t> out) {
      std::memcpy(out.data(), state.data() + kEntryKeyAt, out.size());
    });
  });
  return EntryKey::FromSecret(std::move(key));
}

Status KeyChain::AdvanceTo(uint64_t number) {
  BAILEE_RETURN_IF_ERROR(CheckReach(number));
  while (number_ < number) {
    MakeKeys();
    WipeKeys(true);
  }
  return Status();
}

}  // namespace bailee::audit
