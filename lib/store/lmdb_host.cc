// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_host.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "store/lmdb_errors.h"

namespace bailee::store {
namespace {

struct RemoteFilesystem {
  uint32_t type;
  const char* name;
};

// Numbers of linux/magic.h and of the filesystems' own headers.
constexpr RemoteFilesystem kRemote[] = {
    {0x00006969, "NFS"},   {0x0000517B, "SMB"},    {0xFF534D42, "CIFS"},   {0xFE534D42, "SMB2"},
    {0x01021997, "9P"},    {0x65735546, "FUSE"},   {0x5346414F, "AFS"},    {0x6B414653, "AFS"},
    {0x00C36400, "Ceph"},  {0x73757245, "Coda"},   {0x0000564C, "NCP"},    {0x01161970, "GFS2"},
    {0x7461636F, "OCFS2"}, {0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"},   {0x19830326, "BeeGFS"},
    {0x20030528, "PVFS2"}, {0xAAD7AAEA, "PanFS"},  {0x786F4256, "VBoxSF"}, {0xBACBACBC, "VMHGFS"},
};

}  // namespace

Result<int64_t> FilesystemType(const std::string& path) {
  struct statfs info = {};
  if (statfs(path.c_str(), &info) != 0) return LmdbError(errno, "look at the filesystem");
  return static_cast<int64_t>(info.f_type);
}

Status CheckFilesystem(int64_t filesystem_type) {
  const auto type = static_cast<uint32_t>(filesystem_type);
  for (const RemoteFilesystem& remote : kRemote) {
    if (remote.type != type) continue;
    return {Code::kFailed, "store.network-filesystem",
            std::string("the vault lies on a network or user-space filesystem: ") + remote.name,
            "keep it on a local disk, e.g. ext4 or xfs; move copies by backup"};
  }
  return {};
}

void LmdbVersion(int (&version)[3]) { mdb_version(&version[0], &version[1], &version[2]); }

uint64_t PidNamespace() {
  struct stat info = {};
  return stat("/proc/self/ns/pid", &info) == 0 ? static_cast<uint64_t>(info.st_ino) : 0;
}

Status SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  return synced ? Status() : LmdbError(error, "sync the directory");
}

}  // namespace bailee::store
