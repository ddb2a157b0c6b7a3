// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bailee::policy {

enum class Severity : uint8_t { kError = 1, kWarning };

// Something a person who writes a policy should know. An error makes the policy invalid.
struct Finding {
  Severity severity = Severity::kError;
  int line = 0;         // from 1; 0 if unknown (a policy loaded from binary)
  int column = 0;       // from 1; 0 if unknown
  std::string message;  // one line, lower case, may end in (did you mean "x"?)
};

// "file:line:column: error: message", without the place if it is unknown.
std::string FormatFinding(const Finding& finding, std::string_view file_name);

}  // namespace bailee::policy
