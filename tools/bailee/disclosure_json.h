// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/disclose.h"
#include "output.h"

namespace bailee::tool {

// One row of the accounting.
Json DisclosureJson(const DisclosureInfo& info);

}  // namespace bailee::tool
