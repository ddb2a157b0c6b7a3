// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bench/peers/peer.h"
#include "bench/shape.h"

namespace bailee::bench {

// The record number `index` of `kRecordsEach` a person, as the vault's world has it.
inline PeerRecord PeerRecordAt(uint64_t index) {
  const uint64_t subject = index / kRecordsEach;
  return {.id = index + 1,
          .subject = subject,
          .address = AddressOf(subject, index % kRecordsEach),
          .value = std::string(kValueBytes, 'v')};
}

}  // namespace bailee::bench
