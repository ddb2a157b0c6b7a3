// SPDX-License-Identifier: Apache-2.0
#include "input_lines.h"

#include <fmt/format.h>
#include <string.h>

#include <cerrno>
#include <cstring>

#include "interrupt.h"
#include "progress.h"

namespace bailee::tool {
namespace {

constexpr size_t kFirstBytes = size_t{64} << 10;

// Grows without leaving a copy behind.
void Grow(std::vector<char>& buffer) {
  std::vector<char> larger(buffer.size() * 2);
  std::memcpy(larger.data(), buffer.data(), buffer.size());
  explicit_bzero(buffer.data(), buffer.size());
  buffer.swap(larger);
}

}  // namespace

LineReader::LineReader(int fd) : fd_(fd), buffer_(kFirstBytes) {}

LineReader::~LineReader() { explicit_bzero(buffer_.data(), buffer_.size()); }

bool LineReader::Fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) Grow(buffer_);
  while (WaitToRead(fd_)) {
    const ssize_t count = read(fd_, buffer_.data() + end_, buffer_.size() - end_);
    if (count < 0 && errno == EINTR) continue;
    failed_ = count < 0;
    if (count <= 0) return false;
    end_ += static_cast<size_t>(count);
    bytes_read_ += static_cast<size_t>(count);
    return true;
  }
  stopped_ = true;
  return false;
}

LineReader::Next LineReader::Read(std::string_view& line) {
  ++line_number_;
  bool too_long = false;
  size_t searched = 0;
  while (true) {
    const std::string_view have(buffer_.data() + begin_, end_ - begin_);
    const size_t newline = have.find('\n', searched);
    if (newline != std::string_view::npos) {
      line = have.substr(0, newline);
      begin_ += newline + 1;
      return too_long ? Next::kTooLong : Next::kLine;
    }
    searched = have.size();
    if (have.size() > kInputLineBytesMax) {
      too_long = true;
      begin_ = end_;
      searched = 0;
    }
    if (Fill()) continue;
    if (failed_) return Next::kError;
    if (stopped_) return Next::kEnd;
    line = std::string_view(buffer_.data() + begin_, end_ - begin_);
    begin_ = end_;
    if (too_long) return Next::kTooLong;
    return line.empty() ? Next::kEnd : Next::kLine;
  }
}

Status ForEachLine(Output& out, const LineInput& input,
                   const std::function<Status(const InputLine& line)>& take) {
  LineReader reader(input.fd);
  Progress progress(out, "lines", input.bytes_total);
  uint64_t taken = 0;
  std::string_view text;
  while (!Interrupted()) {
    const LineReader::Next next = reader.Read(text);
    if (next == LineReader::Next::kEnd) break;
    if (next == LineReader::Next::kError) {
      return {Code::kFailed, input.rule, std::string(input.unreadable),
              fmt::format("lines before {} were read", reader.line_number())};
    }
    const bool too_long = next == LineReader::Next::kTooLong;
    if (!too_long && text.empty()) continue;
    Status status = take({reader.line_number(), too_long ? std::string_view() : text, too_long});
    if (!status.ok()) return status;
    progress.Show(reader.bytes_read(), ++taken);
  }
  return {};
}

}  // namespace bailee::tool
