// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "audit/tree.h"
#include "crypto/sha256.h"

namespace bailee::testing {

// RFC 6962 §2.1 as it is written there, word for word: the obvious twin of the tree. It remembers
// the hashes of ranges and of nothing else.
class NaiveTree {
 public:
  using Hashes = std::vector<TreeHash>;

  // Leaf i is the text "leaf i".
  static std::string LeafText(uint64_t index) { return "leaf " + std::to_string(index); }

  explicit NaiveTree(uint64_t size) {
    for (uint64_t i = 0; i < size; ++i) leaves_.push_back(LeafText(i));
  }
  explicit NaiveTree(std::vector<std::string> leaves) : leaves_(std::move(leaves)) {}

  // MTH(D[n])
  TreeHash Root(uint64_t size) const { return Root(0, size); }
  // PATH(m, D[n])
  Hashes Path(uint64_t index, uint64_t size) const { return Path(index, 0, size); }
  // PROOF(m, D[n])
  Hashes Proof(uint64_t older, uint64_t newer) const {
    return older == 0 ? Hashes() : SubProof(older, 0, newer, true);
  }

 private:
  static uint64_t Split(uint64_t n) {
    uint64_t k = 1;
    while (2 * k < n) k *= 2;
    return k;
  }

  TreeHash Root(uint64_t first, uint64_t n) const {
    if (n == 0) return crypto::Sha256({});
    const auto [known, is_new] = known_.try_emplace({first, n});
    if (is_new) known->second = HashOf(first, n);
    return known->second;
  }
  TreeHash HashOf(uint64_t first, uint64_t n) const {
    const ByteView zero = AsBytes(std::string_view("\0", 1));
    const ByteView one = AsBytes("\1");
    if (n == 1) return crypto::Sha256({zero, AsBytes(leaves_[first])});
    const uint64_t k = Split(n);
    return crypto::Sha256({one, Root(first, k), Root(first + k, n - k)});
  }

  Hashes Path(uint64_t m, uint64_t first, uint64_t n) const {
    if (n == 1) return {};
    const uint64_t k = Split(n);
    Hashes path = m < k ? Path(m, first, k) : Path(m - k, first + k, n - k);
    path.push_back(m < k ? Root(first + k, n - k) : Root(first, k));
    return path;
  }

  Hashes SubProof(uint64_t m, uint64_t first, uint64_t n, bool whole) const {
    if (m == n) return whole ? Hashes() : Hashes{Root(first, n)};
    const uint64_t k = Split(n);
    Hashes proof = m <= k ? SubProof(m, first, k, whole) : SubProof(m - k, first + k, n - k, false);
    proof.push_back(m <= k ? Root(first + k, n - k) : Root(first, k));
    return proof;
  }

  std::vector<std::string> leaves_;
  mutable std::map<std::pair<uint64_t, uint64_t>, TreeHash> known_;
};

}  // namespace bailee::testing
