// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bailee/vault.h"
#include "context.h"

namespace bailee::tool {

// What became of the lines of an input.
struct FeedCounts {
  uint64_t lines = 0;      // read, blank ones left out
  uint64_t stored = 0;     // lines
  uint64_t records = 0;    // of the stored lines
  uint64_t replaced = 0;   // records
  uint64_t unchanged = 0;  // records: a safe retry
  uint64_t expired = 0;    // lines already past retention: dropped, as they should be
  uint64_t rejected = 0;   // lines, each reported by its number
};

// Stores one collection for each line of an input, in batches of at most 1,000 lines. Reports what
// was not stored by line number, and never says what the line held.
class Feed {
 public:
  // `vault` may be null: then lines are checked and counted, and nothing is stored.
  Feed(Context& context, Vault* vault, bool drop_expired);

  // Begins the collection of a line. Null if nothing is stored. The pointer is valid until the next
  // call.
  Collection* Begin(uint64_t line, const CollectRequest& request);

  // A line that never became a collection.
  void Reject(uint64_t line, const Status& why);

  // Stores what a full batch holds, or anything if `all`. Errors: those of the vault; lines before
  // stay stored.
  Status Flush(bool all);

  FeedCounts& counts() { return counts_; }

  // The answer to `command`, and what it exits with: kPartial "COMMAND.partial" if a line was
  // rejected.
  Status Finish(const char* command, bool interrupted);

 private:
  void Count(uint64_t line, const Result<Collected>& result);

  Context& context_;
  Vault* vault_;
  bool drop_expired_;
  std::optional<Batch> batch_;
  std::vector<uint64_t> lines_;  // of the batch, in the order of Begin
  FeedCounts counts_;
};

}  // namespace bailee::tool
