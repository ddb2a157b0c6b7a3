// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string_view>

#include "bailee/result.h"

namespace bailee {

// How GoogleTest prints a Status.
inline void PrintTo(const Status& status, std::ostream* out) {
  *out << status.name() << " (" << CodeWord(status.code()) << "): " << status.message();
}

namespace testing {

inline Status StatusOf(const Status& status) { return status; }
template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

// EXPECT_THAT(StatusOf(x), ErrorIs(Code::kDamage, "crypto.damaged"))
MATCHER_P2(ErrorIs, code, name, "") {
  (void)result_listener;
  return arg.code() == code && arg.name() == std::string_view(name);
}

MATCHER(IsOk, "") {
  (void)result_listener;
  return arg.ok();
}

}  // namespace testing
}  // namespace bailee
