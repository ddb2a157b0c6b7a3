// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/gdpr/profile.h"

namespace bailee::bench::gdpr {

// The policy under which a vault keeps the records of a profile. Each purpose of a record is one of
// the policy's, below "use", and may use all of it; "own" is the customer's use of their own; and
// who administers, controller or regulator, acts for "manage", which has no key to the data: fields
// with other purposes are sealed apart. Fields that the profile's roles name records by have a
// lookup for that role's purpose.
std::string VaultPolicy(const Profile& profile);

inline constexpr std::string_view kRecordCategory = "record";
inline constexpr std::string_view kKeyField = "number";
inline constexpr std::string_view kOwn = "own";
inline constexpr std::string_view kManage = "manage";

// The policy's purpose, and the notice, for what the profile's `index`-th purpose is.
std::string UseOf(uint64_t index);
std::string NoticeOf(uint64_t index);
// The policy's name of a field.
std::string_view FieldName(size_t field);

}  // namespace bailee::bench::gdpr
