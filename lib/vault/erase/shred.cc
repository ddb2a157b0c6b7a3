// SPDX-License-Identifier: Apache-2.0
#include "vault/erase/shred.h"

#include <algorithm>
#include <string>
#include <thread>

#include "base/codec.h"
#include "base/try.h"
#include "vault/erase/erase.h"
#include "vault/erase/renew_shards.h"
#include "vault/frame/due.h"
#include "vault/frame/storage_keys.h"

namespace bailee::vault {
namespace {

constexpr size_t kEndsMax = 16;
constexpr int kBeginningsMax = 3;
constexpr std::chrono::milliseconds kLookEvery{5};

std::array<uint8_t, 8> IdOf(uint64_t epoch) {
  std::array<uint8_t, 8> id{};
  StoreBigEndian(epoch, id.data());
  return id;
}

// In how many ways something is owed before what was taken away is gone.
Result<size_t> CountOwed(const Frame& frame) {
  size_t count = 0;
  for (const Due due : {Due::kRows, Due::kShard, Due::kShardRows, Due::kEpoch, Due::kEnd}) {
    BAILEE_TRY(const std::vector<Bytes> owed, ListDue(*frame.snapshot, due, 1));
    if (!owed.empty()) ++count;
  }
  return count;
}

Status RecordBegun(VaultImpl& vault, const Frame& frame, uint64_t epoch) {
  const std::string text = std::to_string(epoch);
  const audit::Detail detail{audit::What::kEpoch, text};
  return vault.RecordWrite(frame, {.kind = EventKind::kRenew, .details = {&detail, 1}}).status();
}

Status RecordEnded(VaultImpl& vault, const Frame& frame, uint64_t epoch) {
  BAILEE_TRY(const size_t owed, CountOwed(frame));
  const std::array texts = {std::to_string(epoch), std::to_string(owed)};
  const std::array details = {audit::Detail{audit::What::kEpoch, texts[0]},
                              audit::Detail{audit::What::kCount, texts[1]}};
  return vault.RecordWrite(frame, {.kind = EventKind::kShred, .details = details}).status();
}

// In a write: begins the next epoch if one is owed. False: one is still owed, and the one before
// has to end first.
Result<bool> BeginOwedEpochIn(VaultImpl& vault, Frame& frame) {
  BAILEE_TRY(std::vector<Bytes> owed, ListDue(*frame.snapshot, Due::kEpoch, 1));
  if (owed.empty()) return true;
  StorageKeys storage;
  BAILEE_TRY(const bool all, StorageKeysOf(vault, frame, storage));
  // Whoever has the newer storage key as well begins it: nobody may be locked out.
  if (!all) return true;
  BAILEE_RETURN_IF_ERROR(BeginEpochIn(vault, frame, storage.refs).status());
  BAILEE_TRY(owed, ListDue(*frame.snapshot, Due::kEpoch, 1));
  return owed.empty();
}

// As above.
Result<bool> BeginOwedEpoch(VaultImpl& vault) {
  {
    BAILEE_TRY(const Frame frame, vault.Begin());
    BAILEE_TRY(const std::vector<Bytes> owed, ListDue(*frame.snapshot, Due::kEpoch, 1));
    if (owed.empty()) return true;
  }
  bool room = true;
  BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(room, BeginOwedEpochIn(vault, frame));
    return Status();
  }));
  return room;
}

// Overwrites the key of `epoch` once nothing on the disk can lead back to it.
Status WipeEpoch(VaultImpl& vault, uint64_t epoch) {
  bool wiped = false;
  while (!wiped) {
    BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
      BAILEE_TRY(keys::EpochRow row, keys::ReadEpochRow(*frame.snapshot));
      if (row.epoch <= epoch) {
        return Status(Code::kDamage, "epoch.damaged", "an epoch that has not ended is to be wiped",
                      "restore the vault from a backup");
      }
      const uint64_t now = frame.snapshot->transaction_id();
      // Numbers begin again in a file that was written anew.
      row.transaction = std::min(row.transaction, now);
      wiped = now >= row.transaction + 2;
      if (wiped) return vault.epoch_file().Wipe(epoch);
      return keys::PutEpochRow(*frame.transaction, row);
    }));
  }
  return Status();
}

// The processes that may hold keys of `epoch` or an earlier one.
Result<std::vector<uint64_t>> ProcessesHolding(VaultImpl& vault, uint64_t epoch) {
  BAILEE_RETURN_IF_ERROR(vault.NoticeEpoch());
  BAILEE_TRY(const std::vector<store::Engine::Opener> openers, vault.engine().Openers());
  std::vector<uint64_t> holders;
  for (const store::Engine::Opener& each : openers) {
    const uint64_t lowest = each.self ? vault.LowestEpochHeld() : each.said;
    if (lowest <= epoch) holders.push_back(each.process);
  }
  return holders;
}

Status EndEpoch(VaultImpl& vault, uint64_t epoch, std::chrono::steady_clock::time_point deadline,
                std::vector<uint64_t>& waiting_for) {
  BAILEE_RETURN_IF_ERROR(WipeEpoch(vault, epoch));
  for (;;) {
    BAILEE_TRY(waiting_for, ProcessesHolding(vault, epoch));
    if (waiting_for.empty()) break;
    if (std::chrono::steady_clock::now() >= deadline) return Status();
    std::this_thread::sleep_for(kLookEvery);
  }
  return vault.Write([&](Frame& frame) -> Status {
    const std::array<uint8_t, 8> number = IdOf(epoch);
    const Bytes id(number.begin(), number.end());
    BAILEE_TRY(const std::vector<Bytes> ends, ListDue(*frame.snapshot, Due::kEnd, kEndsMax));
    if (std::find(ends.begin(), ends.end(), id) == ends.end()) return Status();
    BAILEE_RETURN_IF_ERROR(DeleteDue(*frame.transaction, Due::kEnd, id));
    return RecordEnded(vault, frame, epoch);
  });
}

}  // namespace

Result<bool> BeginEpochIn(VaultImpl& vault, Frame& frame,
                          std::span<const keys::StorageKeyRef> keys) {
  // Two epochs have room in the file.
  const uint64_t over = frame.shards()->epoch();
  BAILEE_TRY(const bool held, vault.epoch_file().Holds(over - 1));
  if (held) {
    BAILEE_RETURN_IF_ERROR(PutDue(*frame.transaction, Due::kEnd, IdOf(over - 1)));
    return false;
  }
  // The key of a step that was given up is taken again, because nobody knows what became of that
  // step. Pages that it wrote may lie in the file under it, with what was taken away since: that
  // goes with one more epoch.
  BAILEE_TRY(const bool tried_before, vault.epoch_file().Holds(over + 1));
  BAILEE_TRY(const crypto::EpochKey key,
             vault.epoch_file().Prepare(over + 1, keys, vault.random()));
  BAILEE_RETURN_IF_ERROR(frame.shards()->MoveTo(*frame.transaction, over + 1, key, vault.random()));
  BAILEE_RETURN_IF_ERROR(tried_before ? PutDue(*frame.transaction, Due::kEpoch, {})
                                      : DeleteDue(*frame.transaction, Due::kEpoch, {}));
  BAILEE_RETURN_IF_ERROR(PutDue(*frame.transaction, Due::kEnd, IdOf(over)));
  BAILEE_RETURN_IF_ERROR(RecordBegun(vault, frame, over + 1));
  return true;
}

Status EndEpochs(VaultImpl& vault, std::chrono::steady_clock::time_point deadline,
                 std::vector<uint64_t>& waiting_for) {
  std::vector<Bytes> ends;
  {
    BAILEE_TRY(const Frame frame, vault.Begin());
    BAILEE_TRY(ends, ListDue(*frame.snapshot, Due::kEnd, kEndsMax));
  }
  for (const Bytes& id : ends) {
    BAILEE_RETURN_IF_ERROR(EndEpoch(vault, Reader(id).Get<uint64_t>(), deadline, waiting_for));
  }
  return Status();
}

Result<Shredded> Shred(VaultImpl& vault, const ShredOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + options.wait;
  Shredded done;
  BAILEE_RETURN_IF_ERROR(DeleteLeftRows(vault));
  // In one transaction with the last renewal, because each is waited for. What is said of room is
  // asked again below.
  const auto begin = [&](Frame& frame) { return BeginOwedEpochIn(vault, frame).status(); };
  BAILEE_TRY(const bool all, RenewShards(vault, options, begin, done));
  if (all) {
    bool begun = false;
    for (int tries = 0; !begun && tries < kBeginningsMax; ++tries) {
      BAILEE_RETURN_IF_ERROR(EndEpochs(vault, deadline, done.waiting_for));
      BAILEE_TRY(begun, BeginOwedEpoch(vault));
    }
    BAILEE_RETURN_IF_ERROR(EndEpochs(vault, deadline, done.waiting_for));
  }
  BAILEE_TRY(const Shredded now, ShreddedSoFar(vault));
  done.epoch = now.epoch;
  done.grade = now.grade;
  return done;
}

Result<Shredded> ShreddedSoFar(VaultImpl& vault) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  BAILEE_TRY(const size_t owed, CountOwed(frame));
  Shredded so_far;
  so_far.epoch = frame.shards()->epoch();
  so_far.grade = owed > 0 ? ErasureGrade::kInaccessible : ErasureGrade::kShredded;
  return so_far;
}

}  // namespace bailee::vault

namespace bailee {

std::string_view ErasureGradeWord(ErasureGrade grade) {
  return grade == ErasureGrade::kShredded ? "shredded" : "inaccessible";
}

}  // namespace bailee
