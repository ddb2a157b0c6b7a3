// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/hex.h"
#include "crypto/random.h"

namespace bailee::testing {

// The vectors of tests/vectors/NAME.json.
inline nlohmann::json Vectors(const std::string& name) {
  std::ifstream file(BAILEE_SOURCE_DIR "/tests/vectors/" + name + ".json");
  BAILEE_CHECK(file.good());
  return nlohmann::json::parse(file);
}

// The bytes of a value in hex.
inline Bytes Hex(const nlohmann::json& value) {
  const auto& text = value.get_ref<const std::string&>();
  Bytes bytes(text.size() / 2);
  BAILEE_CHECK(FromHex(text, bytes));
  return bytes;
}

template <size_t N>
std::array<uint8_t, N> HexArray(const nlohmann::json& value) {
  const auto& text = value.get_ref<const std::string&>();
  std::array<uint8_t, N> bytes;
  BAILEE_CHECK(FromHex(text, bytes));
  return bytes;
}

// Gives exactly the bytes it was made with, and stops the test when asked for more.
class ScriptedRandom final : public crypto::Random {
 public:
  explicit ScriptedRandom(Bytes script) : script_(std::move(script)) {}
  void Fill(std::span<uint8_t> out) override {
    BAILEE_CHECK(out.size() <= script_.size() - used_);
    std::copy_n(script_.begin() + static_cast<std::ptrdiff_t>(used_), out.size(), out.begin());
    used_ += out.size();
  }

 private:
  const Bytes script_;
  size_t used_ = 0;
};

}  // namespace bailee::testing
