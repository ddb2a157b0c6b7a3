// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "audit/journal_directory.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "store/engine.h"

namespace bailee::audit {

// Brings the journals of instances that ended without closing into the tree, says there that
// `adopter` did, and deletes them. Journals in use are left alone, and so is one that the vault
// does not know and that holds entries: `audit verify` reports it.
// Errors: those of the store, the tree and the files.
Status AdoptJournals(store::Engine& engine, const JournalDirectory& directory,
                     const InstanceId& adopter);

// Forgets the watermarks of instances that ended and whose journals are gone.
Status ForgetEnded(store::WriteTransaction& transaction, const JournalDirectory& directory);

}  // namespace bailee::audit
