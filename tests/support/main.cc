// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "crypto/init.h"

// libmaxminddb before 1.12 leaks what it read of a damaged file's description (its pull request
// 356): some kilobytes each time such a file is opened and refused.
extern "C" const char* __lsan_default_suppressions() { return "leak:libmaxminddb.so"; }

int main(int argc, char** argv) {
  if (!bailee::crypto::Init().ok()) return 1;
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
