// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "audit/journal_file.h"
#include "base/unique_fd.h"

namespace bailee::audit {

// What an errno means for a journal; `doing` completes "cannot … a journal".
Status JournalError(int error, const char* doing);

// The real JournalFile. Takes over `file`, locked and open for reading and writing, which is `name`
// in `directory`. Errors: those of JournalFile.
Result<std::unique_ptr<JournalFile>> MakeSystemJournalFile(UniqueFd file, int directory,
                                                           const std::string& name);

}  // namespace bailee::audit
