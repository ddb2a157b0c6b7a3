// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/bytes.h"

namespace bailee::record {

// Whether a MaxMind DB, version 2, has as many nodes as its description says. To be asked before a
// library is given the file: those of the field count the bytes of the nodes in 32 bits and read
// beyond the file where more do not fit. Trusts no byte.
bool RegionNodesFit(ByteView file);

}  // namespace bailee::record
