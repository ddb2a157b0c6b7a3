// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bailee {

// Borrowed bytes that are not secret. Used only as a parameter.
using ByteView = std::span<const uint8_t>;

// Owned bytes that are not secret: ciphertext, keys of rows, public keys. Secrets live in Secret.
using Bytes = std::vector<uint8_t>;

// The bytes of `text`, borrowed.
inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The text whose bytes are `bytes`, borrowed; not checked to be UTF-8.
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace bailee
