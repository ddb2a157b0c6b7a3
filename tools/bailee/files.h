// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "bailee/result.h"
#include "bailee/secret.h"

namespace bailee::tool {

// The whole of a text file that is no secret. `what` names it in messages: "policy file".
// Errors: kNotFound "io.not-found"; kInvalidValue "io.too-large"; kFailed "io.read".
Result<std::string> ReadTextFile(const std::string& path, size_t bytes_max, const char* what);

// A passphrase: the first line of a regular file of ours with mode 0600 or stricter.
// Errors: kKey "key.passphrase-file".
Result<Secret> ReadPassphraseFile(const std::string& path);

// Writes a new file with mode 0600, durably: under another name first, then linked into place.
// Errors: kConflict "io.exists" if something has that name; kFailed "io.write".
Status WriteNewFile(const std::string& path, std::string_view bytes);

// Makes a directory with mode 0700, or accepts an empty one of ours with no wider mode.
// Errors: kConflict "io.exists"; kFailed "io.directory".
Status MakePrivateDirectory(const std::string& path);

// Whether `path`, which need not exist yet, is `directory` or lies in it, symbolic links followed.
bool IsInside(const std::string& path, const std::string& directory);

}  // namespace bailee::tool
