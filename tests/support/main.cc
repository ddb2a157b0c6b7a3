// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sodium.h>

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
