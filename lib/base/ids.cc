// SPDX-License-Identifier: Apache-2.0
#include "bailee/ids.h"

#include "base/hex.h"

namespace bailee::internal {

std::string IdToHex(ByteView bytes) { return ToHex(bytes); }

Status IdFromHex(std::string_view hex, std::span<uint8_t> out) {
  if (!FromHex(hex, out)) {
    return Status(Code::kInvalidValue, "id.malformed",
                  "an id is " + std::to_string(2 * out.size()) + " lower-case hex digits",
                  "copy it as the tool printed it");
  }
  return Status();
}

}  // namespace bailee::internal
