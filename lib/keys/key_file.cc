// SPDX-License-Identifier: Apache-2.0
#include "keys/key_file.h"

#include "base/file.h"
#include "base/try.h"

namespace bailee::keys {

Status CheckPrivate(const std::string& path) {
  Status status = SystemFiles().CheckPrivate(path);
  if (status.name() != "file.not-private") return status;
  return Status(Code::kKey, "key.file-mode", std::string(status.message()),
                std::string(status.hint()));
}

Result<crypto::UnlockKey> ReadKeyFile(const std::string& path) {
  BAILEE_RETURN_IF_ERROR(CheckPrivate(path));
  BAILEE_TRY(Secret content, SystemFiles().ReadSecret(path, 2 * crypto::kKeyBytes));
  if (content.size_bytes() != crypto::kKeyBytes) {
    return Status(Code::kKey, "key.file-size", "a key file holds exactly 32 bytes",
                  "make one with: head -c 32 /dev/urandom > FILE && chmod 600 FILE");
  }
  return crypto::UnlockKey::FromSecret(std::move(content));
}

}  // namespace bailee::keys
