// SPDX-License-Identifier: Apache-2.0
#include "store/keep_counting.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/try.h"
#include "base/unique_fd.h"
#include "store/lmdb_errors.h"
#include "store/lmdb_header.h"

namespace bailee::store {
namespace {

Status WriteNumber(int fd, uint64_t page, uint32_t page_bytes, uint64_t number) {
  constexpr off_t kTransactionAt = 144;
  const off_t at = static_cast<off_t>(page * page_bytes) + kTransactionAt;
  if (pwrite(fd, &number, sizeof number, at) == static_cast<ssize_t>(sizeof number)) return {};
  return LmdbError(EIO, "write the head of a new data file");
}

}  // namespace

Status KeepCounting(const std::string& path, uint64_t transaction) {
  const UniqueFd file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file.ok()) return LmdbError(errno, "open a new data file");
  BAILEE_TRY(const MetaPages meta, ReadMetaPages(file.get()));
  // Each of the parity of its page.
  const uint64_t newest = meta.transaction_id & 1;
  const uint64_t number = transaction + ((transaction ^ newest) & 1);
  BAILEE_RETURN_IF_ERROR(WriteNumber(file.get(), newest, meta.page_bytes, number));
  BAILEE_RETURN_IF_ERROR(WriteNumber(file.get(), 1 - newest, meta.page_bytes, number - 1));
  return fsync(file.get()) == 0 ? Status() : LmdbError(errno, "sync a new data file");
}

}  // namespace bailee::store
