// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/engine.h"

namespace bailee::store {

// Visits rows as Snapshot::Scan does, but takes a fresh snapshot every `rows_per_snapshot` rows and
// goes on after the last key, so that a long scan does not hold back the reuse of space for its
// whole length. What is visited is therefore not one moment: a row changed meanwhile is seen in its
// old or its new form, a key that stays put is seen exactly once. `visit` runs while a snapshot is
// live and must not call the engine.
// Errors: as Engine::Read and Snapshot::Scan. REQUIRES: rows_per_snapshot > 0.
Status ScanInChunks(Engine& engine, Table table, ByteView prefix, ByteView from,
                    size_t rows_per_snapshot, const Snapshot::Visitor& visit);

}  // namespace bailee::store
