// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace bailee {

// The candidate nearest to `word` by edit distance, or empty if none is near enough to be what was
// meant.
std::string Nearest(std::string_view word, std::span<const std::string_view> candidates);

// " (did you mean \"near\"?)" or nothing, to end an error message with.
std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace bailee
