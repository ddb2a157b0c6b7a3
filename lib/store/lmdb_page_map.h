// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "bailee/result.h"

namespace bailee::store {

// Which pages of a data file are in use and which are free, as far as a walk has come: two bits a
// page, and memory only where bits are set.
class PageMap {
 public:
  // For a file whose last page is `last_page`, of which `pages_present` are there.
  // Errors: kFailed "store.memory"; kDamage "store.damaged" (many more pages than a commit leaves
  // unwritten are not there).
  static Result<PageMap> Create(uint64_t last_page, uint64_t pages_present);

  // Notes `count` pages from `first` as in use. Null, or what is wrong: they are not all there, or
  // one is in use or free already; what is noted is then unspecified.
  const char* Use(uint64_t first, uint64_t count);

  // Notes a page as free; it need not be there. Null, or what is wrong.
  const char* Free(uint64_t page);

 private:
  struct Release {
    void operator()(uint64_t* words) const { std::free(words); }
  };
  using Words = std::unique_ptr<uint64_t[], Release>;

  PageMap(uint64_t last_page, uint64_t pages_present, Words used, Words free);

  uint64_t last_page_;
  uint64_t pages_present_;
  Words used_;
  Words free_;
};

}  // namespace bailee::store
