// SPDX-License-Identifier: Apache-2.0
#include "bailee/ids.h"

#include <charconv>

#include "base/hex.h"

namespace bailee {
namespace {

constexpr size_t kInstanceHexBytes = 32;

Status MalformedDecision() {
  return Status(Code::kInvalidValue, "id.malformed-decision",
                "a decision is 32 lower-case hex digits, .r or .w, and a number",
                "copy it as the tool printed it");
}

}  // namespace

std::string DecisionId::ToText() const {
  return instance.ToHex() + (write ? ".w" : ".r") + std::to_string(number);
}

Result<DecisionId> DecisionId::FromText(std::string_view text) {
  DecisionId id;
  if (text.size() < kInstanceHexBytes + 3) return MalformedDecision();
  const std::string_view chain = text.substr(kInstanceHexBytes, 2);
  const std::string_view digits = text.substr(kInstanceHexBytes + 2);
  if (!FromHex(text.substr(0, kInstanceHexBytes), id.instance.bytes)) return MalformedDecision();
  if (chain != ".r" && chain != ".w") return MalformedDecision();
  id.write = chain == ".w";
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), id.number);
  // What ToText would not give, a leading zero for one, is not the name of a decision.
  if (error != std::errc() || id.ToText() != text) return MalformedDecision();
  return id;
}

}  // namespace bailee

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
