// SPDX-License-Identifier: Apache-2.0
#include "bailee/collection.h"

#include <deque>

#include "bailee/limits.h"
#include "base/try.h"
#include "vault/collect/collection_impl.h"
#include "vault/collect/disregard.h"
#include "vault/collect/store_collection.h"

namespace bailee {
namespace {

using vault::CollectionWriter;
using vault::Frame;
using vault::PreparedCollection;
using vault::VaultImpl;

// A group of collections stays below the limit of one transaction, with room for its events.
constexpr size_t kRowsPerGroup = 16'000;

// The most rows that storing it may take: its subject, ref and clock, and for each record its own,
// its terms, the wraps of its compartments, its lookups.
size_t RowsOf(const Collection::Impl& collection) {
  size_t rows = 3;
  for (const vault::PreparedRecord& record : collection.records) {
    const vault::BoundPolicy& bound = *collection.rules->in_force;
    rows += 2 + bound.policy->category(record.category).compartments.size();
    for (const auto& indexes : bound.category(record.category).indexes) rows += indexes.size();
  }
  return rows;
}

using Outcome = Result<Collected>;

Status NothingYet() {
  return Status(Code::kFailed, "collect.not-stored", "the collection was not stored yet");
}

// Records a refused collection as an event of its own: its transaction writes nothing.
Status Refused(VaultImpl& vault, const Frame& frame, const vault::PreparedRequest& request,
               const Status& status) {
  const Refusal* refusal = status.refusal();
  const std::vector<Reason> reasons = refusal == nullptr ? std::vector<Reason>() : refusal->reasons;
  BAILEE_TRY(const DecisionId decision,
             vault.Record(frame, {.kind = audit::EventKind::kCollect,
                                  .outcome = refusal == nullptr ? audit::Outcome::kFailed
                                                                : audit::Outcome::kRefused,
                                  .on_behalf_of = request.on_behalf_of,
                                  .reasons = reasons}));
  return vault::WithDecision(status, decision);
}

// What comes without an accepted tag, where one is needed, cannot be told from anybody's: it is
// counted, and nothing of it is kept, be it good or bad.
Outcome Disregard(const Frame& frame, const PreparedCollection& collection) {
  const policy::Policy& policy = frame.in_force();
  const vault::PreparedRecord& first = collection.records.front();
  BAILEE_RETURN_IF_ERROR(vault::CountDisregarded(frame, vault::Disregard::kNoAcceptedTag,
                                                 policy.category(first.category).id,
                                                 collection.records.size()));
  return Collected{.disregarded = collection.records.size()};
}

// What a source under its own policy sends is refused, and counted.
Status CountIndependent(const Frame& frame, const PreparedCollection& collection,
                        const Status& refused) {
  const Refusal* refusal = refused.refusal();
  if (refusal == nullptr || refusal->reasons.front() != Reason::kSourceIndependent) return Status();
  return vault::CountDisregarded(frame, vault::Disregard::kSourceIndependent,
                                 collection.request.source, 1);
}

// Stores collections in one transaction; those that may not be stored get their refusal, the others
// are stored.
Status StoreGroup(VaultImpl& vault, std::span<Collection::Impl* const> group,
                  std::vector<Outcome>& outcomes) {
  return vault.Write([&](Frame& frame) -> Status {
    outcomes.assign(group.size(), NothingYet());
    CollectionWriter writer(vault, frame);
    for (size_t i = 0; i < group.size(); ++i) {
      const Collection::Impl& impl = *group[i];
      const PreparedCollection collection{impl.request, impl.records, impl.rules};
      if (writer.IsDisregarded(collection)) {
        BAILEE_TRY(outcomes[i], Disregard(frame, collection));
        continue;
      }
      Status checked = impl.problem.ok() ? writer.CheckSignals(collection) : impl.problem;
      if (checked.ok()) {
        // What the browser sent along counts whether or not the collection may be stored.
        BAILEE_RETURN_IF_ERROR(writer.RecordSignals(collection));
        checked = writer.Check(collection);
      }
      if (!checked.ok()) {
        outcomes[i] = checked;
        BAILEE_RETURN_IF_ERROR(CountIndependent(frame, collection, checked));
        continue;
      }
      BAILEE_TRY(outcomes[i], writer.Store(collection));
    }
    return writer.Finish();
  });
}

// A problem of one collection's own data must not stop the others of its group.
bool ConcernsOne(const Status& status) {
  return status.code() == Code::kDamage || status.code() == Code::kInvalidValue;
}

Result<std::vector<Outcome>> StoreAll(VaultImpl& vault, std::span<Collection::Impl* const> group) {
  std::vector<Outcome> outcomes;
  const Status stored = StoreGroup(vault, group, outcomes);
  if (!stored.ok() && ConcernsOne(stored) && group.size() > 1) {
    outcomes.clear();
    for (Collection::Impl* const& one : group) {
      BAILEE_TRY(std::vector<Outcome> alone, StoreAll(vault, {&one, 1}));
      outcomes.push_back(std::move(alone.front()));
    }
    return outcomes;
  }
  if (!stored.ok() && ConcernsOne(stored)) {
    outcomes.assign(1, stored);
  } else if (!stored.ok()) {
    // One event for each call that asked for it, whatever stood in the way.
    for (const Collection::Impl* one : group) {
      BAILEE_TRY(const Frame frame, vault.Begin());
      (void)Refused(vault, frame, one->request, stored);
    }
    return stored;
  }
  for (size_t i = 0; i < group.size(); ++i) {
    if (outcomes[i].ok()) continue;
    BAILEE_TRY(const Frame frame, vault.Begin());
    outcomes[i] = Refused(vault, frame, group[i]->request, outcomes[i].status());
  }
  return outcomes;
}

}  // namespace

Collection::Collection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Collection::Collection(Collection&&) noexcept = default;
Collection& Collection::operator=(Collection&&) noexcept = default;
Collection::~Collection() = default;

// By value: they are the caller's no longer, and wiped when this returns.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
Collection& Collection::Put(std::string_view category, std::vector<FieldInput> fields,
                            std::optional<RecordId> record) {
  if (impl_->problem.ok()) impl_->problem = impl_->vault->RequireOpener();
  if (!impl_->problem.ok()) return *this;
  Result<vault::PreparedRecord> prepared =
      vault::PrepareRecord(*impl_->rules->in_force->policy, category, fields, record, impl_->ids,
                           {.regions = impl_->vault->regions()});
  if (!prepared.ok()) {
    impl_->problem = prepared.status();
  } else {
    impl_->records.push_back(*std::move(prepared));
  }
  return *this;
}

Collection& Collection::Put(std::string_view category, std::initializer_list<FieldInput> fields,
                            std::optional<RecordId> record) {
  std::vector<FieldInput> list;
  list.reserve(fields.size());
  for (const FieldInput& field : fields) list.emplace_back(field.name, std::move(field.value));
  return Put(category, std::move(list), record);
}

Result<Collected> Collection::Commit() {
  Impl* one = impl_.get();
  BAILEE_TRY(std::vector<Outcome> outcomes, StoreAll(*impl_->vault, {&one, 1}));
  return std::move(outcomes.front());
}

struct Batch::Impl {
  std::shared_ptr<VaultImpl> vault;
  std::deque<Collection> collections;
};

Batch::Batch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

Collection& Batch::Add(const CollectRequest& request) {
  return impl_->collections.emplace_back(vault::BeginCollection(impl_->vault, request));
}

size_t Batch::records() const {
  size_t count = 0;
  for (const Collection& collection : impl_->collections) count += collection.impl_->records.size();
  return count;
}

Result<std::vector<Result<Collected>>> Batch::Commit() {
  if (records() > limits::kBatchRecordsMax) {
    return Status(Code::kInvalidValue, "batch.too-large", "a batch holds at most 10,000 records",
                  "commit more often");
  }
  std::deque<Collection> collections = std::move(impl_->collections);
  impl_->collections.clear();
  std::vector<Outcome> all;
  std::vector<Collection::Impl*> group;
  size_t rows = 0;
  const auto flush = [&]() -> Status {
    if (group.empty()) return Status();
    BAILEE_TRY(std::vector<Outcome> outcomes, StoreAll(*impl_->vault, group));
    std::move(outcomes.begin(), outcomes.end(), std::back_inserter(all));
    group.clear();
    rows = 0;
    return Status();
  };
  for (Collection& collection : collections) {
    const size_t next = RowsOf(*collection.impl_);
    if (rows + next > kRowsPerGroup) BAILEE_RETURN_IF_ERROR(flush());
    group.push_back(collection.impl_.get());
    rows += next;
  }
  BAILEE_RETURN_IF_ERROR(flush());
  return all;
}

namespace vault {

Collection BeginCollection(const std::shared_ptr<VaultImpl>& vault, const CollectRequest& request) {
  auto impl = std::make_unique<Collection::Impl>(vault, request);
  impl->problem = impl->request.problem;
  Result<Frame> frame = vault->Begin();
  if (frame.ok()) {
    impl->rules = frame->rules();
  } else {
    impl->problem = frame.status();
  }
  return Collection(std::move(impl));
}

Batch BeginBatch(const std::shared_ptr<VaultImpl>& vault) {
  return Batch(std::make_unique<Batch::Impl>(Batch::Impl{vault, {}}));
}

}  // namespace vault
}  // namespace bailee
