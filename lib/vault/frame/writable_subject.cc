// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/writable_subject.h"

#include "base/try.h"

namespace bailee::vault {
namespace {

using store::Table;

// How much newer the time must be before the vault's clock is written again.
constexpr int64_t kClockStepMs = 60'000;

Status SubjectMissing() {
  return Status(Code::kDamage, "subject.damaged", "a ref is listed for a subject that has no row",
                "restore the vault from a backup; other subjects are still readable");
}

}  // namespace

Result<std::optional<WritableSubject>> FindForWrite(VaultImpl& vault, const Frame& frame,
                                                    const Handle& handle) {
  BAILEE_TRY(const std::optional<ByteView> row,
             frame.snapshot->Get(Table::kSubjects, keys::SubjectRowKeyOf(handle)));
  if (!row) return std::optional<WritableSubject>();
  WritableSubject found;
  found.handle = handle;
  BAILEE_TRY(found.subject,
             keys::OpenSubject(vault.id(), handle, *row, *frame.shards(), *frame.snapshot));
  BAILEE_TRY(found.ledger, DecodeStanding(found.subject.standing));
  return std::optional<WritableSubject>(std::move(found));
}

Result<std::optional<WritableSubject>> FindForWrite(VaultImpl& vault, const Frame& frame,
                                                    const Who& who) {
  BAILEE_TRY(const std::optional<Handle> handle, vault.Resolve(frame, who));
  if (!handle) return std::optional<WritableSubject>();
  BAILEE_TRY(std::optional<WritableSubject> found, FindForWrite(vault, frame, *handle));
  if (!found && who.kind() != Who::Kind::kHandle) return SubjectMissing();
  return found;
}

Result<WritableSubject> MakeSubject(VaultImpl& vault, const Frame& frame, const Who& who,
                                    keys::SubjectKind kind) {
  WritableSubject made;
  made.created = true;
  made.changed = true;
  made.handle = {vault.new_handles(kind).Next()};
  made.subject.kind = kind;
  made.subject.created_at = frame.now;
  BAILEE_TRY(made.subject.key, crypto::SubjectKey::Generate(vault.random()));
  BAILEE_TRY(made.subject.history, crypto::HistoryKey::Generate(vault.random()));
  BAILEE_TRY(made.subject.ref, Secret::From(AsBytes(who.text())));
  if (who.kind() == Who::Kind::kNobody) return made;
  BAILEE_TRY(const VaultImpl::Ref ref, vault.RefTag(who));
  BAILEE_RETURN_IF_ERROR(keys::PutRef(vault.LookupOf(frame), *frame.transaction, ref.domain,
                                      ref.tag, made.handle, vault.random()));
  return made;
}

Status PutSubject(VaultImpl& vault, const Frame& frame, WritableSubject& subject) {
  if (!subject.changed) return Status();
  if (!subject.created) ++subject.subject.head.revision;
  BAILEE_TRY(subject.subject.standing, EncodeStanding(subject.ledger));
  BAILEE_TRY(const keys::NamedShardKey shard,
             frame.shards()->Current(*frame.snapshot, keys::ShardOf(subject.handle.bytes)));
  BAILEE_TRY(const Bytes row,
             keys::SealSubject(vault.id(), subject.handle, subject.subject, shard, vault.random()));
  return frame.transaction->Put(Table::kSubjects, keys::SubjectRowKeyOf(subject.handle), row);
}

Status KeepTime(const Frame& frame) {
  BAILEE_TRY(const Timestamp latest, ReadLatestTime(*frame.transaction));
  if (frame.now.unix_ms - latest.unix_ms < kClockStepMs) return Status();
  return PutLatestTime(*frame.transaction, frame.now);
}

}  // namespace bailee::vault
