// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "bailee/ids.h"

namespace bailee {

// Whom a call is about. Borrows its text: valid while the ref is.
class Who {
 public:
  // A subject by the application's own name for it: 1 to 255 bytes of any kind, e.g. a user id.
  // Stored only sealed.
  static Who Ref(std::string_view ref) { return Who(Kind::kRef, ref, {}); }
  // An anonymous browser by its accepted tag (a cookie's value): 1 to 255 bytes. Its own key
  // domain: nothing links it to a subject.
  static Who Tag(std::string_view tag) { return Who(Kind::kTag, tag, {}); }
  // A subject or browser by the vault's handle.
  static Who ByHandle(bailee::Handle handle) { return Who(Kind::kHandle, {}, handle); }
  // Somebody unnamed, used once: a browser line without an accepted tag. Only for collecting.
  static Who Nobody() { return Who(Kind::kNobody, {}, {}); }

  enum class Kind : uint8_t { kRef, kTag, kHandle, kNobody };
  Kind kind() const { return kind_; }
  std::string_view text() const { return text_; }
  const bailee::Handle& handle() const { return handle_; }

 private:
  Who(Kind kind, std::string_view text, bailee::Handle handle)
      : kind_(kind), text_(text), handle_(handle) {}

  Kind kind_;
  std::string_view text_;
  bailee::Handle handle_;
};

}  // namespace bailee
