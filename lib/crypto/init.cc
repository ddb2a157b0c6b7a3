// SPDX-License-Identifier: Apache-2.0
#include "crypto/init.h"

#include <sodium.h>

#include <utility>

namespace bailee::crypto {
namespace {

// Library versions 10.3 and later come with libsodium 1.0.18 and later.
constexpr std::pair kOldest(10, 3);

Status Start() {
  const std::pair version(sodium_library_version_major(), sodium_library_version_minor());
  if (sodium_init() < 0 || version < kOldest) {
    return Status(Code::kFailed, "crypto.unavailable",
                  std::string("libsodium ") + sodium_version_string() + " cannot be used",
                  "install libsodium 1.0.18 or later");
  }
  return Status();
}

}  // namespace

Status Init() {
  static const Status status = Start();
  return status;
}

}  // namespace bailee::crypto
