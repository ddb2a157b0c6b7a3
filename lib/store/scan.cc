// SPDX-License-Identifier: Apache-2.0
#include "store/scan.h"

#include <algorithm>

#include "base/check.h"
#include "base/try.h"

namespace bailee::store {

Status ScanInChunks(Engine& engine, Table table, ByteView prefix, ByteView from,
                    size_t rows_per_snapshot, const Snapshot::Visitor& visit) {
  BAILEE_CHECK(rows_per_snapshot > 0);
  Bytes last(from.begin(), from.end());
  bool last_was_visited = false;
  bool more = true;
  while (more) {
    BAILEE_TRY(auto snapshot, engine.Read());
    more = false;
    size_t rows = 0;
    const Bytes start = last;
    BAILEE_RETURN_IF_ERROR(snapshot->Scan(table, prefix, start, [&](ByteView key, ByteView value) {
      // The seek finds the last key again unless it was deleted meanwhile.
      if (last_was_visited && rows == 0 && std::ranges::equal(key, start)) return true;
      if (rows == rows_per_snapshot) {
        more = true;
        return false;
      }
      ++rows;
      last.assign(key.begin(), key.end());
      return visit(key, value);
    }));
    last_was_visited = last_was_visited || rows > 0;
  }
  return {};
}

}  // namespace bailee::store
