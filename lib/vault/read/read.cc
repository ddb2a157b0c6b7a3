// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

constexpr size_t kScanChunkRecords = 256;

}  // namespace

Status NoFields() {
  return Status(Code::kUsage, "read.no-fields", "no field was asked for",
                "name the fields or views to read");
}

RecordKey DecodeRecordKey(ByteView key) {
  Reader reader(key);
  return {{reader.GetArray<16>()}, {reader.GetArray<8>()}, {reader.GetArray<16>()}};
}

Result<RecordId> SessionImpl::RecordAsked(const Frame& frame, const Ask& ask,
                                          const std::optional<RecordId>& record) const {
  const policy::Policy& policy = frame.in_force();
  const policy::CategoryIndex category = policy.FindCategory(ask.category);
  BAILEE_CHECK(category.valid());  // stage one allowed it
  const bool many = policy.category(category).holds == policy::Holds::kMany;
  if (many && !record) {
    return Status(Code::kUsage, "read.record-missing",
                  "the category holds many records, so the record must be named",
                  "give its id, or use ReadAll");
  }
  if (!many && record && *record != RecordId{}) {
    return Status(Code::kUsage, "read.record-unneeded",
                  "the category holds one record, which has no id", "leave the record out");
  }
  return record.value_or(RecordId{});
}

Result<SessionImpl::SharedSubject> SessionImpl::SubjectOf(Frame& frame, const Who& who) {
  BAILEE_TRY(const std::optional<Handle> handle, vault_->Resolve(frame, who));
  if (!handle) return SharedSubject();
  BAILEE_TRY(SharedSubject subject, vault_->LoadSubject(frame, *handle));
  // An erased subject is one nobody ever knew, but to rights: also where nothing is decided because
  // there is nothing to decide on.
  if (subject != nullptr && subject->standing().erased && purpose_.name != "rights")
    return SharedSubject();
  return subject;
}

Result<Record> SessionImpl::ReadOne(Frame& frame, const Ask& ask, const ReadRequest& request) {
  const Result<RecordId> id = RecordAsked(frame, ask, request.record);
  if (!id.ok()) return Fail(frame, ask, {}, id.status());
  const Result<SharedSubject> loaded = SubjectOf(frame, request.who);
  if (!loaded.ok()) return Fail(frame, ask, {}, loaded.status());
  const SharedSubject& subject = *loaded;
  const crypto::NameId category = frame.CategoryIdOf(ask.category);
  std::optional<FoundRow> found;
  if (subject != nullptr) {
    Result<std::optional<FoundRow>> row = FindRow(frame, *subject, category, *id);
    if (!row.ok()) return Fail(frame, ask, subject->handle(), row.status());
    found = *std::move(row);
  }
  if (!found) {
    const policy::Decision decision =
        DecideOn(frame, ask, nullptr, subject ? subject->standing() : policy::Standing{},
                 policy::WrapState::kPresent);
    const Handle named = subject ? subject->handle() : Handle{};
    return decision.allowed() ? Fail(frame, ask, named, NotFound())
                              : Refuse(frame, ask, decision, named);
  }
  policy::Decision refused;
  Result<std::optional<Record>> record = Release(frame, *subject, ask, *found, refused);
  if (!record.ok()) return Fail(frame, ask, subject->handle(), record.status());
  if (!refused.allowed()) return Refuse(frame, ask, refused, subject->handle());
  const EventRecord about = EventRecordOf(*subject, category, *found);
  BAILEE_TRY((*record)->decision, Allow(frame, ask, subject->handle(), {&about, 1}));
  return **std::move(record);
}

Result<Record> SessionImpl::Read(const ReadRequest& request) {
  const Ask ask{.kind = EventKind::kRead,
                .action = policy::Action::kRead,
                .category = request.category,
                .fields = request.fields,
                .case_reference = request.case_reference};
  return Settled([&] { return ReadOnce(ask, request); });
}

Result<Record> SessionImpl::ReadOnce(const Ask& ask, const ReadRequest& request) {
  BAILEE_TRY(Frame frame, vault_->Begin());
  if (ask.fields.empty()) return Fail(frame, ask, {}, NoFields());
  const policy::Decision first = DecideStageOne(frame, ask);
  if (!first.allowed()) return Refuse(frame, ask, first, {});
  return ReadOne(frame, ask, request);
}

Result<std::vector<Record>> SessionImpl::ReadAll(const ReadAllRequest& request) {
  const Ask ask{.kind = EventKind::kReadAll,
                .action = policy::Action::kRead,
                .category = request.category,
                .fields = request.fields,
                .case_reference = request.case_reference};
  return Settled([&] { return ReadAllOnce(ask, request.who); });
}

Result<std::vector<Record>> SessionImpl::ReadAllOnce(const Ask& ask, const Who& who) {
  BAILEE_TRY(Frame frame, vault_->Begin());
  if (ask.fields.empty()) return Fail(frame, ask, {}, NoFields());
  const policy::Decision first = DecideStageOne(frame, ask);
  if (!first.allowed()) return Refuse(frame, ask, first, {});
  const Result<SharedSubject> loaded = SubjectOf(frame, who);
  if (!loaded.ok()) return Fail(frame, ask, {}, loaded.status());
  const SharedSubject& subject = *loaded;
  Taken taken;
  if (subject != nullptr) {
    const crypto::NameId category = frame.CategoryIdOf(ask.category);
    Bytes prefix;
    Writer(prefix).Put(subject->handle().view()).Put(category.view());
    Status problem;
    BAILEE_RETURN_IF_ERROR(
        frame.snapshot->Scan(store::Table::kRecords, prefix, {}, [&](ByteView key, ByteView bytes) {
          if (key.size() != kRecordKeyBytes) return true;
          problem = TakeRow(frame, *subject, ask, DecodeRecordKey(key), bytes, taken);
          return problem.ok() && !taken.apart;
        }));
    if (!problem.ok()) return Fail(frame, ask, subject->handle(), problem);
    if (taken.apart) return Refuse(frame, ask, *taken.apart, subject->handle());
  }
  if (taken.records.empty() && !taken.told.allowed()) {
    return Refuse(frame, ask, taken.told, subject->handle());
  }
  BAILEE_TRY(const DecisionId decision,
             Allow(frame, ask, subject ? subject->handle() : Handle{}, taken.about));
  for (Record& record : taken.records) record.decision = decision;
  return std::move(taken.records);
}

Status SessionImpl::TakeRow(Frame& frame, const OpenedSubject& subject, const Ask& ask,
                            const RecordKey& key, ByteView bytes, Taken& taken) {
  BAILEE_TRY(const FoundRow found, ParseRow(frame, subject, key.category, key.record, bytes));
  return TakeFound(frame, subject, ask, key.category, found, taken);
}

Status SessionImpl::TakeFound(Frame& frame, const OpenedSubject& subject, const Ask& ask,
                              const crypto::NameId& category, const FoundRow& found, Taken& taken) {
  policy::Decision refused;
  BAILEE_TRY(std::optional<Record> record, Release(frame, subject, ask, found, refused));
  if (record) {
    taken.apart = Apart(frame, found, taken.source);
    if (taken.apart) return Status();
    taken.records.push_back(*std::move(record));
    taken.about.push_back(EventRecordOf(subject, category, found));
  } else if (refused.visible) {
    taken.told = std::move(refused);
  }
  return Status();
}

// A chunk has its own snapshot: a long one would hold back the reuse of space, and what `visit`
// does may need it gone.
Result<SessionImpl::Chunk> SessionImpl::ScanChunk(const Ask& ask, const Bytes& from,
                                                  const std::string& source) {
  BAILEE_TRY(Frame frame, vault_->Begin());
  if (ask.fields.empty()) return Fail(frame, ask, {}, NoFields());
  const policy::Decision first = DecideStageOne(frame, ask);
  if (!first.allowed()) return Refuse(frame, ask, first, {});
  const crypto::NameId category = frame.CategoryIdOf(ask.category);
  Chunk chunk;
  chunk.taken.source = source;
  SharedSubject subject;
  size_t rows = 0;
  Status problem;
  const auto take = [&](const RecordKey& key, ByteView bytes) -> Status {
    if (key.category != category) return Status();
    if (subject == nullptr || subject->handle() != key.handle) {
      BAILEE_TRY(subject, vault_->LoadSubject(frame, key.handle));
    }
    return subject == nullptr ? Status() : TakeRow(frame, *subject, ask, key, bytes, chunk.taken);
  };
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(store::Table::kRecords, {}, from, [&](ByteView key, ByteView bytes) {
        if (rows++ == kScanChunkRecords) {
          chunk.next.assign(key.begin(), key.end());
          return false;
        }
        if (key.size() == kRecordKeyBytes) problem = take(DecodeRecordKey(key), bytes);
        return problem.ok() && !chunk.taken.apart;
      }));
  if (!problem.ok()) return Fail(frame, ask, {}, problem);
  if (chunk.taken.apart) return Refuse(frame, ask, *chunk.taken.apart, {});
  BAILEE_TRY(const DecisionId decision, Allow(frame, ask, {}, chunk.taken.about));
  for (Record& record : chunk.taken.records) record.decision = decision;
  return chunk;
}

Status SessionImpl::Scan(const ScanRequest& request,
                         const std::function<bool(const Record&)>& visit) {
  const Ask ask{.kind = EventKind::kScan,
                .action = policy::Action::kRead,
                .category = request.category,
                .fields = request.fields,
                .case_reference = request.case_reference};
  Bytes from;
  std::string source;
  do {
    BAILEE_TRY(Chunk chunk, Settled([&] { return ScanChunk(ask, from, source); }));
    source = chunk.taken.source;
    for (const Record& record : chunk.taken.records) {
      if (!visit(record)) return Status();
    }
    from = std::move(chunk.next);
  } while (!from.empty());
  return Status();
}

}  // namespace bailee::vault
