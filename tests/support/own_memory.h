// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>

#include <cstddef>

namespace bailee::testing {

// What this process holds from malloc, in bytes: exact, so that what grows by a few bytes a record
// shows. A mapped database is not in it.
inline size_t HeapBytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace bailee::testing
