// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/result.h"

// C2SP signed-note v1.0.0, and of tlog-cosignature what is said with Ed25519.
namespace bailee::audit {

// Kinds of signature, as they go into key ids.
enum class NoteSignatureType : uint8_t { kEd25519 = 0x01, kCosignature = 0x04 };

// Identifies a key together with its name; not a cryptographic commitment to it.
using NoteKeyId = std::array<uint8_t, 4>;
NoteKeyId NoteKeyIdOf(std::string_view name, NoteSignatureType type, ByteView public_key);

// Whether `name` can be that of a key: not empty, UTF-8, no control character, no Unicode space, no
// plus sign.
bool IsNoteKeyName(std::string_view name);

// One signature line.
struct NoteSignature {
  std::string_view name;
  NoteKeyId key_id{};
  Bytes bytes;  // after the key id; not empty
};

// A note, of which nothing is verified. Borrows from what it was parsed from.
struct Note {
  std::string_view text;                  // what is signed, with its last line feed
  std::vector<NoteSignature> signatures;  // never empty
};

// Errors: kInvalidValue "checkpoint.malformed" unless `text` is UTF-8 of at most
// limits::kCheckpointBytesMax bytes without control characters but line feeds; its last empty line
// divides a text from one to limits::kCheckpointSignaturesMax well-formed signature lines.
Result<Note> ParseNote(std::string_view text);

// One signature line: em dash, name, key id and signature.
std::string NoteSignatureLine(std::string_view name, const NoteKeyId& key_id, ByteView signature);

// What a cosignature signs: `text` as seen at this time.
std::string CosignedText(uint64_t unix_seconds, std::string_view text);

// kInvalidValue "checkpoint.malformed".
Status MalformedNote(const char* what);

// Cuts the next line off `rest`, without its line feed; nothing, and `rest` as it was, if there is
// no line feed.
bool TakeLine(std::string_view& rest, std::string_view& line);

// A number in decimal in its one form; false for anything else.
bool ParseDecimal(std::string_view text, uint64_t& number);

}  // namespace bailee::audit
