// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/vault_store.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <thread>

#include "bench/file_bytes.h"
#include "bench/gdpr/vault_policy.h"
#include "bench/must.h"

namespace bailee::bench::gdpr {
namespace {

// Each erasing is a transaction of its own; those of several threads share a sync.
constexpr size_t kErasingThreads = 32;
constexpr size_t kRecordsPerBatch = 5'000;

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
  about_fields_ = {kKeyField};
  for (size_t field = 0; field < kMetadataFields; ++field) {
    if (profile_.shape.names[field].empty()) continue;
    metadata_.push_back(field);
    about_fields_.push_back(FieldName(field));
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
  const std::string number = std::to_string(row.number);
  std::vector<FieldInput> about, datum;
  about.emplace_back(kKeyField, MakeSecret(number));
  for (const size_t field : metadata_)
    about.emplace_back(FieldName(field), MakeSecret(row.fields[field]));
  datum.emplace_back(kKeyField, MakeSecret(number));
  datum.emplace_back(FieldName(kData), MakeSecret(row.fields[kData]));
  collection.Put(kMetadataCategory, std::move(about)).Put(kDataCategory, std::move(datum));
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

std::vector<Handle> VaultStore::FindAll(Session& session, const Selection& selection) {
  const Secret value = MakeSecret(selection.value);
  std::vector<Handle> handles;
  for (const Found& found : Done(session.Find({.category = kMetadataCategory,
                            .field = FieldName(FieldOf(selection.by)),
                            .value = value})))
    handles.push_back(found.handle);
  return handles;
}

bool VaultStore::ReadPart(Session& session, const Who& who, std::string_view category,
                          Answer& answer) {
  const bool data = category == kDataCategory;
  const Result<Record> read =
      session.Read({.who = who,
                    .category = category,
                    .fields = data ? std::vector<std::string_view>{kKeyField, FieldName(kData)}
                                   : about_fields_});
  if (!read.ok() && read.status().code() == Code::kNotFound) return false;
  Must(read.ok(), read.ok() ? "" : std::string(read.status().message()).c_str());
  const uint64_t number = NumberIn(*read);
  const auto add = [&](size_t field) {
    if (!read->Has(FieldName(field))) return;
    read->At(FieldName(field)).Reveal([&](std::string_view value) {
      answer.AddValue(number, field, value);
    });
  };
  if (data) add(kData);
  if (!data) std::for_each(metadata_.begin(), metadata_.end(), add);
  return true;
}

bool VaultStore::ReadOne(Session& session, const Who& who, Part part, Answer& answer) {
  const bool metadata = part == Part::kData || ReadPart(session, who, kMetadataCategory, answer);
  if (!metadata) return false;
  if (part != Part::kMetadata && !ReadPart(session, who, kDataCategory, answer)) return false;
  ++answer.count;
  return true;
}

Answer VaultStore::Read(const Selection& selection, Part part) {
  Session& session = FinderFor(selection);
  Answer answer;
  if (selection.by == By::kKey) {
    const std::string key = KeyOf(profile_, selection.number);
    ReadOne(session, Who::Ref(key), part, answer);
    return answer;
  }
  for (const Handle& handle : FindAll(session, selection))
    ReadOne(session, Who::ByHandle(handle), part, answer);
  return answer;
}

uint64_t VaultStore::UpdateAll(const Row& row) {
  // Collecting would make what is not there.
  if (IsDeleted(row.number)) return 0;
  Load({&row, 1});
  return 1;
}

bool VaultStore::Rectify(uint64_t number, std::string_view category, Field field,
                         const std::string& value) {
  const std::string key = KeyOf(profile_, number);
  std::vector<FieldInput> fields;
  fields.emplace_back(FieldName(field), MakeSecret(value));
  const Result<Rectified> rectified =
      SessionFor(role_ == Role::kCustomer ? kOwn : kManage)
          .Rectify({.who = Who::Ref(key), .category = category, .fields = std::move(fields)});
  if (!rectified.ok() && rectified.status().code() == Code::kNotFound) return false;
  Must(rectified.ok(), rectified.ok() ? "" : std::string(rectified.status().message()).c_str());
  return true;
}

uint64_t VaultStore::UpdateData(uint64_t number, const std::string& value) {
  return Rectify(number, kDataCategory, kData, value);
}

uint64_t VaultStore::UpdateMetadata(const Selection& selection, Field field,
                                    const std::string& value) {
  if (selection.by == By::kKey) return Rectify(selection.number, kMetadataCategory, field, value);
  Session& session = FinderFor(selection);
  const std::vector<Handle> handles = FindAll(session, selection);
  for (size_t at = 0; at < handles.size(); at += kRecordsPerBatch)
    Rewrite(session,
            std::span(handles).subspan(at, std::min(kRecordsPerBatch, handles.size() - at)), field,
            value);
  return handles.size();
}

// Metadata is collected again with another value in one field: many in a transaction, which
// rectifying cannot.
void VaultStore::Rewrite(Session& session, std::span<const Handle> handles, Field field,
                         const std::string& value) {
  Batch batch = vault_->CollectBatch();
  for (const Handle& handle : handles) {
    const Record record = Done(session.Read(
        {.who = Who::ByHandle(handle), .category = kMetadataCategory, .fields = about_fields_}));
    const uint64_t purpose = record.At(FieldName(kPurpose)).Reveal([&](std::string_view of) {
      return purposes_.find(of)->second;
    });
    std::vector<FieldInput> fields;
    for (const std::string_view name : about_fields_) {
      if (name == FieldName(field)) {
        fields.emplace_back(name, MakeSecret(value));
      } else if (record.Has(name)) {
        fields.emplace_back(
            name, record.At(name).Reveal([](std::string_view text) { return MakeSecret(text); }));
      }
    }
    const std::string notice = NoticeOf(purpose);
    batch
        .Add({.who = Who::ByHandle(handle),
              .notice = notice,
              .source = "web",
              .on_behalf_of = {},
              .collected_at = record.collected_at})
        .Put(kMetadataCategory, std::move(fields));
  }
  for (Result<Collected>& each : Done(batch.Commit())) Done(std::move(each));
}

uint64_t VaultStore::Delete(const Selection& selection) {
  if (selection.by == By::kKey) {
    const std::string key = KeyOf(profile_, selection.number);
    return Done(vault_->Erase(Who::Ref(key), {.defer = true})).subjects;
  }
  return Erase(FindAll(FinderFor(selection), selection));
}

uint64_t VaultStore::Erase(std::span<const Handle> handles) {
  const size_t threads = std::min(kErasingThreads, handles.size());
  std::vector<uint64_t> erased(threads);
  std::vector<std::thread> running;
  for (size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      std::vector<Who> mine;
      for (size_t i = t; i < handles.size(); i += threads)
        mine.push_back(Who::ByHandle(handles[i]));
      erased[t] = Done(vault_->Erase(mine, {.defer = true})).subjects;
    });
  }
  for (std::thread& each : running) each.join();
  return std::accumulate(erased.begin(), erased.end(), uint64_t{0});
}

bool VaultStore::IsDeleted(uint64_t number) {
  const std::string key = KeyOf(profile_, number);
  const Result<Record> read = SessionFor(kManage).Read(
      {.who = Who::Ref(key), .category = kMetadataCategory, .fields = {kKeyField}});
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
