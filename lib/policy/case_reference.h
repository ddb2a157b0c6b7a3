// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string_view>

#include "bailee/limits.h"

namespace bailee::policy {

// Whether `text` can be a case reference: 1 to 64 of [A-Za-z0-9-].
inline bool IsCaseReference(std::string_view text) {
  return !text.empty() && text.size() <= limits::kCaseReferenceBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-';
         });
}

}  // namespace bailee::policy
