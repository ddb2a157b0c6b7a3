// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/codec.h"
#include "base/try.h"
#include "vault/rotate/rotation.h"

namespace bailee::vault {
namespace {

using Step = RotationState::Step;

// How many rows one snapshot looks at: a long one would hold back the reuse of space.
constexpr size_t kRowsPerPassLook = 2'000;

Bytes CursorOf(uint8_t part, ByteView key) {
  Bytes cursor = {part};
  cursor.insert(cursor.end(), key.begin(), key.end());
  return cursor;
}

// Rows of one part that something is to be done about.
struct Looked {
  std::vector<Bytes> keys;
  Bytes next;  // the key to go on with; empty behind the last
  uint64_t damaged = 0;
};

Result<Looked> Look(VaultImpl& vault, const PassPart& part, const Bytes& from) {
  BAILEE_TRY(Frame frame, vault.Begin());
  Looked looked;
  size_t seen = 0;
  Status problem;
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(part.table, part.prefix, from, [&](ByteView key, ByteView value) {
        if (seen == kRowsPerPassLook || looked.keys.size() == part.rows_per_write) {
          looked.next.assign(key.begin(), key.end());
          return false;
        }
        ++seen;
        const Result<bool> wanted = part.look(frame, key, value);
        if (!wanted.ok() && wanted.status().code() != Code::kDamage) problem = wanted.status();
        if (!wanted.ok()) ++looked.damaged;
        if (wanted.ok() && *wanted) looked.keys.emplace_back(key.begin(), key.end());
        return problem.ok();
      }));
  BAILEE_RETURN_IF_ERROR(std::move(problem));
  return looked;
}

// Does what is to be done about these rows, and notes how far the rotation is. False: it is no
// longer in this step.
Result<bool> WorkOn(const RotationCall& call, Step step, const PassPart& part,
                    const std::vector<Bytes>& keys, const Bytes& cursor) {
  bool still = true;
  BAILEE_RETURN_IF_ERROR(call.vault.Write([&](Frame& frame) -> Status {
    store::WriteTransaction& transaction = *frame.transaction;
    BAILEE_TRY(std::optional<RotationRow> row, ReadRotation(transaction, call.key));
    still = row && row->step == step;
    if (!still) return Status();
    uint64_t count = 0;
    for (const Bytes& key : keys) {
      BAILEE_TRY(const std::optional<ByteView> value, transaction.Get(part.table, key));
      if (!value) continue;
      const Bytes copy(value->begin(), value->end());
      Result<bool> wanted = part.look(frame, key, copy);
      Status done = wanted.status();
      if (wanted.ok() && *wanted) done = part.work(frame, key, copy);
      if (!done.ok() && done.code() != Code::kDamage) return done;
      if (done.ok() && *wanted) ++count;
    }
    row->rows += count;
    row->cursor = std::max(row->cursor, cursor);
    call.rotated.state = StateOf(call.key, *row);
    BAILEE_RETURN_IF_ERROR(PutRotation(transaction, call.key, *row));
    return RecordRotation(call, frame, "run", *row, count);
  }));
  return still;
}

Status MoveOn(const RotationCall& call, Step step, Step next) {
  if (step == next) return Status();
  return call.vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(std::optional<RotationRow> row, ReadRotation(*frame.transaction, call.key));
    if (!row || row->step != step) return Status();
    row->step = next;
    row->cursor.clear();
    call.rotated.state = StateOf(call.key, *row);
    BAILEE_RETURN_IF_ERROR(PutRotation(*frame.transaction, call.key, *row));
    return RecordRotation(call, frame, "run", *row, 0);
  });
}

// Where the rotation is.
struct Position {
  uint8_t part = 0;
  Bytes key;
};

Result<std::optional<Position>> PositionOf(const RotationCall& call, Step step) {
  BAILEE_TRY(const Frame frame, call.vault.Begin());
  BAILEE_TRY(const std::optional<RotationRow> row, ReadRotation(*frame.snapshot, call.key));
  if (!row || row->step != step) return std::optional<Position>();
  call.rotated.state = StateOf(call.key, *row);
  Position position;
  if (!row->cursor.empty()) {
    position.part = row->cursor[0];
    position.key.assign(row->cursor.begin() + 1, row->cursor.end());
  }
  return std::optional<Position>(std::move(position));
}

}  // namespace

Result<bool> RunPass(const RotationCall& call, Step step, Step next,
                     const std::vector<PassPart>& parts) {
  BAILEE_TRY(const std::optional<Position> start, PositionOf(call, step));
  if (!start) return true;
  for (const PassPart& part : parts) {
    if (part.number < start->part) continue;
    Bytes from = part.number == start->part ? start->key : Bytes();
    do {
      BAILEE_TRY(Looked looked, Look(call.vault, part, from));
      call.rotated.damaged += looked.damaged;
      if (!looked.keys.empty()) {
        const Bytes cursor = looked.next.empty() ? CursorOf(part.number + 1, {})
                                                 : CursorOf(part.number, looked.next);
        BAILEE_TRY(const bool still, WorkOn(call, step, part, looked.keys, cursor));
        if (!still) return true;
      }
      from = std::move(looked.next);
      call.rotated.stopped = call.options.progress && !call.options.progress(call.rotated.state);
      if (call.rotated.stopped) return false;
    } while (!from.empty());
  }
  BAILEE_RETURN_IF_ERROR(MoveOn(call, step, next));
  return true;
}

Result<uint64_t> CountLeft(const RotationCall& call, const std::vector<PassPart>& parts) {
  uint64_t left = 0;
  for (const PassPart& part : parts) {
    Bytes from;
    do {
      BAILEE_TRY(Looked looked, Look(call.vault, part, from));
      left += looked.keys.size();
      from = std::move(looked.next);
    } while (!from.empty());
  }
  return left;
}

}  // namespace bailee::vault
