// SPDX-License-Identifier: Apache-2.0
// EXPECT: nodiscard|unused-result|ignoring return
#include "bailee/secret.h"

void Make() {
#ifdef FIXED
  (void)bailee::Secret::From("x").ok();
#else
  bailee::Secret::From("x");
#endif
}
