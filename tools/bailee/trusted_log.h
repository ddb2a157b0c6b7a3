// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "bailee/checkpoint.h"

namespace bailee::tool {

// The log that somebody who has no vault believes.
struct TrustedLog {
  std::string origin;
  std::string key;  // 64 hex digits
};

void AddTrustedLog(CLI::App& command, TrustedLog& log);

// Errors: kUsage "usage.log-key".
Result<LogKey> KeyOf(const TrustedLog& log);

// When a checkpoint was signed, for a person.
std::string SignedAt(const Checkpoint& checkpoint);

}  // namespace bailee::tool
