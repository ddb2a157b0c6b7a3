// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace bailee::testing {

// Keeps, in `file`, a copy of everything that this process gives to a call that writes or sends,
// from now on: written_bytes.cc defines those calls, which the dynamic linker prefers to the C
// library's. What the C library writes for its own streams does not go through them.
void KeepWrittenBytes(const std::string& file);

}  // namespace bailee::testing
