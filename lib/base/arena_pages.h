// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/arena.h"

namespace bailee::arena {

// The pages of the arena: one stretch of inaccessible address space, in which pieces are made
// accessible with at least one guard page on each side. Not thread-safe.
class Pages {
 public:
  // Reserves address space; if there is none, every Map fails.
  Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  // `bytes` zero bytes of memory that is neither dumped nor inherited by children; locked if the
  // system permits. Null if there is no room below `bytes_max` bytes in all.
  // REQUIRES: bytes is a multiple of page_bytes().
  uint8_t* Map(size_t bytes, size_t bytes_max);

  // Gives back what Map gave, wiped by the caller.
  void Unmap(uint8_t* data) noexcept;

  // Whether `data` lies in this stretch of address space. Thread-safe.
  bool Contains(const uint8_t* data) const { return data >= base_ && data < base_ + size_; }

  size_t page_bytes() const { return page_bytes_; }

  // kind, locked, bytes_reserved; bytes_in_use is left 0.
  ArenaHealth Health() const;

 private:
  struct Mapping {
    size_t bytes;
    ArenaKind kind;
    bool locked;
  };

  uint8_t* TakeAddress(size_t bytes);
  uint8_t* MapNew(size_t bytes);
  bool Open(uint8_t* address, Mapping& mapping);

  const size_t page_bytes_;
  uint8_t* base_ = nullptr;
  size_t size_ = 0;
  size_t next_ = 0;      // offset of address space not used so far
  size_t reserved_ = 0;  // bytes mapped
  std::map<uint8_t*, Mapping> mappings_;
  // Addresses given back, by size; always with room for all that are mapped, so that giving back
  // needs no memory.
  struct Vacated {
    std::vector<uint8_t*> addresses;
    size_t mapped = 0;
  };
  std::map<size_t, Vacated> vacated_;
};

}  // namespace bailee::arena
