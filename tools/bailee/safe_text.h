// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace bailee::tool {

// `text` as one cell of a line, in which nothing drives a terminal or hides what it says: escaped
// (\t, \n, \xhh for each byte) are control characters, those of C1 too, what turns the direction of
// text, what ends a line, and every byte that is not UTF-8.
std::string SafeCell(std::string_view text);

// Takes the first character off `text`, which is not empty, and returns it as SafeCell shows it. At
// most 12 bytes, so that no copy of a value is left on the heap.
std::string TakeSafe(std::string_view& text);

}  // namespace bailee::tool
