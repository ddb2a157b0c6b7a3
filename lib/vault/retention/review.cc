// SPDX-License-Identifier: Apache-2.0
#include "vault/retention/review.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/try.h"
#include "policy/expiry.h"
#include "vault/frame/next_subjects.h"
#include "vault/frame/session_impl.h"
#include "vault/ledger/ledger_entry.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr int32_t kDaysMax = 36'525;

enum class Age : uint8_t { kInTime, kOverdue, kHeld };

// Whether no purpose may use a record any longer for its age, and whether a hold is all that keeps
// it. Before its day a policy says nothing of that.
Age AgeOf(const Frame& frame, const policy::Datum& datum, policy::CategoryIndex category,
          const policy::Standing& standing) {
  if (frame.now < frame.in_force().effective()) return Age::kInTime;
  if (!policy::MustStay(frame.in_force(), frame.rules()->versions, datum, category, standing,
                        frame.now))
    return Age::kOverdue;
  policy::Standing released = standing;
  released.holds.clear();
  const bool stays =
      standing.holds.empty() || policy::MustStay(frame.in_force(), frame.rules()->versions, datum,
                                                 category, released, frame.now);
  return stays ? Age::kInTime : Age::kHeld;
}

// Whether a purpose that this was collected for may use it now.
bool StillUsed(const policy::Policy& then, const policy::FieldInfo& was, const policy::Policy& now,
               const policy::FieldInfo& is) {
  const policy::PurposeSet before = was.readers | was.report_purposes;
  const policy::PurposeSet today = is.readers | is.report_purposes;
  const auto purposes = then.purposes();
  for (size_t i = 0; i < purposes.size(); ++i) {
    if (!before.test(i)) continue;
    const policy::PurposeIndex purpose = now.FindPurpose(purposes[i].id);
    if (purpose.valid() && today.test(purpose.value)) return true;
  }
  return false;
}

// Fields and views of a category, as it was then, that every purpose it was for has lost.
std::vector<std::string> UnusedOf(const policy::Policy& then, policy::CategoryIndex category,
                                  const policy::Policy& now) {
  const policy::CategoryInfo& info = then.category(category);
  const policy::CategoryIndex known = now.FindCategory(info.id);
  std::vector<std::string> unused;
  for (const policy::FieldInfo& field : info.fields) {
    if (field.readers.none() && field.report_purposes.none()) continue;  // it never was stored
    const policy::FieldIndex index =
        known.valid() ? now.FindField(known, field.name) : policy::FieldIndex{};
    if (!index.valid() || !StillUsed(then, field, now, now.field(known, index)))
      unused.push_back(field.name);
  }
  return unused;
}

class Reviewer {
 public:
  Reviewer(VaultImpl& vault, const ReviewOptions& options) : vault_(vault), options_(options) {}

  Result<Reviewed> Run() {
    Bytes from;
    do {
      BAILEE_RETURN_IF_ERROR(LookAtSome(from));
      reviewed_.complete = !options_.progress || options_.progress(reviewed_.subjects);
    } while (!from.empty() && reviewed_.complete);
    for (auto& [name, review] : categories_) {
      review.category = name;
      const std::set<std::string>& unused = unused_[name];
      review.unused.assign(unused.begin(), unused.end());
      reviewed_.categories.push_back(std::move(review));
    }
    return std::move(reviewed_);
  }

 private:
  // A frame of its own for each: a long one would hold back the reuse of space.
  Status LookAtSome(Bytes& from) {
    BAILEE_TRY(Frame frame, vault_.Begin());
    reviewed_.at = frame.now;
    Bytes next;
    BAILEE_TRY(const std::vector<Handle> handles, NextSubjects(frame, from, next));
    for (const Handle& handle : handles) {
      ++reviewed_.subjects;
      BAILEE_RETURN_IF_ERROR(Tolerate(LookAt(frame, handle)));
    }
    from = std::move(next);
    return Status();
  }

  // One damaged row must not hide the others.
  Status Tolerate(const Status& status) {
    if (status.code() != Code::kDamage) return status;
    ++reviewed_.damaged;
    return Status();
  }

  // When records were put right, by category and record.
  using Confirmed = std::map<std::pair<std::string, RecordId>, Timestamp>;

  Status LookAt(Frame& frame, const Handle& handle) {
    BAILEE_TRY(const auto subject, vault_.LoadSubject(frame, handle));
    if (subject == nullptr) return Status();
    BAILEE_TRY(const std::vector<LedgerEntry> entries,
               ReadLedger(*frame.snapshot, vault_.id(), handle, subject->subject().history,
                          subject->ledger_entries()));
    Confirmed confirmed;
    for (const LedgerEntry& entry : entries) {
      if (entry.kind == LedgerKind::kRectified)
        confirmed[{entry.category, entry.record}] = entry.at;
    }
    std::vector<std::pair<RecordKey, record::RecordHead>> records;
    BAILEE_RETURN_IF_ERROR(
        frame.snapshot->Scan(Table::kRecords, handle.view(), {}, [&](ByteView key, ByteView bytes) {
          const Result<record::RecordRow> row = record::ParseRecordRow(bytes);
          if (!row.ok() || key.size() != kRecordKeyBytes) {
            ++reviewed_.damaged;
          } else {
            records.emplace_back(DecodeRecordKey(key), row->head());
          }
          return true;
        }));
    for (const auto& [key, head] : records)
      BAILEE_RETURN_IF_ERROR(Tolerate(Take(frame, *subject, key, head, confirmed)));
    return Status();
  }

  Status Take(Frame& frame, const OpenedSubject& subject, const RecordKey& key,
              const record::RecordHead& head, const Confirmed& confirmed) {
    BAILEE_TRY(const std::shared_ptr<const BoundTerms> terms,
               vault_.terms().Get(*frame.snapshot, vault_.id(), frame.rules(), head.terms));
    const policy::CategoryIndex category = CategoryOf(*terms, key.category);
    if (!category.valid()) {
      ++reviewed_.damaged;
      return Status();
    }
    const std::string& name = terms->bound->policy->category(category).id;
    CategoryReview& review = categories_[name];
    ++review.records;
    if (!review.oldest || head.collected_at < *review.oldest) review.oldest = head.collected_at;
    const auto again = confirmed.find({name, key.record});
    const Timestamp last =
        again == confirmed.end() ? head.collected_at : std::max(head.collected_at, again->second);
    if (frame.now.unix_ms - last.unix_ms > options_.unconfirmed_days * kMillisPerDay)
      ++review.unconfirmed;
    const Age age = AgeOf(frame, terms->DatumAt(head.collected_at), category, subject.standing());
    if (age != Age::kInTime) ++review.overdue;
    if (age == Age::kHeld) ++review.overdue_held;
    if (seen_.insert({terms->bound->policy->version(), name}).second) {
      for (std::string& field : UnusedOf(*terms->bound->policy, category, frame.in_force()))
        unused_[name].insert(std::move(field));
    }
    return Status();
  }

  static policy::CategoryIndex CategoryOf(const BoundTerms& terms, const crypto::NameId& id) {
    const auto& categories = terms.bound->categories;
    const auto found = std::find_if(categories.begin(), categories.end(),
                                    [&](const CategoryBinding& each) { return each.id == id; });
    if (found == categories.end()) return {};
    return {static_cast<uint16_t>(found - categories.begin())};
  }

  VaultImpl& vault_;
  const ReviewOptions& options_;
  Reviewed reviewed_;
  std::map<std::string, CategoryReview> categories_;
  std::map<std::string, std::set<std::string>> unused_;
  std::set<std::pair<uint32_t, std::string>> seen_;  // policy versions and categories
};

Result<Reviewed> ReviewOnce(VaultImpl& vault, const ReviewOptions& options) {
  if (vault.keyring().FindPurpose(keys::kUpkeep) == nullptr)
    return NotForThisKeyring("what is held is reviewed by upkeep",
                             "open the vault with the upkeep keyring");
  if (options.unconfirmed_days < 0 || options.unconfirmed_days > kDaysMax) {
    return Status(Code::kInvalidValue, "review.days", "a review looks back 0 to 36525 days",
                  "give the days after which a record is to be confirmed");
  }
  return Reviewer(vault, options).Run();
}

}  // namespace

Result<Reviewed> RunReview(VaultImpl& vault, const ReviewOptions& options) {
  Result<Reviewed> reviewed = ReviewOnce(vault, options);
  BAILEE_TRY(const Frame frame, vault.Begin());
  Event event{.kind = EventKind::kReview, .purpose = keys::kUpkeep};
  const std::string count = reviewed.ok() ? std::to_string(reviewed->subjects) : std::string();
  const audit::Detail detail{audit::What::kCount, count};
  const Status status = reviewed.status();
  const Refusal* refusal = status.refusal();
  if (reviewed.ok()) {
    event.details = {&detail, 1};
  } else if (refusal != nullptr) {
    event.outcome = Outcome::kRefused;
    event.reasons = refusal->reasons;
  } else {
    event.outcome = Outcome::kFailed;
  }
  BAILEE_TRY(const DecisionId decision, vault.Record(frame, event));
  if (!reviewed.ok()) return WithDecision(reviewed.status(), decision);
  return reviewed;
}

}  // namespace bailee::vault
