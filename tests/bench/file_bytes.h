// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace bailee::bench {

// Pages of all tables of a vault's data file but those of the trail, with what is free left out:
// the file grows by trees of one transaction, and the trail is not what the data takes.
// REQUIRES: this process does not have it open.
uint64_t BytesWithoutTrail(const std::string& directory);

}  // namespace bailee::bench
