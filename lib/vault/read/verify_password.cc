// SPDX-License-Identifier: Apache-2.0
#include "base/try.h"
#include "crypto/password.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

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
