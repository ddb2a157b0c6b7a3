// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "store/lmdb_layout.h"

namespace bailee::store {

// What the newer of the two meta pages of an LMDB 0.9 file says, checked for sense. LMDB itself
// trusts these numbers and dies by a signal when they are wrong, so nothing is handed to it before.
struct MetaPages {
  uint32_t page_bytes = 0;
  uint64_t map_bytes = 0;       // the map size the last writer had
  uint64_t last_page = 0;       // number of the last page ever used
  TreeRecord free_tree;         // the free list
  TreeRecord main_tree;         // the table of tables
  uint64_t transaction_id = 0;  // of the last commit
  // The file ends before last_page. A page LMDB took and gave back inside one transaction is
  // counted but never written, so a healthy file may be short until the engine lengthens it; a
  // truncated one is too. Only a walk over the pages in use tells them apart.
  bool short_tail = false;
};

// How much of the head of the file ParseMetaPages wants to see: two pages of the largest size.
inline constexpr size_t kHeadBytesMax = size_t{2} * 32768;

inline constexpr char kNeverMade[] = "store.never-made";

// Parses the head of data.mdb. `head` is its first min(file_bytes, kHeadBytesMax) bytes.
// Errors: kNoVault "store.not-a-vault" (empty, or not LMDB), kNeverMade (a loss of power ended its
// making before anything was committed); kTooNew "store.too-new" (another
// version of LMDB's format); kDamage "store.damaged" (LMDB, but its numbers make no sense or point
// behind the end of the file).
Result<MetaPages> ParseMetaPages(ByteView head, uint64_t file_bytes);

// ParseMetaPages of the file open as `fd`, which another process may be writing to: reads until two
// readings agree. With `await_tail` it waits briefly for a short tail to be lengthened by its
// writer. Errors: as ParseMetaPages; kFailed "store.io".
Result<MetaPages> ReadMetaPages(int fd, bool await_tail = false);

}  // namespace bailee::store
