// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "store/lmdb_core.h"

namespace bailee::store {

// Begins a snapshot, from the idle ones if there are any. Adopts a grown map, frees dead readers'
// slots and reopens on the way. Errors: as Engine::Read.
Result<std::unique_ptr<Snapshot>> BeginSnapshot(LmdbCore& core);

// Errors: as BeginSnapshot.
Result<Engine::Statistics> MeasureStore(LmdbCore& core);

}  // namespace bailee::store
