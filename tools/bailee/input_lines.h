// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/status.h"
#include "output.h"

namespace bailee::tool {

// The longest line of input: a record of the greatest size, every byte escaped.
inline constexpr size_t kInputLineBytesMax = size_t{8} << 20;

// Reads lines of a descriptor through one buffer that is wiped at the end.
class LineReader {
 public:
  // Borrows `fd`.
  explicit LineReader(int fd);
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader();

  enum class Next : uint8_t { kLine, kTooLong, kEnd, kError };
  // Reads the next line, without its newline; `line` borrows until the next call. A line longer
  // than kInputLineBytesMax is skipped and kTooLong. Once interrupted: kEnd, without the line that
  // was under way.
  Next Read(std::string_view& line);

  uint64_t line_number() const { return line_number_; }  // of the line just read, from 1
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  bool Fill();

  int fd_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t line_number_ = 0;
  uint64_t bytes_read_ = 0;
  bool failed_ = false;
  bool stopped_ = false;
};

// What is read line by line, and what is said if that fails.
struct LineInput {
  int fd = STDIN_FILENO;
  uint64_t bytes_total = 0;  // 0: unknown
  const char* rule = "io.stdin";
  std::string_view unreadable = "standard input could not be read";
};

struct InputLine {
  uint64_t number = 0;    // from 1, blank ones counted
  std::string_view text;  // until the next line; empty if too long
  bool too_long = false;  // longer than kInputLineBytesMax
};

// Gives `take` each line that is not blank, and shows progress, until the end or an interrupt.
// Errors: kFailed with the input's rule; those of `take`, which end it.
Status ForEachLine(Output& out, const LineInput& input,
                   const std::function<Status(const InputLine& line)>& take);

}  // namespace bailee::tool
