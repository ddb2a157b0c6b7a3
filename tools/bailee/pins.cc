// SPDX-License-Identifier: Apache-2.0
#include "pins.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include "files.h"
#include "text.h"

namespace bailee::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// 32 bytes are ten groups of three and two left over.
std::string HashToBase64(const TreeHash& hash) {
  std::string text;
  for (size_t i = 0; i < hash.size(); i += 3) {
    const auto byte = [&](size_t at) { return at < hash.size() ? uint32_t{hash[at]} : 0U; };
    const uint32_t bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    for (uint32_t shift = 24; shift > 0; shift -= 6) text += kBase64[bits >> (shift - 6) & 63U];
  }
  text.back() = '=';
  return text;
}

std::optional<TreeHash> HashFromBase64(std::string_view text) {
  TreeHash hash{};
  if (text.size() != 44) return std::nullopt;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const size_t value = kBase64.find(text[i]);
    if (value == std::string_view::npos) return std::nullopt;
    for (size_t bit = 0; bit < 6; ++bit) {
      const size_t at = i * 6 + bit;
      if (at < hash.size() * 8 && (value >> (5 - bit) & 1U) != 0) {
        hash[at / 8] = static_cast<uint8_t>(hash[at / 8] | 0x80U >> at % 8);
      }
    }
  }
  // Only what we would write ourselves: no stray bits, no other ending.
  return HashToBase64(hash) == text ? std::optional(hash) : std::nullopt;
}

Status Malformed() {
  return {Code::kInvalidValue, "pin.malformed",
          "the file is neither a pin nor a checkpoint of an audit trail",
          "this says nothing about the vault: name another file, or move this one away to begin "
          "anew"};
}

// A signed note has an empty line before its signatures; the text of a pin has none.
bool IsSigned(std::string_view text) { return text.find("\n\n") != std::string_view::npos; }

}  // namespace

std::string PinText(std::string_view origin, const TreeHead& head) {
  return fmt::format("{}\n{}\n{}\n", origin, head.size, HashToBase64(head.root));
}

Result<Checkpoint> ParseKept(std::string_view text) {
  if (IsSigned(text)) {
    auto signed_one = ParseCheckpoint(text);
    return signed_one.ok() ? std::move(signed_one) : Malformed();
  }
  const std::vector<std::string> lines = Split(text, '\n');
  if (lines.size() != 4 || !lines[3].empty() || lines[0].empty()) return Malformed();
  Checkpoint pin{.origin = lines[0]};
  const std::string& size = lines[1];
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), pin.size);
  const auto root = HashFromBase64(lines[2]);
  const bool canonical =
      error == std::errc() && end == size.data() + size.size() && std::to_string(pin.size) == size;
  if (!canonical || !root.has_value()) return Malformed();
  pin.root = *root;
  if (pin.size == 0 && pin.root != EmptyRoot()) return Malformed();
  return pin;
}

Result<std::string> PathOfKept(const VaultId& vault, Kept kept) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  // The XDG rules: a relative path there is as good as none.
  std::string state = variable("XDG_STATE_HOME");
  if (state.empty() || state.front() != '/') {
    const std::string home = variable("HOME");
    if (home.empty() || home.front() != '/') {
      return Status(Code::kUsage, "usage.no-state", "there is no place to keep it: HOME is not set",
                    "set XDG_STATE_HOME or HOME, or name the file");
    }
    state = home + "/.local/state";
  }
  return fmt::format("{}/bailee/{}.{}", state, vault.ToHex(),
                     kept == Kept::kPin ? "pin" : "checkpoint");
}

Result<std::string> ReadKept(const std::string& path, std::string_view origin) {
  auto text = ReadTextFile(path, limits::kCheckpointBytesMax, "file");
  if (!text.ok()) {
    if (text.status().code() == Code::kNotFound && !fs::exists(path)) return std::string();
    if (text.status().code() == Code::kInvalidValue) return Malformed();
    return text.status();
  }
  const auto claimed = ParseKept(*text);
  if (!claimed.ok()) return claimed.status();
  if (claimed->origin == origin) return text;
  return Status(Code::kInvalidValue, "pin.other-log",
                fmt::format("{} is of another vault's audit trail, or from before a restore", path),
                "this says nothing about the vault: name the file that was kept of it, or begin "
                "anew");
}

Result<std::string> ReadCheckpointFile(const std::string& path, std::string_view origin) {
  auto text = ReadKept(path, origin);
  if (!text.ok() || !text->empty()) return text;
  return Status(Code::kNotFound, "io.not-found", fmt::format("there is no checkpoint {}", path),
                "make one: bailee audit sign, with the log keyring");
}

Result<std::string> NamedOrKeptCheckpoint(const AuditTrail& trail, const std::string& named) {
  if (!named.empty()) return ReadCheckpointFile(named, trail.origin());
  const auto kept = PathOfKept(trail.vault(), Kept::kCheckpoint);
  if (!kept.ok()) return kept.status();
  auto text = ReadKept(*kept, trail.origin());
  if (!text.ok() || !text->empty()) return text;
  return Status(Code::kNotFound, "audit.no-checkpoint", "no checkpoint was named and none is kept",
                "add --checkpoint FILE, or make one: bailee audit sign, with the log keyring");
}

Status WriteKept(const std::string& path, std::string_view text) {
  const fs::path directory = fs::path(path).parent_path();
  if (!directory.empty() && directory.filename() == "bailee") {
    if (Status made = MakeDirectories(directory.string()); !made.ok()) return made;
  }
  return ReplaceFile(path, text);
}

}  // namespace bailee::tool
