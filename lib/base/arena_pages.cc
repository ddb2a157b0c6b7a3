// SPDX-License-Identifier: Apache-2.0
#include "base/arena_pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

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
  std::vector<uint8_t*>& vacated = vacated_[bytes].addresses;
  if (!vacated.empty()) {
    uint8_t* address = vacated.back();
    vacated.pop_back();
    return address;
  }
  if (size_ < next_ || size_ - next_ < bytes + page_bytes_) return nullptr;
  uint8_t* address = base_ + next_;
  next_ += bytes + page_bytes_;  // the guard that follows
  return address;
}

uint8_t* Pages::Map(size_t bytes, size_t bytes_max) {
  if (bytes > bytes_max || reserved_ > bytes_max - bytes) return nullptr;
  try {
    return MapNew(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// Whatever needs memory comes first, so that nothing is half done when there is none.
uint8_t* Pages::MapNew(size_t bytes) {
  Vacated& vacated = vacated_[bytes];
  const size_t room = vacated.addresses.size() + vacated.mapped + 1;
  if (vacated.addresses.capacity() < room) vacated.addresses.reserve(2 * room);
  uint8_t* address = TakeAddress(bytes);
  if (address == nullptr) return nullptr;
  decltype(mappings_)::iterator made;
  try {
    made = mappings_.emplace(address, Mapping{bytes, ArenaKind::kMemfdSecret, true}).first;
  } catch (const std::bad_alloc&) {
    vacated.addresses.push_back(address);
    return nullptr;
  }
  if (!Open(address, made->second)) {
    mappings_.erase(made);
    vacated.addresses.push_back(address);
    return nullptr;
  }
  ++vacated.mapped;
  reserved_ += bytes;
  return address;
}

// Makes the pages accessible; they are not if it fails.
bool Pages::Open(uint8_t* address, Mapping& mapping) {
  const size_t bytes = mapping.bytes;
  if (!MapMemfdSecret(address, bytes)) {
    mapping.kind = ArenaKind::kAnonymous;
    if (MapAt(address, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
              -1) == nullptr) {
      return false;
    }
    // Not mlock: under a sanitizer that does nothing and says it did.
    mapping.locked = ::mlock2(address, bytes, 0) == 0;
  }
  // Not optional: a secret must not be inherited, and a shared mapping would be shared for good.
  if (::madvise(address, bytes, MADV_DONTFORK) != 0) {
    BAILEE_CHECK(Vacate(address, bytes));
    return false;
  }
  ::madvise(address, bytes, MADV_DONTDUMP);  // memfd_secret is never dumped and may say no
  return true;
}

void Pages::Unmap(uint8_t* data) noexcept {
  const auto found = mappings_.find(data);
  BAILEE_CHECK(found != mappings_.end());
  const size_t bytes = found->second.bytes;
  BAILEE_CHECK(Vacate(data, bytes));
  mappings_.erase(found);
  Vacated& vacated = vacated_.find(bytes)->second;
  vacated.addresses.push_back(data);
  --vacated.mapped;
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
