// SPDX-License-Identifier: Apache-2.0
#include "vault/retention/upkeep.h"

#include <limits>
#include <string>

#include "base/codec.h"
#include "base/try.h"
#include "vault/erase/shred.h"
#include "vault/frame/next_subjects.h"
#include "vault/ledger/align_wraps.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kSubjectsPerWrite = 16;
constexpr size_t kErasuresNamedMax = 1'000;

Result<WritableSubject> Opened(VaultImpl& vault, Frame& frame, const Handle& handle, ByteView row) {
  WritableSubject subject;
  subject.handle = handle;
  BAILEE_TRY(subject.subject,
             keys::OpenSubject(vault.id(), handle, row, *frame.shards(), *frame.snapshot));
  BAILEE_TRY(subject.ledger, DecodeStanding(subject.subject.standing));
  return subject;
}

// Some subjects in the order of handles, and those of them whose wraps are out of line.
struct SubjectsLook {
  uint64_t subjects = 0;
  std::vector<Handle> out_of_line;
  std::vector<Handle> erasures_held;
  std::vector<Handle> erasures_due;
  Bytes next;  // the key to go on with; empty after the last
};

Result<SubjectsLook> LookAtSubjects(VaultImpl& vault, const Bytes& from) {
  BAILEE_TRY(Frame frame, vault.Begin());
  SubjectsLook look;
  std::vector<std::pair<Handle, Bytes>> rows;
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kSubjects, {}, from, [&](ByteView key, ByteView row) {
        if (key.size() != keys::kSubjectRowKeyBytes) return true;
        if (rows.size() == kSubjectsPerLook) {
          look.next.assign(key.begin(), key.end());
          return false;
        }
        rows.emplace_back(Handle{Reader(key).GetArray<16>()}, Bytes(row.begin(), row.end()));
        return true;
      }));
  for (const auto& [handle, row] : rows) {
    ++look.subjects;
    const Result<WritableSubject> subject = Opened(vault, frame, handle, row);
    // Its reader says that it is damaged.
    if (!subject.ok() && subject.status().code() == Code::kDamage) continue;
    if (!subject.ok()) return subject.status();
    const policy::Standing& standing = subject->standing();
    if (standing.erasure_waits)
      (standing.holds.empty() ? look.erasures_due : look.erasures_held).push_back(handle);
    BAILEE_TRY(const bool aligned, IsAligned(vault, frame, *subject));
    if (!aligned) look.out_of_line.push_back(handle);
  }
  return look;
}

Result<DecisionId> RecordUpkeep(VaultImpl& vault, const Frame& frame, size_t count) {
  const std::string text = std::to_string(count);
  const audit::Detail detail{audit::What::kCount, text};
  return vault.RecordWrite(frame, {.kind = EventKind::kUpkeep, .details = {&detail, 1}});
}

Status AlignSome(VaultImpl& vault, std::span<const Handle> handles, UpkeepResult& result) {
  UpkeepResult done;
  BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
    done = {};
    for (const Handle& handle : handles) {
      BAILEE_TRY(std::optional<WritableSubject> subject, FindForWrite(vault, frame, handle));
      if (!subject) continue;
      BAILEE_TRY(const Aligned aligned, AlignWraps(vault, frame, *subject));
      BAILEE_RETURN_IF_ERROR(PutSubject(vault, frame, *subject));
      done.wraps_removed += aligned.wraps_removed;
      done.wraps_made += aligned.wraps_made;
      done.renewed += aligned.renewed;
    }
    return RecordUpkeep(vault, frame, handles.size()).status();
  }));
  result.wraps_removed += done.wraps_removed;
  result.wraps_made += done.wraps_made;
  result.renewed += done.renewed;
  return Status();
}

void NameSome(const std::vector<Handle>& more, std::vector<Handle>& named) {
  const size_t room = kErasuresNamedMax - named.size();
  named.insert(named.end(), more.begin(),
               more.begin() + static_cast<ptrdiff_t>(std::min(room, more.size())));
}

// False: `progress` stopped it.
Result<bool> Sweep(VaultImpl& vault, const UpkeepOptions& options, UpkeepResult& result) {
  Bytes from;
  do {
    BAILEE_TRY(const SubjectsLook look, LookAtSubjects(vault, from));
    std::span<const Handle> left = look.out_of_line;
    while (!left.empty()) {
      const auto some = left.first(std::min(left.size(), kSubjectsPerWrite));
      BAILEE_RETURN_IF_ERROR(AlignSome(vault, some, result));
      left = left.subspan(some.size());
    }
    NameSome(look.erasures_held, result.erasures_held);
    NameSome(look.erasures_due, result.erasures_due);
    result.subjects += look.subjects;
    if (options.progress && !options.progress(result.subjects)) return false;
    from = look.next;
  } while (!from.empty());
  return true;
}

struct Waiting {
  std::vector<Bytes> keys;
  Bytes next;
};

Result<Waiting> SomeWaiting(VaultImpl& vault, const Bytes& from, size_t count_max) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  Waiting waiting;
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kKeywork, {}, from, [&](ByteView key, ByteView) {
        if (waiting.keys.size() == count_max) {
          waiting.next.assign(key.begin(), key.end());
          return false;
        }
        waiting.keys.emplace_back(key.begin(), key.end());
        return true;
      }));
  return waiting;
}

// What became of one row of key work.
enum class Fate : uint8_t { kDone, kAgain, kLeft };

// Works on one group. Says kAgain if more of it can be done in another transaction.
Result<Fate> WorkOn(VaultImpl& vault, Frame& frame, const Bytes& key, UpkeepResult& done) {
  BAILEE_TRY(const std::optional<ByteView> value, frame.transaction->Get(Table::kKeywork, key));
  if (!value) return Fate::kDone;
  BAILEE_TRY(const KeyworkRow row, ParseKeywork(key, *value));
  BAILEE_TRY(std::optional<WritableSubject> subject, FindForWrite(vault, frame, row.handle));
  std::optional<BoundGroup> bound;
  if (subject) {
    BAILEE_TRY(bound, BindGroup(vault, frame, row.handle, row.category, row.terms));
  }
  if (!bound) {
    BAILEE_RETURN_IF_ERROR(frame.transaction->Delete(Table::kKeywork, key));
    return Fate::kDone;
  }
  size_t records_left = kMovedRecordsMax;
  BAILEE_TRY(const WorkDone work,
             DoKeywork(vault, frame, *subject, *bound, row.owed, records_left));
  BAILEE_RETURN_IF_ERROR(PutSubject(vault, frame, *subject));
  done.wraps_made += work.wraps_made;
  done.renewed += work.renewed;
  if (!work.left) return Fate::kDone;
  return records_left == 0 ? Fate::kAgain : Fate::kLeft;
}

// Whether this process can do anything about a row: without a write if not.
Result<bool> CanWorkOn(VaultImpl& vault, const Bytes& key) {
  BAILEE_TRY(Frame frame, vault.Begin());
  BAILEE_TRY(const std::optional<ByteView> value, frame.snapshot->Get(Table::kKeywork, key));
  if (!value) return false;
  BAILEE_TRY(const KeyworkRow row, ParseKeywork(key, *value));
  BAILEE_TRY(const std::shared_ptr<const OpenedSubject> subject,
             vault.LoadSubject(frame, row.handle));
  if (subject == nullptr) return true;
  RecordGroup group{vault.id(), row.handle, row.category, row.terms, 0};
  for (const auto& owed : row.owed) {
    const keys::WrapPlace place = group.Compartment(subject->subject(), owed.first);
    BAILEE_TRY(const std::optional<ByteView> wraps_row,
               frame.snapshot->Get(Table::kSubjects, keys::WrapsRowKeyOf(place)));
    if (!wraps_row) return true;
    BAILEE_TRY(const keys::WrapSet wraps,
               keys::WrapSet::Open(place, subject->subject().key, *wraps_row));
    for (const keys::Wrap& wrap : wraps.wraps()) {
      if (vault.keyring().FindPurpose(wrap.purpose, wrap.key_version) != nullptr) return true;
    }
  }
  return false;
}

Status WorkUntilDone(VaultImpl& vault, const Bytes& key, UpkeepResult& result) {
  Result<bool> can = CanWorkOn(vault, key);
  // One damaged row must not keep the others from being worked on.
  if (!can.ok() && can.status().code() != Code::kDamage) return can.status();
  if (!can.ok() || !*can) {
    ++result.left;
    return Status();
  }
  Fate fate = Fate::kAgain;
  while (fate == Fate::kAgain) {
    UpkeepResult done;
    Status worked = vault.Write([&](Frame& frame) -> Status {
      done = {};
      BAILEE_TRY(fate, WorkOn(vault, frame, key, done));
      if (done.wraps_made + done.renewed == 0) return Status();
      return RecordUpkeep(vault, frame, 1).status();
    });
    if (!worked.ok() && worked.code() != Code::kDamage) return worked;
    if (!worked.ok()) fate = Fate::kLeft;
    result.wraps_made += done.wraps_made;
    result.renewed += done.renewed;
  }
  if (fate == Fate::kLeft) ++result.left;
  return Status();
}

}  // namespace

Result<UpkeepResult> RunKeywork(VaultImpl& vault, size_t rows_max) {
  UpkeepResult result;
  Bytes from;
  do {
    const size_t some = std::min(rows_max, kSubjectsPerLook);
    BAILEE_TRY(const Waiting waiting, SomeWaiting(vault, from, some));
    for (const Bytes& key : waiting.keys) {
      BAILEE_RETURN_IF_ERROR(WorkUntilDone(vault, key, result));
    }
    rows_max -= waiting.keys.size();
    from = waiting.next;
  } while (!from.empty() && rows_max > 0);
  return result;
}

Result<UpkeepResult> RunUpkeep(VaultImpl& vault, const UpkeepOptions& options) {
  UpkeepResult result;
  BAILEE_TRY(const bool all, Sweep(vault, options, result));
  if (!all) {
    BAILEE_TRY(result.shredded, ShreddedSoFar(vault));
    return result;
  }
  BAILEE_TRY(const UpkeepResult work, RunKeywork(vault, std::numeric_limits<size_t>::max()));
  result.wraps_made += work.wraps_made;
  result.renewed += work.renewed;
  result.left = work.left;
  BAILEE_TRY(result.shredded, Shred(vault, options.shred));
  return result;
}

}  // namespace bailee::vault
