// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace bailee::record {

inline constexpr size_t kSmallestEnvelope = 72 + 32;  // an envelope around the smallest bucket

}  // namespace bailee::record
