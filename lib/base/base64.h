// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bailee/bytes.h"

namespace bailee {

// Standard Base 64 with padding (RFC 4648 §4) of public bytes. Not constant-time: never for
// secrets.
std::string ToBase64(ByteView bytes);

// The bytes whose ToBase64 is `text`, or nothing. Every other form is refused: other alphabets,
// spaces, missing or surplus padding, unused bits that are not zero.
std::optional<Bytes> FromBase64(std::string_view text);

}  // namespace bailee
