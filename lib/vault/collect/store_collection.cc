// SPDX-License-Identifier: Apache-2.0
#include "vault/collect/store_collection.h"

#include <algorithm>

#include "base/check.h"
#include "base/try.h"
#include "record/row.h"
#include "record/terms.h"
#include "vault/frame/session_impl.h"
#include "vault/ledger/ledger.h"

namespace bailee::vault {
namespace {

using store::Table;

Status UnknownHandle() {
  return Status(Code::kNotFound, "collect.handle-unknown", "no subject has this handle",
                "collect by ref or tag first: that makes the subject");
}

}  // namespace

Result<Timestamp> CollectionWriter::CollectedAt(const PreparedRequest& request) const {
  const Timestamp at = request.collected_at.value_or(frame_.now);
  if (at > frame_.now) {
    return Status(Code::kInvalidValue, "collect.future",
                  "the time of collection lies in the future",
                  "give the time at which it was collected, or leave it out for now");
  }
  return at;
}

Result<std::optional<CollectionWriter::Target>> CollectionWriter::FindTarget(
    const PreparedRequest& request) {
  BAILEE_TRY(std::optional<WritableSubject> found,
             request.WithWho([&](const Who& who) { return FindForWrite(vault_, frame_, who); }));
  if (!found) return std::optional<Target>();
  return std::optional<Target>(Target{*std::move(found), {}, {}});
}

Status CollectionWriter::CheckAbout(const PreparedCollection& collection,
                                    const PreparedRecord& record, const Target* target) const {
  const bool browser = policy().category(record.category).about == policy::About::kBrowser;
  const keys::SubjectKind kind = target != nullptr ? target->subject.kind : KindOf(collection);
  // What is held of a browser must never come to lie beside what is held of a person, nor the other
  // way round.
  if (browser == (kind == keys::SubjectKind::kTag)) return Status();
  const std::string& name = policy().category(record.category).id;
  return Status(Code::kInvalidValue, "collect.about",
                name + (browser ? " is about a browser, not about a person"
                                : " is about a person, not about a browser"),
                browser ? "collect it by tag, or by nobody" : "collect it by ref, or by nobody");
}

keys::SubjectKind CollectionWriter::KindOf(const PreparedCollection& collection) const {
  if (collection.request.kind == Who::Kind::kRef) return keys::SubjectKind::kSubject;
  if (collection.request.kind == Who::Kind::kTag || collection.records.empty())
    return keys::SubjectKind::kTag;
  const bool browser =
      policy().category(collection.records.front().category).about == policy::About::kBrowser;
  return browser ? keys::SubjectKind::kTag : keys::SubjectKind::kSubject;
}

Status CollectionWriter::CheckRecord(const PreparedCollection& collection,
                                     const PreparedRecord& record, Timestamp collected_at,
                                     const Target* target, const policy::Standing& standing) {
  BAILEE_RETURN_IF_ERROR(CheckAbout(collection, record, target));
  for (const PreparedField& field : record.fields) {
    if (policy().field(record.category, field.field).is_view()) continue;
    const policy::Decision decision =
        DecideOn(collection, record, field.field, collected_at, standing);
    if (!decision.allowed()) return decision.ToStatus();
  }
  return Status();
}

policy::Decision CollectionWriter::DecideOn(const PreparedCollection& collection,
                                            const PreparedRecord& record, policy::FieldIndex field,
                                            Timestamp collected_at,
                                            const policy::Standing& standing) const {
  const policy::Request request{.action = policy::Action::kCollect,
                                .purpose = {},
                                .category = policy().category(record.category).id,
                                .field = policy().field(record.category, field).name,
                                .on_behalf_of = collection.request.on_behalf_of,
                                .case_reference = {},
                                .now = frame_.now,
                                .policy_version = 0,
                                .purpose_key_held = false,
                                .wrap = policy::WrapState::kPresent,
                                .versions = frame_.rules()->versions,
                                .notice = collection.request.notice,
                                .source = collection.request.source,
                                .collected_at = collected_at};
  return policy::Decide(policy(), nullptr, standing, request);
}

// A field that no purpose may use itself, but through its views, is forgotten here.
policy::FieldSet CollectionWriter::StoredOf(const PreparedCollection& collection,
                                            const PreparedRecord& record, Timestamp collected_at,
                                            const policy::Standing& standing) const {
  policy::FieldSet stored;
  for (const PreparedField& field : record.fields) {
    if (policy().field(record.category, field.field).is_view()) continue;
    stored |= DecideOn(collection, record, field.field, collected_at, standing).stored;
  }
  return stored;
}

// What the signals of somebody unknown come to.
Result<LedgerState> CollectionWriter::SignalsAlone(const PreparedCollection& collection) const {
  LedgerState state;
  BAILEE_TRY(std::vector<LedgerEntry> entries,
             SignalsToRecord(frame_, collection.request.signals, state.standing));
  for (LedgerEntry& entry : entries) {
    entry.sequence = state.entries + 1;
    Fold(entry, state);
  }
  return state;
}

Status CollectionWriter::CheckSignals(const PreparedCollection& collection) const {
  return SignalsAlone(collection).status();
}

Status CollectionWriter::RecordSignals(const PreparedCollection& collection) {
  if (collection.request.signals.empty()) return Status();
  BAILEE_TRY(std::optional<Target> target, FindTarget(collection.request));
  return target ? RecordSignalsOf(collection, *target) : Status();
}

Status CollectionWriter::RecordSignalsOf(const PreparedCollection& collection, Target& target) {
  BAILEE_TRY(std::vector<LedgerEntry> entries,
             SignalsToRecord(frame_, collection.request.signals, target.standing()));
  if (entries.empty()) return Status();
  BAILEE_RETURN_IF_ERROR(AppendEntries(vault_, frame_, target, std::move(entries)).status());
  if (target.created) return Status();  // its row comes with its records
  BAILEE_RETURN_IF_ERROR(AlignWraps(vault_, frame_, target).status());
  BAILEE_RETURN_IF_ERROR(PutSubject(vault_, frame_, target));
  target.changed = false;
  sealers_.clear();  // what they seal under may have been dropped
  return Status();
}

Status CollectionWriter::Check(const PreparedCollection& collection) {
  if (collection.rules != frame_.rules()) {
    return Status(Code::kConflict, "policy.changed", "the policy changed while this was collected",
                  "collect again under the policy now in force");
  }
  // Without a record nothing says what the policy should decide on, and a ref alone is personal
  // data.
  if (collection.records.empty()) {
    return Status(Code::kUsage, "collect.nothing", "the collection holds no record",
                  "Put at least one record before Commit");
  }
  BAILEE_TRY(const Timestamp collected_at, CollectedAt(collection.request));
  const Who::Kind kind = collection.request.kind;
  if (kind == Who::Kind::kRef || kind == Who::Kind::kTag) {
    BAILEE_TRY([[maybe_unused]] const VaultImpl::Ref ref,
               collection.request.WithWho([&](const Who& who) { return vault_.RefTag(who); }));
  }
  BAILEE_TRY(const std::optional<Target> target, FindTarget(collection.request));
  if (!target && kind == Who::Kind::kHandle) return UnknownHandle();
  BAILEE_TRY(const LedgerState unknown, SignalsAlone(collection));
  for (const PreparedRecord& record : collection.records) {
    BAILEE_RETURN_IF_ERROR(CheckRecord(collection, record, collected_at,
                                       target ? &*target : nullptr,
                                       target ? target->standing() : unknown.standing));
  }
  return Status();
}

Result<CollectionWriter::Target> CollectionWriter::MakeTarget(
    const PreparedCollection& collection) {
  BAILEE_TRY(WritableSubject made, collection.request.WithWho([&](const Who& who) {
    return MakeSubject(vault_, frame_, who, KindOf(collection));
  }));
  return Target{std::move(made), {}};
}

Status CollectionWriter::FoldTarget(Target& target) {
  for (const RecordGroup& place : target.to_fold) {
    BAILEE_TRY(const bool dropped, FoldWraps(transaction_, vault_.keyring(), target.subject, place,
                                             vault_.random(), folds_left_));
    target.changed = target.changed || dropped;
  }
  return Status();
}

Result<crypto::TermsId> CollectionWriter::PutTerms(const PreparedCollection& collection,
                                                   const Draft& draft) {
  const record::Terms terms{
      .policy_version = policy().version(),
      .expiry_bucket = policy().BucketOf(draft.record.category, draft.collected_at).number,
      .notice = collection.request.notice,
      .source = collection.request.source,
      .controller = collection.request.on_behalf_of};
  Bytes value = record::EncodeTerms(terms);
  if (value == last_terms_) return last_terms_id_;  // most records of an import share their terms
  const crypto::TermsId id = crypto::TermsIdOf(vault_.id(), value);
  BAILEE_TRY(const std::optional<ByteView> known, transaction_.Get(Table::kTerms, id.view()));
  if (!known) BAILEE_RETURN_IF_ERROR(transaction_.Put(Table::kTerms, id.view(), value));
  last_terms_ = std::move(value);
  last_terms_id_ = id;
  return id;
}

Result<EventRecord> CollectionWriter::StoreRecord(const PreparedCollection& collection,
                                                  Target& target, Draft draft, Collected& done) {
  EventRecord left{target.handle, draft.binding.id, draft.record.id, {}};
  const auto key = RecordKeyOf(target.handle, draft.binding.id, draft.record.id);
  BAILEE_TRY(const std::optional<ByteView> existing, transaction_.Get(Table::kRecords, key));
  const bool replaces = existing.has_value();
  const uint32_t newest = target.subject.RevisionOf(draft.binding.id, draft.record.id);
  if (replaces) {
    // A copy: what a write transaction returned is valid only until its next change.
    const Bytes old_bytes(existing->begin(), existing->end());
    BAILEE_TRY(const record::RecordRow old, record::ParseRecordRow(old_bytes));
    // Counting on from an older row put back would give one revision to two contents.
    if (old.head().revision != newest) return DamagedRecord("it is not the newest");
    BAILEE_TRY(const bool same, HasSameContent(collection, target, draft, old));
    if (same) {
      ++done.unchanged;
      left.terms = old.head().terms;
      left.version = {newest, old.head().collected_at};
      return left;
    }
  }
  // A row that was overwritten before and is gone now was taken away by somebody else.
  if (replaces || newest > 0) draft.revision = newest + 1;
  BAILEE_TRY(draft.terms_id, PutTerms(collection, draft));
  BAILEE_TRY(const Bytes row, SealRow(target, draft));
  BAILEE_RETURN_IF_ERROR(transaction_.Put(Table::kRecords, key, row));
  if (draft.revision > 0) {
    target.subject.SetRevision(draft.binding.id, draft.record.id, draft.revision);
    target.changed = true;
  }
  if (replaces) ++done.replaced;
  BAILEE_RETURN_IF_ERROR(PutLookups(target, draft));
  left.terms = draft.terms_id;
  left.version = {draft.revision, draft.collected_at};
  return left;
}

policy::TermsIndexes CollectionWriter::TermsOf(const PreparedCollection& collection) const {
  const std::string& controller = collection.request.on_behalf_of;
  return {policy().FindNotice(collection.request.notice),
          policy().FindSource(collection.request.source),
          controller.empty() ? policy::ControllerIndex{} : policy().FindController(controller)};
}

bool CollectionWriter::IsDisregarded(const PreparedCollection& collection) const {
  return collection.request.kind == Who::Kind::kNobody &&
         std::any_of(collection.records.begin(), collection.records.end(),
                     [&](const PreparedRecord& record) {
                       return policy().category(record.category).needs_tag;
                     });
}

Status CollectionWriter::FeedReports(const PreparedCollection& collection,
                                     const PreparedRecord& record, const Target* target,
                                     const policy::Standing& standing, size_t& fed) {
  BAILEE_TRY(const Timestamp collected_at, CollectedAt(collection.request));
  const bool known = target != nullptr && !target->created;
  const bool named = target != nullptr ? !target->subject.ref.empty()
                                       : collection.request.kind != Who::Kind::kNobody;
  BAILEE_TRY(const size_t added,
             feeds_.Add({.category = record.category,
                         .fields = record.fields,
                         .terms = TermsOf(collection),
                         .collected_at = collected_at,
                         .standing = standing,
                         .named = named,
                         .handle = known ? std::optional(target->handle) : std::nullopt}));
  fed += added;
  return Status();
}

Status CollectionWriter::RecordCollected(const PreparedCollection& collection, const Handle& handle,
                                         std::span<const EventRecord> about, size_t fed) {
  const std::string count = std::to_string(fed);
  const audit::Detail detail{audit::What::kCount, count};
  BAILEE_TRY([[maybe_unused]] const DecisionId decision,
             vault_.RecordWrite(frame_, {.kind = EventKind::kCollect,
                                         .outcome = Outcome::kAllowed,
                                         .on_behalf_of = collection.request.on_behalf_of,
                                         .handle = handle,
                                         .records = about,
                                         .details = {&detail, fed > 0 ? size_t{1} : 0}}));
  return Status();
}

Result<Collected> CollectionWriter::Store(const PreparedCollection& collection) {
  BAILEE_TRY(std::optional<Target> found, FindTarget(collection.request));
  BAILEE_TRY(const Timestamp collected_at, CollectedAt(collection.request));
  BAILEE_TRY(const LedgerState unknown, SignalsAlone(collection));
  const policy::Standing& standing = found ? found->standing() : unknown.standing;
  const bool keeps = std::any_of(
      collection.records.begin(), collection.records.end(), [&](const PreparedRecord& record) {
        return StoredOf(collection, record, collected_at, standing).any();
      });
  return keeps ? StoreKept(collection, std::move(found))
               : StoreNothing(collection, found, standing);
}

// Everything in it is of use to reports fed at collection alone: nothing tells that it ever came,
// or of whom, but the cells it was added to and how many they were.
Result<Collected> CollectionWriter::StoreNothing(const PreparedCollection& collection,
                                                 const std::optional<Target>& found,
                                                 const policy::Standing& standing) {
  size_t fed = 0;
  Collected done;
  for (const PreparedRecord& record : collection.records) {
    BAILEE_RETURN_IF_ERROR(
        FeedReports(collection, record, found ? &*found : nullptr, standing, fed));
    done.records.push_back(record.id);
  }
  BAILEE_RETURN_IF_ERROR(RecordCollected(collection, {}, {}, fed));
  done.transaction = transaction_.transaction_id();
  return done;
}

Result<Collected> CollectionWriter::StoreKept(const PreparedCollection& collection,
                                              std::optional<Target> found) {
  if (!found) {
    BAILEE_TRY(found, MakeTarget(collection));
    BAILEE_RETURN_IF_ERROR(RecordSignalsOf(collection, *found));
  }
  BAILEE_TRY(const Timestamp collected_at, CollectedAt(collection.request));
  const policy::TermsIndexes terms = TermsOf(collection);
  Collected done;
  done.handle = found->handle;
  std::vector<EventRecord> about;
  size_t fed = 0;
  for (const PreparedRecord& record : collection.records) {
    const CategoryBinding& binding = bound().category(record.category);
    const Draft draft{.record = record,
                      .bound = bound(),
                      .category = policy().category(record.category),
                      .binding = binding,
                      .terms = terms,
                      .terms_id = {},
                      .collected_at = collected_at,
                      .stored = StoredOf(collection, record, collected_at, found->standing())};
    done.records.push_back(record.id);
    if (draft.stored.none()) {
      BAILEE_RETURN_IF_ERROR(FeedReports(collection, record, &*found, found->standing(), fed));
      continue;
    }
    const auto key = RecordKeyOf(found->handle, binding.id, record.id);
    BAILEE_TRY(const std::optional<ByteView> known, transaction_.Get(Table::kRecords, key));
    // What was there before was counted then.
    if (!known)
      BAILEE_RETURN_IF_ERROR(FeedReports(collection, record, &*found, found->standing(), fed));
    BAILEE_TRY(const EventRecord left, StoreRecord(collection, *found, draft, done));
    about.push_back(left);
  }
  BAILEE_RETURN_IF_ERROR(PutBackRows(*found));
  BAILEE_RETURN_IF_ERROR(FoldTarget(*found));
  BAILEE_RETURN_IF_ERROR(PutSubject(vault_, frame_, *found));
  BAILEE_RETURN_IF_ERROR(KeepTime(frame_));
  BAILEE_RETURN_IF_ERROR(RecordCollected(collection, found->handle, about, fed));
  done.transaction = transaction_.transaction_id();
  return done;
}

}  // namespace bailee::vault
