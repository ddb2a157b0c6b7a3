// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bailee::testing {

// Finds planted secrets, whole or in part, and in the forms in which values leak: every 12-byte
// window of each, raw, in hex of both cases, in base64 at all three alignments and in both
// alphabets, in UTF-16 of both byte orders, and percent-encoded, every byte or those alone that a
// URL cannot hold.
class CanarySearch {
 public:
  static constexpr size_t kWindowBytes = 12;

  CanarySearch();

  // Adds a secret under a name that is printed where it is found. REQUIRES: at least kWindowBytes.
  void Plant(const std::string& name, std::string_view secret);

  // The names of the secrets of which something lies in `text`.
  std::set<std::string> Find(std::string_view text) const;

  // Names of secrets and of the files at or below `directory` that hold some of them; file names
  // are searched, too.
  std::set<std::string> FindInFiles(const std::string& directory) const;

  size_t planted() const { return planted_; }

 private:
  struct Pattern {
    std::string bytes;
    size_t name = 0;
  };
  void Add(std::string_view pattern, size_t name);

  size_t planted_ = 0;
  std::vector<std::string> names_;
  std::unordered_multimap<uint64_t, Pattern> patterns_;  // by their first 8 bytes
  std::vector<bool> maybe_;                              // by a hash of those
};

// The forms of `window` that the search looks for; `shift` 0 to 2 is the alignment of base64.
std::string ToHexForm(std::string_view window, bool upper);
std::string ToUtf16Form(std::string_view window, bool big_endian);
// With `all` every byte is encoded, else only those that are neither letter, digit nor one of -._~.
std::string ToPercentForm(std::string_view window, bool upper, bool all);
// Only the characters that do not depend on the bytes around the window.
std::string ToBase64Form(std::string_view window, size_t shift, bool url);

}  // namespace bailee::testing
