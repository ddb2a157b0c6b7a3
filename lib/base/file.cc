// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include "base/try.h"

namespace bailee {

Status FileSystem::WriteNewSecret(const std::string& path, const Secret& content) {
  return content.RevealBytes([&](ByteView bytes) { return WriteNew(path, bytes); });
}

Status FileSystem::ReplaceSecret(const std::string& path, const Secret& content) {
  return content.RevealBytes([&](ByteView bytes) { return Replace(path, bytes); });
}

Status FileSystem::CheckPrivate(const std::string& path) {
  BAILEE_TRY(const Info info, Stat(path));
  if (!info.owned_by_us && info.owner != 0) {
    return Status(Code::kFailed, "file.not-private", path + " belongs to another user",
                  "make it yours with chown, or run as the user it belongs to");
  }
  if ((info.mode & 0077) != 0) {
    return Status(Code::kFailed, "file.not-private", path + " is open to others",
                  "run: chmod 600 " + path);
  }
  return Status();
}

}  // namespace bailee
