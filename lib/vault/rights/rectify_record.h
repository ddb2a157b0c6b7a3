// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "policy/decide.h"
#include "record/revisions.h"
#include "record/seal.h"
#include "vault/collect/store_collection.h"
#include "vault/frame/terms_cache.h"

namespace bailee::vault {

// Puts values of one record right, in the write transaction it was made for. Compartments that no
// new value is in stay as they are, whoever may open them.
class Rectifier {
 public:
  // What is to be put right. `values` were prepared under the policy of `terms`, those of the row.
  struct Correction {
    const BoundTerms& terms;
    const PreparedRecord& values;
    bool by_rights = false;
  };

  // Everything outlives this. REQUIRES: within Write.
  Rectifier(VaultImpl& vault, Frame& frame, WritableSubject subject, const Correction& correction);

  // Writes the record and its lookups, and returns its new revision; the subject's row must be put
  // afterwards. If it may not, the refusal is in `refused` and nothing was written.
  // Errors: kDamage; kInvalidValue (too large); kFull; those of the store.
  Result<uint32_t> Put(policy::Decision& refused);

  WritableSubject& subject() { return target_; }

 private:
  using Compartments = std::map<uint16_t, std::optional<Secret>>;  // opened, where that is needed

  Status ReadRow();
  Status OpenConcerned(policy::Decision& refused);
  Result<std::optional<Secret>> Open(const record::RowEntry& entry);
  policy::FieldSet KeptValues() const;
  bool IsOfUse(policy::FieldIndex field) const;
  policy::FieldSet FieldsOf(uint16_t compartment) const;
  Status Seal();
  Result<Secret> PlainOf(uint16_t compartment) const;
  Status PutRow();
  record::CompartmentPlace PlaceOf(uint16_t compartment, uint32_t generation,
                                   const record::RecordHead& head) const;
  record::RecordPlace Place() const;

  VaultImpl& vault_;
  Frame& frame_;
  const Correction correction_;
  CollectionWriter writer_;
  CollectionWriter::Target target_;
  CollectionWriter::Draft draft_;
  const policy::FieldSet concerned_;  // the fields that are put right, and their views

  Bytes old_bytes_;
  std::optional<record::RecordRow> old_;  // borrows from old_bytes_
  std::optional<record::Revisions> old_revisions_;
  Compartments opened_;
  record::RecordHead head_;
  // By compartment: what was sealed again.
  struct Sealed {
    uint32_t generation = 0;
    Bytes travelling;
    Bytes sealed;
  };
  std::map<uint16_t, Sealed> sealed_;
};

}  // namespace bailee::vault
