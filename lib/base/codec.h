// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstring>
#include <optional>

#include "bailee/bytes.h"

namespace bailee {

// Fixed-width big-endian integers and length-prefixed strings: the only encoding of FORMAT.md.

template <typename Int>
inline void StoreBigEndian(Int value, uint8_t* out) {
  for (size_t i = 0; i < sizeof(Int); ++i) {
    out[i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * (sizeof(Int) - 1 - i)));
  }
}

template <typename Int>
inline Int LoadBigEndian(const uint8_t* in) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(Int); ++i) value = (value << 8) | in[i];
  return static_cast<Int>(value);
}

// Appends to a byte vector it does not own.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}

  template <std::integral Int>
  Writer& Put(Int value) {
    const size_t at = out_.size();
    out_.resize(at + sizeof(Int));
    StoreBigEndian(value, out_.data() + at);
    return *this;
  }
  Writer& Put(ByteView bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  // A length of type Length, then the bytes. REQUIRES: the size fits Length.
  template <typename Length>
  Writer& PutPrefixed(ByteView bytes) {
    return Put(static_cast<Length>(bytes.size())).Put(bytes);
  }

 private:
  Bytes& out_;
};

// Reads bounds-checked from borrowed bytes. After the first read past the end every read gives zero
// or nothing and failed() stays true, so a parser checks once at its end.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  template <typename Int>
  Int Get() {
    const ByteView bytes = GetBytes(sizeof(Int));
    return bytes.size() == sizeof(Int) ? LoadBigEndian<Int>(bytes.data()) : Int{};
  }
  ByteView GetBytes(size_t count) {
    if (failed_ || count > rest_.size()) {
      failed_ = true;
      return {};
    }
    const ByteView bytes = rest_.first(count);
    rest_ = rest_.subspan(count);
    return bytes;
  }
  template <typename Length>
  ByteView GetPrefixed() {
    return GetBytes(Get<Length>());
  }
  template <size_t N>
  std::array<uint8_t, N> GetArray() {
    std::array<uint8_t, N> out{};
    const ByteView bytes = GetBytes(N);
    if (bytes.size() == N) std::memcpy(out.data(), bytes.data(), N);
    return out;
  }

  bool failed() const { return failed_; }
  // Everything was read and nothing is left over.
  bool complete() const { return !failed_ && rest_.empty(); }
  ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
  bool failed_ = false;
};

}  // namespace bailee
