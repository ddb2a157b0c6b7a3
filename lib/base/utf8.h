// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bailee {

// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most
// U+10FFFF).
bool IsUtf8(std::string_view text);

}  // namespace bailee
