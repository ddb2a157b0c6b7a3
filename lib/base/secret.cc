// SPDX-License-Identifier: Apache-2.0
#include "bailee/secret.h"

#include <cstring>

#include "base/arena.h"
#include "base/try.h"

namespace bailee {

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  if (data_ != nullptr) arena::Free(data_, size_);
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

Secret::~Secret() {
  if (data_ != nullptr) arena::Free(data_, size_);
}

Result<Secret> Secret::From(std::string_view bytes) { return From(AsBytes(bytes)); }

Result<Secret> Secret::From(ByteView bytes) {
  BAILEE_TRY(Secret secret, Allocate(bytes.size()));
  if (!bytes.empty()) std::memcpy(secret.data_, bytes.data(), bytes.size());
  return secret;
}

Result<Secret> Secret::Allocate(size_t size_bytes) {
  if (size_bytes == 0) return Secret();
  uint8_t* data = arena::Allocate(size_bytes);
  if (data == nullptr) {
    return Status(Code::kFull, "secret.arena-full", "no guarded memory is left for secrets",
                  "hold fewer values at once, or give the process more memory");
  }
  return Secret(data, size_bytes);
}

}  // namespace bailee
