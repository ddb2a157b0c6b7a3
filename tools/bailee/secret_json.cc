// SPDX-License-Identifier: Apache-2.0
#include "secret_json.h"

#include <algorithm>

namespace bailee::tool {
namespace {

// Brackets that are open at once, but for those in texts. Of what is no JSON it says something.
int DepthOf(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

}  // namespace

WipedJson ParseInput(std::string_view text) {
  if (DepthOf(text) > kInputDepthMax) return WipedJson(WipedJson::value_t::discarded);
  return WipedJson::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

}  // namespace bailee::tool
