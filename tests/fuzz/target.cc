// SPDX-License-Identifier: Apache-2.0
#include "fuzz/target.h"

#include <algorithm>
#include <optional>
#include <string>

#include "fuzz/keys.h"
#include "support/test_random.h"

namespace bailee::fuzz {
namespace {

std::vector<Target>& Registry() {
  static std::vector<Target> targets;
  return targets;
}

std::optional<testing::TestRandom>& Stream() {
  static std::optional<testing::TestRandom> stream(std::in_place, 1);
  return stream;
}

void CheckLine(std::string_view text) {
  FUZZ_CHECK(std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  }));
  if (text.empty()) return;
  FUZZ_CHECK(text.size() < 500);
  FUZZ_CHECK(text.front() < 'A' || text.front() > 'Z' || text.starts_with("LMDB"));
  FUZZ_CHECK(text.back() != '.');
}

}  // namespace

const std::vector<Target>& Targets() { return Registry(); }

const Target* FindTarget(std::string_view name) {
  const auto found = std::find_if(Registry().begin(), Registry().end(),
                                  [&](const Target& target) { return target.name == name; });
  return found == Registry().end() ? nullptr : &*found;
}

crypto::Random& Random() { return *Stream(); }

void Run(const Target& target, ByteView input) {
  Stream().emplace(1);
  target.run(input);
}

Registered::Registered(const Target& target) {
  FUZZ_CHECK(FindTarget(target.name) == nullptr);
  Registry().push_back(target);
}

void CheckSuccess(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "fuzz: broken: %s: %s\n", std::string(status.name()).c_str(),
               std::string(status.message()).c_str());
  std::abort();
}

void CheckFailure(const Status& status) {
  FUZZ_CHECK(!status.ok());
  FUZZ_CHECK(status.code() != Code::kOk);
  FUZZ_CHECK(status.name().find('.') != std::string_view::npos);
  FUZZ_CHECK(!status.message().empty());
  CheckLine(status.message());
  CheckLine(status.hint());
}

void CheckFailure(const Status& status, std::initializer_list<Code> codes) {
  CheckFailure(status);
  FUZZ_CHECK(std::find(codes.begin(), codes.end(), status.code()) != codes.end());
}

}  // namespace bailee::fuzz
