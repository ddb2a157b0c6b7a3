// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bailee/export.h"

namespace bailee {

// Why something was refused. Values are stored in the audit trail: never renumber, only append.
enum class Reason : uint8_t {
  kUnknownPurpose = 1,
  kUnknownCategory = 2,
  kUnknownField = 3,
  kUnknownSource = 4,
  kUnknownNotice = 5,
  kUnknownRecipient = 6,
  kUndeclaredField = 7,
  kSourceIndependent = 8,
  kNotCollectedFor = 9,
  kPurposeKeyMissing = 10,
  kConsentMissing = 11,
  kConsentWithdrawn = 12,
  kObjected = 13,
  kDeclined = 14,
  kPastRetention = 15,
  kRestricted = 16,
  kHeld = 17,
  kOutsideInstructions = 18,
  kRecipientNotListed = 19,
  kGroundNotMet = 20,
  kNoticeMissing = 21,
  kCaseMissing = 22,
  kContactSuppressed = 23,
  kIndividualReadOfReportData = 24,
  kGroupTooSmall = 25,
  kWrapPending = 26,
  kPolicyNotInForce = 27,
  kSubjectErased = 28,
};
inline constexpr uint8_t kReasonCount = 28;

// The word users see, e.g. "not-collected-for". Never empty for a declared value.
BAILEE_EXPORT std::string_view ReasonWord(Reason reason);

// The reason whose word is `word`, or nothing.
BAILEE_EXPORT std::optional<Reason> ParseReason(std::string_view word);

}  // namespace bailee
