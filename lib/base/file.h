// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "bailee/secret.h"

namespace bailee {

// What keyrings, policies and key files need of a file system; injectable, so that a test can make
// any step fail. Implementations are thread-safe. Paths are those of open(2).
//
// Errors of every function, unless said otherwise: kNotFound "file.not-found"; kFailed
// "file.permission" (the process may not), "file.not-regular" (a directory, device, or a symbolic
// link where none is followed), "file.io"; kFull "file.disk-full".
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The whole content of a regular file; symbolic links are followed.
  // Errors: also kInvalidValue "file.too-large" if there are more than `bytes_max` bytes.
  virtual Result<Bytes> Read(const std::string& path, size_t bytes_max) = 0;

  // As Read, straight into guarded memory: no other buffer of this process sees the content.
  // Errors: also kFull "secret.arena-full".
  virtual Result<Secret> ReadSecret(const std::string& path, size_t bytes_max) = 0;

  // Makes a file that must not exist, mode 0600, with `content`; durable, with its directory entry,
  // when it returns. Follows no symbolic link. After an error the file is not there.
  // Errors: also kConflict "file.exists".
  virtual Status WriteNew(const std::string& path, ByteView content) = 0;

  // Makes `content` the file's content, mode 0600, atomically: a reader or a crash sees the old
  // file or the new one, whole. Durable when it returns. A symbolic link at `path` is itself
  // replaced. After an error the old file is there, unless "file.io" came from the last sync of the
  // directory: then either. A crash may leave PATH.tmp-… beside it, with the new content.
  virtual Status Replace(const std::string& path, ByteView content) = 0;

  // Deletes a file and makes that durable.
  virtual Status Delete(const std::string& path) = 0;

  // Whether anything, a dangling symbolic link included, is at `path`.
  virtual Result<bool> Exists(const std::string& path) = 0;

  struct Info {
    uint64_t size_bytes = 0;
    uint32_t mode = 0;         // permission bits, 07777
    uint32_t owner = 0;        // uid
    bool regular = false;      // a regular file, links followed
    bool owned_by_us = false;  // owner is the effective uid of this process
  };
  virtual Result<Info> Stat(const std::string& path) = 0;

  // As WriteNew and Replace, for content that is secret.
  Status WriteNewSecret(const std::string& path, const Secret& content);
  Status ReplaceSecret(const std::string& path, const Secret& content);

  // Whether only this user (and root) can read the file.
  // Errors: also kFailed "file.not-private" with the chmod that helps, if group or others have any
  // permission or somebody else but root owns it.
  Status CheckPrivate(const std::string& path);
};

// The real one; lives for the whole program.
FileSystem& SystemFiles();

}  // namespace bailee
