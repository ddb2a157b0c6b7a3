// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "bailee/checkpoint.h"

namespace bailee::tool {

// The log that somebody who has no vault believes.
struct TrustedLog {
  std::string origin;
  std::vector<std::string> keys;  // as KeyTexts writes them
};

void AddTrustedLog(CLI::App& command, TrustedLog& log);

// Errors: kUsage "usage.log-key".
Result<LogKeys> KeysOf(const TrustedLog& log);

// A key with what it counts for: HEX, HEX@SIZE or HEX@SIZE:ROOT (FORMAT.md §13.7).
std::string KeyText(const LogKeyRange& key);

// Those of all keys, in the order of their use; the last is the newest.
std::vector<std::string> KeyTexts(const LogKeys& keys);

// The arguments by which another command believes the same: --log-key for each.
std::string KeyArguments(const LogKeys& keys);

// When a checkpoint was signed, for a person.
std::string SignedAt(const Checkpoint& checkpoint);

}  // namespace bailee::tool
