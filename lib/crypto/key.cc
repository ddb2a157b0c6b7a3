// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.h"

namespace bailee::crypto {
namespace {

Status CheckSize(size_t size_bytes) {
  if (size_bytes == kKeyBytes) return Status();
  return Status(Code::kDamage, "crypto.key-size", "a key is 32 bytes", "restore it from a backup");
}

}  // namespace

Result<Secret> Key::RandomBytes(Random& random) {
  BAILEE_TRY(Secret bytes, Secret::Allocate(kKeyBytes));
  bytes.RevealMutable([&](std::span<uint8_t> out) { random.Fill(out); });
  return bytes;
}

Result<Secret> Key::CheckedCopy(ByteView bytes) {
  BAILEE_RETURN_IF_ERROR(CheckSize(bytes.size()));
  return Secret::From(bytes);
}

Result<Secret> Key::Checked(Secret bytes) {
  BAILEE_RETURN_IF_ERROR(CheckSize(bytes.size_bytes()));
  return bytes;
}

}  // namespace bailee::crypto
