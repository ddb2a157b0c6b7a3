// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_page_map.h"

#include <cerrno>

#include "store/lmdb_errors.h"
#include "store/lmdb_layout.h"

namespace bailee::store {
namespace {

// Far more than the pages one transaction can take and give back.
constexpr uint64_t kPagesUnwrittenMax = uint64_t{1} << 24;

bool Has(const uint64_t* words, uint64_t page) {
  return (words[page / 64] >> (page % 64) & 1) != 0;
}
void Set(uint64_t* words, uint64_t page) { words[page / 64] |= uint64_t{1} << (page % 64); }

}  // namespace

Result<PageMap> PageMap::Create(uint64_t last_page, uint64_t pages_present) {
  if (last_page >= pages_present + kPagesUnwrittenMax) {
    return Status(Code::kDamage, "store.damaged", "the file has been cut short",
                  "run a check, then restore from a backup");
  }
  const size_t words = last_page / 64 + 1;
  // Zero pages of the system until a bit is set in them.
  const auto make = [&] { return Words(static_cast<uint64_t*>(std::calloc(words, 8))); };
  Words used = make();
  Words free = make();
  if (used == nullptr || free == nullptr) return LmdbError(ENOMEM, "check the data file");
  return PageMap(last_page, pages_present, std::move(used), std::move(free));
}

PageMap::PageMap(uint64_t last_page, uint64_t pages_present, Words used, Words free)
    : last_page_(last_page),
      pages_present_(pages_present),
      used_(std::move(used)),
      free_(std::move(free)) {}

const char* PageMap::Use(uint64_t first, uint64_t count) {
  if (first < kFirstPage || first > last_page_ || count > last_page_ - first + 1) {
    return "it is none of the pages the head of the file speaks of";
  }
  if (first + count > pages_present_) return "it lies behind the end of the file";
  for (uint64_t page = first; page < first + count; ++page) {
    if (Has(used_.get(), page)) return "it is reached twice";
    if (Has(free_.get(), page)) return "it is in use and listed as free";
    Set(used_.get(), page);
  }
  return nullptr;
}

const char* PageMap::Free(uint64_t page) {
  if (page < kFirstPage || page > last_page_) {
    return "a page listed as free is none the head of the file speaks of";
  }
  if (Has(used_.get(), page)) return "a page listed as free is in use";
  if (Has(free_.get(), page)) return "a page is listed as free twice";
  Set(free_.get(), page);
  return nullptr;
}

}  // namespace bailee::store
