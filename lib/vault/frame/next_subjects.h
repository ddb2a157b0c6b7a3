// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "vault/frame/vault_impl.h"

// Going through all subjects, some at a time: a long snapshot would hold back the reuse of space.
namespace bailee::vault {

inline constexpr size_t kSubjectsPerLook = 256;

// The handles of the next kSubjectsPerLook subjects, in their order, from the key `from` on (empty:
// the first). `next` is the key to go on with; empty after the last. Errors: those of the store.
Result<std::vector<Handle>> NextSubjects(const Frame& frame, const Bytes& from, Bytes& next);

}  // namespace bailee::vault
