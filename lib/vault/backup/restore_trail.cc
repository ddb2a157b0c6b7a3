// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "audit/drain.h"
#include "audit/leaf.h"
#include "audit/trail.h"
#include "audit/tree_store.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/hex.h"
#include "base/try.h"
#include "keys/issue.h"
#include "vault/backup/restore.h"
#include "vault/frame/rotation_row.h"
#include "vault/frame/rules.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr std::string_view kWatermarkPrefix = "trail";

struct OpenInstance {
  InstanceId instance;
  audit::Watermark watermark;
};

// The instances of the old vault that had not ended when the data stream was taken.
Result<std::vector<OpenInstance>> OpenInstances(store::Snapshot& snapshot, const InstanceId& but) {
  std::vector<OpenInstance> open;
  Status status;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(Table::kMeta, AsBytes(kWatermarkPrefix), {}, [&](ByteView key, ByteView value) {
        if (key.size() != kWatermarkPrefix.size() + 16) return true;
        const InstanceId instance{Reader(key.last(16)).GetArray<16>()};
        const Result<audit::Watermark> watermark = audit::ParseWatermark(value);
        status = watermark.status();
        if (status.ok() && watermark->state == audit::InstanceState::kOpen && instance != but)
          open.push_back({instance, *watermark});
        return status.ok();
      }));
  if (!status.ok()) return status;
  return open;
}

// Their journals are not in a backup: what was in them and not in the tree is lost.
Status AdoptWithoutJournals(store::WriteTransaction& transaction, const InstanceId& adopter) {
  BAILEE_TRY(const std::vector<OpenInstance> open, OpenInstances(transaction, adopter));
  if (open.empty()) return Status();
  BAILEE_TRY(audit::TreeWriter tree, audit::TreeWriter::Begin(transaction));
  for (const OpenInstance& each : open) {
    Bytes leaf;
    audit::AppendLeafHead(audit::LeafType::kAdopted, each.instance, 0, leaf);
    audit::AppendAdoption({.ends = each.watermark.ends,
                           .adopter = adopter,
                           .first_unproven = each.watermark.ends.journal_number,
                           .bytes_left_over = 0},
                          leaf);
    BAILEE_RETURN_IF_ERROR(tree.Append(leaf).status());
    audit::Watermark ended = each.watermark;
    ended.state = audit::InstanceState::kEnded;
    BAILEE_RETURN_IF_ERROR(audit::PutWatermark(transaction, each.instance, ended));
  }
  return tree.Finish();
}

class RestoreEnd {
 public:
  RestoreEnd(const RestoreWorld& world, Timestamp now, Restored& restored)
      : world_(world), now_(now), restored_(restored), manifest_(world.manifest) {
    ++manifest_.number;
    manifest_.log_origin =
        "bailee/" + world.vault().ToHex() + "/" + ToHex(crypto::RandomArray<8>(world.random));
    // What they signed is of the other origin.
    manifest_.earlier_logs.clear();
    restored_.manifest = manifest_.number;
    restored_.log_origin = manifest_.log_origin;
  }

  Status Run(store::Engine& engine) {
    const keys::KeyringHeader& header = world_.keyrings.storage.keys().header;
    const Clock& clock = world_.request.clock == nullptr ? Clock::System() : *world_.request.clock;
    BAILEE_TRY(const std::shared_ptr<audit::Trail> trail,
               audit::Trail::Start(engine, {.vault = world_.vault(),
                                            .vault_path = world_.request.directory,
                                            .auditor = manifest_.auditor_public,
                                            .actor = header.actor,
                                            .keyring_id = header.keyring_id,
                                            .clock = &clock,
                                            .random = &world_.random,
                                            .tend_every = std::chrono::milliseconds(0)}));
    BAILEE_TRY(const audit::WriteMark mark, trail->BeginWrite());
    BAILEE_TRY(const crypto::SigningKey authority,
               keys::SigningKeyOf(world_.keyrings.authority.keys()));
    const Bytes manifest = keys::SignManifest(manifest_, authority);
    BAILEE_RETURN_IF_ERROR(engine.Write([&](store::WriteTransaction& transaction) -> Status {
      BAILEE_RETURN_IF_ERROR(AdoptWithoutJournals(transaction, trail->instance()));
      BAILEE_RETURN_IF_ERROR(Record(*trail, transaction, mark));
      BAILEE_RETURN_IF_ERROR(PutLatestTime(transaction, now_));
      BAILEE_RETURN_IF_ERROR(transaction.Put(Table::kMeta, AsBytes(kMetaManifest), manifest));
      BAILEE_RETURN_IF_ERROR(transaction.Delete(Table::kMeta, AsBytes(kMetaRestoring)));
      // None of its earlier keys is open any longer.
      BAILEE_RETURN_IF_ERROR(DeleteRotation(transaction, "log"));
      BAILEE_RETURN_IF_ERROR(transaction.Put(Table::kMeta, AsBytes(kMetaVault), world_.vault_row));
      return Check(transaction);
    }));
    trail->Committed(restored_.decision);
    return trail->Close();
  }

 private:
  Status Record(audit::Trail& trail, store::WriteTransaction& transaction,
                const audit::WriteMark& mark) {
    const StreamEnd& end = world_.set.keys()->end;
    const std::string leaves = std::to_string(end.tree_size);
    const std::string root = ToHex(end.root);
    const std::array details = {audit::Detail{audit::What::kTreeSize, leaves},
                                audit::Detail{audit::What::kRoot, root}};
    const std::unique_ptr<audit::WriteEvents> events = trail.EventsOf(transaction, mark);
    BAILEE_TRY(restored_.decision, events->Append({.kind = audit::EventKind::kRestore,
                                                   .at = now_,
                                                   .details = details,
                                                   .policy_version = manifest_.policy_in_force,
                                                   .transaction = transaction.transaction_id()}));
    return events->Finish();
  }

  // That it can be opened, before it can be.
  Status Check(store::Snapshot& snapshot) const {
    BAILEE_RETURN_IF_ERROR(ReadVaultRow(snapshot).status());
    return Rules::Load(snapshot, world_.vault(), world_.keyrings.storage.keys(), manifest_.number)
        .status();
  }

  const RestoreWorld& world_;
  const Timestamp now_;
  Restored& restored_;
  keys::Manifest manifest_;
};

}  // namespace

Status EndRestore(const RestoreWorld& world, store::Engine& engine, Timestamp now,
                  Restored& restored) {
  return RestoreEnd(world, now, restored).Run(engine);
}

}  // namespace bailee::vault
