// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_openers.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <vector>

#include "base/codec.h"
#include "base/try.h"
#include "base/unique_fd.h"
#include "store/lmdb_errors.h"

namespace bailee::store {
namespace {

constexpr size_t kSlotBytes = 64;
using SlotBytes = std::array<uint8_t, kSlotBytes>;
constexpr off_t kHeadAt = 0;
constexpr off_t kSaidAt = 32;  // in a slot

off_t SlotAt(size_t slot) { return static_cast<off_t>(kSlotBytes * (slot + 1)); }

struct flock LockOf(short type, off_t at) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = at;
  lock.l_len = kSlotBytes;
  return lock;
}

// 0, or errno.
int TryLock(int fd, off_t at) {
  struct flock lock = LockOf(F_WRLCK, at);
  return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

void Unlock(int fd, off_t at) {
  struct flock lock = LockOf(F_UNLCK, at);
  (void)fcntl(fd, F_OFD_SETLK, &lock);
}

// 0, or errno.
int IsLockedByAnother(int fd, off_t at, bool& locked) {
  struct flock lock = LockOf(F_WRLCK, at);
  if (fcntl(fd, F_OFD_GETLK, &lock) != 0) return errno;
  locked = lock.l_type != F_UNLCK;
  return 0;
}

// All slots ever used. Every slot taken is written to before the head lock is given back, so that
// no lock lies behind the end of the file.
Result<std::vector<SlotBytes>> ReadSlots(int fd) {
  std::vector<SlotBytes> slots(Openers::kSlotsMax);
  const ssize_t got = pread(fd, slots.data(), slots.size() * kSlotBytes, SlotAt(0));
  if (got < 0) return LmdbError(errno, "read the list of openers");
  slots.resize((static_cast<size_t>(got) + kSlotBytes - 1) / kSlotBytes);
  return slots;
}

bool IsEmpty(const SlotBytes& slot) {
  return std::ranges::all_of(slot, [](uint8_t byte) { return byte == 0; });
}

Status WriteSlot(int fd, size_t slot, const SlotBytes& bytes) {
  const ssize_t put = pwrite(fd, bytes.data(), bytes.size(), SlotAt(slot));
  if (put == static_cast<ssize_t>(bytes.size())) return {};
  return LmdbError(put < 0 ? errno : ENOSPC, "write the list of openers");
}

Status ForeignNamespace() {
  return {Code::kBusy, "store.foreign-pid-namespace",
          "a process of another PID namespace has the vault open",
          "let all openers share one PID namespace, or run one process at a time"};
}

}  // namespace

Openers::HeadLock::~HeadLock() {
  if (fd_ >= 0) Unlock(fd_, kHeadAt);
}

Result<std::unique_ptr<Openers>> Openers::Open(const std::string& directory,
                                               std::chrono::milliseconds wait) {
  const std::string path = directory + "/openers";
  UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.ok()) return LmdbError(errno, "open the list of openers");
  return std::unique_ptr<Openers>(new Openers(std::move(file), wait));
}

Openers::~Openers() { Leave(); }

void Openers::Leave() {
  if (slot_ == kNoSlot) return;
  (void)WriteSlot(file_.get(), slot_, SlotBytes{});
  Abandon();
}

void Openers::Abandon() {
  if (slot_ == kNoSlot) return;
  // Said aloud, because a forked child may keep the description, and so the lock, alive.
  Unlock(file_.get(), SlotAt(slot_));
  slot_ = kNoSlot;
}

void Openers::ForgetDead() {
  const auto slots = ReadSlots(file_.get());
  if (!slots.ok()) return;
  for (size_t i = 0; i < slots->size(); ++i) {
    bool live = true;
    if (i == slot_ || IsEmpty((*slots)[i])) continue;
    if (IsLockedByAnother(file_.get(), SlotAt(i), live) == 0 && !live) {
      (void)WriteSlot(file_.get(), i, SlotBytes{});
    }
  }
}

Result<Openers::HeadLock> Openers::LockHead() {
  const auto deadline = std::chrono::steady_clock::now() + wait_;
  for (;;) {
    const int rc = TryLock(file_.get(), kHeadAt);
    if (rc == 0) return HeadLock(file_.get());
    if (rc != EAGAIN && rc != EACCES && rc != EINTR) {
      return LmdbError(rc, "lock the list of openers");
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return Status(Code::kBusy, "store.opening", "another process is opening or closing the vault",
                    "try again");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Status Openers::Join(uint64_t pid_namespace) {
  BAILEE_TRY(const std::vector<SlotBytes> slots, ReadSlots(file_.get()));
  size_t free_slot = slots.size();
  for (size_t i = 0; i < slots.size(); ++i) {
    bool live = false;
    if (const int rc = IsLockedByAnother(file_.get(), SlotAt(i), live); rc != 0) {
      return LmdbError(rc, "lock the list of openers");
    }
    if (!live) {
      unclean_ = unclean_ || !IsEmpty(slots[i]);
      free_slot = std::min(free_slot, i);
      continue;
    }
    others_live_ = true;
    // Not knowing is as good as knowing the worst.
    if (pid_namespace == 0 || LoadBigEndian<uint64_t>(slots[i].data()) != pid_namespace) {
      return ForeignNamespace();
    }
  }
  if (free_slot >= kSlotsMax) {
    return {Code::kBusy, "store.openers-full", "too many processes have the vault open",
            "close some"};
  }
  if (getrandom(instance_.data(), instance_.size(), 0) != static_cast<ssize_t>(instance_.size())) {
    return LmdbError(errno, "draw a random number");
  }
  if (const int rc = TryLock(file_.get(), SlotAt(free_slot)); rc != 0) {
    return LmdbError(rc, "lock the list of openers");
  }
  slot_ = static_cast<uint16_t>(free_slot);
  SlotBytes mine{};
  StoreBigEndian(pid_namespace, mine.data());
  StoreBigEndian(static_cast<uint64_t>(getpid()), mine.data() + 8);
  std::ranges::copy(instance_, mine.begin() + 16);
  return WriteSlot(file_.get(), slot_, mine);
}

Status Openers::Say(uint64_t number) {
  std::array<uint8_t, 8> bytes{};
  StoreBigEndian(number, bytes.data());
  const ssize_t put = pwrite(file_.get(), bytes.data(), bytes.size(), SlotAt(slot_) + kSaidAt);
  if (put == static_cast<ssize_t>(bytes.size())) return {};
  return LmdbError(put < 0 ? errno : ENOSPC, "write the list of openers");
}

Result<std::vector<Engine::Opener>> Openers::Live() const {
  BAILEE_TRY(const std::vector<SlotBytes> slots, ReadSlots(file_.get()));
  std::vector<Engine::Opener> live;
  for (size_t i = 0; i < slots.size(); ++i) {
    bool locked = i == slot_;
    if (!locked) {
      const int rc = IsLockedByAnother(file_.get(), SlotAt(i), locked);
      if (rc != 0) return LmdbError(rc, "look at the list of openers");
    }
    if (!locked) continue;
    live.push_back({.process = LoadBigEndian<uint64_t>(slots[i].data() + 8),
                    .said = LoadBigEndian<uint64_t>(slots[i].data() + kSaidAt),
                    .self = i == slot_});
  }
  return live;
}

}  // namespace bailee::store
