// SPDX-License-Identifier: Apache-2.0
#include "trusted_log.h"

#include <string_view>

#include "text.h"

namespace bailee::tool {

void AddTrustedLog(CLI::App& command, TrustedLog& log) {
  command.add_option("--origin", log.origin, "the log's name")->required()->type_name("ORIGIN");
  command.add_option("--log-key", log.key, "the log's public key, 64 hex digits")
      ->required()
      ->type_name("HEX");
}

Result<LogKey> KeyOf(const TrustedLog& log) {
  const std::string& hex = log.key;
  LogKey key;
  const auto digit = [](char c) { return std::string_view("0123456789abcdef").find(c); };
  bool good = hex.size() == 2 * key.bytes.size();
  for (size_t i = 0; good && i < key.bytes.size(); ++i) {
    const size_t high = digit(hex[2 * i]);
    const size_t low = digit(hex[2 * i + 1]);
    good = high < 16 && low < 16;
    key.bytes[i] = static_cast<uint8_t>(high << 4U | (low & 15U));
  }
  if (good) return key;
  return Status(Code::kUsage, "usage.log-key", "the log's public key is 64 lower-case hex digits",
                "bailee audit verify --field log_key prints it");
}

std::string SignedAt(const Checkpoint& checkpoint) {
  return checkpoint.time ? FormatTime(*checkpoint.time) : "at a time that is not proven";
}

}  // namespace bailee::tool
