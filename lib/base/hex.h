// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "bailee/bytes.h"

namespace bailee {

// Lower-case hex of public bytes. Not constant-time: never for secrets.
std::string ToHex(ByteView bytes);

// Fills `out` from exactly 2 × out.size() lower-case hex digits; false, and `out` unspecified, for
// anything else.
bool FromHex(std::string_view hex, std::span<uint8_t> out);

}  // namespace bailee
