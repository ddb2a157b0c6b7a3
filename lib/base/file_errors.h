// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bailee/status.h"

namespace bailee {

// What went wrong with a file, as FileSystem says it: `error` is that of errno, `doing` a verb.
Status FileError(int error, const std::string& path, const char* doing);

// Makes the name of the file at `path` last. Errors: those of FileSystem.
Status SyncDirectoryOf(const std::string& path);

}  // namespace bailee
