// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <cstdlib>
#include <string>

namespace bailee::testing {

// Writes a vault's file anew into `to`, an empty directory, without the pages that are free. Nobody
// may have the vault open.
inline void CopyCompacted(const std::string& vault, const std::string& to) {
  MDB_env* env = nullptr;
  if (mdb_env_create(&env) != MDB_SUCCESS) std::abort();
  const bool copied =
      mdb_env_open(env, vault.c_str(), MDB_RDONLY | MDB_NOLOCK, 0600) == MDB_SUCCESS &&
      mdb_env_copy2(env, to.c_str(), MDB_CP_COMPACT) == MDB_SUCCESS;
  mdb_env_close(env);
  if (!copied) std::abort();
}

}  // namespace bailee::testing
