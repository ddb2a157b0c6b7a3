// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/status.h"
#include "store/lmdb_engine.h"

namespace bailee::store {

// Walks all pages of a data file that are in use, trusting no byte, and says whether LMDB can be
// trusted with it: LMDB follows what it finds and dies by a signal, or writes over what is not its
// own, where that is damaged. Checked are the head, every page and node of every tree, the counts
// of each table and the list of free pages, down to the bytes of the values: these are the vault's
// to authenticate. FORMAT.md §3 says what must hold.
//
// Only reads, with pread. Memory: two bits a page and one page for each level of the deepest tree.
// Time: every page but those of large values is read once.
//
// Other processes may commit meanwhile. What is in use is not written over before two more commits,
// or while a transaction holds it in place (PreflightRequest::held_in_place); if there were as many
// and something looked damaged, the walk begins again. Says nothing of pages damaged later.
//
// Errors: kDamage "store.damaged" with the table and page first found damaged; kNoVault, kTooNew as
// ParseMetaPages; kBusy "store.changing" (commits outran every try: try again when less is
// written); kFailed (I/O, memory).
Status PreflightDataFile(const PreflightRequest& request);

}  // namespace bailee::store
