// SPDX-License-Identifier: Apache-2.0
#include "crypto/stream.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>

#include "crypto/hash.h"
#include "support/error_is.h"
#include "support/test_random.h"

namespace bailee::crypto {
namespace {

using testing::ErrorIs;
using testing::StatusOf;

class Stream : public ::testing::Test {
 protected:
  StreamKey NewKey() { return *StreamKey::Generate(SystemRandom()); }

  // Three messages, the last of them last.
  void SealThree() {
    StreamSealer sealer = *StreamSealer::Begin(key_, bound_);
    start_ = sealer.start();
    for (size_t i = 0; i < 3; ++i) {
      messages_[i].clear();
      sealer.SealAppend(Bytes(100 + i, static_cast<uint8_t>(i)), i == 2, messages_[i]);
    }
  }
  static Result<bool> Open(StreamOpener& opener, const Bytes& message, Bytes& out) {
    out.assign(message.size() - kStreamMessageOverhead, 0xee);
    return opener.OpenInto(message, out);
  }

  StreamKey key_ = NewKey();
  Bytes bound_ = Bytes(64, 7);
  StreamStart start_;
  std::array<Bytes, 3> messages_;
};

TEST_F(Stream, OpensInItsOrderToItsEnd) {
  SealThree();
  StreamOpener opener = *StreamOpener::Begin(key_, bound_, start_);
  Bytes out;
  for (size_t i = 0; i < 3; ++i) {
    const auto last = Open(opener, messages_[i], out);
    ASSERT_TRUE(last.ok());
    EXPECT_EQ(*last, i == 2);
    EXPECT_EQ(out, Bytes(100 + i, static_cast<uint8_t>(i)));
  }
}

TEST_F(Stream, OpensInNoOtherOrderAndWithNoBitChanged) {
  SealThree();
  Bytes out;
  for (size_t first = 1; first < 3; ++first) {
    StreamOpener opener = *StreamOpener::Begin(key_, bound_, start_);
    EXPECT_THAT(StatusOf(Open(opener, messages_[first], out)),
                ErrorIs(Code::kDamage, "crypto.damaged"));
    EXPECT_TRUE(std::all_of(out.begin(), out.end(), [](uint8_t byte) { return byte == 0; }));
  }
  {
    StreamOpener opener = *StreamOpener::Begin(key_, bound_, start_);
    ASSERT_TRUE(Open(opener, messages_[0], out).ok());
    EXPECT_FALSE(Open(opener, messages_[0], out).ok()) << "twice";
  }
  for (size_t bit = 0; bit < messages_[0].size() * 8; ++bit) {
    Bytes changed = messages_[0];
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    StreamOpener opener = *StreamOpener::Begin(key_, bound_, start_);
    EXPECT_FALSE(Open(opener, changed, out).ok()) << bit;
  }
  StreamOpener opener = *StreamOpener::Begin(key_, bound_, start_);
  EXPECT_FALSE(opener.OpenInto(ByteView(messages_[0]).first(16), {}).ok()) << "shorter than any";
}

TEST_F(Stream, OpensAMessageOfNothingAndNoneThatIsShorter) {
  StreamSealer sealer = *StreamSealer::Begin(key_, bound_);
  Bytes message;
  sealer.SealAppend({}, true, message);
  Bytes out;
  StreamOpener opener = *StreamOpener::Begin(key_, bound_, sealer.start());
  const auto last = Open(opener, message, out);
  ASSERT_TRUE(last.ok());
  EXPECT_TRUE(*last);
  for (size_t size = 0; size < message.size(); ++size) {
    Bytes left(8, 0xee);
    EXPECT_THAT(StatusOf(opener.OpenInto(ByteView(message).first(size), left)),
                ErrorIs(Code::kDamage, "crypto.damaged"));
    EXPECT_EQ(left, Bytes(8));
  }
}

// The tags with which the cipher's own library means other things.
TEST_F(Stream, OpensNoMessageWithATagThatIsNoneOfOurs) {
  for (const int tag : {crypto_secretstream_xchacha20poly1305_TAG_PUSH,
                        crypto_secretstream_xchacha20poly1305_TAG_REKEY}) {
    std::array<uint8_t, 64> derived{};
    KeyedHashInto(key_, person::kStream, {bound_}, derived);
    crypto_secretstream_xchacha20poly1305_state state;
    StreamStart start;
    std::copy(derived.begin() + kKeyBytes, derived.end(), start.commitment.begin());
    crypto_secretstream_xchacha20poly1305_init_push(&state, start.start.data(), derived.data());
    const Bytes plain(40, 7);
    Bytes message(plain.size() + kStreamMessageOverhead);
    crypto_secretstream_xchacha20poly1305_push(&state, message.data(), nullptr, plain.data(),
                                               plain.size(), nullptr, 0,
                                               static_cast<unsigned char>(tag));
    StreamOpener opener = *StreamOpener::Begin(key_, bound_, start);
    Bytes out;
    EXPECT_THAT(StatusOf(Open(opener, message, out)), ErrorIs(Code::kDamage, "crypto.damaged"));
    EXPECT_EQ(out, Bytes(plain.size()));
  }
}

TEST_F(Stream, BeginsWithItsKeyAndItsHeadAlone) {
  SealThree();
  const StreamKey other = NewKey();
  EXPECT_THAT(StatusOf(StreamOpener::Begin(other, bound_, start_)),
              ErrorIs(Code::kKey, "crypto.wrong-key"));
  for (size_t bit = 0; bit < bound_.size() * 8; ++bit) {
    Bytes changed = bound_;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    EXPECT_FALSE(StreamOpener::Begin(key_, changed, start_).ok()) << bit;
  }
  for (size_t bit = 0; bit < start_.commitment.size() * 8; ++bit) {
    StreamStart changed = start_;
    changed.commitment[bit / 8] = static_cast<uint8_t>(changed.commitment[bit / 8] ^ 1U << bit % 8);
    EXPECT_FALSE(StreamOpener::Begin(key_, bound_, changed).ok()) << bit;
  }
}

// Poly1305 does not commit to its key: without the commitment somebody who knows two keys could
// make a message that opens under both. What is compared first leaves one key.
TEST_F(Stream, WithTwoKeysIsRefusedBeforeAMessageIsOpened) {
  const StreamKey other = NewKey();
  const StreamSealer mine = *StreamSealer::Begin(key_, bound_);
  const StreamSealer theirs = *StreamSealer::Begin(other, bound_);
  EXPECT_NE(mine.start().commitment, theirs.start().commitment);
  EXPECT_TRUE(StreamOpener::Begin(key_, bound_, mine.start()).ok());
  EXPECT_FALSE(StreamOpener::Begin(other, bound_, mine.start()).ok());
}

}  // namespace
}  // namespace bailee::crypto
