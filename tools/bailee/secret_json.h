// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string.h>

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/result.h"

namespace bailee::tool {

// Memory that is wiped before it is given back, for personal data on its way into a Secret.
template <typename T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) {}  // NOLINT(google-explicit-constructor)

  T* allocate(size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, size_t count) {
    explicit_bzero(static_cast<void*>(memory), count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  template <typename U>
  bool operator==(const WipingAllocator<U>&) const {
    return true;
  }
};

using WipedString = std::basic_string<char, std::char_traits<char>, WipingAllocator<char>>;

// JSON whose every node and text is wiped when it goes. Texts of up to 15 bytes may also pass
// through the parser's stack.
using WipedJson = nlohmann::basic_json<std::map, std::vector, WipedString, bool, int64_t, uint64_t,
                                       double, WipingAllocator>;

// How deep input may nest: far more than any of it has to.
inline constexpr int kInputDepthMax = 32;

// What `text` says, discarded if it is no JSON or nests deeper than kInputDepthMax: a line of
// brackets alone would take a hundred times its own memory. Throws nothing.
WipedJson ParseInput(std::string_view text);

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

}  // namespace bailee::tool
