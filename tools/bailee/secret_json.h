// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string.h>

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bailee::tool {

// Memory that is wiped before it is given back, for personal data on its way into a Secret.
template <typename T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) {}  // NOLINT(google-explicit-constructor)

  T* allocate(size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, size_t count) {
    explicit_bzero(static_cast<void*>(memory), count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  template <typename U>
  bool operator==(const WipingAllocator<U>&) const {
    return true;
  }
};

using WipedString = std::basic_string<char, std::char_traits<char>, WipingAllocator<char>>;

// JSON whose every node and text is wiped when it goes. Texts of up to 15 bytes may also pass
// through the parser's stack.
using WipedJson = nlohmann::basic_json<std::map, std::vector, WipedString, bool, int64_t, uint64_t,
                                       double, WipingAllocator>;

// How deep input may nest: far more than any of it has to.
inline constexpr int kInputDepthMax = 32;

// What `text` says, discarded if it is no JSON or nests deeper than kInputDepthMax: a line of
// brackets alone would take a hundred times its own memory. Throws nothing.
WipedJson ParseInput(std::string_view text);

}  // namespace bailee::tool
