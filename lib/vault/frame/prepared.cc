// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/prepared.h"

#include <algorithm>

#include "bailee/limits.h"
#include "base/try.h"
#include "crypto/password.h"
#include "policy/decide.h"
#include "record/kind.h"
#include "record/view.h"

namespace bailee::vault {
namespace {

// What OWASP's cheat sheet asks of Argon2id and more: two passes over 64 MiB.
constexpr crypto::PasswordCost kVerifierCost = {2, 64 * 1024};

// Says which field a problem is about; a value is never part of a message.
Status InField(const Status& status, std::string_view category, std::string_view field) {
  if (status.code() != Code::kInvalidValue) return status;
  return Status(
      Code::kInvalidValue, "collect.value",
      std::string(category) + "." + std::string(field) + ": " + std::string(status.message()),
      std::string(status.hint()));
}

Result<Secret> Canonical(const policy::FieldInfo& field, const Secret& raw) {
  BAILEE_TRY(Secret canonical, raw.Reveal([&](std::string_view bytes) {
    return record::Normalise(field.kind, bytes, field.max_bytes);
  }));
  // What is kept of a password is its verifier.
  if (field.kind == Kind::kPassword) return crypto::MakePasswordVerifier(canonical, kVerifierCost);
  return canonical;
}

Status AddViews(const policy::CategoryInfo& category, policy::FieldIndex field,
                const record::ViewContext& context, PreparedRecord& to) {
  const Secret& canonical = to.fields.back().value;
  std::vector<PreparedField> views;
  for (size_t i = size_t{field.value} + 1; i < category.fields.size(); ++i) {
    const policy::FieldInfo& view = category.fields[i];
    if (view.view_of != field) break;
    BAILEE_TRY(Secret value, canonical.Reveal([&](std::string_view bytes) {
      return record::ComputeView(view.transform, view.kind, bytes, context);
    }));
    views.push_back({{static_cast<uint16_t>(i)}, std::move(value)});
  }
  std::move(views.begin(), views.end(), std::back_inserter(to.fields));
  return Status();
}

Status CheckRequired(const policy::CategoryInfo& category, const PreparedRecord& record) {
  for (size_t i = 0; i < category.fields.size(); ++i) {
    const policy::FieldInfo& field = category.fields[i];
    const bool given =
        std::any_of(record.fields.begin(), record.fields.end(),
                    [&](const PreparedField& each) { return each.field.value == i; });
    if (!field.required || given) continue;
    return Status(Code::kInvalidValue, "collect.required",
                  category.id + "." + field.name + " is required",
                  "give it, or leave the record out");
  }
  return Status();
}

Status CheckSize(const policy::CategoryInfo& category, const PreparedRecord& record) {
  size_t size = 0;
  for (const PreparedField& field : record.fields) size += field.value.size_bytes();
  if (size <= limits::kRecordBytesMax) return Status();
  return Status(Code::kInvalidValue, "record.too-large",
                category.id + ": the record is larger than its limit",
                "a record holds at most 1 MiB with its views");
}

Status UnknownIn(const policy::Policy& policy, std::string_view category, std::string_view field) {
  const policy::Request request{.action = policy::Action::kCollect,
                                .purpose = {},
                                .category = category,
                                .field = field,
                                .on_behalf_of = {},
                                .case_reference = {},
                                .now = policy.effective(),
                                .policy_version = 0,
                                .purpose_key_held = false,
                                .wrap = policy::WrapState::kPresent};
  return policy::DecideStageOne(policy, request).ToStatus();
}

Result<RecordId> IdFor(const policy::CategoryInfo& category, const std::optional<RecordId>& id,
                       crypto::IdRun& ids) {
  if (category.holds == policy::Holds::kMany) {
    if (id && *id != RecordId{}) return *id;
    if (!id) return RecordId{ids.Next()};
    return Status(Code::kInvalidValue, "collect.record-id",
                  category.id + ": sixteen zero bytes name no record",
                  "choose another id, for instance a UUID, or leave it out");
  }
  if (!id || *id == RecordId{}) return RecordId{};
  return Status(Code::kInvalidValue, "collect.record-id",
                category.id + " holds one record, which has no id", "leave the record id out");
}

}  // namespace

Result<PreparedRecord> PrepareValues(const policy::Policy& policy, std::string_view category_name,
                                     const std::vector<FieldInput>& fields,
                                     const record::ViewContext& views) {
  PreparedRecord record;
  record.category = policy.FindCategory(category_name);
  if (!record.category.valid()) return UnknownIn(policy, category_name, {});
  const policy::CategoryInfo& category = policy.category(record.category);
  for (const FieldInput& given : fields) {
    const policy::FieldIndex index = policy.FindField(record.category, given.name);
    if (!index.valid() || category.fields[index.value].is_view())
      return UnknownIn(policy, category_name, given.name);
    const policy::FieldInfo& field = category.fields[index.value];
    const bool twice = std::any_of(record.fields.begin(), record.fields.end(),
                                   [&](const PreparedField& each) { return each.field == index; });
    if (twice) {
      return Status(Code::kInvalidValue, "collect.twice",
                    category.id + "." + field.name + " is given twice", "give each field once");
    }
    Result<Secret> canonical = Canonical(field, given.value);
    if (!canonical.ok()) return InField(canonical.status(), category.id, field.name);
    record.fields.push_back({index, *std::move(canonical)});
    BAILEE_RETURN_IF_ERROR(AddViews(category, index, views, record));
  }
  if (record.fields.empty()) {
    return Status(Code::kInvalidValue, "collect.empty", category.id + ": the record has no field",
                  "give at least one field");
  }
  std::sort(record.fields.begin(), record.fields.end(),
            [](const PreparedField& a, const PreparedField& b) { return a.field < b.field; });
  BAILEE_RETURN_IF_ERROR(CheckSize(category, record));
  return record;
}

Result<PreparedRecord> PrepareRecord(const policy::Policy& policy, std::string_view category_name,
                                     const std::vector<FieldInput>& fields,
                                     const std::optional<RecordId>& id, crypto::IdRun& ids,
                                     const record::ViewContext& views) {
  const policy::CategoryIndex index = policy.FindCategory(category_name);
  if (!index.valid()) return UnknownIn(policy, category_name, {});
  const policy::CategoryInfo& category = policy.category(index);
  BAILEE_TRY(const RecordId chosen, IdFor(category, id, ids));
  BAILEE_TRY(PreparedRecord record, PrepareValues(policy, category_name, fields, views));
  record.id = chosen;
  BAILEE_RETURN_IF_ERROR(CheckRequired(category, record));
  return record;
}

PreparedRequest::PreparedRequest(const CollectRequest& request)
    : kind(request.who.kind()),
      handle(request.who.handle()),
      notice(request.notice),
      source(request.source),
      on_behalf_of(request.on_behalf_of),
      collected_at(request.collected_at),
      signals(request.signals.begin(), request.signals.end()) {
  Result<Secret> copy = Secret::From(request.who.text());
  problem = copy.status();
  if (copy.ok()) text = *std::move(copy);
}

}  // namespace bailee::vault
