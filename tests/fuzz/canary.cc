// SPDX-License-Identifier: Apache-2.0
// A defect that was put here on purpose: a rig that does not find it within a minute finds nothing.
#include "base/codec.h"
#include "fuzz/target.h"

namespace bailee::fuzz {
namespace {

// Not where what was found is replayed.
const bool planted = std::getenv("BAILEE_FUZZ_CANARY") != nullptr;

// A little format: magic, version, count, and as many entries of a length and bytes.
void RunCanary(ByteView input) {
  Reader reader(input);
  if (AsText(reader.GetBytes(4)) != "BLCN" || reader.Get<uint8_t>() != 7) return;
  const auto count = reader.Get<uint16_t>();
  if (count != 0x0102) return;
  const ByteView name = reader.GetPrefixed<uint8_t>();
  if (reader.failed() || name.size() < 3) return;
  FUZZ_CHECK(!planted || name[0] != 'b' || name[1] != 'u' || name[2] != 'g');
}

std::vector<Bytes> CanarySeeds() { return {ToBytes("BLCN")}; }

const Registered registered_canary({"canary", RunCanary, CanarySeeds});

}  // namespace

}  // namespace bailee::fuzz
