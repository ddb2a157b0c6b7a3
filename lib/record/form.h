// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero

#include <array>
#include <cstddef>
#include <string_view>

namespace bailee::record {

// A short text under construction on the stack, wiped when it goes. What does not fit is dropped
// and remembered, so that a writer checks once at its end.
class Form {
 public:
  static constexpr size_t kBytesMax = 256;

  Form() = default;
  Form(const Form&) = delete;
  Form& operator=(const Form&) = delete;
  ~Form() { explicit_bzero(text_.data(), text_.size()); }

  Form& Add(char c) {
    if (size_ < kBytesMax) {
      text_[size_++] = c;
    } else {
      overflow_ = true;
    }
    return *this;
  }
  Form& Add(std::string_view text) {
    for (const char c : text) Add(c);
    return *this;
  }
  // Exactly `width` decimal digits. REQUIRES: 0 <= value < 10^width.
  Form& AddNumber(int value, int width) {
    int unit = 1;
    for (int i = 1; i < width; ++i) unit *= 10;
    for (; unit > 0; unit /= 10) Add(static_cast<char>('0' + value / unit % 10));
    return *this;
  }

  std::string_view text() const { return {text_.data(), size_}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool overflow() const { return overflow_; }

 private:
  std::array<char, kBytesMax> text_;  // only the first size_ are ever read
  size_t size_ = 0;
  bool overflow_ = false;
};

}  // namespace bailee::record
