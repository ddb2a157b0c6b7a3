// SPDX-License-Identifier: Apache-2.0
#include "vault/retention/retention.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/codec.h"
#include "base/try.h"
#include "policy/expiry.h"
#include "record/row.h"
#include "vault/frame/session_impl.h"
#include "vault/ledger/keywork.h"
#include "vault/retention/delete_rows.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kRecordsPerLook = 1024;
constexpr size_t kRecordsPerWrite = 256;

enum class State : uint8_t { kStays, kHeld, kOver };

// A record and what is to become of it.
struct Seen {
  RecordKey key;
  crypto::TermsId terms;
  std::string category;
  State state = State::kStays;
};

// Looks at records one after the other; remembers the subject it is at.
class Judge {
 public:
  Judge(VaultImpl& vault, Frame& frame, Timestamp as_of)
      : vault_(vault), frame_(frame), as_of_(as_of) {}

  // Nothing: it is damaged, which its reader says.
  Result<std::optional<Seen>> Look(ByteView key, ByteView value) {
    const Result<record::RecordRow> row = record::ParseRecordRow(value);
    if (!row.ok() || key.size() != kRecordKeyBytes) return std::optional<Seen>();
    Seen seen{DecodeRecordKey(key), row->head().terms, {}, State::kStays};
    BAILEE_TRY(const std::shared_ptr<const OpenedSubject> subject, SubjectOf(seen.key.handle));
    BAILEE_TRY(const std::optional<BoundGroup> bound,
               BindGroup(vault_, frame_, seen.key.handle, seen.key.category, seen.terms));
    if (subject == nullptr || !bound) return std::optional<Seen>();
    seen.category = bound->terms->bound->policy->category(bound->category).id;
    const auto stays = [&](const policy::Standing& standing) {
      return policy::MustStay(frame_.in_force(), frame_.rules()->versions,
                              bound->terms->DatumAt(row->head().collected_at), bound->category,
                              standing, as_of_);
    };
    if (!stays(subject->standing())) {
      seen.state = State::kOver;
    } else if (!subject->standing().holds.empty()) {
      policy::Standing released = subject->standing();
      released.holds.clear();
      if (!stays(released)) seen.state = State::kHeld;
    }
    return std::optional<Seen>(std::move(seen));
  }

 private:
  Result<std::shared_ptr<const OpenedSubject>> SubjectOf(const Handle& handle) {
    if (subject_ != nullptr && subject_->handle() == handle) return subject_;
    const Result<std::shared_ptr<const OpenedSubject>> loaded = vault_.LoadSubject(frame_, handle);
    if (!loaded.ok() && loaded.status().code() != Code::kDamage) return loaded.status();
    subject_ = loaded.ok() ? *loaded : nullptr;
    return subject_;
  }

  VaultImpl& vault_;
  Frame& frame_;
  const Timestamp as_of_;
  std::shared_ptr<const OpenedSubject> subject_;
};

struct RecordsLook {
  std::vector<Seen> seen;
  uint64_t records = 0;
  Bytes next;  // the key to go on with; empty after the last
};

Result<RecordsLook> LookAtRecords(VaultImpl& vault, const Bytes& from, Timestamp as_of) {
  BAILEE_TRY(Frame frame, vault.Begin());
  RecordsLook look;
  Judge judge(vault, frame, as_of);
  Status problem;
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kRecords, {}, from, [&](ByteView key, ByteView value) {
        if (look.records == kRecordsPerLook) {
          look.next.assign(key.begin(), key.end());
          return false;
        }
        ++look.records;
        Result<std::optional<Seen>> seen = judge.Look(key, value);
        problem = seen.status();
        if (problem.ok() && *seen) look.seen.push_back(**std::move(seen));
        return problem.ok() || problem.code() == Code::kDamage;
      }));
  if (!problem.ok() && problem.code() != Code::kDamage) return problem;
  return look;
}

// Deletes those of `over` that are still over; others may have written meanwhile.
Status DeleteSome(VaultImpl& vault, std::span<const Seen> over, Timestamp as_of,
                  RetentionResult& result) {
  RetentionResult done;
  BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
    done = {};
    Judge judge(vault, frame, as_of);
    std::vector<EventRecord> gone;
    for (const Seen& each : over) {
      const auto key = RecordKeyOf(each.key.handle, each.key.category, each.key.record);
      BAILEE_TRY(const std::optional<ByteView> value, frame.transaction->Get(Table::kRecords, key));
      if (!value) continue;
      BAILEE_TRY(const std::optional<Seen> now, judge.Look(key, *value));
      if (!now || now->state != State::kOver) continue;
      BAILEE_RETURN_IF_ERROR(frame.transaction->Delete(Table::kRecords, key));
      gone.push_back({each.key.handle, each.key.category, each.key.record, now->terms});
    }
    done.deleted = gone.size();
    if (gone.empty()) return Status();
    BAILEE_TRY(done.subjects, DeleteWhatIsEmpty(vault, frame, gone));
    const std::string count = std::to_string(gone.size());
    const audit::Detail detail{audit::What::kCount, count};
    return vault
        .RecordWrite(frame, {.kind = EventKind::kExpire, .records = gone, .details = {&detail, 1}})
        .status();
  }));
  result.deleted += done.deleted;
  result.subjects += done.subjects;
  return Status();
}

// Whoever may not look after the vault may not see what is over either.
Status CheckKeeper(VaultImpl& vault) {
  if (vault.keyring().FindPurpose(keys::kUpkeep) != nullptr) return Status();
  BAILEE_TRY(const Frame frame, vault.Begin());
  const Reason reason = Reason::kPurposeKeyMissing;
  BAILEE_TRY(const DecisionId decision, vault.Record(frame, {.kind = EventKind::kExpire,
                                                             .outcome = Outcome::kRefused,
                                                             .purpose = keys::kUpkeep,
                                                             .reasons = {&reason, 1}}));
  return WithDecision(
      NotForThisKeyring("retention is run by upkeep", "open the vault with the upkeep keyring"),
      decision);
}

Status CheckPlan(VaultImpl& vault, const RetentionPlan& plan) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  if (plan.vault != vault.id()) {
    return {Code::kConflict, "retention.other-vault", "the plan is of another vault",
            "make a plan of this one"};
  }
  if (plan.policy_version != frame.in_force().version()) {
    return {Code::kConflict, "retention.other-policy",
            "another version of the policy is in force than when the plan was made",
            "make a new plan"};
  }
  if (plan.as_of > frame.now) {
    return {Code::kInvalidValue, "retention.future", "the plan is of a time that has not come",
            "make a new plan"};
  }
  return Status();
}

Status NotInForce() {
  return {Code::kConflict, "retention.not-in-force", "the policy is not in force yet",
          "wait for the day it takes effect"};
}

// Of one look, those that are over; the rest of the records stay.
Status DeleteSeen(VaultImpl& vault, const RecordsLook& look, Timestamp as_of,
                  RetentionResult& result) {
  std::span<const Seen> left = look.seen;
  while (!left.empty()) {
    const auto some = left.first(std::min(left.size(), kRecordsPerWrite));
    BAILEE_RETURN_IF_ERROR(DeleteSome(vault, some, as_of, result));
    left = left.subspan(some.size());
  }
  result.records += look.records;
  return Status();
}

}  // namespace

Result<RetentionResult> DeleteOver(VaultImpl& vault, const std::set<crypto::NameId>& categories) {
  RetentionResult result;
  Timestamp as_of;
  {
    BAILEE_TRY(const Frame frame, vault.Begin());
    as_of = frame.now;
  }
  Bytes from;
  do {
    BAILEE_TRY(RecordsLook look, LookAtRecords(vault, from, as_of));
    std::erase_if(look.seen, [&](const Seen& each) {
      return each.state != State::kOver || !categories.contains(each.key.category);
    });
    BAILEE_RETURN_IF_ERROR(DeleteSeen(vault, look, as_of, result));
    from = look.next;
  } while (!from.empty());
  if (result.deleted > 0) {
    BAILEE_TRY(result.lookups, DeleteDeadLookups(vault));
  }
  return result;
}

Result<RetentionPlan> PlanRetention(VaultImpl& vault, const RetentionOptions& options) {
  BAILEE_RETURN_IF_ERROR(CheckKeeper(vault));
  RetentionPlan plan;
  plan.vault = vault.id();
  {
    BAILEE_TRY(const Frame frame, vault.Begin());
    if (frame.now < frame.in_force().effective()) return NotInForce();
    plan.policy_version = frame.in_force().version();
    plan.as_of = frame.now;
    BAILEE_RETURN_IF_ERROR(
        vault.Record(frame, {.kind = EventKind::kExpire, .purpose = keys::kUpkeep}).status());
  }
  std::map<std::string, RetentionPlan::Category> categories;
  uint64_t records = 0;
  Bytes from;
  do {
    BAILEE_TRY(const RecordsLook look, LookAtRecords(vault, from, plan.as_of));
    for (const Seen& each : look.seen) {
      RetentionPlan::Category& category = categories[each.category];
      ++category.records;
      if (each.state == State::kOver) ++category.over;
      if (each.state == State::kHeld) ++category.held;
    }
    records += look.records;
    if (options.progress && !options.progress(records)) {
      return Status(Code::kPartial, "retention.stopped", "the plan was stopped before its end",
                    "run it again");
    }
    from = look.next;
  } while (!from.empty());
  for (auto& [id, category] : categories) {
    category.id = id;
    plan.categories.push_back(std::move(category));
  }
  return plan;
}

Result<RetentionResult> RunRetention(VaultImpl& vault, const RetentionPlan& plan,
                                     const RetentionOptions& options) {
  BAILEE_RETURN_IF_ERROR(CheckKeeper(vault));
  BAILEE_RETURN_IF_ERROR(CheckPlan(vault, plan));
  RetentionResult result;
  Bytes from;
  do {
    BAILEE_TRY(RecordsLook look, LookAtRecords(vault, from, plan.as_of));
    std::erase_if(look.seen, [](const Seen& each) { return each.state != State::kOver; });
    BAILEE_RETURN_IF_ERROR(DeleteSeen(vault, look, plan.as_of, result));
    if (options.progress && !options.progress(result.records)) {
      result.complete = false;
      return result;
    }
    from = look.next;
  } while (!from.empty());
  if (result.deleted > 0) {
    BAILEE_TRY(result.lookups, DeleteDeadLookups(vault));
  }
  return result;
}

}  // namespace bailee::vault
