// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/result.h"

namespace bailee {

// One row as somebody without any key sees it.
struct InspectedRow {
  std::string table;  // "records"
  std::string kind;   // "record", "subject", "wraps", "field index", …; empty if not understood
  size_t key_bytes = 0;
  size_t value_bytes = 0;  // padded where the content is sealed
  // What is readable, by name: "handle", "category", "collected_at_ms", "terms", "index", …
  std::vector<std::pair<std::string, std::string>> readable;
};

// What a vault tells without a key. Nothing of it is proven: whoever can write the file can write
// this.
struct Inspection {
  struct Table {
    std::string name;
    uint64_t rows = 0;
  };
  VaultId id;
  uint16_t format = 0;
  Timestamp created_at;
  std::string policy_name;      // of the newest policy stored; empty if none can be read
  uint32_t policy_version = 0;  // its number; 0 if none can be read
  uint64_t file_bytes = 0;
  std::vector<Table> tables;
};

struct InspectOptions {
  std::string category = {};  // only rows of this category; empty: all
  // Called for each row, in the order of tables and keys, until it returns false. Empty: rows are
  // only counted.
  std::function<bool(const InspectedRow&)> visit = {};
};

// Reads a vault as a thief of its files would: no keyring, nothing decrypted (FORMAT.md §12). Ids
// of categories and indexes are shown by name where the stored policy, which is public, has it.
// Nothing is recorded, since without a key there is no trail to write to; whoever can run this
// could also copy the files.
// Errors: kNoVault; kTooNew; kDamage; kBusy; kFailed, as Vault::Open.
BAILEE_EXPORT Result<Inspection> Inspect(const std::string& directory,
                                         const InspectOptions& options = {});

}  // namespace bailee
