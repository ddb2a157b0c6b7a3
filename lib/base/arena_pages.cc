// SPDX-License-Identifier: Apache-2.0
#include "base/arena_pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"

namespace bailee::arena {
namespace {

constexpr size_t kAddressSpaceBytes = size_t{64} << 30;
constexpr size_t kAddressSpaceBytesMin = size_t{64} << 20;

uint8_t* MapAt(uint8_t* address, size_t bytes, int protection, int flags, int fd) {
  void* mapped = ::mmap(address, bytes, protection, flags, fd, 0);
  return mapped == MAP_FAILED ? nullptr : static_cast<uint8_t*>(mapped);
}

bool MapMemfdSecret(uint8_t* address, size_t bytes) {
#ifdef SYS_memfd_secret
  const long fd = ::syscall(SYS_memfd_secret, O_CLOEXEC);
#else
  const long fd = -1;
#endif
  if (fd < 0) return false;
  const bool mapped = ::ftruncate(static_cast<int>(fd), static_cast<off_t>(bytes)) == 0 &&
                      MapAt(address, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                            static_cast<int>(fd)) != nullptr;
  ::close(static_cast<int>(fd));
  return mapped;
}

// Address space and nothing behind it. Debuggers write what is not marked into a core as zeros, all
// of it.
uint8_t* Reserve(uint8_t* address, size_t bytes, int more_flags) {
  uint8_t* reserved = MapAt(address, bytes, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | more_flags, -1);
  if (reserved != nullptr) ::madvise(reserved, bytes, MADV_DONTDUMP);
  return reserved;
}

// Inaccessible again. The address stays taken, so that nothing else of the process lands here.
bool Vacate(uint8_t* address, size_t bytes) {
  return Reserve(address, bytes, MAP_FIXED) != nullptr;
}

}  // namespace

Pages::Pages() : page_bytes_(static_cast<size_t>(::sysconf(_SC_PAGESIZE))) {
  for (size_t bytes = kAddressSpaceBytes; bytes >= kAddressSpaceBytesMin; bytes /= 2) {
    base_ = Reserve(nullptr, bytes, 0);
    if (base_ == nullptr) continue;
    size_ = bytes;
    next_ = page_bytes_;  // the first guard
    return;
  }
}

uint8_t* Pages::TakeAddress(size_t bytes) {
  auto found = vacated_.find(bytes);
  if (found != vacated_.end() && !found->second.empty()) {
    uint8_t* address = found->second.back();
    found->second.pop_back();
    return address;
  }
  if (size_ < next_ || size_ - next_ < bytes + page_bytes_) return nullptr;
  uint8_t* address = base_ + next_;
  next_ += bytes + page_bytes_;  // the guard that follows
  return address;
}

uint8_t* Pages::Map(size_t bytes, size_t bytes_max) {
  if (bytes > bytes_max || reserved_ > bytes_max - bytes) return nullptr;
  uint8_t* address = TakeAddress(bytes);
  if (address == nullptr) return nullptr;

  Mapping mapping{bytes, ArenaKind::kMemfdSecret, true};
  if (!MapMemfdSecret(address, bytes)) {
    mapping.kind = ArenaKind::kAnonymous;
    if (MapAt(address, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
              -1) == nullptr) {
      vacated_[bytes].push_back(address);
      return nullptr;
    }
    // Not mlock: under a sanitizer that does nothing and says it did.
    mapping.locked = ::mlock2(address, bytes, 0) == 0;
  }
  // Not optional: a secret must not be inherited, and a shared mapping would be shared for good.
  if (::madvise(address, bytes, MADV_DONTFORK) != 0) {
    BAILEE_CHECK(Vacate(address, bytes));
    vacated_[bytes].push_back(address);
    return nullptr;
  }
  ::madvise(address, bytes, MADV_DONTDUMP);  // memfd_secret is never dumped and may say no
  mappings_.emplace(address, mapping);
  reserved_ += bytes;
  return address;
}

void Pages::Unmap(uint8_t* data) {
  const auto found = mappings_.find(data);
  BAILEE_CHECK(found != mappings_.end());
  const size_t bytes = found->second.bytes;
  BAILEE_CHECK(Vacate(data, bytes));
  mappings_.erase(found);
  vacated_[bytes].push_back(data);
  reserved_ -= bytes;
}

ArenaHealth Pages::Health() const {
  ArenaHealth health{ArenaKind::kMemfdSecret, true, 0, reserved_};
  if (mappings_.empty()) health = {ArenaKind::kAnonymous, false, 0, 0};
  for (const auto& [address, mapping] : mappings_) {
    if (mapping.kind == ArenaKind::kAnonymous) health.kind = ArenaKind::kAnonymous;
    health.locked = health.locked && mapping.locked;
  }
  return health;
}

}  // namespace bailee::arena
