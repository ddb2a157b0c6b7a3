// SPDX-License-Identifier: Apache-2.0
#include "vault/backup/restore_retired.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"

namespace bailee::vault {

Result<RetiredKeys> RetiredKeys::Open(const RestoreWorld& world) {
  BAILEE_TRY(const MetaRows rows, ReadMetaRows(world.set));
  RetiredKeys retired;
  for (auto row = rows.lower_bound(kMetaRetired);
       row != rows.end() && row->first.starts_with(kMetaRetired); ++row) {
    Reader reader(AsBytes(row->first).subspan(kMetaRetired.size()));
    const crypto::NameId purpose{reader.GetArray<8>()};
    const auto version = reader.Get<uint16_t>();
    if (!reader.complete()) return DamagedStream("a row has no key that one can have");
    const auto now = std::ranges::find(world.manifest.purposes, purpose,
                                       [](const keys::Manifest::Purpose& each) { return each.id; });
    if (now == world.manifest.purposes.end()) return DamagedStream("a key is of no purpose");
    const auto binding = crypto::Encode(crypto::WrapBinding{
        {.label = crypto::Label::kRetiredKey, .vault = world.vault()}, purpose, version});
    Result<Secret> opened = world.set.opener().Open(binding, row->second);
    if (opened.status().code() == Code::kFull) return opened.status();
    if (!opened.ok()) return DamagedStream("a key that was retired does not open");
    BAILEE_TRY(crypto::PurposeKey key, crypto::PurposeKey::FromSecret(*std::move(opened)));
    retired.keys_.emplace(
        Version{purpose, version},
        Retired{std::move(key), {now->id, now->version, nullptr, now->box_public}});
  }
  return retired;
}

Result<bool> RetiredKeys::Replace(const keys::WrapPlace& place, keys::WrapSet& wraps,
                                  crypto::Random& random) const {
  if (keys_.empty()) return false;
  bool any = false;
  keys::LazyBoxSender boxes;
  for (const keys::Wrap& wrap : std::vector<keys::Wrap>(wraps.wraps())) {
    const auto found = keys_.find({wrap.purpose, wrap.key_version});
    if (found == keys_.end()) continue;
    const keys::WrapRecipient& now = found->second.now;
    any = true;
    if (wraps.Find(now.purpose, now.key_version, wrap.generation) != nullptr) continue;
    BAILEE_TRY(const crypto::CompartmentKey key, keys::OpenWrap(place, wrap, found->second.key));
    BAILEE_RETURN_IF_ERROR(wraps.Add(place, wrap.generation, key, {&now, 1}, boxes, random));
  }
  wraps.RemoveIf([&](const keys::Wrap& wrap) {
    return keys_.contains({wrap.purpose, wrap.key_version});
  });
  return any;
}

Result<bool> RetiredKeys::ReplacePending(store::WriteTransaction& transaction,
                                         const keys::PendingKey& entry, ByteView value,
                                         const crypto::SubjectKey& subject,
                                         const RestoreWorld& world) const {
  const auto& indexes = world.manifest.indexes;
  const auto index = std::ranges::find(indexes, entry.index.id, &keys::Manifest::Index::id);
  if (index == indexes.end()) return false;
  const std::string purpose = index->name.substr(index->name.find('/') + 1);
  BAILEE_TRY(const uint16_t version, keys::PendingPurposeVersion(value));
  const auto found = keys_.find({crypto::NameIdOf(purpose), version});
  if (found == keys_.end()) return false;
  keys::PendingPlace place{.vault = world.vault(),
                           .handle = entry.handle,
                           .index = entry.index,
                           .purpose = found->second.now.purpose,
                           .purpose_version = version};
  BAILEE_TRY(const keys::Pending pending,
             keys::OpenPending(place, entry.nonce, subject, found->second.key, value));
  BAILEE_TRY(crypto::BoxSender sender, crypto::BoxSender::Create(world.random));
  place.purpose_version = found->second.now.key_version;
  BAILEE_RETURN_IF_ERROR(pending.index_form.RevealBytes([&](ByteView form) {
    return keys::PutPending(transaction, place, subject, found->second.now.box_public,
                            pending.record, form, sender, world.random);
  }));
  return true;
}

}  // namespace bailee::vault
