// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/opened_subject.h"

#include "base/brief_lock.h"
#include "base/try.h"

namespace bailee::vault {
namespace {

constexpr size_t kCachedKeysMax = 32;

// Upkeep has a wrap of every generation in use: a record that names another was changed or its
// wraps are lost. Not "no wrap for this purpose", which is an answer.
Status WithoutWraps() {
  return Status(Code::kDamage, "wraps.missing", "the wraps of a compartment are missing",
                "restore the vault from a backup; other records are still readable");
}

}  // namespace

keys::WrapPlace OpenedSubject::Place(const crypto::NameId& category, uint16_t compartment,
                                     const crypto::TermsId& terms) const {
  return {.vault = vault_,
          .handle = handle_,
          .category = category,
          .record = {},
          .compartment = compartment,
          .terms = terms,
          .subject_generation = subject_.head.generation};
}

Result<OpenedSubject::SharedKey> OpenedSubject::CompartmentKey(
    store::Snapshot& snapshot, const keys::WrapPlace& place, uint32_t generation,
    const crypto::NameId& purpose, const keys::KeyringKeys& keyring) const {
  const Slot slot{place.category, place.compartment, place.terms, generation, purpose};
  {
    const BriefLock lock(mutex_);
    for (const Cached& cached : cached_) {
      if (cached.slot == slot) return cached.key;
    }
  }
  BAILEE_TRY(const std::optional<ByteView> row,
             snapshot.Get(store::Table::kSubjects, keys::WrapsRowKeyOf(place)));
  if (!row) return WithoutWraps();
  BAILEE_TRY(const keys::WrapSet wraps, keys::WrapSet::Open(place, subject_.key, *row));
  if (!wraps.HasGeneration(generation)) return WithoutWraps();
  const keys::Wrap* wrap = wraps.FindHeld(purpose, generation, keyring);
  if (wrap == nullptr) return SharedKey();
  const keys::HeldPurpose* held = keyring.FindPurpose(purpose, wrap->key_version);
  BAILEE_TRY(crypto::CompartmentKey key, keys::OpenWrap(place, *wrap, held->key));
  auto shared = std::make_shared<const crypto::CompartmentKey>(std::move(key));

  const BriefLock lock(mutex_);
  if (cached_.size() < kCachedKeysMax) {
    cached_.push_back({slot, shared});
  } else {
    cached_[next_victim_++ % kCachedKeysMax] = {slot, shared};
  }
  return SharedKey(std::move(shared));
}

Result<OpenedSubject::SharedKey> OpenedSubject::TravellingKey(
    const keys::WrapPlace& place, ByteView travelling, const crypto::NameId& purpose,
    const keys::KeyringKeys& keyring) const {
  BAILEE_TRY(const keys::WrapSet wraps,
             keys::WrapSet::OpenTravelling(place, subject_.key, travelling));
  for (const keys::Wrap& wrap : wraps.wraps()) {
    if (wrap.purpose != purpose) continue;
    const keys::HeldPurpose* held = keyring.FindPurpose(purpose, wrap.key_version);
    if (held == nullptr) continue;
    BAILEE_TRY(crypto::CompartmentKey key, keys::OpenWrap(place, wrap, held->key));
    return SharedKey{std::make_shared<const crypto::CompartmentKey>(std::move(key))};
  }
  return SharedKey();
}

}  // namespace bailee::vault
