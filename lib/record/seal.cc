// SPDX-License-Identifier: Apache-2.0
#include "record/seal.h"

#include "crypto/binding.h"
#include "crypto/suite1.h"

namespace bailee::record {
namespace {

crypto::EncodedBinding CompartmentBinding(const CompartmentPlace& place) {
  return crypto::Encode(crypto::Binding{
      .label = crypto::Label::kCompartment,
      .vault = place.vault,
      .handle = place.handle,
      .category = place.category,
      .record = place.record,
      .compartment = place.compartment,
      .terms = place.head.terms,
      .generation = place.generation,
      .revision = place.head.revision,
      .context = static_cast<uint64_t>(place.head.collected_at.unix_ms),
  });
}

}  // namespace

Bytes SealCompartment(const crypto::CompartmentKey& key, const CompartmentPlace& place,
                      const Secret& fields, crypto::Random& random) {
  const crypto::EncodedBinding binding = CompartmentBinding(place);
  return fields.RevealBytes(
      [&](ByteView plaintext) { return crypto::Seal(key, binding, plaintext, random); });
}

Result<Secret> OpenCompartment(const crypto::CompartmentKey& key, const CompartmentPlace& place,
                               ByteView sealed) {
  Result<Secret> opened = crypto::Open(key, CompartmentBinding(place), sealed);
  // D came out of an authentic wrap, so a key that does not fit is not the caller's fault: the
  // compartment was moved, put back or damaged.
  const Code code = opened.status().code();
  if (code == Code::kKey || code == Code::kDamage) {
    return Status(Code::kDamage, "record.not-authentic",
                  "a record is not what was stored in its place", "run check on the vault");
  }
  return opened;
}

}  // namespace bailee::record
