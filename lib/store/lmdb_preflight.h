// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bailee/result.h"
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

// What a walk says of one tree of the file.
struct WalkedTree {
  std::string name;   // "records"; "tables", "free list"
  Status status;      // success, or the first damage found in it
  uint64_t rows = 0;  // that its record says it has; of a whole tree what was found
};

// The same walk over a file that PreflightDataFile found damaged, but each tree by itself, so that
// what is still whole is known. A page that two trees lead to counts against the one walked later.
// Errors: kDamage if not even the list of tables can be read; as PreflightDataFile.
Result<std::vector<WalkedTree>> SurveyDataFile(const PreflightRequest& request);

}  // namespace bailee::store
