// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "base/try.h"
#include "keys/issue.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kSharesChunkRows = 1'000;

Status DisclosureMissing() {
  return Status(Code::kDamage, "disclosure.missing", "a row of the accounting is missing",
                "restore the vault from a backup; the trail has the event of each disclosure");
}

}  // namespace

Status SessionImpl::RefuseUnlessRights(const Frame& frame) {
  if (purpose_.name == keys::kRights) return Status();
  const Ask ask{
      .kind = EventKind::kDisclosures, .category = {}, .fields = {}, .case_reference = {}};
  policy::Decision refused;
  refused.reasons.Add(Reason::kNotCollectedFor);
  refused.rule = "the accounting of disclosures is for rights";
  refused.offer = "act for rights";
  return Refuse(frame, ask, refused, {});
}

Result<DisclosureInfo> SessionImpl::OpenAccount(const Handle& handle, const OpenedSubject* subject,
                                                uint64_t sequence, ByteView row) const {
  if (subject != nullptr)
    return OpenDisclosure(vault_->id(), handle, sequence, subject->subject().history, row);
  if (!IsKeptDisclosure(row)) return DisclosureMissing();
  return OpenKeptDisclosure(vault_->id(), handle, sequence, vault_->keyring(), row);
}

Result<std::vector<DisclosureInfo>> SessionImpl::Disclosures(const Who& who) {
  BAILEE_TRY(Frame frame, vault_->Begin());
  BAILEE_RETURN_IF_ERROR(RefuseUnlessRights(frame));
  const Ask ask{
      .kind = EventKind::kDisclosures, .category = {}, .fields = {}, .case_reference = {}};
  const Result<SharedSubject> loaded = SubjectOf(frame, who);
  if (!loaded.ok()) return Fail(frame, ask, {}, loaded.status());
  // Of somebody erased nothing but this is kept, and the handle leads to it alone.
  const bool by_handle = who.kind() == Who::Kind::kHandle;
  if (*loaded == nullptr && !by_handle) return Fail(frame, ask, {}, NotFound());
  const Handle handle = *loaded == nullptr ? who.handle() : (*loaded)->handle();
  std::vector<DisclosureInfo> list;
  uint64_t expected = 1;
  Status problem;
  const auto take = [&](ByteView key, ByteView row) -> Status {
    if (key.size() != kDisclosureKeyBytes) return DisclosureMissing();
    const uint64_t sequence = LoadBigEndian<uint64_t>(key.data() + sizeof(Handle));
    if (sequence != expected++) return DisclosureMissing();
    BAILEE_TRY(DisclosureInfo info, OpenAccount(handle, loaded->get(), sequence, row));
    if (info.on_behalf_of == on_behalf_of_) list.push_back(std::move(info));
    return Status();
  };
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kDisclosures, handle.view(), {}, [&](ByteView key, ByteView row) {
        problem = take(key, row);
        return problem.ok();
      }));
  if (!problem.ok()) return Fail(frame, ask, handle, problem);
  if (*loaded == nullptr && expected == 1) return Fail(frame, ask, {}, NotFound());
  const std::string count = std::to_string(list.size());
  const audit::Detail detail{audit::What::kCount, count};
  Event event = EventOf(ask, Outcome::kAllowed, handle);
  event.details = {&detail, 1};
  BAILEE_RETURN_IF_ERROR(vault_->Record(frame, event).status());
  return list;
}

Result<SessionImpl::SharesChunk> SessionImpl::EndedChunk(const Bytes& from) {
  BAILEE_TRY(Frame frame, vault_->Begin());
  BAILEE_RETURN_IF_ERROR(RefuseUnlessRights(frame));
  const Ask ask{
      .kind = EventKind::kDisclosures, .category = {}, .fields = {}, .case_reference = {}};
  SharesChunk chunk;
  SharedSubject subject;
  size_t rows = 0;
  Status problem;
  const auto take = [&](ByteView key, ByteView row) -> Status {
    if (key.size() != kDisclosureKeyBytes) return DisclosureMissing();
    Reader reader(key);
    const Handle handle{reader.GetArray<16>()};
    const auto sequence = reader.Get<uint64_t>();
    if (subject == nullptr || subject->handle() != handle) {
      BAILEE_TRY(subject, vault_->LoadSubject(frame, handle));
    }
    BAILEE_TRY(DisclosureInfo info, OpenAccount(handle, subject.get(), sequence, row));
    const bool ended = info.until && *info.until <= frame.now;
    if (ended && info.on_behalf_of == on_behalf_of_) chunk.ended.push_back(std::move(info));
    return Status();
  };
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kDisclosures, {}, from, [&](ByteView key, ByteView row) {
        if (rows++ == kSharesChunkRows) {
          chunk.next.assign(key.begin(), key.end());
          return false;
        }
        problem = take(key, row);
        return problem.ok();
      }));
  if (!problem.ok()) return Fail(frame, ask, {}, problem);
  const std::string count = std::to_string(chunk.ended.size());
  const audit::Detail detail{audit::What::kCount, count};
  Event event = EventOf(ask, Outcome::kAllowed, {});
  event.details = {&detail, 1};
  BAILEE_RETURN_IF_ERROR(vault_->Record(frame, event).status());
  return chunk;
}

Status SessionImpl::EndedShares(const std::function<bool(const DisclosureInfo&)>& visit) {
  Bytes from;
  do {
    BAILEE_TRY(SharesChunk chunk, EndedChunk(from));
    for (const DisclosureInfo& info : chunk.ended) {
      if (!visit(info)) return Status();
    }
    from = std::move(chunk.next);
  } while (!from.empty());
  return Status();
}

}  // namespace bailee::vault

namespace bailee {

Result<std::vector<DisclosureInfo>> Session::Disclosures(const Who& who) {
  return impl_->Disclosures(who);
}
Status Session::EndedShares(const std::function<bool(const DisclosureInfo&)>& visit) {
  return impl_->EndedShares(visit);
}

}  // namespace bailee
