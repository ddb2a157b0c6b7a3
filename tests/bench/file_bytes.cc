// SPDX-License-Identifier: Apache-2.0
#include "bench/file_bytes.h"

#include <lmdb.h>

#include "bench/must.h"
#include "store/engine.h"

namespace bailee::bench {

uint64_t BytesWithoutTrail(const std::string& directory) {
  MDB_env* environment = nullptr;
  MDB_txn* transaction = nullptr;
  Must(mdb_env_create(&environment) == 0);
  Must(mdb_env_set_maxdbs(environment, 16) == 0);
  Must(mdb_env_set_mapsize(environment, size_t{64} << 30) == 0);
  Must(mdb_env_open(environment, directory.c_str(), MDB_RDONLY | MDB_NOTLS, 0600) == 0);
  Must(mdb_txn_begin(environment, nullptr, MDB_RDONLY, &transaction) == 0);
  uint64_t bytes = 0;
  for (uint8_t number = 0; number < store::kTableCount; ++number) {
    const auto table = static_cast<store::Table>(number);
    if (table == store::Table::kAuditLeaf || table == store::Table::kAuditNode) continue;
    const std::string name(store::TableName(table));
    MDB_dbi opened = 0;
    MDB_stat stat;
    if (mdb_dbi_open(transaction, name.c_str(), 0, &opened) != 0) continue;
    Must(mdb_stat(transaction, opened, &stat) == 0);
    bytes += stat.ms_psize * (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages);
  }
  mdb_txn_abort(transaction);
  mdb_env_close(environment);
  return bytes;
}

}  // namespace bailee::bench
