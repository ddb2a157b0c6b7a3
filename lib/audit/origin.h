// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "audit/journal_format.h"

namespace bailee::audit {

// Where this process's events come from: its user, number, host and program.
Origin ThisProcess(const std::string& actor, const std::array<uint8_t, 16>& keyring_id);

}  // namespace bailee::audit
