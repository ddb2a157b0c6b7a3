// SPDX-License-Identifier: Apache-2.0
#include "crypto/padding.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/try.h"

namespace bailee::crypto {
namespace {

constexpr uint8_t kMarker = 0x80;

// The distance of buckets around a length, with the marker, of `bytes`: a power of two.
size_t Step(size_t bytes) { return std::max<size_t>(32, std::bit_floor(bytes) / 8); }

}  // namespace

size_t PaddedSize(size_t data_bytes) {
  const size_t bytes = data_bytes + 1;
  const size_t step = Step(bytes);
  return (bytes + step - 1) & ~(step - 1);
}

bool IsBucket(size_t padded_bytes) {
  return padded_bytes != 0 && (padded_bytes & (Step(padded_bytes) - 1)) == 0;
}

void Pad(std::span<uint8_t> buffer, size_t data_bytes) {
  BAILEE_CHECK(buffer.size() == PaddedSize(data_bytes));
  buffer[data_bytes] = kMarker;
  std::memset(buffer.data() + data_bytes + 1, 0, buffer.size() - data_bytes - 1);
}

Result<Secret> Padded(ByteView data) {
  BAILEE_TRY(Secret padded, Secret::Allocate(PaddedSize(data.size())));
  padded.RevealMutable([&](std::span<uint8_t> out) {
    if (!data.empty()) std::memcpy(out.data(), data.data(), data.size());
    Pad(out, data.size());
  });
  return padded;
}

Result<size_t> UnpaddedSize(ByteView padded) {
  // No early exit: how long the data is must not show in the time.
  size_t size = 0;
  size_t found = 0;      // all ones once the last non-zero byte is passed
  size_t is_marker = 0;  // all ones if that byte is the marker
  const size_t searched = IsBucket(padded.size()) ? Step(padded.size()) : 0;
  for (size_t i = padded.size(); i-- > padded.size() - searched;) {
    const size_t byte = padded[i];
    const size_t non_zero = size_t{0} - ((byte + 0xff) >> 8);
    const size_t marker = size_t{0} - (((byte ^ kMarker) - 1) >> (sizeof(size_t) * 8 - 1));
    size |= i & non_zero & ~found;
    is_marker |= marker & ~found;
    found |= non_zero;
  }
  if (is_marker == 0) {
    return Status(Code::kDamage, "crypto.bad-padding",
                  "opened bytes are not padded as they must be", "restore them from a backup");
  }
  return size;
}

}  // namespace bailee::crypto
