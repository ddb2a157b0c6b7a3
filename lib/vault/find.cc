// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "keys/issue.h"
#include "record/kind.h"
#include "vault/fold_lookups.h"
#include "vault/session_impl.h"

namespace bailee::vault {
namespace {

Status IndexMissing() {
  return Status(Code::kKey, "key.index-missing",
                "the keyring holds no index key for this field and purpose",
                "grant a new keyring from the purpose's origin");
}

// What an unknown subject's password is compared with, so that it takes as long as a known one's:
// an Argon2id verifier of the cost that stored ones have, of a password nobody knows.
// Always false.
Result<bool> CompareWithNobody(const Secret& attempt) {
  static const std::string kNobody =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
      "4CJjJqUHBbBCL1nzMnS8bjDqMdGLhRzwnq1tGu3SVfU";
  BAILEE_TRY(const Secret verifier, Secret::From(std::string_view(kNobody)));
  BAILEE_TRY([[maybe_unused]] const bool same, crypto::CheckPassword(verifier, attempt));
  return false;
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

Status SessionImpl::MatchTag(Frame& frame, const Ask& ask, const keys::HeldIndex& index,
                             std::string_view index_form, std::vector<Found>& found,
                             std::vector<EventRecord>& about,
                             std::optional<policy::Decision>* apart) {
  const policy::Policy& policy = frame.in_force();
  const policy::CategoryIndex category = policy.FindCategory(ask.category);
  const Kind kind = policy.field(category, policy.FindField(category, ask.fields.front())).kind;
  const crypto::NameId category_id = frame.CategoryIdOf(ask.category);
  const keys::LookupTag tag = keys::TagOfValue(index.key, AsBytes(index_form));
  std::vector<keys::FieldHit> hits;
  BAILEE_RETURN_IF_ERROR(keys::FindField(vault_->LookupOf(frame), *frame.snapshot,
                                         {index.id, index.version}, tag,
                                         [&](const keys::FieldHit& hit) {
                                           hits.push_back(hit);
                                           return true;
                                         }));
  std::string source;
  for (const keys::FieldHit& hit : hits) {
    BAILEE_TRY(const auto subject, vault_->LoadSubject(frame, hit.handle));
    if (subject == nullptr) continue;
    BAILEE_TRY(const std::optional<FoundRow> row,
               FindRow(frame, *subject, category_id, hit.record));
    if (!row) continue;
    policy::Decision refused;
    BAILEE_TRY(const std::optional<Record> record, Release(frame, *subject, ask, *row, refused));
    if (!record) continue;
    // A row that was overwritten may still be listed under its old value.
    BAILEE_TRY(const bool matches, ValueMatches(*record, kind, index_form));
    if (!matches) continue;
    if (apart != nullptr && (*apart = Apart(frame, *row, source))) return Status();
    found.push_back({hit.handle, hit.record});
    about.push_back(EventRecordOf(*subject, category_id, *row));
  }
  return Status();
}

Result<std::vector<Handle>> SessionImpl::HoldersOf(Frame& frame, std::string_view category,
                                                   std::string_view field,
                                                   const keys::HeldIndex& index,
                                                   std::string_view index_form) {
  const Ask ask{.kind = EventKind::kFind,
                .action = policy::Action::kFind,
                .category = category,
                .fields = {&field, 1},
                .case_reference = {}};
  std::vector<Found> found;
  std::vector<EventRecord> about;
  BAILEE_RETURN_IF_ERROR(MatchTag(frame, ask, index, index_form, found, about, nullptr));
  std::vector<Handle> handles;
  handles.reserve(found.size());
  for (const Found& each : found) handles.push_back(each.handle);
  return handles;
}

Result<std::vector<Found>> SessionImpl::FindByTag(Frame& frame, const Ask& ask,
                                                  const keys::HeldIndex& index,
                                                  std::string_view index_form) {
  std::vector<Found> found;
  std::vector<EventRecord> about;
  std::optional<policy::Decision> apart;
  BAILEE_RETURN_IF_ERROR(MatchTag(frame, ask, index, index_form, found, about, &apart));
  if (apart) return Refuse(frame, ask, *apart, {});
  BAILEE_TRY([[maybe_unused]] const DecisionId decision, Allow(frame, ask, {}, about));
  return found;
}

Result<std::vector<Found>> SessionImpl::Find(const FindRequest& request) {
  return Settled([&] { return FindOnce(request); });
}

Result<std::vector<Found>> SessionImpl::FindOnce(const FindRequest& request) {
  const std::string_view field = request.field;
  const Ask ask{.kind = EventKind::kFind,
                .action = policy::Action::kFind,
                .category = request.category,
                .fields = {&field, 1},
                .case_reference = request.case_reference};
  BAILEE_TRY(Frame frame, vault_->Begin());
  const policy::Decision first = DecideStageOne(frame, ask);
  if (!first.allowed()) return Refuse(frame, ask, first, {});
  const keys::Manifest::Index* known =
      frame.rules->manifest.FindIndex(keys::IndexNameOf(ask.category, field, purpose_.name));
  const keys::HeldIndex* index =
      known == nullptr ? nullptr : vault_->keyring().FindIndex(known->id, known->common_version());
  if (index == nullptr) return Fail(frame, ask, {}, IndexMissing());

  const policy::Policy& policy = frame.in_force();
  const policy::CategoryIndex category = policy.FindCategory(ask.category);
  const policy::FieldInfo& info = policy.field(category, policy.FindField(category, field));
  Result<Secret> form = request.value.Reveal([&](std::string_view raw) -> Result<Secret> {
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
  return form->Reveal([&](std::string_view text) -> Result<std::vector<Found>> {
    Result<std::vector<Found>> found = FindByTag(frame, ask, *index, text);
    const bool settled = found.ok() || attempt_.overtaken || found.status().refusal() != nullptr;
    return settled ? std::move(found) : Fail(frame, ask, {}, found.status());
  });
}

Result<bool> SessionImpl::VerifyPassword(const VerifyRequest& request) {
  return Settled([&] { return VerifyOnce(request); });
}

Result<bool> SessionImpl::VerifyOnce(const VerifyRequest& request) {
  const std::string_view field = request.field;
  const Ask ask{.kind = EventKind::kVerifyPassword,
                .action = policy::Action::kVerifyPassword,
                .category = request.category,
                .fields = {&field, 1},
                .case_reference = {}};
  BAILEE_TRY(Frame frame, vault_->Begin());
  const policy::Decision first = DecideStageOne(frame, ask);
  if (!first.allowed()) return Refuse(frame, ask, first, {});
  const Result<RecordId> id = RecordAsked(frame, ask, {});
  if (!id.ok()) return Fail(frame, ask, {}, id.status());
  const Result<SharedSubject> loaded = SubjectOf(frame, request.who);
  if (!loaded.ok()) return Fail(frame, ask, {}, loaded.status());
  const SharedSubject& subject = *loaded;
  const crypto::NameId category = frame.CategoryIdOf(ask.category);
  std::optional<Record> record;
  std::vector<EventRecord> about;
  if (subject != nullptr) {
    const Result<std::optional<FoundRow>> found = FindRow(frame, *subject, category, *id);
    if (!found.ok()) return Fail(frame, ask, subject->handle(), found.status());
    if (*found) {
      policy::Decision refused;
      Result<std::optional<Record>> released = Release(frame, *subject, ask, **found, refused);
      if (!released.ok()) return Fail(frame, ask, subject->handle(), released.status());
      if (!refused.allowed() && refused.visible)
        return Refuse(frame, ask, refused, subject->handle());
      record = *std::move(released);
      about.push_back(EventRecordOf(*subject, category, **found));
    }
  }
  const bool known = record && record->values.front().value;
  Result<bool> same = known ? crypto::CheckPassword(*record->values.front().value, request.attempt)
                            : CompareWithNobody(request.attempt);
  const Handle handle = subject ? subject->handle() : Handle{};
  if (!same.ok()) return Fail(frame, ask, handle, same.status());
  BAILEE_TRY([[maybe_unused]] const DecisionId decision, Allow(frame, ask, handle, about));
  return same;
}

}  // namespace bailee::vault
