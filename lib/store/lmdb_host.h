// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "bailee/result.h"

namespace bailee::store {

// Makes the names in a directory last. Errors: kFailed.
Status SyncDirectory(const std::string& path);

// The type number (statfs f_type) of the filesystem that holds `path`.
// Errors: kFailed "store.io" and its like.
Result<int64_t> FilesystemType(const std::string& path);

// Whether LMDB can live there: it needs locks and a shared map that all openers see at once.
// Errors: kFailed "store.network-filesystem".
Status CheckFilesystem(int64_t filesystem_type);

// LMDB's own version, major, minor and patch.
void LmdbVersion(int (&version)[3]);

// The inode of this process's PID namespace; 0 if the system does not tell.
uint64_t PidNamespace();

}  // namespace bailee::store
