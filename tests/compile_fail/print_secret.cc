// SPDX-License-Identifier: Apache-2.0
// EXPECT: deleted
#include <iostream>

#include "bailee/secret.h"

void Show(const bailee::Secret& secret) {
#ifdef FIXED
  std::cout << secret.size_bytes();
#else
  std::cout << secret;
#endif
}
