// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "audit/checkpoint_sign.h"
#include "audit/naive_tree.h"
#include "audit/note.h"
#include "base/base64.h"
#include "base/codec.h"
#include "support/test_random.h"

namespace bailee::testing {

// A log with its key, to make checkpoints and what looks like them.
class SignedLog {
 public:
  explicit SignedLog(uint64_t seed, std::string origin = "example.com/log")
      : random_(seed), origin_(std::move(origin)) {}

  static constexpr Timestamp kTime{1'370'044'800'999};

  const std::string& origin() const { return origin_; }
  LogKey key() const { return audit::LogKeyOf(key_); }

  std::string Checkpoint(uint64_t size, const TreeHash& root) const {
    return *audit::SignCheckpoint(key_, origin_, {size, root}, kTime);
  }
  // `text` signed as it is, under any name, as a log gone wrong would.
  std::string Line(std::string_view text, std::string_view name) const {
    return audit::NoteSignatureLine(
        name, audit::NoteKeyIdOf(name, audit::NoteSignatureType::kEd25519, key().bytes),
        key_.SignNote(AsBytes(text)));
  }
  std::string TimeLine(std::string_view text, uint64_t seconds) const {
    const std::string name = origin_ + "/time";
    Bytes timed;
    Writer(timed).Put(seconds).Put(key_.SignNote(AsBytes(audit::CosignedText(seconds, text))));
    return audit::NoteSignatureLine(
        name, audit::NoteKeyIdOf(name, audit::NoteSignatureType::kCosignature, key().bytes), timed);
  }
  std::string Note(std::string_view text) const {
    return std::string(text) + "\n" + Line(text, origin_);
  }

 private:
  TestRandom random_;
  const std::string origin_;
  const crypto::SigningKey key_ =
      *crypto::SigningKey::FromSeed(*crypto::SigningSeed::Generate(random_));
};

}  // namespace bailee::testing
