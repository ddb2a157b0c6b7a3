// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string_view>
#include <utility>

#include "bailee/bytes.h"
#include "bailee/export.h"
#include "bailee/result.h"

namespace bailee {

// A value that must not leak: it cannot be copied, printed or compared, lives in guarded memory and
// is wiped when it goes. Movable; a moved-from Secret is empty. Thread-compatible.
class BAILEE_EXPORT Secret {
 public:
  Secret() = default;  // empty
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // Takes a copy of `bytes`, which may be empty. The caller's own copy is not wiped.
  // Errors: kFull if the secret arena cannot grow.
  static Result<Secret> From(std::string_view bytes);
  static Result<Secret> From(ByteView bytes);

  // `size_bytes` zero bytes, to be filled through RevealMutable.
  // Errors: as From.
  static Result<Secret> Allocate(size_t size_bytes);

  // Calls `use` with the bytes, valid only during the call, and returns what it returns.
  template <typename Use>
  decltype(auto) Reveal(Use&& use) const {
    return std::forward<Use>(use)(std::string_view(reinterpret_cast<const char*>(data_), size_));
  }

  // Calls `use` with the bytes as ByteView.
  template <typename Use>
  decltype(auto) RevealBytes(Use&& use) const {
    return std::forward<Use>(use)(ByteView(data_, size_));
  }

  // Calls `use` with the bytes, writable, for filling in place.
  template <typename Use>
  decltype(auto) RevealMutable(Use&& use) {
    return std::forward<Use>(use)(std::span<uint8_t>(data_, size_));
  }

  size_t size_bytes() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  Secret(uint8_t* data, size_t size) : data_(data), size_(size) {}

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// A Secret is not printed and not compared: these exist to say so in the compiler's message.
template <typename Stream>
Stream& operator<<(Stream&, const Secret&) = delete;
bool operator==(const Secret&, const Secret&) = delete;

}  // namespace bailee
