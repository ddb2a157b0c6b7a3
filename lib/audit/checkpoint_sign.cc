// SPDX-License-Identifier: Apache-2.0
#include "audit/checkpoint_sign.h"

#include "audit/checkpoint_text.h"
#include "audit/note.h"
#include "base/codec.h"

namespace bailee::audit {

LogKey LogKeyOf(const crypto::SigningKey& log) { return {log.verify_key().bytes}; }

Result<std::string> SignCheckpoint(const crypto::SigningKey& log, std::string_view origin,
                                   const TreeHead& head, Timestamp at) {
  if (!IsOrigin(origin)) {
    return Status(Code::kInvalidValue, "checkpoint.origin", "a log cannot have this origin",
                  "use a name like a URL without its scheme");
  }
  if (at.unix_ms < 0) {
    return Status(Code::kInvalidValue, "checkpoint.time", "a checkpoint cannot be that old",
                  "set the clock");
  }
  const ByteView key = log.verify_key().bytes;
  const std::string text = CheckpointText(origin, head);
  const crypto::Signature signature = log.SignNote(AsBytes(text));

  const auto seconds = static_cast<uint64_t>(at.unix_ms / 1000);
  Bytes timed;
  Writer(timed).Put(seconds).Put(log.SignNote(AsBytes(CosignedText(seconds, text))));
  const std::string name = TimeKeyName(origin);
  return text + "\n" +
         NoteSignatureLine(origin, NoteKeyIdOf(origin, NoteSignatureType::kEd25519, key),
                           signature) +
         NoteSignatureLine(name, NoteKeyIdOf(name, NoteSignatureType::kCosignature, key), timed);
}

}  // namespace bailee::audit
