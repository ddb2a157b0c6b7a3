// SPDX-License-Identifier: Apache-2.0
#include "audit/note.h"

#include <algorithm>
#include <charconv>

#include "bailee/checkpoint.h"
#include "base/base64.h"
#include "base/try.h"
#include "base/utf8.h"
#include "crypto/sha256.h"

namespace bailee::audit {
namespace {

constexpr std::string_view kEmDashAndSpace = "\xE2\x80\x94 ";

// White_Space of Unicode beyond the control characters.
constexpr std::string_view kSpaces[] = {
    " ",
    "\xC2\x85",      // U+0085
    "\xC2\xA0",      // U+00A0
    "\xE1\x9A\x80",  // U+1680
    "\xE2\x80\x80",
    "\xE2\x80\x81",
    "\xE2\x80\x82",
    "\xE2\x80\x83",
    "\xE2\x80\x84",
    "\xE2\x80\x85",
    "\xE2\x80\x86",
    "\xE2\x80\x87",
    "\xE2\x80\x88",
    "\xE2\x80\x89",
    "\xE2\x80\x8A",  // U+2000 on
    "\xE2\x80\xA8",  // U+2028
    "\xE2\x80\xA9",  // U+2029
    "\xE2\x80\xAF",  // U+202F
    "\xE2\x81\x9F",  // U+205F
    "\xE3\x80\x80",  // U+3000
};

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20; }

Result<NoteSignature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kEmDashAndSpace)) return MalformedNote("a signature line has no em dash");
  line.remove_prefix(kEmDashAndSpace.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return MalformedNote("a signature line has no signature");
  NoteSignature signature;
  signature.name = line.substr(0, space);
  const std::optional<Bytes> bytes = FromBase64(line.substr(space + 1));
  if (!IsNoteKeyName(signature.name) || !bytes.has_value() ||
      bytes->size() <= signature.key_id.size()) {
    return MalformedNote("a signature line makes no sense");
  }
  const auto rest = bytes->begin() + static_cast<std::ptrdiff_t>(signature.key_id.size());
  std::copy(bytes->begin(), rest, signature.key_id.begin());
  signature.bytes.assign(rest, bytes->end());
  return signature;
}

}  // namespace

Status MalformedNote(const char* what) {
  return Status(Code::kInvalidValue, "checkpoint.malformed", what,
                "take the file as it was made, byte for byte, with line feeds as line ends");
}

bool TakeLine(std::string_view& rest, std::string_view& line) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

bool ParseDecimal(std::string_view text, uint64_t& number) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

NoteKeyId NoteKeyIdOf(std::string_view name, NoteSignatureType type, ByteView public_key) {
  const uint8_t separator_and_type[] = {'\n', static_cast<uint8_t>(type)};
  const crypto::Sha256Digest digest =
      crypto::Sha256({AsBytes(name), separator_and_type, public_key});
  NoteKeyId id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

bool IsNoteKeyName(std::string_view name) {
  return !name.empty() && IsUtf8(name) && std::none_of(name.begin(), name.end(), IsControl) &&
         name.find('+') == std::string_view::npos &&
         std::none_of(std::begin(kSpaces), std::end(kSpaces), [&](std::string_view space) {
           return name.find(space) != std::string_view::npos;
         });
}

Result<Note> ParseNote(std::string_view text) {
  if (text.size() > limits::kCheckpointBytesMax) return MalformedNote("a checkpoint is too long");
  const auto forbidden = [](char c) { return IsControl(c) && c != '\n'; };
  if (!IsUtf8(text) || std::any_of(text.begin(), text.end(), forbidden)) {
    return MalformedNote("a checkpoint has bytes that are no text");
  }
  const size_t divide = text.rfind("\n\n");
  if (divide == std::string_view::npos || divide == 0) {
    return MalformedNote("a checkpoint has no empty line before its signatures");
  }
  Note note;
  note.text = text.substr(0, divide + 1);
  std::string_view rest = text.substr(divide + 2);
  for (std::string_view line; TakeLine(rest, line);) {
    if (note.signatures.size() == limits::kCheckpointSignaturesMax) {
      return MalformedNote("a checkpoint has too many signatures");
    }
    BAILEE_TRY(NoteSignature signature, ParseSignatureLine(line));
    note.signatures.push_back(std::move(signature));
  }
  if (note.signatures.empty()) return MalformedNote("a checkpoint has no signature");
  if (!rest.empty()) return MalformedNote("a checkpoint does not end with a line feed");
  return note;
}

std::string NoteSignatureLine(std::string_view name, const NoteKeyId& key_id, ByteView signature) {
  Bytes bytes(key_id.begin(), key_id.end());
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return std::string(kEmDashAndSpace).append(name).append(" ").append(ToBase64(bytes)).append("\n");
}

std::string CosignedText(uint64_t unix_seconds, std::string_view text) {
  return "cosignature/v1\ntime " + std::to_string(unix_seconds) + "\n" + std::string(text);
}

}  // namespace bailee::audit
