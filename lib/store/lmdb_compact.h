// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <string>

#include "bailee/result.h"

namespace bailee::store {

// Where a vault is written anew before the copy takes the place of its data file.
std::string CompactDirectory(const std::string& vault);

// Removes what is there of a copy.
void RemoveCompactCopy(const std::string& directory);

// Writes what is in `env` into a new file DIRECTORY/data.mdb, mode 0600, row by row, so that
// nothing of what was deleted is in it; synced when it returns. The copy goes on with the numbers
// of transactions where `env` is. Errors: kFull; kFailed. After an error nothing is there.
Status WriteCompactCopy(MDB_env* env, const std::string& directory);

// Whether the copy has every row of `env` and no other. Errors: kFailed; kDamage
// "store.copy-differs".
Status CompareWithCopy(MDB_env* env, const std::string& directory);

}  // namespace bailee::store
