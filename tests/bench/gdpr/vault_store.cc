// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/vault_store.h"

#include <algorithm>
#include <charconv>

#include "bailee/limits.h"
#include "bench/file_bytes.h"
#include "bench/gdpr/vault_policy.h"
#include "bench/must.h"

namespace bailee::bench::gdpr {
namespace {

template <typename Value>
Value Done(Result<Value> result) {
  Must(result.ok(), result.ok() ? "" : std::string(result.status().message()).c_str());
  return *std::move(result);
}

uint64_t NumberIn(const Record& record) {
  return record.At(kKeyField).Reveal([](std::string_view text) {
    uint64_t number = 0;
    Must(std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc(),
         "a record has no number");
    return number;
  });
}

std::vector<std::string> AllPurposes(const Profile& profile) {
  std::vector<std::string> purposes = {std::string(kOwn), std::string(kManage), "rights", "upkeep"};
  for (uint64_t i = 0; i < profile.shape.values[kPurpose].size(); ++i) purposes.push_back(UseOf(i));
  return purposes;
}

}  // namespace

VaultStore::VaultStore(const StoreOptions& options)
    : profile_(*options.profile),
      role_(options.role),
      files_(VaultPolicy(*options.profile)),
      auditor_(files_) {
  for (const std::string& purpose : PurposesOf(profile_))
    purposes_.emplace(purpose, purposes_.size());
  for (size_t field = 0; field < kMetadataFields; ++field)
    if (!profile_.shape.names[field].empty()) metadata_.push_back(field);
  for (const Part part : {Part::kAll, Part::kData, Part::kMetadata}) {
    auto& names = fields_[static_cast<size_t>(part)];
    names.push_back(kKeyField);
    if (part != Part::kData)
      for (const size_t field : metadata_) names.push_back(FieldName(field));
    if (part != Part::kMetadata) names.push_back(FieldName(kData));
  }
  Open();
}

void VaultStore::Open() {
  vault_ = files_.Open(AllPurposes(profile_), {.cached_subjects_max = 200'000});
}

void VaultStore::Close() {
  sessions_.clear();
  vault_.reset();
}

Session& VaultStore::SessionFor(std::string_view purpose) {
  const auto known = sessions_.find(purpose);
  if (known != sessions_.end()) return known->second;
  return sessions_.emplace(purpose, Done(vault_->As(purpose))).first->second;
}

Session& VaultStore::FinderFor(const Selection& selection) {
  if (!selection.purpose.empty())
    return SessionFor(UseOf(purposes_.find(selection.purpose)->second));
  const bool own = role_ == Role::kCustomer && selection.by != By::kTtl;
  return SessionFor(own ? kOwn : kManage);
}

void VaultStore::AddTo(Collection& collection, const Row& row) const {
  std::vector<FieldInput> fields;
  fields.emplace_back(kKeyField, MakeSecret(std::to_string(row.number)));
  for (const size_t field : metadata_)
    fields.emplace_back(FieldName(field), MakeSecret(row.fields[field]));
  fields.emplace_back(FieldName(kData), MakeSecret(row.fields[kData]));
  collection.Put(kRecordCategory, std::move(fields));
}

void VaultStore::Load(std::span<const Row> rows) {
  Batch batch = vault_->CollectBatch();
  for (const Row& row : rows) {
    const std::string key = KeyOf(profile_, row.number);
    const std::string notice = NoticeOf(purposes_.find(row.fields[kPurpose])->second);
    AddTo(batch.Add({.who = Who::Ref(key), .notice = notice, .source = "web", .on_behalf_of = {}}),
          row);
  }
  for (Result<Collected>& each : Done(batch.Commit())) Done(std::move(each));
}

std::vector<Handle> VaultStore::FindAll(const Selection& selection) {
  const Secret value = MakeSecret(selection.value);
  std::vector<Handle> handles;
  for (const Found& found : Done(FinderFor(selection).Find({.category = kRecordCategory,
                            .field = FieldName(FieldOf(selection.by)),
                            .value = value})))
    handles.push_back(found.handle);
  return handles;
}

const std::vector<std::string_view>& VaultStore::FieldsOf(Part part) const {
  return fields_[static_cast<size_t>(part)];
}

void VaultStore::AddTo(Answer& answer, const Record& record, Part part) const {
  const uint64_t number = NumberIn(record);
  const auto add = [&](size_t field) {
    if (!record.Has(FieldName(field))) return;
    record.At(FieldName(field)).Reveal([&](std::string_view value) {
      answer.AddValue(number, field, value);
    });
  };
  if (part != Part::kMetadata) add(kData);
  if (part != Part::kData) std::for_each(metadata_.begin(), metadata_.end(), add);
  ++answer.count;
}

Answer VaultStore::Read(const Selection& selection, Part part) {
  Session& session = FinderFor(selection);
  Answer answer;
  if (selection.by == By::kKey) {
    const std::string key = KeyOf(profile_, selection.number);
    Result<Record> read =
        session.Read({.who = Who::Ref(key), .category = kRecordCategory, .fields = FieldsOf(part)});
    if (!read.ok() && read.status().code() == Code::kNotFound) return answer;
    AddTo(answer, Done(std::move(read)), part);
    return answer;
  }
  const Secret value = MakeSecret(selection.value);
  for (const Record& record : Done(session.ReadWhere({.category = kRecordCategory,
                              .field = FieldName(FieldOf(selection.by)),
                              .value = value,
                              .fields = FieldsOf(part)})))
    AddTo(answer, record, part);
  return answer;
}

uint64_t VaultStore::UpdateAll(const Row& row) {
  // Collecting would make what is not there.
  if (IsDeleted(row.number)) return 0;
  Load({&row, 1});
  return 1;
}

uint64_t VaultStore::Rectify(std::span<const Who> whos, Field field, const std::string& value) {
  std::vector<RectifyRequest> requests;
  for (const Who& who : whos) {
    requests.push_back({.who = who, .category = kRecordCategory, .fields = {}});
    requests.back().fields.emplace_back(FieldName(field), MakeSecret(value));
  }
  auto rectified = SessionFor(role_ == Role::kCustomer ? kOwn : kManage).Rectify(requests);
  if (!rectified.ok() && rectified.status().code() == Code::kNotFound) return 0;
  return Done(std::move(rectified)).size();
}

uint64_t VaultStore::UpdateData(uint64_t number, const std::string& value) {
  const std::string key = KeyOf(profile_, number);
  const Who who = Who::Ref(key);
  return Rectify({&who, 1}, kData, value);
}

uint64_t VaultStore::UpdateMetadata(const Selection& selection, Field field,
                                    const std::string& value) {
  const std::string key = KeyOf(profile_, selection.number);
  std::vector<Who> whos;
  if (selection.by == By::kKey) whos.push_back(Who::Ref(key));
  if (selection.by != By::kKey)
    for (const Handle& handle : FindAll(selection)) whos.push_back(Who::ByHandle(handle));
  uint64_t updated = 0;
  for (std::span<const Who> left = whos; !left.empty();) {
    const auto some = left.first(std::min(left.size(), limits::kRectifiedRecordsMax));
    updated += Rectify(some, field, value);
    left = left.subspan(some.size());
  }
  return updated;
}

uint64_t VaultStore::Delete(const Selection& selection) {
  const std::string key = KeyOf(profile_, selection.number);
  std::vector<Who> whos;
  if (selection.by == By::kKey) whos.push_back(Who::Ref(key));
  if (selection.by != By::kKey)
    for (const Handle& handle : FindAll(selection)) whos.push_back(Who::ByHandle(handle));
  return Done(vault_->Erase(whos, {.defer = true})).subjects;
}

bool VaultStore::IsDeleted(uint64_t number) {
  const std::string key = KeyOf(profile_, number);
  const Result<Record> read = SessionFor(kManage).Read(
      {.who = Who::Ref(key), .category = kRecordCategory, .fields = {kKeyField}});
  const bool gone = !read.ok() && read.status().code() == Code::kNotFound;
  Must(read.ok() || gone, read.ok() ? "" : std::string(read.status().message()).c_str());
  return gone;
}

uint64_t VaultStore::ReadLog(uint64_t count) {
  const uint64_t read = auditor_.Tail(count);
  if (read == count) return read;
  // Some may wait in the journal still.
  Close();
  Open();
  return auditor_.Tail(count);
}

uint64_t VaultStore::LogSize() {
  Close();
  Open();
  return auditor_.Leaves();
}

void VaultStore::Finish() {
  const UpkeepResult done = Done(vault_->Upkeep());
  Must(done.shredded.grade == ErasureGrade::kShredded, "what was erased is not shredded");
}

uint64_t VaultStore::Bytes() {
  Close();
  const uint64_t bytes = BytesWithoutTrail(files_.path());
  Open();
  return bytes;
}

void VaultStore::AdvanceSeconds(uint64_t seconds) {
  files_.clock().Set({files_.clock().Now().unix_ms + static_cast<int64_t>(seconds) * 1'000});
}

}  // namespace bailee::bench::gdpr
