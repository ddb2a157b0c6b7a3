// SPDX-License-Identifier: Apache-2.0
#include "vault/rights/breach.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/try.h"
#include "keys/lookup.h"
#include "keys/pending.h"
#include "keys/wraps.h"
#include "vault/frame/next_subjects.h"
#include "vault/frame/session_impl.h"
#include "vault/frame/subject_wraps.h"
#include "vault/ledger/keywork.h"

namespace bailee::vault {
namespace {

using store::Table;

// One compartment that a purpose of the keyring opens.
struct Opens {
  std::string category;
  std::string purpose;
  std::vector<std::string> fields;
};

// Counts what the keyring opens, subject after subject.
class Counter {
 public:
  Counter(VaultImpl& vault, const Keyring::Description& leaked, BreachScope& scope)
      : vault_(vault), scope_(scope) {
    BAILEE_CHECK(leaked.purpose_versions.size() == leaked.purposes.size());
    for (size_t i = 0; i < leaked.purposes.size(); ++i) {
      const crypto::NameId id = crypto::NameIdOf(leaked.purposes[i]);
      purposes_[{id, leaked.purpose_versions[i]}] = leaked.purposes[i];
    }
  }

  // Errors: those of the store; kFull. What is damaged is counted as such.
  Result<BreachedSubject> Count(Frame& frame, const Handle& handle);
  // Puts what was counted into the scope.
  void Finish();

 private:
  struct UseCount {
    uint64_t subjects = 0;
    uint64_t records = 0;
    std::map<std::string, uint64_t> fields;
  };
  struct CategoryCount {
    uint64_t subjects = 0;
    uint64_t records = 0;
    std::map<std::string, UseCount> uses;
  };

  Status CountRow(Frame& frame, const OpenedSubject& subject, const RecordKey& key, ByteView bytes);
  // The purposes of the keyring that have a wrap of this entry's D.
  Result<std::set<std::string>> OpenersOf(Frame& frame, const OpenedSubject& subject,
                                          const RecordKey& key, const record::RecordRow& row,
                                          const record::RowEntry& entry);
  void Add(const Opens& opens, std::set<std::string>& purposes_of_record);

  VaultImpl& vault_;
  BreachScope& scope_;
  std::map<std::pair<crypto::NameId, uint16_t>, std::string> purposes_;
  std::map<std::string, CategoryCount> categories_;
  // Of the subject at hand.
  SubjectWraps wraps_;
  BreachedSubject at_;
  std::set<std::pair<std::string, std::string>> uses_at_;
};

void Counter::Add(const Opens& opens, std::set<std::string>& purposes_of_record) {
  UseCount& use = categories_[opens.category].uses[opens.purpose];
  if (purposes_of_record.insert(opens.purpose).second) ++use.records;
  if (uses_at_.insert({opens.category, opens.purpose}).second) ++use.subjects;
  for (const std::string& field : opens.fields) ++use.fields[field];
}

Result<std::set<std::string>> Counter::OpenersOf(Frame& frame, const OpenedSubject& subject,
                                                 const RecordKey& key, const record::RecordRow& row,
                                                 const record::RowEntry& entry) {
  keys::WrapPlace place = subject.Place(key.category, entry.compartment, row.head().terms);
  std::optional<keys::WrapSet> travelling;
  const keys::WrapSet* wraps = nullptr;
  if (!entry.travelling.empty()) {
    place.record = key.record;
    BAILEE_TRY(travelling,
               keys::WrapSet::OpenTravelling(place, subject.subject().key, entry.travelling));
    wraps = &*travelling;
  } else {
    BAILEE_TRY(wraps, wraps_.Of(*frame.snapshot, subject, place));
  }
  std::set<std::string> openers;
  for (const keys::Wrap& wrap : wraps->wraps()) {
    if (wrap.generation != entry.generation) continue;
    const auto leaked = purposes_.find({wrap.purpose, wrap.key_version});
    if (leaked != purposes_.end()) openers.insert(leaked->second);
  }
  return openers;
}

Status Counter::CountRow(Frame& frame, const OpenedSubject& subject, const RecordKey& key,
                         ByteView bytes) {
  BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(bytes));
  BAILEE_TRY(const std::optional<BoundGroup> bound,
             BindGroup(vault_, frame, key.handle, key.category, row.head().terms));
  if (!bound) return Status(Code::kDamage, "record.damaged", "a record is damaged");
  const policy::CategoryInfo& category = bound->terms->bound->policy->category(bound->category);
  std::set<std::string> purposes_of_record;
  for (const record::RowEntry entry : row) {
    if (entry.compartment >= category.compartments.size())
      return Status(Code::kDamage, "record.damaged", "a record is damaged");
    BAILEE_TRY(const std::set<std::string> openers, OpenersOf(frame, subject, key, row, entry));
    Opens opens{category.id, {}, {}};
    for (const policy::FieldIndex field : category.compartments[entry.compartment].fields)
      opens.fields.push_back(category.fields[field.value].name);
    for (const std::string& purpose : openers) {
      opens.purpose = purpose;
      Add(opens, purposes_of_record);
    }
  }
  if (purposes_of_record.empty()) return Status();
  ++at_.records;
  CategoryCount& count = categories_[category.id];
  ++count.records;
  if (std::find(at_.categories.begin(), at_.categories.end(), category.id) ==
      at_.categories.end()) {
    at_.categories.push_back(category.id);
    ++count.subjects;
  }
  return Status();
}

Result<BreachedSubject> Counter::Count(Frame& frame, const Handle& handle) {
  at_ = {};
  at_.handle = handle;
  wraps_ = {};
  uses_at_.clear();
  const Result<std::shared_ptr<const OpenedSubject>> subject = vault_.LoadSubject(frame, handle);
  if (!subject.ok() && subject.status().code() != Code::kDamage) return subject.status();
  if (!subject.ok() || *subject == nullptr) {
    ++scope_.damaged;
    return at_;
  }
  Status problem;
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kRecords, handle.view(), {}, [&](ByteView key, ByteView bytes) {
        if (key.size() != kRecordKeyBytes) return true;
        problem = CountRow(frame, **subject, DecodeRecordKey(key), bytes);
        if (problem.code() != Code::kDamage) return problem.ok();
        ++scope_.damaged;
        problem = Status();
        return true;
      }));
  BAILEE_RETURN_IF_ERROR(problem);
  return at_;
}

void Counter::Finish() {
  for (const auto& [id, count] : categories_) {
    BreachScope::Category category{id, count.subjects, count.records, {}};
    for (const auto& [purpose, each] : count.uses) {
      BreachScope::Use use{purpose, each.subjects, each.records, {}};
      for (const auto& [name, records] : each.fields) use.fields.push_back({name, records});
      category.uses.push_back(std::move(use));
    }
    scope_.categories.push_back(std::move(category));
  }
}

Status CountLookups(VaultImpl& vault, const Keyring::Description& leaked, BreachScope& scope) {
  BAILEE_CHECK(leaked.index_versions.size() == leaked.indexes.size());
  BAILEE_TRY(const Frame frame, vault.Begin());
  for (size_t i = 0; i < leaked.indexes.size(); ++i) {
    const keys::IndexName index{crypto::NameIdOf(leaked.indexes[i]), leaked.index_versions[i]};
    BreachScope::Lookup lookup{leaked.indexes[i], 0};
    for (const Bytes& prefix : {keys::FieldPrefix(index), keys::PendingPrefix(index)}) {
      BAILEE_RETURN_IF_ERROR(
          frame.snapshot->Scan(Table::kLookup, prefix, {}, [&](ByteView, ByteView) {
            ++lookup.rows;
            return true;
          }));
    }
    scope.lookups.push_back(std::move(lookup));
  }
  return Status();
}

Status CountingStopped() {
  return {Code::kPartial, "breach.stopped", "counting was stopped before its end", "run it again"};
}

Status CountSubjects(VaultImpl& vault, const Keyring::Description& leaked,
                     const BreachOptions& options, BreachScope& scope) {
  Counter counter(vault, leaked, scope);
  Bytes from;
  do {
    BAILEE_TRY(Frame frame, vault.Begin());
    Bytes next;
    BAILEE_TRY(const std::vector<Handle> handles, NextSubjects(frame, from, next));
    for (const Handle& handle : handles) {
      BAILEE_TRY(const BreachedSubject subject, counter.Count(frame, handle));
      ++scope.subjects_all;
      if (subject.records == 0) continue;
      ++scope.subjects;
      scope.records += subject.records;
      if (options.visit && !options.visit(subject)) return CountingStopped();
    }
    if (options.progress && !options.progress(scope.subjects_all)) return CountingStopped();
    from = std::move(next);
  } while (!from.empty());
  counter.Finish();
  return Status();
}

// Records who looks, before anything is looked at; or why they may not.
Result<DecisionId> RecordLook(VaultImpl& vault, const Keyring::Description& leaked) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  const bool held = vault.keyring().FindPurpose(keys::kRights) != nullptr;
  const bool ours = leaked.vault == vault.id();
  const Reason reason = Reason::kPurposeKeyMissing;
  const audit::Detail what{audit::What::kSaid, "breach-scope"};
  BAILEE_TRY(const DecisionId decision,
             vault.Record(frame, {.kind = EventKind::kReview,
                                  .outcome = !held  ? Outcome::kRefused
                                             : ours ? Outcome::kAllowed
                                                    : Outcome::kFailed,
                                  .purpose = keys::kRights,
                                  .reasons = {&reason, held ? size_t{0} : size_t{1}},
                                  .details = {&what, 1}}));
  if (!held) {
    return WithDecision(NotForThisKeyring("what leaked is told to rights alone",
                                          "open the vault with the rights keyring"),
                        decision);
  }
  if (ours) return decision;
  return Status(Code::kKey, "key.other-vault", "the leaked keyring is of another vault",
                "nothing of this vault opens with it");
}

}  // namespace

Result<BreachScope> ScopeOfBreach(VaultImpl& vault, const Keyring::Description& leaked,
                                  const BreachOptions& options) {
  BreachScope scope;
  BAILEE_TRY(scope.decision, RecordLook(vault, leaked));
  scope.storage = leaked.storage;
  scope.roles = leaked.roles;
  BAILEE_RETURN_IF_ERROR(CountSubjects(vault, leaked, options, scope));
  BAILEE_RETURN_IF_ERROR(CountLookups(vault, leaked, scope));
  return scope;
}

}  // namespace bailee::vault
