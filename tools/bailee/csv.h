// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace bailee::tool {

// One line of CSV (RFC 4180), with its CRLF. A cell that a spreadsheet would take for a formula
// gets an apostrophe in front, which it takes for "this is text".
std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace bailee::tool
