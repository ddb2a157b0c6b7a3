// SPDX-License-Identifier: Apache-2.0
#include "bailee/checkpoint.h"

#include <algorithm>

#include "audit/checkpoint_text.h"
#include "audit/note.h"
#include "base/base64.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/sign.h"

namespace bailee {
namespace audit {
namespace {

constexpr const char* kCompareHint =
    "take the checkpoint from where it was first kept and compare the two";

Status BadSignature() {
  return Status(Code::kAuditBroken, "checkpoint.bad-signature",
                "a signature of the log does not hold for this checkpoint", kCompareHint);
}

// The one signature of this name and key id; null if there is none.
Result<const NoteSignature*> FindSignature(const Note& note, std::string_view name,
                                           NoteSignatureType type, const LogKey& key) {
  const NoteKeyId id = NoteKeyIdOf(name, type, key.bytes);
  const NoteSignature* found = nullptr;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != name || signature.key_id != id) continue;
    if (found != nullptr) {
      return Status(Code::kAuditBroken, "checkpoint.signed-twice",
                    "a checkpoint has two signatures of one key", kCompareHint);
    }
    found = &signature;
  }
  return found;
}

// Whether `key` signed it; that it did not is no error, a signature that does not hold is.
Result<bool> IsSignedBy(const Note& note, std::string_view origin, const LogKey& key) {
  BAILEE_TRY(const NoteSignature* const signature,
             FindSignature(note, origin, NoteSignatureType::kEd25519, key));
  if (signature == nullptr) return false;
  if (crypto::VerifyNote({key.bytes}, AsBytes(note.text), signature->bytes).ok()) return true;
  return BadSignature();
}

Result<std::optional<Timestamp>> VerifyTime(const Note& note, std::string_view origin,
                                            const LogKey& key) {
  BAILEE_TRY(const NoteSignature* const signature,
             FindSignature(note, TimeKeyName(origin), NoteSignatureType::kCosignature, key));
  if (signature == nullptr) return std::optional<Timestamp>();
  Reader in(signature->bytes);
  const auto seconds = in.Get<uint64_t>();
  const std::string text = CosignedText(seconds, note.text);
  if (in.failed() || seconds > kCheckpointSecondsMax ||
      !crypto::VerifyNote({key.bytes}, AsBytes(text), in.rest()).ok()) {
    return BadSignature();
  }
  return std::optional(Timestamp{static_cast<int64_t>(seconds) * 1000});
}

// Whether signatures of a key say that a head is the log's.
bool CountsFor(const LogKeyRange& range, const Checkpoint& head, HeadProof proof) {
  if (head.size > range.size_max) return false;
  if (!range.only_root || proof == HeadProof::kTree) return true;
  return head.size == range.size_max && head.root == *range.only_root;
}

}  // namespace

Result<Checkpoint> VerifySigned(std::string_view text, std::string_view origin, const LogKeys& keys,
                                HeadProof proof) {
  BAILEE_TRY(const Note note, ParseNote(text));
  BAILEE_TRY(Checkpoint checkpoint, ParseCheckpointText(note.text));
  if (checkpoint.origin != origin) {
    return Status(Code::kAuditBroken, "checkpoint.other-origin", "the checkpoint is of another log",
                  "name the checkpoint of this vault");
  }
  bool is_signed = false;
  bool counts = false;
  for (const LogKeyRange& range : keys.ranges) {
    BAILEE_TRY(const bool by_it, IsSignedBy(note, origin, range.key));
    BAILEE_TRY(const std::optional<Timestamp> time, VerifyTime(note, origin, range.key));
    is_signed = is_signed || by_it;
    if (!CountsFor(range, checkpoint, proof)) continue;
    counts = counts || by_it;
    if (time && !range.only_root) checkpoint.time = time;
  }
  if (counts) return checkpoint;
  if (is_signed) {
    return Status(Code::kAuditBroken, "checkpoint.key-retired",
                  "the key that signed this checkpoint was replaced and does not count for it",
                  "do not believe it; ask for a newer one");
  }
  return Status(Code::kAuditBroken, "checkpoint.not-signed",
                "the log's key did not sign this checkpoint",
                "check that the public key is that of the vault's log");
}

bool IsOrigin(std::string_view origin) {
  return IsNoteKeyName(origin) && origin.size() <= limits::kOriginBytesMax &&
         origin != "cosignature/v1";
}

std::string TimeKeyName(std::string_view origin) { return std::string(origin) + "/time"; }

std::string CheckpointText(std::string_view origin, const TreeHead& head) {
  return std::string(origin) + "\n" + std::to_string(head.size) + "\n" + ToBase64(head.root) + "\n";
}

Result<Checkpoint> ParseCheckpointText(std::string_view text) {
  std::string_view origin;
  std::string_view size;
  std::string_view root;
  if (!TakeLine(text, origin) || !TakeLine(text, size) || !TakeLine(text, root)) {
    return MalformedNote("a checkpoint has less than three lines");
  }
  if (!text.empty()) return MalformedNote("a checkpoint has more than three lines");
  Checkpoint checkpoint;
  const std::optional<Bytes> hash = FromBase64(root);
  if (!IsOrigin(origin) || !ParseDecimal(size, checkpoint.size) || !hash.has_value() ||
      hash->size() != checkpoint.root.size()) {
    return MalformedNote("a checkpoint's origin, size or root makes no sense");
  }
  checkpoint.origin = origin;
  std::copy(hash->begin(), hash->end(), checkpoint.root.begin());
  if (checkpoint.size == 0 && checkpoint.root != EmptyRoot()) {
    return MalformedNote("a checkpoint of no leaves has a root of some");
  }
  return checkpoint;
}

}  // namespace audit

Result<Checkpoint> ParseCheckpoint(std::string_view text) {
  BAILEE_TRY(const audit::Note note, audit::ParseNote(text));
  return audit::ParseCheckpointText(note.text);
}

Result<Checkpoint> VerifyCheckpoint(std::string_view text, std::string_view origin,
                                    const LogKeys& keys) {
  return audit::VerifySigned(text, origin, keys, audit::HeadProof::kSignature);
}

}  // namespace bailee
