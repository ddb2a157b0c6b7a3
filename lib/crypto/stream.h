// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"

namespace bailee::crypto {

// Messages one after the other under a committed key (FORMAT.md §19.1): what was sealed opens in
// its order, whole, to its last message, and under one key alone. `bound` is what the stream begins
// with; a stream does not open with another. Move-only; thread-compatible.

inline constexpr size_t kStreamStartBytes = 24;
inline constexpr size_t kStreamMessageOverhead = 17;

// What lies between `bound` and the first message.
struct StreamStart {
  std::array<uint8_t, 32> commitment{};
  std::array<uint8_t, kStreamStartBytes> start{};
};

class StreamSealer {
 public:
  // Errors: kFull "secret.arena-full".
  static Result<StreamSealer> Begin(const StreamKey& key, ByteView bound);

  const StreamStart& start() const { return start_; }

  // Appends a message of plaintext.size() + kStreamMessageOverhead bytes to `out`. REQUIRES:
  // `plaintext` does not lie in `out`; none was the last before.
  void SealAppend(ByteView plaintext, bool last, Bytes& out);

 private:
  StreamSealer(Secret state, const StreamStart& start) : state_(std::move(state)), start_(start) {}

  Secret state_;  // libsodium's
  StreamStart start_;
};

class StreamOpener {
 public:
  // Errors: kKey "crypto.wrong-key" if `key` is not the one that the stream is committed to; kFull
  // "secret.arena-full".
  static Result<StreamOpener> Begin(const StreamKey& key, ByteView bound, const StreamStart& start);

  // Opens the next message into `out`. Returns whether it is the last. On failure `out` is zeroed.
  // Errors: kDamage "crypto.damaged" if it is not the next message of this stream.
  // REQUIRES: out.size() == message.size() − kStreamMessageOverhead, if it is as long as that.
  Result<bool> OpenInto(ByteView message, std::span<uint8_t> out);

 private:
  explicit StreamOpener(Secret state) : state_(std::move(state)) {}

  Secret state_;
};

}  // namespace bailee::crypto
