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

// A new file with mode 0600 that is written piece by piece under another name and has its own only
// once it is whole and on disk.
class NewFile {
 public:
  // Errors: kConflict "io.exists" if something has that name; kFailed "io.write".
  static Result<NewFile> Begin(const std::string& path);

  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();  // without Finish nothing is left

  // Errors: kFull, kFailed "io.write".
  Status Write(std::string_view bytes);
  // Gives the file its name. Errors: kConflict "io.exists"; kFull, kFailed "io.write".
  Status Finish();

 private:
  NewFile(std::string path, std::string draft, int fd);
  std::string path_;
  std::string draft_;  // empty: nothing to clear away
  int fd_;
};

// As WriteNewFile, but takes the place of a file that has that name: a reader sees the old one or
// the new one, never a part. Errors: kFull, kFailed "io.write".
Status ReplaceFile(const std::string& path, std::string_view bytes);

// Makes `path` and every directory above it that is missing, with mode 0700.
// Errors: kFailed "io.directory".
Status MakeDirectories(const std::string& path);

// Makes a directory with mode 0700, or accepts an empty one of ours with no wider mode.
// Errors: kConflict "io.exists"; kFailed "io.directory".
Status MakePrivateDirectory(const std::string& path);

// Whether `path`, which need not exist yet, is `directory` or lies in it, symbolic links followed.
bool IsInside(const std::string& path, const std::string& directory);

}  // namespace bailee::tool
