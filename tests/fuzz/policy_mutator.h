// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace bailee::fuzz {

// Changes the text of a policy by its parts: leaves out, doubles, moves or swaps a block or an
// assignment, gives an assignment another value of the text or of the language. Now and then bytes,
// by `fallback`.
size_t MutatePolicyText(uint8_t* data, size_t size, size_t size_max, unsigned seed,
                        size_t (*fallback)(uint8_t*, size_t, size_t));

}  // namespace bailee::fuzz
