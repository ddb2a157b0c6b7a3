// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha256.h"

#include <sodium.h>

#include <new>

namespace bailee::crypto {
namespace {

using Sha256State = crypto_hash_sha256_state;

template <typename Storage>
Sha256State* Sha256StateIn(Storage& storage) {
  static_assert(sizeof(storage) == sizeof(Sha256State) &&
                alignof(Sha256State) <= alignof(uint64_t));
  return std::launder(reinterpret_cast<Sha256State*>(storage.data()));
}

}  // namespace

Sha256Stream::Sha256Stream() { crypto_hash_sha256_init(::new (state_.data()) Sha256State); }

void Sha256Stream::Put(ByteView bytes) {
  crypto_hash_sha256_update(Sha256StateIn(state_), bytes.data(), bytes.size());
}

Sha256Digest Sha256Stream::Finish() {
  Sha256Digest digest;
  crypto_hash_sha256_final(Sha256StateIn(state_), digest.data());
  return digest;
}

Sha256Digest Sha256(std::initializer_list<ByteView> parts) {
  Sha256Stream stream;
  for (const ByteView part : parts) stream.Put(part);
  return stream.Finish();
}

}  // namespace bailee::crypto
