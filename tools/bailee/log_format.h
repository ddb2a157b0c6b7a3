// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/result.h"

namespace bailee::tool {

// One % directive of a LogFormat.
struct LogDirective {
  std::string name;       // as mapped by --map, without conditions: "%h", "%>s", "%{Referer}i"
  char letter = 0;        // 'h', 's', 'i'
  std::string argument;   // "Referer", or empty; header names keep their case
  std::string separator;  // the literal text that ends it; empty for the last
};

// What a line holds. Values borrow from the scratch space of the parse.
struct LogLine {
  // values[i] belongs to directive i: as the server saw it, escapes undone; nothing for "-".
  std::vector<std::optional<std::string_view>> values;
  std::optional<Timestamp> time;  // of the first %t that has one
};

// An Apache LogFormat string, compiled. It reads each line the server wrote with it, and refuses
// any other bytes without a crash.
class LogFormat {
 public:
  // `format` is a LogFormat string as in the server's configuration, with \" and \\ or without, or
  // one of the names "common" and "combined". Errors: kUsage "log.format" saying at which
  // character: an unknown directive, or two directives with nothing between them to tell where the
  // first ends.
  static Result<LogFormat> Compile(std::string_view format);

  const std::vector<LogDirective>& directives() const { return directives_; }

  // Reads one line without its newline. `scratch` holds what was unescaped and must outlive `line`.
  // False if the line does not have this format; `line` is then unspecified.
  bool Parse(std::string_view text, std::string& scratch, LogLine& line) const;

 private:
  std::string prefix_;  // literal text before the first directive
  std::vector<LogDirective> directives_;
};

// Undoes what Apache writes for bytes that would break a line: \" \\ \b \n \r \t \v \f \xhh. An
// unknown or cut escape stays as it is.
void AppendUnescaped(std::string_view text, std::string& out);

}  // namespace bailee::tool
