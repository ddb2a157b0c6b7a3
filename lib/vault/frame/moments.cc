// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/brief_lock.h"
#include "base/try.h"
#include "vault/frame/vault_impl.h"

// What an operation looks at: found out anew when somebody has committed, and known otherwise.
namespace bailee::vault {
namespace {

constexpr int kEpochTriesMax = 8;
constexpr uint64_t kNoEpochCached = ~uint64_t{0};  // nobody is kept any more

Status EpochMissing() {
  return Status(Code::kDamage, "epoch.missing",
                "the file `epoch` has not the key that the vault lies under",
                "put the file back that belongs to this vault, or restore from a backup");
}

}  // namespace

SharedMoment VaultImpl::Known() {
  KnownInLane& lane = known_.mine();
  const BriefLock lock(lane.mutex);
  return lane.moment;
}

Result<SharedMoment> VaultImpl::MomentOf(store::Snapshot& snapshot, SharedMoment known,
                                         bool committed) {
  if (committed && known != nullptr && known->transaction == snapshot.transaction_id())
    return known;
  const Moment before = known == nullptr ? Moment() : *known;
  Moment moment;
  moment.transaction = snapshot.transaction_id();
  BAILEE_TRY(moment.latest, ReadLatestTime(snapshot));
  BAILEE_TRY(moment.shards, ShardsOf(snapshot, before));
  BAILEE_TRY(const std::optional<ByteView> manifest,
             snapshot.Get(store::Table::kMeta, AsBytes(kMetaManifest)));
  const bool same_rules =
      before.rules != nullptr && manifest &&
      std::equal(manifest->begin(), manifest->end(), before.rules->manifest_row.begin(),
                 before.rules->manifest_row.end());
  if (same_rules) {
    moment.rules = before.rules;
  } else {
    const uint64_t seen = before.rules == nullptr ? 0 : before.rules->manifest.number;
    BAILEE_TRY(moment.rules, Rules::Load(snapshot, row_.id, keyring_.keys(),
                                         std::max(seen, keyring_.keys().header.manifest_min),
                                         before.rules.get()));
  }
  if (committed) Remember(moment);
  return std::make_shared<const Moment>(std::move(moment));
}

Result<std::shared_ptr<keys::Shards>> VaultImpl::ShardsOf(store::Snapshot& snapshot,
                                                          const Moment& known) {
  BAILEE_TRY(const keys::EpochRow row, keys::ReadEpochRow(snapshot));
  if (known.shards != nullptr && known.shards->epoch() == row.epoch) return known.shards;
  BAILEE_TRY(crypto::EpochKey key, epoch_file_.Get(row.epoch, storage()));
  return std::make_shared<keys::Shards>(row_.id, row.epoch, std::move(key));
}

void VaultImpl::Remember(const Moment& moment) {
  const BriefLock lock(mutex_);
  if (moment_.rules != nullptr && moment_.transaction >= moment.transaction) return;
  // What needs memory goes first: without it every lane stays as it is.
  std::array<SharedMoment, kLanes> copies;
  for (SharedMoment& copy : copies) copy = std::make_shared<const Moment>(moment);
  if (moment_.shards != moment.shards) {
    if (moment_.shards != nullptr) over_.push_back(moment_.shards);
    subjects_.Begin(moment.shards->epoch());
  }
  moment_ = moment;
  Share(copies);
}

void VaultImpl::Share(std::array<SharedMoment, kLanes>& moments) {
  for (size_t i = 0; i < kLanes; ++i) {
    KnownInLane& lane = known_[i];
    const BriefLock lock(lane.mutex);
    lane.moment.swap(moments[i]);
  }
}

uint64_t VaultImpl::LowestEpochHeld() {
  const BriefLock lock(mutex_);
  std::erase_if(over_, [](const auto& over) { return over.expired(); });
  uint64_t lowest = moment_.shards != nullptr ? moment_.shards->epoch()
                    : retired_                ? keys::kNoEpochHeld
                                              : 0;
  for (const auto& each : over_) {
    if (const auto over = each.lock()) lowest = std::min(lowest, over->epoch());
  }
  return lowest;
}

void VaultImpl::Forget() {
  const BriefLock lock(mutex_);
  if (moment_.shards != nullptr) over_.push_back(moment_.shards);
  // What the cache has opened holds the shards that it was opened with.
  subjects_.Begin(kNoEpochCached);
  moment_ = Moment();
  std::array<SharedMoment, kLanes> none;
  Share(none);
  retired_ = true;
}

Status VaultImpl::NoticeEpoch() {
  Status begun = Begin().status();
  // A process whose keys were rotated out can do nothing more, and nobody is to wait for it.
  const bool retired = begun.name() == "key.retired";
  if (retired) Forget();
  if (!begun.ok() && !retired) return begun;
  const uint64_t lowest = LowestEpochHeld();
  {
    const BriefLock lock(mutex_);
    if (said_ == lowest) return begun;
    said_ = lowest;
  }
  BAILEE_RETURN_IF_ERROR(engine_->Say(lowest));
  return begun;
}

Result<Frame> VaultImpl::FrameOf(store::Snapshot& snapshot, SharedMoment known, bool committed) {
  BAILEE_TRY(SharedMoment moment, MomentOf(snapshot, std::move(known), committed));
  Frame frame;
  BAILEE_TRY(frame.now, TimeNow(clock_, moment->latest));
  frame.snapshot = &snapshot;
  frame.moment = std::move(moment);
  return frame;
}

Result<Frame> VaultImpl::Begin() {
  // First what is known, then the snapshot: judged by what another thread sees after it, the
  // manifest of this one would look rolled back.
  for (int tries = 0;; ++tries) {
    SharedMoment known = Known();
    BAILEE_TRY(std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
    Result<Frame> frame = FrameOf(*snapshot, std::move(known), true);
    if (frame.ok()) {
      frame->owned = std::move(snapshot);
      return frame;
    }
    if (frame.status().name() != "epoch.passed") return frame.status();
    // The epoch went on between the snapshot and the look into its file. The newest is there.
    if (tries == kEpochTriesMax) return EpochMissing();
  }
}

}  // namespace bailee::vault
