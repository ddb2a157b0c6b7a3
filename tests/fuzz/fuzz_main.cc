// SPDX-License-Identifier: Apache-2.0
// What libFuzzer calls. All targets are one program; which of them is fuzzed is said by the name
// that it is called by, `fuzz_TARGET`.
#include <sodium.h>
#include <unistd.h>

#include <string>

#include "fuzz/target.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

namespace {

const bailee::fuzz::Target* fuzzed = nullptr;

}  // namespace

// libmaxminddb before 1.12 leaks what it read of a damaged file's description (its pull request
// 356): some kilobytes each time such a file is opened and refused.
extern "C" const char* __lsan_default_suppressions() { return "leak:libmaxminddb.so"; }

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** argv) {
  const std::string program = (*argv)[0];
  const std::string name = program.substr(program.find_last_of('/') + 1);
  constexpr std::string_view kPrefix = "fuzz_";
  if (name.starts_with(kPrefix)) fuzzed = bailee::fuzz::FindTarget(name.substr(kPrefix.size()));
  if (fuzzed == nullptr || sodium_init() < 0) {
    std::fprintf(stderr, "fuzz: %s is not the name of a target\n", name.c_str());
    _exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bailee::fuzz::Run(*fuzzed, {data, size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max,
                                          unsigned seed) {
  if (fuzzed->mutate == nullptr) return LLVMFuzzerMutate(data, size, size_max);
  return fuzzed->mutate(data, size, size_max, seed, LLVMFuzzerMutate);
}
