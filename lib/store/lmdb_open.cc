// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/try.h"
#include "base/unique_fd.h"
#include "store/lmdb_compact.h"
#include "store/lmdb_core.h"
#include "store/lmdb_errors.h"
#include "store/lmdb_host.h"
#include "store/lmdb_preflight.h"

namespace bailee::store {
namespace {

Status NoVaultAt(const char* why) {
  return {Code::kNoVault, "store.not-a-vault", why, "check the path, or make a vault there"};
}

}  // namespace

Result<std::unique_ptr<LmdbCore>> LmdbCore::Open(const std::string& directory,
                                                 const LmdbOptions& options, bool create) {
  BAILEE_CHECK(options.map_bytes_max >= options.map_bytes);
  std::unique_ptr<LmdbCore> core(new LmdbCore(directory, options));
  BAILEE_RETURN_IF_ERROR(core->CheckPlace(create));
  BAILEE_TRY(core->openers_, Openers::Open(directory, options.busy_wait));
  {
    BAILEE_TRY(const Openers::HeadLock head, core->openers_->LockHead());
    BAILEE_RETURN_IF_ERROR(
        core->openers_->Join(options.pid_namespace ? *options.pid_namespace : PidNamespace()));
    const Status opened = [&]() -> Status {
      BAILEE_RETURN_IF_ERROR(core->CheckFile(create));
      BAILEE_TRY(core->environment_, core->OpenEnvironment(create));
      core->environment_->LengthenFile();
      return create ? core->MakeDurable() : Status();
    }();
    if (!opened.ok()) {
      // While the head is still locked; the destructor would have to lock it again.
      core->CloseEnvironment();
      if (create && opened.code() != Code::kConflict) core->GiveUpMaking();
      // What was found unclean stays so until an open has succeeded.
      core->openers_->unclean() ? core->openers_->Abandon() : core->openers_->Leave();
      return opened;
    }
    core->openers_->ForgetDead();
    // A copy that a compacting left which did not end has what was deleted since.
    if (!core->openers_->others_live()) RemoveCompactCopy(CompactDirectory(directory));
  }
  return core;
}

// The directory, before anything is created in it.
Status LmdbCore::CheckPlace(bool create) {
  if (create && mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
    return LmdbError(errno, "make the directory");
  }
  struct stat info = {};
  if (lstat(directory_.c_str(), &info) != 0) {
    return errno == ENOENT || errno == ENOTDIR ? NoVaultAt("there is no such directory")
                                               : LmdbError(errno, "look at the directory");
  }
  if (!S_ISDIR(info.st_mode)) return NoVaultAt("the path is not a directory");
  const std::string data = directory_ + "/data.mdb";
  if (lstat(data.c_str(), &info) == 0) {
    if (!S_ISREG(info.st_mode)) return NoVaultAt("the data file is not a regular file");
  } else if (!create) {
    return NoVaultAt("the directory holds no vault");
  }
  BAILEE_TRY(const int64_t type, options_.filesystem_type ? options_.filesystem_type(directory_)
                                                          : FilesystemType(directory_));
  return CheckFilesystem(type);
}

// The data file: ours alone in this process, and of a shape LMDB can be trusted with.
Status LmdbCore::CheckFile(bool create) {
  const std::string path = directory_ + "/data.mdb";
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0);
  const UniqueFd file(open(path.c_str(), flags, 0600));
  struct stat info = {};
  if (!file.ok() || fstat(file.get(), &info) != 0) return LmdbError(errno, "open the data file");
  if (registration_ == nullptr) {
    BAILEE_TRY(OpenRegistration claimed, OpenRegistration::Claim(info.st_dev, info.st_ino));
    registration_ = std::make_unique<OpenRegistration>(std::move(claimed));
  }
  if (create) {
    map_bytes_ = options_.map_bytes;
    if (info.st_size == 0) return {};
    // A making that ended before its one transaction may be taken up again.
    const auto meta = ReadMetaPages(file.get());
    if (meta.status().name() == kNeverMade && !openers_->others_live())
      return ftruncate(file.get(), 0) == 0 ? Status() : LmdbError(errno, "empty the data file");
    if (meta.ok() && meta->main_tree.root == kNoPage && !openers_->others_live()) return {};
    return {Code::kConflict, "store.exists", "there is a store in this directory already",
            "open it, or choose another directory"};
  }
  const bool others_live = openers_->others_live() || poisoned_.load();
  BAILEE_TRY(const MetaPages meta, ReadMetaPages(file.get(), others_live));
  const uint64_t known = std::max(map_bytes_, options_.map_bytes);
  map_bytes_ = std::max(known, std::min(meta.map_bytes, options_.map_bytes_max));
  preflight_ = PreflightWanted(meta);
  return {};
}

std::optional<PreflightRequest> LmdbCore::PreflightWanted(const MetaPages& meta) const {
  const bool reopening = poisoned_.load();
  const bool unclean = openers_->unclean() || reopening;
  if (!meta.short_tail && !unclean) return std::nullopt;
  // Who joined since this process did is not known.
  return PreflightRequest{.data_file = directory_ + "/data.mdb",
                          .unclean_shutdown = unclean,
                          .short_tail = meta.short_tail,
                          .others_live = openers_->others_live() || reopening,
                          .held_in_place = true};
}

Result<std::unique_ptr<Environment>> LmdbCore::OpenEnvironment(bool create) {
  std::function<Status()> check;
  if (preflight_) {
    check = [this] {
      return options_.preflight ? options_.preflight(*preflight_) : PreflightDataFile(*preflight_);
    };
  }
  return Environment::Open({.directory = directory_,
                            .map_bytes = map_bytes_,
                            .readers_max = options_.readers_max,
                            .create_tables = create,
                            .check_pages = std::move(check),
                            .broken = &poisoned_});
}

// Leaves nothing that would keep the next attempt from succeeding.
void LmdbCore::GiveUpMaking() {
  if (registration_ == nullptr || openers_->others_live()) return;
  (void)!truncate((directory_ + "/data.mdb").c_str(), 0);
}

// LMDB syncs the content of its file; the names are ours to make last.
Status LmdbCore::MakeDurable() {
  mdb_filehandle_t fd = -1;
  BAILEE_CHECK(mdb_env_get_fd(environment_->handle(), &fd) == 0);
  if (fsync(fd) != 0) return LmdbError(errno, "sync the data file");
  BAILEE_RETURN_IF_ERROR(SyncDirectory(directory_));
  return SyncDirectory(directory_ + "/..");
}

}  // namespace bailee::store
