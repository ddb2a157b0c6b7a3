// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

#include "bailee/status.h"

namespace bailee {

// A value, or the Status that says why there is none. Reading the value of a failed Result stops
// the program.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that a function can `return value;` or `return status;`.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : rep_(std::in_place_index<0>, std::move(value)) {}
  // REQUIRES: !status.ok()
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Status status) : rep_(std::in_place_index<1>, std::move(status)) {
    if (std::get<1>(rep_).ok()) std::abort();
  }

  bool ok() const { return rep_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Why there is no value; success if there is one.
  Status status() const { return ok() ? Status() : std::get<1>(rep_); }

  // REQUIRES: ok()
  T& operator*() & BAILEE_LIFETIME_BOUND { return Value(); }
  const T& operator*() const& BAILEE_LIFETIME_BOUND { return const_cast<Result*>(this)->Value(); }
  T&& operator*() && BAILEE_LIFETIME_BOUND { return std::move(Value()); }
  T* operator->() BAILEE_LIFETIME_BOUND { return &Value(); }
  const T* operator->() const BAILEE_LIFETIME_BOUND { return &const_cast<Result*>(this)->Value(); }

 private:
  T& Value() {
    T* value = std::get_if<0>(&rep_);
    if (value == nullptr) std::abort();
    return *value;
  }

  std::variant<T, Status> rep_;
};

}  // namespace bailee
