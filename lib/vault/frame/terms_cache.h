// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "bailee/ids.h"
#include "bailee/result.h"
#include "base/lanes.h"
#include "crypto/names.h"
#include "policy/decide.h"
#include "record/terms.h"
#include "store/engine.h"
#include "vault/frame/rules.h"

namespace bailee::vault {

// Terms that were read and tied to the policy they name.
struct BoundTerms {
  std::shared_ptr<const BoundPolicy> bound;
  policy::TermsIndexes indexes;
  int64_t expiry_bucket = 0;
  std::string notice;
  std::string source;
  std::string controller;

  policy::Datum DatumAt(Timestamp collected_at) const {
    return {bound->policy.get(), indexes, collected_at};
  }
};

// Terms by id, for as long as one set of rules holds. An id is the hash of its terms, so that what
// was read once stays true. Thread-safe.
class TermsCache {
 public:
  // Errors: kDamage "record.terms"; those of the store.
  Result<std::shared_ptr<const BoundTerms>> Get(store::Snapshot& snapshot, const VaultId& vault,
                                                const std::shared_ptr<const Rules>& rules,
                                                const crypto::TermsId& id);

 private:
  struct HashId {
    size_t operator()(const crypto::TermsId& id) const;
  };
  using SharedTerms = std::shared_ptr<const BoundTerms>;
  // What one lane has read for itself: also a count of who uses terms is written by one processor
  // after the other.
  struct Part {
    std::mutex mutex;
    std::shared_ptr<const Rules> rules;
    std::unordered_map<crypto::TermsId, SharedTerms, HashId> known;
  };
  static SharedTerms Find(Part& part, const Rules& rules, const crypto::TermsId& id);

  Lanes<Part> parts_;
};

}  // namespace bailee::vault
