// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "bench/gdpr/store.h"

namespace bailee::bench::gdpr {

// What a peer's audit says of a query: whose, and what it was.
enum class Action : int { kLoad = 1, kCreate, kRead, kUpdate, kDelete, kVerify, kLog };

inline std::string AuditPurpose(Role role, const Selection& selection) {
  return selection.purpose.empty() ? std::string(RoleName(role)) : selection.purpose;
}

// Fields that peers have an index of: those that the paper's queries name records by.
inline constexpr Field kIndexed[] = {kPurpose, kTtl, kUser, kObjection, kDecision, kShared};
inline bool IsIndexed(Field field) {
  for (const Field each : kIndexed)
    if (each == field) return true;
  return false;
}

// Metadata as one text, to be sealed as a whole.
inline constexpr char kBetweenFields = '\x1f';

inline std::string JoinMetadata(const Fields& fields) {
  std::string joined;
  for (size_t i = 0; i < kMetadataFields; ++i) {
    if (i > 0) joined += kBetweenFields;
    joined += fields[i];
  }
  return joined;
}

inline void SplitMetadata(std::string_view joined, Fields& fields) {
  for (size_t i = 0; i < kMetadataFields; ++i) {
    const size_t end = std::min(joined.find(kBetweenFields), joined.size());
    fields[i] = joined.substr(0, end);
    joined.remove_prefix(std::min(end + 1, joined.size()));
  }
}

}  // namespace bailee::bench::gdpr
