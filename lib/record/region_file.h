// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "bailee/result.h"
#include "record/view.h"

namespace bailee::record {

// Regions by a MaxMind DB file (.mmdb): the country of an address by its two letters, with the
// first subdivision if the file has one ("DE", "DE-BE"). What the file does not know, or says in
// another form, has no region. Immutable; thread-safe.
//
// The file may be hostile: whatever it holds, looking up gives a region of that form or none. It is
// copied into memory when opened, so that nobody changes or cuts it while it is used.
class RegionFile final : public RegionLookup {
 public:
  // Errors: kNotFound "regions.not-found"; kInvalidValue "regions.malformed" (no MaxMind DB of a
  // format this library reads, or over 1 GiB); kFailed "regions.io".
  static Result<std::unique_ptr<RegionFile>> Open(const std::string& path);
  ~RegionFile() override;

  size_t RegionOf(std::string_view ip, std::span<char> out) const override;

 private:
  struct Database;
  explicit RegionFile(std::unique_ptr<Database> database);
  const std::unique_ptr<Database> database_;
};

}  // namespace bailee::record
