// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/result.h"

// What a fuzz target is made of; README.md says how to write and run one.
namespace bailee::fuzz {

// One thing that reads foreign bytes. Whatever the input, `run` returns; what breaks an invariant
// stops the program.
struct Target {
  std::string_view name;
  void (*run)(ByteView input);
  // Inputs to begin with, made by the library's own writers, so that they follow the format.
  std::vector<Bytes> (*seeds)() = nullptr;
  // Changes `data` in place, which has room for `size_max` bytes, and returns its new size. Null:
  // libFuzzer's own mutations alone. `fallback` is those.
  size_t (*mutate)(uint8_t* data, size_t size, size_t size_max, unsigned seed,
                   size_t (*fallback)(uint8_t*, size_t, size_t)) = nullptr;
};

// Every target that is linked in, in no order.
const std::vector<Target>& Targets();

// The target of that name, or null.
const Target* FindTarget(std::string_view name);

// Runs a target on one input, as if it were the first.
void Run(const Target& target, ByteView input);

// Makes a target known: one constant of this type for each.
class Registered {
 public:
  explicit Registered(const Target& target);
};

// Stops the program, which is how a fuzzer learns of a defect.
#define FUZZ_CHECK(condition)                                                              \
  do {                                                                                     \
    if (!(condition)) [[unlikely]] {                                                       \
      std::fprintf(stderr, "fuzz: broken at %s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                        \
    }                                                                                      \
  } while (false)

// Stops the program if the call failed, and says how.
void CheckSuccess(const Status& status);

// What holds of every failure: a dotted name, and a message and a hint of one line of text that
// begins in lower case and ends without a full stop.
void CheckFailure(const Status& status);
// The same, and it is one of these codes.
void CheckFailure(const Status& status, std::initializer_list<Code> codes);

template <typename T>
void CheckFailure(const Result<T>& result, std::initializer_list<Code> codes) {
  CheckFailure(result.status(), codes);
}

// The value of what cannot fail here.
template <typename T>
T Must(Result<T> result) {
  CheckSuccess(result.status());
  return *std::move(result);
}
inline void Must(const Status& status) { CheckSuccess(status); }

inline Bytes ToBytes(std::string_view text) {
  const ByteView bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}
inline Bytes ToBytes(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
inline bool Same(ByteView a, ByteView b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

// Decisions and texts taken from an input, from its front; zeros and nothing once it is used up.
class Choices {
 public:
  explicit Choices(ByteView input) : rest_(input) {}

  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const uint8_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }
  bool Flag() { return (Byte() & 1) != 0; }
  // Below `count`. REQUIRES: 0 < count <= 256.
  size_t Below(size_t count) { return Byte() % count; }
  template <typename Int>
  Int Number() {
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(Int); ++i) value = (value << 8) | Byte();
    return static_cast<Int>(value);
  }
  // Up to 255 bytes, after a length of one byte.
  ByteView Short() { return Take(Byte()); }
  // Up to 65,535 bytes, after a length of two.
  ByteView Long() { return Take(Number<uint16_t>()); }
  ByteView Rest() { return Take(rest_.size()); }
  bool empty() const { return rest_.empty(); }
  size_t left() const { return rest_.size(); }

 private:
  ByteView Take(size_t bytes) {
    const ByteView taken = rest_.first(bytes < rest_.size() ? bytes : rest_.size());
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  ByteView rest_;
};

}  // namespace bailee::fuzz
