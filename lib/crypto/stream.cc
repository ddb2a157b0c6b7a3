// SPDX-License-Identifier: Apache-2.0
#include "crypto/stream.h"

#include <sodium.h>

#include "base/check.h"
#include "base/try.h"
#include "crypto/hash.h"

namespace bailee::crypto {
namespace {

using State = crypto_secretstream_xchacha20poly1305_state;

static_assert(kStreamStartBytes == crypto_secretstream_xchacha20poly1305_HEADERBYTES);
static_assert(kStreamMessageOverhead == crypto_secretstream_xchacha20poly1305_ABYTES);
static_assert(kKeyBytes == crypto_secretstream_xchacha20poly1305_KEYBYTES);
static_assert(alignof(State) == 1, "it lies in guarded memory, wherever that begins");

constexpr size_t kHashBytes = 64;

// H of FORMAT.md §19.1.
Result<Secret> DeriveStream(const StreamKey& key, ByteView bound) {
  BAILEE_TRY(Secret hash, Secret::Allocate(kHashBytes));
  hash.RevealMutable(
      [&](std::span<uint8_t> out) { KeyedHashInto(key, person::kStream, {bound}, out); });
  return hash;
}

State* StateIn(std::span<uint8_t> bytes) { return reinterpret_cast<State*>(bytes.data()); }

Status DamagedMessage() {
  return Status(Code::kDamage, "crypto.damaged", "a message of the stream is not authentic",
                "take another copy of the stream");
}

}  // namespace

Result<StreamSealer> StreamSealer::Begin(const StreamKey& key, ByteView bound) {
  BAILEE_TRY(const Secret hash, DeriveStream(key, bound));
  BAILEE_TRY(Secret state, Secret::Allocate(sizeof(State)));
  StreamStart start;
  hash.RevealBytes([&](ByteView derived) {
    std::copy(derived.begin() + kKeyBytes, derived.end(), start.commitment.begin());
    state.RevealMutable([&](std::span<uint8_t> out) {
      BAILEE_CHECK(crypto_secretstream_xchacha20poly1305_init_push(StateIn(out), start.start.data(),
                                                                   derived.data()) == 0);
    });
  });
  return StreamSealer(std::move(state), start);
}

void StreamSealer::SealAppend(ByteView plaintext, bool last, Bytes& out) {
  const size_t at = out.size();
  out.resize(at + plaintext.size() + kStreamMessageOverhead);
  state_.RevealMutable([&](std::span<uint8_t> state) {
    BAILEE_CHECK(crypto_secretstream_xchacha20poly1305_push(
                     StateIn(state), out.data() + at, nullptr, plaintext.data(), plaintext.size(),
                     nullptr, 0,
                     last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                          : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE) == 0);
  });
}

Result<StreamOpener> StreamOpener::Begin(const StreamKey& key, ByteView bound,
                                         const StreamStart& start) {
  BAILEE_TRY(const Secret hash, DeriveStream(key, bound));
  BAILEE_TRY(Secret state, Secret::Allocate(sizeof(State)));
  const bool committed = hash.RevealBytes([&](ByteView derived) {
    // Before anything is opened: without this one stream can be made to open under two keys.
    if (!ConstantTimeEqual(derived.subspan(kKeyBytes), start.commitment)) return false;
    return state.RevealMutable([&](std::span<uint8_t> out) {
      return crypto_secretstream_xchacha20poly1305_init_pull(StateIn(out), start.start.data(),
                                                             derived.data()) == 0;
    });
  });
  if (!committed) {
    return Status(Code::kKey, "crypto.wrong-key", "the key is not the one of this stream",
                  "check which keyring was meant");
  }
  return StreamOpener(std::move(state));
}

Result<bool> StreamOpener::OpenInto(ByteView message, std::span<uint8_t> out) {
  if (message.size() < kStreamMessageOverhead) {
    Wipe(out);
    return DamagedMessage();
  }
  BAILEE_CHECK(out.size() == message.size() - kStreamMessageOverhead);
  unsigned char tag = 0;
  const bool opened = state_.RevealMutable([&](std::span<uint8_t> state) {
    return crypto_secretstream_xchacha20poly1305_pull(StateIn(state), out.data(), nullptr, &tag,
                                                      message.data(), message.size(), nullptr,
                                                      0) == 0;
  });
  const bool known = tag == crypto_secretstream_xchacha20poly1305_TAG_MESSAGE ||
                     tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  if (!opened || !known) {
    Wipe(out);
    return DamagedMessage();
  }
  return tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
}

}  // namespace bailee::crypto
