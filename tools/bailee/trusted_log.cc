// SPDX-License-Identifier: Apache-2.0
#include "trusted_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "text.h"
#include "trail_text.h"

namespace bailee::tool {
namespace {

using Bytes32 = std::array<uint8_t, 32>;

std::optional<Bytes32> FromHex(std::string_view hex) {
  Bytes32 bytes{};
  const auto digit = [](char c) { return std::string_view("0123456789abcdef").find(c); };
  if (hex.size() != 2 * bytes.size()) return std::nullopt;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t high = digit(hex[2 * i]);
    const size_t low = digit(hex[2 * i + 1]);
    if (high >= 16 || low >= 16) return std::nullopt;
    bytes[i] = static_cast<uint8_t>(high << 4U | (low & 15U));
  }
  return bytes;
}

std::optional<LogKeyRange> ParseKey(std::string_view text) {
  const size_t at = text.find('@');
  const auto key = FromHex(text.substr(0, at));
  if (!key) return std::nullopt;
  LogKeyRange range{{*key}};
  if (at == std::string_view::npos) return range;
  std::string_view size = text.substr(at + 1);
  if (const size_t colon = size.find(':'); colon != std::string_view::npos) {
    range.only_root = FromHex(size.substr(colon + 1));
    if (!range.only_root) return std::nullopt;
    size = size.substr(0, colon);
  }
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), range.size_max);
  if (error != std::errc() || end != size.data() + size.size()) return std::nullopt;
  return range;
}

}  // namespace

void AddTrustedLog(CLI::App& command, TrustedLog& log) {
  command.add_option("--origin", log.origin, "the log's name")->required()->type_name("ORIGIN");
  command
      .add_option("--log-key", log.keys,
                  "the log's public key, 64 hex digits; if it had others before, each of them too, "
                  "with what it counts for: HEX@SIZE or HEX@SIZE:ROOT")
      ->required()
      ->allow_extra_args(false)
      ->type_name("HEX");
}

Result<LogKeys> KeysOf(const TrustedLog& log) {
  LogKeys keys;
  for (const std::string& text : log.keys) {
    const auto range = ParseKey(text);
    // Of one that is named twice the wider bound would count.
    const bool again =
        range && std::ranges::find(keys.ranges, range->key, &LogKeyRange::key) != keys.ranges.end();
    if (!range || again) {
      return Status(Code::kUsage, "usage.log-key",
                    "a log's public key is 64 lower-case hex digits, with @SIZE or @SIZE:ROOT "
                    "behind if it was replaced, and each is named once",
                    "bailee audit verify --field log_keys prints them");
    }
    keys.ranges.push_back(*range);
  }
  return keys;
}

std::string KeyText(const LogKeyRange& key) {
  std::string text = HexOf(key.key.bytes);
  if (key.size_max != UINT64_MAX) text += fmt::format("@{}", key.size_max);
  if (key.only_root) text += ":" + HexOf(*key.only_root);
  return text;
}

std::vector<std::string> KeyTexts(const LogKeys& keys) {
  std::vector<std::string> texts;
  for (const LogKeyRange& key : keys.ranges) texts.push_back(KeyText(key));
  return texts;
}

std::string KeyArguments(const LogKeys& keys) {
  std::string arguments;
  for (const std::string& text : KeyTexts(keys))
    arguments += (arguments.empty() ? "--log-key " : " --log-key ") + text;
  return arguments;
}

std::string SignedAt(const Checkpoint& checkpoint) {
  return checkpoint.time ? FormatTime(*checkpoint.time) : "at a time that is not proven";
}

}  // namespace bailee::tool
