// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/subject_wraps.h"

#include <utility>

#include "base/try.h"

namespace bailee::vault {

Result<const keys::WrapSet*> SubjectWraps::Of(store::Snapshot& snapshot,
                                              const OpenedSubject& subject,
                                              const keys::WrapPlace& place) {
  const Slot slot{place.category, place.terms, place.compartment};
  auto known = opened_.find(slot);
  if (known == opened_.end()) {
    BAILEE_TRY(const std::optional<ByteView> stored,
               snapshot.Get(store::Table::kSubjects, keys::WrapsRowKeyOf(place)));
    if (!stored) return Status(Code::kDamage, "wraps.missing", "wraps are missing");
    BAILEE_TRY(keys::WrapSet opened, keys::WrapSet::Open(place, subject.subject().key, *stored));
    known = opened_.emplace(slot, std::move(opened)).first;
  }
  return static_cast<const keys::WrapSet*>(&known->second);
}

}  // namespace bailee::vault
