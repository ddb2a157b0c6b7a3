// SPDX-License-Identifier: Apache-2.0
#include "log_format.h"

#include <fmt/format.h>

#include <array>

#include "log_time.h"

namespace bailee::tool {
namespace {

constexpr std::string_view kCommon = "%h %l %u %t \"%r\" %>s %b";
constexpr std::string_view kCombined =
    "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"";

// Directives of mod_log_config and mod_logio; those that take an argument in braces need one.
constexpr std::string_view kPlainLetters = "aABbDfhHIkLlmOPpqrRsSTtuUvVX";
constexpr std::string_view kNamedLetters = "iCoenapPtT";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char EscapedByte(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case 'f':
      return '\f';
    case '"':
    case '\\':
      return c;
    default:
      return 0;
  }
}

// Reads a format string from left to right.
class Compiler {
 public:
  explicit Compiler(std::string_view format) : format_(format) {}

  Status Run(std::string& prefix, std::vector<LogDirective>& directives) {
    std::string literal;
    while (at_ < format_.size()) {
      if (format_[at_] == '%' && at_ + 1 < format_.size() && format_[at_ + 1] == '%') {
        literal += '%';
        at_ += 2;
      } else if (format_[at_] == '%') {
        const size_t start = at_;
        if (!directives.empty() && literal.empty()) {
          return Bad(start, "two directives with nothing between them");
        }
        (directives.empty() ? prefix : directives.back().separator) = literal;
        literal.clear();
        LogDirective directive;
        if (Status status = Directive(directive); !status.ok()) return status;
        directives.push_back(std::move(directive));
      } else {
        literal += Literal();
      }
    }
    if (directives.empty()) return Bad(0, "no directive");
    directives.back().separator = literal;
    return {};
  }

 private:
  static Status Bad(size_t at, std::string_view why) {
    return {Code::kUsage, "log.format", fmt::format("log format, character {}: {}", at + 1, why),
            "give the LogFormat string of the server's configuration, or common or combined"};
  }

  // A literal character; the configuration writes \" \\ \n \t for four of them.
  char Literal() {
    const char c = format_[at_++];
    if (c != '\\' || at_ == format_.size()) return c;
    constexpr std::string_view escapes = "\"\\nt";
    if (escapes.find(format_[at_]) == std::string_view::npos) return c;
    return EscapedByte(format_[at_++]);
  }

  Status Directive(LogDirective& directive) {
    const size_t start = at_++;
    std::string modifier;
    SkipConditions(modifier);
    const bool braced = at_ < format_.size() && format_[at_] == '{';
    if (braced) {
      const size_t close = format_.find('}', at_);
      if (close == std::string_view::npos) return Bad(start, "a { without }");
      directive.argument = format_.substr(at_ + 1, close - at_ - 1);
      at_ = close + 1;
      SkipConditions(modifier);
    }
    if (at_ == format_.size()) return Bad(start, "a % at the end");
    directive.letter = format_[at_++];
    const std::string_view known = braced ? kNamedLetters : kPlainLetters;
    if (known.find(directive.letter) == std::string_view::npos || directive.letter == 0) {
      return Bad(start, "an unknown directive");
    }
    if (braced && directive.argument.empty()) return Bad(start, "empty braces");
    if (braced && directive.letter == 't' && !IsTimeFormat(directive.argument)) {
      return Bad(start, "a time format that cannot be read back");
    }
    const std::string braces = braced ? "{" + directive.argument + "}" : "";
    directive.name = "%" + modifier + braces + directive.letter;
    return {};
  }

  // Status codes ("%!200,304{Referer}i") say when the server writes "-"; < and > choose between
  // the first and the last of redirected requests.
  void SkipConditions(std::string& modifier) {
    constexpr std::string_view skipped = "!,0123456789";
    while (at_ < format_.size()) {
      const char c = format_[at_];
      if (c == '<' || c == '>') {
        modifier = c;
      } else if (skipped.find(c) == std::string_view::npos) {
        return;
      }
      ++at_;
    }
  }

  std::string_view format_;
  size_t at_ = 0;
};

// Where `separator` begins in `text`, not counting escaped characters; npos if nowhere.
size_t FindSeparator(std::string_view text, std::string_view separator) {
  for (size_t i = 0; i + separator.size() <= text.size(); ++i) {
    if (text.substr(i, separator.size()) == separator) return i;
    if (text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

std::optional<Timestamp> TimeOf(const LogDirective& directive, std::string_view value) {
  if (!directive.argument.empty()) return ParseTimeFormat(directive.argument, value);
  if (value.size() < 2 || value.front() != '[' || value.back() != ']') return std::nullopt;
  return ParseApacheTime(value.substr(1, value.size() - 2));
}

// Where the value of a directive ends in `text`.
size_t EndOfValue(const LogDirective& directive, std::string_view text) {
  // Apache's own time holds a space, and ends with its bracket.
  if (directive.letter == 't' && directive.argument.empty() && !text.empty() &&
      text.front() == '[') {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return close;
    return text.substr(close + 1, directive.separator.size()) == directive.separator
               ? close + 1
               : std::string_view::npos;
  }
  return directive.separator.empty() ? text.size() : FindSeparator(text, directive.separator);
}

}  // namespace

void AppendUnescaped(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[i + 1];
    const bool hex = next == 'x' && i + 3 < text.size() && HexDigit(text[i + 2]) >= 0 &&
                     HexDigit(text[i + 3]) >= 0;
    if (hex) {
      out += static_cast<char>(HexDigit(text[i + 2]) * 16 + HexDigit(text[i + 3]));
      i += 3;
    } else if (const char byte = EscapedByte(next); byte != 0) {
      out += byte;
      ++i;
    } else {
      out += text[i];
    }
  }
}

Result<LogFormat> LogFormat::Compile(std::string_view format) {
  if (format == "common") format = kCommon;
  if (format == "combined") format = kCombined;
  LogFormat compiled;
  Compiler compiler(format);
  Status status = compiler.Run(compiled.prefix_, compiled.directives_);
  if (!status.ok()) return status;
  return compiled;
}

bool LogFormat::Parse(std::string_view text, std::string& scratch, LogLine& line) const {
  line.values.assign(directives_.size(), std::nullopt);
  line.time.reset();
  scratch.clear();
  scratch.reserve(text.size());  // unescaping never grows, so views into it stay
  if (text.substr(0, prefix_.size()) != prefix_) return false;
  text.remove_prefix(prefix_.size());
  for (size_t i = 0; i < directives_.size(); ++i) {
    const LogDirective& directive = directives_[i];
    const bool last = i + 1 == directives_.size();
    const size_t end = EndOfValue(directive, text);
    if (end == std::string_view::npos) return false;
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(end + directive.separator.size());
    if (last && !text.empty()) return false;
    if (raw == "-" || raw.empty()) continue;
    if (directive.letter == 't') {
      const auto time = TimeOf(directive, raw);
      if (!time.has_value()) return false;
      if (!line.time.has_value()) line.time = time;
    }
    const size_t from = scratch.size();
    AppendUnescaped(raw, scratch);
    line.values[i] = {scratch.data() + from, scratch.size() - from};
  }
  return true;
}

}  // namespace bailee::tool
