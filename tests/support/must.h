// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>
#include <utility>

#include "bailee/result.h"
#include "bailee/status.h"

namespace bailee {

// What a test needs before it can show anything: ends the process, and says what did not work.
inline void Must(const Status& status, std::string_view what = "failed") {
  if (status.ok()) return;
  std::cerr << what << ": " << status.name() << ": " << status.message() << "\n";
  std::abort();
}

template <typename T>
T Must(Result<T> result, std::string_view what = "failed") {
  Must(result.status(), what);
  return *std::move(result);
}

}  // namespace bailee
