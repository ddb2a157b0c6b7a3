// SPDX-License-Identifier: Apache-2.0
#include "crypto/init.h"

#include <sodium.h>

namespace bailee::crypto {
namespace {

// Library versions 10.3 and later come with libsodium 1.0.18 and later.
constexpr int kMajor = 10;
constexpr int kMinorMin = 3;

Status Start() {
  const int major = sodium_library_version_major();
  const int minor = sodium_library_version_minor();
  if (sodium_init() < 0 || major < kMajor || (major == kMajor && minor < kMinorMin)) {
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
