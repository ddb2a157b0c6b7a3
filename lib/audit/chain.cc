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
  Prefix hashed{};
  hashed[0] = static_cast<uint8_t>(kind);
  std::copy(vault.bytes.begin(), vault.bytes.end(), hashed.begin() + 1);
  std::copy(instance.bytes.begin(), instance.bytes.end(), hashed.begin() + 17);
  return KeyChain(std::move(state), hashed, 0);
}

void KeyChain::MakeKeys() {
  StoreBigEndian(number_, hashed_.data() + kNumberAt);
  state_.RevealMutable([&](std::span<uint8_t> state) {
    crypto::KeyedHashInto(ByteView(state.first(crypto::kKeyBytes)), crypto::person::kTrail, hashed_,
                          state.subspan(kEntryKeyAt));
  });
}

void KeyChain::WipeKeys(bool advance) {
  state_.RevealMutable([&](std::span<uint8_t> state) {
    if (advance) std::memcpy(state.data(), state.data() + kNextAt, crypto::kKeyBytes);
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

Result<KeyChain> KeyChain::Copy() const {
  BAILEE_TRY(Secret state, Secret::Allocate(kStateBytes));
  state.RevealMutable([&](std::span<uint8_t> out) {
    state_.RevealBytes([&](ByteView mine) { std::memcpy(out.data(), mine.data(), mine.size()); });
  });
  return KeyChain(std::move(state), hashed_, number_);
}

Result<EntryKey> KeyChain::KeyAt(uint64_t number) const {
  BAILEE_RETURN_IF_ERROR(CheckReach(number));
  BAILEE_TRY(KeyChain ahead, Copy());
  BAILEE_RETURN_IF_ERROR(ahead.AdvanceTo(number));
  BAILEE_TRY(Secret key, Secret::Allocate(crypto::kKeyBytes));
  BAILEE_RETURN_IF_ERROR(ahead.Next([&](ByteView bytes) {
    key.RevealMutable(
        [&](std::span<uint8_t> out) { std::memcpy(out.data(), bytes.data(), out.size()); });
    return Status();
  }));
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
