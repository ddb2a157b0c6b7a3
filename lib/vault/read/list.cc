// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "base/try.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {

// What a row says of itself in clear holds only once a compartment opened with it.
Result<bool> SessionImpl::OpensSome(Frame& frame, const OpenedSubject& subject,
                                    const policy::CategoryInfo& category, const FoundRow& found) {
  const policy::Policy& under = *found.terms->bound->policy;
  const policy::CategoryIndex then = under.FindCategory(category.id);
  for (const policy::FieldInfo& field : category.fields) {
    if (!then.valid() || !under.FindField(then, field.name).valid()) continue;
    const std::string_view name = field.name;
    const Ask one{.kind = EventKind::kList,
                  .action = policy::Action::kRead,
                  .category = category.id,
                  .fields = {&name, 1},
                  .case_reference = {}};
    policy::Decision refused;
    BAILEE_TRY(const std::optional<Record> record, Release(frame, subject, one, found, refused));
    if (record) return true;
  }
  return false;
}

Status SessionImpl::ListCategory(Frame& frame, const OpenedSubject& subject,
                                 const policy::CategoryInfo& category, Listed& listed) {
  const crypto::NameId category_id = crypto::NameIdOf(category.id);
  Bytes prefix;
  Writer(prefix).Put(subject.handle().view()).Put(category_id.view());
  Status problem;
  const auto visit = [&](ByteView key, ByteView bytes) -> Status {
    if (key.size() != kRecordKeyBytes) return Status();
    const RecordId id{Reader(key.subspan(prefix.size())).GetArray<16>()};
    BAILEE_TRY(const FoundRow found, ParseRow(frame, subject, category_id, id, bytes));
    BAILEE_TRY(const bool readable, OpensSome(frame, subject, category, found));
    if (!readable) return Status();
    listed.apart = Apart(frame, found, listed.source);
    if (listed.apart) return Status();
    listed.records.push_back({subject.handle(), id, category.id, found.row.head().collected_at,
                              found.terms->notice, found.terms->source,
                              found.terms->bound->policy->version()});
    listed.about.push_back(EventRecordOf(subject, category_id, found));
    return Status();
  };
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(store::Table::kRecords, prefix, {}, [&](ByteView key, ByteView bytes) {
        problem = visit(key, bytes);
        return problem.ok() && !listed.apart;
      }));
  return problem;
}

Result<std::vector<RecordInfo>> SessionImpl::List(const Who& who) {
  return Settled([&] { return ListOnce(who); });
}

Result<std::vector<RecordInfo>> SessionImpl::ListOnce(const Who& who) {
  const Ask ask{.kind = EventKind::kList,
                .action = policy::Action::kRead,
                .category = {},
                .fields = {},
                .case_reference = {}};
  BAILEE_TRY(Frame frame, vault_->Begin());
  const Result<SharedSubject> subject = SubjectOf(frame, who);
  if (!subject.ok()) return Fail(frame, ask, {}, subject.status());
  if (*subject == nullptr) return Fail(frame, ask, {}, NotFound());
  Listed listed;
  for (const policy::CategoryInfo& category : frame.in_force().categories()) {
    const Status done = ListCategory(frame, **subject, category, listed);
    if (!done.ok()) return Fail(frame, ask, (*subject)->handle(), done);
    if (listed.apart) return Refuse(frame, ask, *listed.apart, (*subject)->handle());
  }
  if (listed.records.empty()) return Fail(frame, ask, (*subject)->handle(), NotFound());
  BAILEE_TRY([[maybe_unused]] const DecisionId decision,
             Allow(frame, ask, (*subject)->handle(), listed.about));
  return std::move(listed.records);
}

}  // namespace bailee::vault
