// SPDX-License-Identifier: Apache-2.0
// EXPECT: deleted
#include "bailee/secret.h"

bool Same(const bailee::Secret& a, const bailee::Secret& b) {
#ifdef FIXED
  return a.size_bytes() == b.size_bytes();
#else
  return a == b;
#endif
}
