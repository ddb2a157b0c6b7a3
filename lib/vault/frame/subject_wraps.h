// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <tuple>

#include "vault/frame/opened_subject.h"

namespace bailee::vault {

// The wraps rows of one subject in one snapshot, each opened once.
class SubjectWraps {
 public:
  // The wraps of a compartment. Valid while this lives. Errors: kDamage "wraps.missing",
  // "wraps.damaged"; kFull; those of the store.
  Result<const keys::WrapSet*> Of(store::Snapshot& snapshot, const OpenedSubject& subject,
                                  const keys::WrapPlace& place);

 private:
  using Slot = std::tuple<crypto::NameId, crypto::TermsId, uint16_t>;
  std::map<Slot, keys::WrapSet> opened_;
};

}  // namespace bailee::vault
