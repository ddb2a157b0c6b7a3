// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "bailee/result.h"

#define BAILEE_TRY_CONCAT_(a, b) a##b
#define BAILEE_TRY_NAME_(a, b) BAILEE_TRY_CONCAT_(a, b)
#define BAILEE_TRY_IMPL_(result, declaration, ...) \
  auto result = (__VA_ARGS__);                     \
  if (!result.ok()) return result.status();        \
  declaration = *std::move(result)

// BAILEE_TRY(Type name, expression): declares `name` from a Result, or returns its Status.
#define BAILEE_TRY(declaration, ...) \
  BAILEE_TRY_IMPL_(BAILEE_TRY_NAME_(bailee_try_, __COUNTER__), declaration, __VA_ARGS__)

// Returns the Status of an expression of type Status unless it is success.
#define BAILEE_RETURN_IF_ERROR(...) \
  BAILEE_RETURN_IF_ERROR_IMPL_(BAILEE_TRY_NAME_(bailee_status_, __COUNTER__), __VA_ARGS__)
#define BAILEE_RETURN_IF_ERROR_IMPL_(status, ...)                             \
  do {                                                                        \
    if (::bailee::Status status = (__VA_ARGS__); !status.ok()) return status; \
  } while (false)
