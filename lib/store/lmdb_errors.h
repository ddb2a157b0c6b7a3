// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/status.h"

namespace bailee::store {

// kBusy "store.snapshots-open": the file cannot be mapped anew while somebody looks at it.
Status SnapshotsOpenError();

// The Status for what LMDB or the system answered: an MDB_ code or an errno. `doing` completes
// "could not …", e.g. "commit". REQUIRES: rc != 0.
Status LmdbError(int rc, const char* doing);

// The engine met an error LMDB cannot go on after, and snapshots keep it from reopening.
Status ReopenError();

// Whether a commit took hold could not be learnt.
Status CommitUnclearError();

// `row_count` over limits::kTransactionRowsMax, or more pages than one transaction can hold.
Status TransactionTooLargeError();

}  // namespace bailee::store
