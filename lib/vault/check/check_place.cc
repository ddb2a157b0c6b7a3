// SPDX-License-Identifier: Apache-2.0
#include "vault/check/check_place.h"

#include <array>
#include <charconv>

#include "base/hex.h"
#include "base/try.h"
#include "vault/check/told.h"

namespace bailee::vault {
namespace {

constexpr size_t kKeyBytesMax = 511;
constexpr size_t kParts = 5;

Status NotAPlace() {
  return {Code::kUsage, "check.from", "that is no place that a check of this vault stopped at",
          "give what the stopped check named as next, or leave it out"};
}

Result<uint32_t> NumberOf(std::string_view text) {
  uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || std::to_string(number) != text) return NotAPlace();
  return number;
}

}  // namespace

std::string CheckPlace::ToText() const {
  return vault.ToHex() + "." + std::to_string(stage) + "." + std::to_string(share.slices) + "." +
         std::to_string(share.slice) + "." + ToHex(key);
}

Result<CheckPlace> CheckPlace::FromText(std::string_view text) {
  std::array<std::string_view, kParts> parts;
  for (size_t i = 0; i < kParts; ++i) {
    const size_t end = i + 1 < kParts ? text.find('.') : text.size();
    if (end == std::string_view::npos) return NotAPlace();
    parts[i] = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  CheckPlace place;
  const Result<VaultId> vault = VaultId::FromHex(parts[0]);
  if (!vault.ok()) return NotAPlace();
  place.vault = *vault;
  BAILEE_TRY(const uint32_t stage, NumberOf(parts[1]));
  BAILEE_TRY(place.share.slices, NumberOf(parts[2]));
  BAILEE_TRY(place.share.slice, NumberOf(parts[3]));
  if (stage >= kStages || place.share.slices > kSlicesMax) return NotAPlace();
  if (place.share.slice >= std::max(place.share.slices, uint32_t{1})) return NotAPlace();
  place.stage = static_cast<uint8_t>(stage);
  if (parts[4].size() % 2 != 0 || parts[4].size() > 2 * kKeyBytesMax) return NotAPlace();
  place.key.resize(parts[4].size() / 2);
  if (!internal::IdFromHex(parts[4], place.key).ok()) return NotAPlace();
  const bool keyless = place.stage == kEpochStage || place.stage == kTrailStage;
  if (keyless && !place.key.empty()) return NotAPlace();
  if (place.stage == kEventsStage && !place.key.empty() && place.key.size() != sizeof(Told::Key))
    return NotAPlace();
  return place;
}

}  // namespace bailee::vault
