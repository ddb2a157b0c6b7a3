// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bailee/result.h"
#include "bailee/secret.h"

namespace bailee::record {

// What a Secret holds, or the name of the error in angle brackets; made-up values only.
inline std::string Shown(const Result<Secret>& secret) {
  if (!secret) return "<" + std::string(secret.status().name()) + ">";
  return secret->Reveal([](std::string_view text) { return std::string(text); });
}

}  // namespace bailee::record
