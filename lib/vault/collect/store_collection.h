// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "bailee/collection.h"
#include "keys/wraps.h"
#include "policy/decide.h"
#include "record/row.h"
#include "vault/collect/fold_wraps.h"
#include "vault/frame/prepared.h"
#include "vault/frame/vault_impl.h"
#include "vault/frame/writable_subject.h"
#include "vault/report/report_feed.h"

namespace bailee::vault {

// One collection, ready to be stored.
struct PreparedCollection {
  const PreparedRequest& request;
  const std::vector<PreparedRecord>& records;
  const std::shared_ptr<const Rules>& rules;  // under which the records were prepared
};

// Stores collections in one write transaction. Made for that transaction and gone with it.
class CollectionWriter {
 public:
  // `frame` is that of a write and outlives this.
  CollectionWriter(VaultImpl& vault, Frame& frame)
      : vault_(vault), transaction_(*frame.transaction), frame_(frame), feeds_(vault, frame) {}

  // Whether the collection is only counted: its category needs an accepted tag, and there is none.
  bool IsDisregarded(const PreparedCollection& collection) const;

  // Writes what the collections together added to reports; the last thing of all.
  Status Finish() { return feeds_.Flush(); }

  // Errors: kInvalidValue (a signal that the policy does not know).
  Status CheckSignals(const PreparedCollection& collection) const;

  // Puts what the browser sent along into the ledger of somebody who is known. REQUIRES:
  // CheckSignals succeeded. Errors: kDamage; kFull; those of the store. After an error the
  // transaction must be given up.
  Status RecordSignals(const PreparedCollection& collection);

  // Decides whether the collection may be stored; writes nothing.
  // Errors: kRefused; kInvalidValue; kUsage (nothing was put); kConflict "policy.changed";
  // kNotFound (unknown handle); kDamage.
  Status Check(const PreparedCollection& collection);

  // Stores it. REQUIRES: Check succeeded. After an error the transaction must be given up.
  Result<Collected> Store(const PreparedCollection& collection);

 private:
  friend class Rectifier;  // seals compartments of one record in the same way

  struct Target : WritableSubject {
    std::vector<RecordGroup> to_fold;  // where write-only generations were met that can be folded
    keys::BackEntries back;            // of the lookups put so far; no row says so yet
  };
  // A compartment key in use by this transaction.
  struct Sealer {
    std::shared_ptr<const crypto::CompartmentKey> key;
    uint32_t generation = 0;
    Bytes travelling;
  };
  // One record on its way to its row.
  struct Draft {
    const PreparedRecord& record;
    const BoundPolicy& bound;  // under which it is or was collected
    const policy::CategoryInfo& category;
    const CategoryBinding& binding;
    policy::TermsIndexes terms;
    crypto::TermsId terms_id;
    Timestamp collected_at;
    uint32_t revision = 0;
    policy::FieldSet stored;  // of the values that were given, those that are kept
  };

  // store_collection.cc
  Status CheckRecord(const PreparedCollection& collection, const PreparedRecord& record,
                     Timestamp collected_at, const Target* target,
                     const policy::Standing& standing);
  policy::Decision DecideOn(const PreparedCollection& collection, const PreparedRecord& record,
                            policy::FieldIndex field, Timestamp collected_at,
                            const policy::Standing& standing) const;
  policy::FieldSet StoredOf(const PreparedCollection& collection, const PreparedRecord& record,
                            Timestamp collected_at, const policy::Standing& standing) const;
  Status CheckAbout(const PreparedCollection& collection, const PreparedRecord& record,
                    const Target* target) const;
  keys::SubjectKind KindOf(const PreparedCollection& collection) const;
  Result<LedgerState> SignalsAlone(const PreparedCollection& collection) const;
  Status RecordSignalsOf(const PreparedCollection& collection, Target& target);
  Result<std::optional<Target>> FindTarget(const PreparedRequest& request);
  Result<Target> MakeTarget(const PreparedCollection& collection);
  Status FoldTarget(Target& target);
  Result<crypto::TermsId> PutTerms(const PreparedCollection& collection, const Draft& draft);
  Result<Timestamp> CollectedAt(const PreparedRequest& request) const;
  // Returns which row there is afterwards.
  Result<EventRecord> StoreRecord(const PreparedCollection& collection, Target& target, Draft draft,
                                  Collected& done);
  Result<Collected> StoreKept(const PreparedCollection& collection, std::optional<Target> found);
  Result<Collected> StoreNothing(const PreparedCollection& collection,
                                 const std::optional<Target>& found,
                                 const policy::Standing& standing);
  // Adds the record to the reports fed by it, and counts them.
  Status FeedReports(const PreparedCollection& collection, const PreparedRecord& record,
                     const Target* target, const policy::Standing& standing, size_t& fed);
  policy::TermsIndexes TermsOf(const PreparedCollection& collection) const;
  Status RecordCollected(const PreparedCollection& collection, const Handle& handle,
                         std::span<const EventRecord> about, size_t fed);

  // seal_record.cc
  Result<Bytes> SealRow(Target& target, const Draft& draft);
  Result<Sealer> SealerFor(Target& target, const Draft& draft, uint16_t compartment);
  Result<Sealer> NewGeneration(Target& target, const Draft& draft, const keys::WrapPlace& place,
                               keys::WrapSet wraps, policy::CompartmentIndex compartment);
  std::vector<keys::WrapRecipient> RecipientsOf(const Target& target, const Draft& draft,
                                                policy::CompartmentIndex compartment) const;
  Result<bool> HasSameContent(const PreparedCollection& collection, const Target& target,
                              const Draft& draft, const record::RecordRow& old);
  Result<std::shared_ptr<const crypto::CompartmentKey>> HeldKey(const Target& target,
                                                                const Draft& draft,
                                                                const crypto::TermsId& terms,
                                                                const record::RowEntry& entry);
  Result<Secret> PlainOf(const Draft& draft, uint16_t compartment) const;
  Status PutLookups(Target& target, const Draft& draft);
  Status PutBackRows(Target& target);
  Status PutLookup(Target& target, const Draft& draft, const IndexBinding& index, ByteView form);

  const BoundPolicy& bound() const { return *frame_.rules()->in_force; }
  const policy::Policy& policy() const { return *bound().policy; }

  VaultImpl& vault_;
  store::WriteTransaction& transaction_;
  Frame& frame_;
  Bytes last_terms_;  // that this transaction read or wrote
  crypto::TermsId last_terms_id_;
  keys::LazyBoxSender boxes_;
  std::map<keys::WrapsRowKey, Sealer> sealers_;
  size_t folds_left_ = kMovedRecordsMax;
  ReportFeeds feeds_;
};

}  // namespace bailee::vault
