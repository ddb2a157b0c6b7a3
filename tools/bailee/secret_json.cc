// SPDX-License-Identifier: Apache-2.0
#include "secret_json.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "interrupt.h"

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

// Brackets that are open at once, but for those in texts. Of what is no JSON it says something.
int DepthOf(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

}  // namespace

WipedJson ParseInput(std::string_view text) {
  if (DepthOf(text) > kInputDepthMax) return WipedJson(WipedJson::value_t::discarded);
  return WipedJson::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

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

}  // namespace bailee::tool
