// SPDX-License-Identifier: Apache-2.0
// EXPECT: deleted
#include <utility>

#include "bailee/secret.h"

bailee::Secret Take(bailee::Secret& secret) {
#ifdef FIXED
  bailee::Secret taken = std::move(secret);
#else
  bailee::Secret taken = secret;
#endif
  return taken;
}
