// SPDX-License-Identifier: Apache-2.0
#include "csv.h"

#include <string_view>

namespace bailee::tool {
namespace {

// Spreadsheets pass over spaces, quotes and separators of their own before a formula; a tab, a line
// feed or a carriage return in front begins a cell anew.
bool LooksLikeFormula(std::string_view cell) {
  const size_t first = cell.find_first_not_of(" \"';,");
  if (cell.find_first_of("\t\r\n") == 0) return true;
  return first != std::string_view::npos &&
         std::string_view("=+-@\t\r\n").find(cell[first]) != std::string_view::npos;
}

std::string CellOf(const std::string& text) {
  const std::string cell = LooksLikeFormula(text) ? "'" + text : text;
  if (cell.find_first_of(",;\"\t\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) line += ',';
    line += CellOf(cell);
  }
  return line + "\r\n";
}

}  // namespace bailee::tool
