// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "keys/issue.h"
#include "record/kind.h"
#include "vault/collect/fold_lookups.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

Status IndexMissing() {
  return Status(Code::kKey, "key.index-missing",
                "the keyring holds no index key for this field and purpose",
                "grant a new keyring from the purpose's origin");
}

// Borrows `field` itself.
Ask FindAsk(std::string_view category, const std::string_view& field,
            std::string_view case_reference) {
  return {.kind = EventKind::kFind,
          .action = policy::Action::kFind,
          .category = category,
          .fields = {&field, 1},
          .case_reference = case_reference};
}

// REQUIRES: the policy in force knows it.
const policy::FieldInfo& FieldOf(const Frame& frame, std::string_view category,
                                 std::string_view field) {
  const policy::CategoryIndex index = frame.in_force().FindCategory(category);
  return frame.in_force().field(index, frame.in_force().FindField(index, field));
}

}  // namespace

Result<bool> SessionImpl::ValueMatches(const Record& record, Kind kind,
                                       std::string_view index_form) const {
  const std::optional<Secret>& stored = record.values.front().value;
  if (!stored) return false;
  BAILEE_TRY(const Secret form, stored->Reveal([&](std::string_view canonical) {
    return record::IndexForm(kind, canonical);
  }));
  return form.Reveal([&](std::string_view mine) {
    return crypto::ConstantTimeEqual(AsBytes(mine), AsBytes(index_form));
  });
}

Status SessionImpl::Match(Frame& frame, const Ask& ask, const Sought& sought,
                          const MatchVisitor& visit) {
  const crypto::NameId category = frame.CategoryIdOf(ask.category);
  const keys::LookupTag tag = keys::TagOfValue(sought.index.key, AsBytes(sought.form));
  std::vector<keys::FieldHit> hits;
  BAILEE_RETURN_IF_ERROR(keys::FindField(vault_->LookupOf(frame), *frame.snapshot,
                                         {sought.index.id, sought.index.version}, tag,
                                         [&](const keys::FieldHit& hit) {
                                           hits.push_back(hit);
                                           return true;
                                         }));
  for (const keys::FieldHit& hit : hits) {
    BAILEE_TRY(const auto subject, vault_->LoadSubject(frame, hit.handle));
    if (subject == nullptr) continue;
    BAILEE_TRY(const std::optional<FoundRow> row, FindRow(frame, *subject, category, hit.record));
    if (!row) continue;
    policy::Decision refused;
    BAILEE_TRY(const std::optional<Record> record, Release(frame, *subject, ask, *row, refused));
    if (!record) continue;
    // A row that was overwritten may still be listed under its old value.
    BAILEE_TRY(const bool matches, ValueMatches(*record, sought.kind, sought.form));
    if (!matches) continue;
    BAILEE_TRY(const bool go_on, visit(*subject, *row));
    if (!go_on) return Status();
  }
  return Status();
}

Result<std::vector<Handle>> SessionImpl::HoldersOf(Frame& frame, std::string_view category,
                                                   std::string_view field,
                                                   const keys::HeldIndex& index,
                                                   std::string_view index_form) {
  const Ask ask = FindAsk(category, field, {});
  std::vector<Handle> handles;
  const auto take = [&](const OpenedSubject& subject, const FoundRow&) {
    handles.push_back(subject.handle());
    return true;
  };
  BAILEE_RETURN_IF_ERROR(
      Match(frame, ask, {index, FieldOf(frame, category, field).kind, index_form}, take));
  return handles;
}

// Leads `take` to what is under the value, with an answer or a failure that is recorded.
template <typename Answer>
Result<Answer> SessionImpl::LookFor(
    Frame frame, const Ask& ask, const Secret& value,
    const std::function<Result<Answer>(Frame&, const Sought&)>& take) {
  const policy::Decision first = DecideStageOne(frame, ask);
  if (!first.allowed()) return Refuse(frame, ask, first, {});
  const std::string_view field = ask.fields.front();
  const keys::Manifest::Index* known =
      frame.rules()->manifest.FindIndex(keys::IndexNameOf(ask.category, field, purpose_.name));
  const keys::HeldIndex* index =
      known == nullptr ? nullptr : vault_->keyring().FindIndex(known->id, known->common_version());
  if (index == nullptr) return Fail(frame, ask, {}, IndexMissing());

  const policy::FieldInfo& info = FieldOf(frame, ask.category, field);
  const Kind kind = info.kind;
  Result<Secret> form = value.Reveal([&](std::string_view raw) -> Result<Secret> {
    BAILEE_TRY(const Secret canonical, record::Normalise(info.kind, raw, info.max_bytes));
    return canonical.Reveal(
        [&](std::string_view text) { return record::IndexForm(info.kind, text); });
  });
  if (!form.ok()) return Fail(frame, ask, {}, form.status());

  const Result<bool> pending = HasPending(frame, {index->id, index->version});
  if (!pending.ok()) return Fail(frame, ask, {}, pending.status());
  if (*pending) {
    frame = Frame();
    // An entry that does not open might be the answer: better no answer than half of one.
    const Status folded = FoldLookups(*vault_).status();
    BAILEE_TRY(frame, vault_->Begin());
    if (!folded.ok()) return Fail(frame, ask, {}, folded);
  }
  return form->Reveal([&](std::string_view text) -> Result<Answer> {
    Result<Answer> found = take(frame, {*index, kind, text});
    const bool settled = found.ok() || attempt_.overtaken || found.status().refusal() != nullptr;
    return settled ? std::move(found) : Fail(frame, ask, {}, found.status());
  });
}

Result<std::vector<Found>> SessionImpl::Find(const FindRequest& request) {
  return Settled([&] { return FindOnce(request); });
}

Result<std::vector<Found>> SessionImpl::FindOnce(const FindRequest& request) {
  const Ask ask = FindAsk(request.category, request.field, request.case_reference);
  const auto take = [&](Frame& frame, const Sought& sought) -> Result<std::vector<Found>> {
    const crypto::NameId category = frame.CategoryIdOf(ask.category);
    std::vector<Found> found;
    std::vector<EventRecord> about;
    std::string source;
    std::optional<policy::Decision> apart;
    BAILEE_RETURN_IF_ERROR(
        Match(frame, ask, sought, [&](const OpenedSubject& subject, const FoundRow& row) {
          apart = Apart(frame, row, source);
          if (apart) return false;
          found.push_back({subject.handle(), row.id});
          about.push_back(EventRecordOf(subject, category, row));
          return true;
        }));
    if (apart) return Refuse(frame, ask, *apart, {});
    BAILEE_RETURN_IF_ERROR(Allow(frame, ask, {}, about).status());
    return found;
  };
  BAILEE_TRY(Frame frame, vault_->Begin());
  return LookFor<std::vector<Found>>(std::move(frame), ask, request.value, take);
}

Result<std::vector<Record>> SessionImpl::ReadWhere(const ReadWhereRequest& request) {
  return Settled([&] { return ReadWhereOnce(request); });
}

Result<std::vector<Record>> SessionImpl::ReadWhereOnce(const ReadWhereRequest& request) {
  const Ask find = FindAsk(request.category, request.field, request.case_reference);
  const Ask read{.kind = EventKind::kReadAll,
                 .action = policy::Action::kRead,
                 .category = request.category,
                 .fields = request.fields,
                 .case_reference = request.case_reference};
  const auto take = [&](Frame& frame, const Sought& sought) -> Result<std::vector<Record>> {
    const crypto::NameId category = frame.CategoryIdOf(read.category);
    std::vector<EventRecord> matched;
    Taken taken;
    BAILEE_RETURN_IF_ERROR(
        Match(frame, find, sought,
              [&](const OpenedSubject& subject, const FoundRow& row) -> Result<bool> {
                matched.push_back(EventRecordOf(subject, category, row));
                BAILEE_RETURN_IF_ERROR(TakeFound(frame, subject, read, category, row, taken));
                return !taken.apart;
              }));
    if (taken.apart) return Refuse(frame, read, *taken.apart, {});
    if (taken.records.empty() && !taken.told.allowed()) return Refuse(frame, read, taken.told, {});
    BAILEE_RETURN_IF_ERROR(Allow(frame, find, {}, matched).status());
    BAILEE_TRY(const DecisionId decision, Allow(frame, read, {}, taken.about));
    for (Record& record : taken.records) record.decision = decision;
    return std::move(taken.records);
  };
  BAILEE_TRY(Frame frame, vault_->Begin());
  if (read.fields.empty()) return Fail(frame, read, {}, NoFields());
  const policy::Decision first = DecideStageOne(frame, read);
  if (!first.allowed()) return Refuse(frame, read, first, {});
  return LookFor<std::vector<Record>>(std::move(frame), find, request.value, take);
}

}  // namespace bailee::vault
