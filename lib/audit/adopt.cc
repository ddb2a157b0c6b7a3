// SPDX-License-Identifier: Apache-2.0
#include "audit/adopt.h"

#include <algorithm>
#include <vector>

#include "audit/drain.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

using store::Table;

enum class Adopted : uint8_t { kNot, kPartly, kWhole };

// One transaction's worth. `first_unproven` is set by the first of them.
Result<Adopted> AdoptSome(store::WriteTransaction& transaction, const JournalFile& file,
                          const InstanceId& instance, const InstanceId& adopter,
                          std::optional<uint64_t>& first_unproven) {
  BAILEE_TRY(std::optional<Watermark> watermark, ReadWatermark(transaction, instance));
  if (!watermark) return Adopted::kNot;
  if (watermark->state == InstanceState::kEnded) return Adopted::kWhole;
  if (!first_unproven) first_unproven = watermark->ends.journal_number;
  BAILEE_TRY(TreeWriter tree, TreeWriter::Begin(transaction));
  BAILEE_TRY(const Drained drained, DrainJournal(file, instance, {}, tree, *watermark));
  if (drained.journal_ended) {
    Bytes leaf;
    AppendLeafHead(LeafType::kAdopted, instance, 0, leaf);
    AppendAdoption({.ends = watermark->ends,
                    .adopter = adopter,
                    .first_unproven = *first_unproven,
                    .bytes_left_over = drained.bytes_left_over},
                   leaf);
    BAILEE_RETURN_IF_ERROR(tree.Append(leaf).status());
    watermark->state = InstanceState::kEnded;
  }
  BAILEE_RETURN_IF_ERROR(tree.Finish());
  BAILEE_RETURN_IF_ERROR(PutWatermark(transaction, instance, *watermark));
  return drained.journal_ended ? Adopted::kWhole : Adopted::kPartly;
}

Status AdoptOne(store::Engine& engine, const JournalDirectory& directory,
                const InstanceId& instance, const InstanceId& adopter) {
  Result<std::unique_ptr<JournalFile>> file = directory.TryTakeOver(instance);
  if (file.status().code() == Code::kBusy || file.status().code() == Code::kNotFound) {
    return Status();  // its process lives, or another has adopted it
  }
  if (!file.ok()) return file.status();
  Adopted adopted = Adopted::kPartly;
  std::optional<uint64_t> first_unproven;
  while (adopted == Adopted::kPartly) {
    std::optional<uint64_t> first = first_unproven;
    BAILEE_RETURN_IF_ERROR(engine.Write([&](store::WriteTransaction& transaction) -> Status {
      first = first_unproven;
      BAILEE_TRY(adopted, AdoptSome(transaction, **file, instance, adopter, first));
      return Status();
    }));
    first_unproven = first;
  }
  if (adopted == Adopted::kNot) {
    // A journal that nobody registered holds no event.
    BAILEE_TRY(const bool head_only, IsHeadOnly(**file));
    if (!head_only) return Status();
  }
  return directory.Remove(instance);
}

}  // namespace

Status AdoptJournals(store::Engine& engine, const JournalDirectory& directory,
                     const InstanceId& adopter) {
  directory.RemoveStale();
  BAILEE_TRY(const std::vector<InstanceId> journals, directory.List());
  for (const InstanceId& instance : journals) {
    if (instance == adopter) continue;
    BAILEE_RETURN_IF_ERROR(AdoptOne(engine, directory, instance, adopter));
  }
  return Status();
}

Status ForgetEnded(store::WriteTransaction& transaction, const JournalDirectory& directory) {
  std::vector<InstanceId> ended;
  BAILEE_RETURN_IF_ERROR(
      transaction.Scan(Table::kMeta, AsBytes("trail"), {}, [&](ByteView key, ByteView value) {
        const Result<Watermark> watermark = ParseWatermark(value);
        if (key.size() == WatermarkKey({}).size() && watermark.ok() &&
            watermark->state == InstanceState::kEnded) {
          ended.push_back({Reader(key.last(16)).GetArray<16>()});
        }
        return true;
      }));
  if (ended.empty()) return Status();
  // Listed after the rows were read: a journal that was there then and is not now is gone for good.
  BAILEE_TRY(const std::vector<InstanceId> journals, directory.List());
  for (const InstanceId& instance : ended) {
    if (std::find(journals.begin(), journals.end(), instance) != journals.end()) continue;
    BAILEE_RETURN_IF_ERROR(transaction.Delete(Table::kMeta, WatermarkKey(instance)));
  }
  return Status();
}

}  // namespace bailee::audit
