// SPDX-License-Identifier: Apache-2.0
// A defect that was put here on purpose: a rig that does not find it within a minute finds nothing.
#include "base/codec.h"
#include "fuzz/target.h"

namespace bailee::fuzz {
namespace {

// Not where what was found is replayed.
const bool planted = std::getenv("BAILEE_FUZZ_CANARY") != nullptr;

// A little format: magic, version, a number, a name.
void RunCanary(ByteView input) {
  Reader reader(input);
  if (AsText(reader.GetBytes(4)) != "BLCN" || reader.Get<uint8_t>() != 7) return;
  const auto count = reader.Get<uint32_t>();
  if (count != 0x01020304) return;
  const ByteView name = reader.GetPrefixed<uint8_t>();
  FUZZ_CHECK(!planted || AsText(name) != "planted");
}

std::vector<Bytes> CanarySeeds() { return {ToBytes("BLCN")}; }

const Registered registered_canary({"canary", RunCanary, CanarySeeds});

}  // namespace

}  // namespace bailee::fuzz
