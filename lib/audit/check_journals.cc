// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/drain.h"
#include "audit/verify.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

// As the tree is now: it may have moved on since the replay.
Result<std::optional<Watermark>> WatermarkNow(store::Engine& engine, const InstanceId& instance) {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine.Read());
  return ReadWatermark(*snapshot, instance);
}

bool IsOpen(const std::optional<Watermark>& watermark) {
  return watermark && watermark->state == InstanceState::kOpen;
}

// Of an instance whose owner is gone: nothing will come after what is there.
Status CheckEnd(store::Engine& engine, const JournalFile& file, const InstanceId& instance,
                Findings& findings) {
  BAILEE_TRY(const std::optional<Watermark> watermark, WatermarkNow(engine, instance));
  if (!IsOpen(watermark)) return Status();
  BAILEE_TRY(const uint64_t whole, WholeUpTo(file, instance, *watermark));
  BAILEE_TRY(const uint64_t size, file.Size());
  if (size <= whole) return Status();
  findings.Unproven("trail.journal-torn",
                    "the owner of a journal is gone and its last " + std::to_string(size - whole) +
                        " bytes are no entry",
                    {std::nullopt, instance});
  return Status();
}

// Returns the bytes that wait.
Result<uint64_t> CheckOne(store::Engine& engine, const JournalDirectory& journals,
                          const InstanceId& instance, uint64_t offset, Findings& findings) {
  const Where where{std::nullopt, instance};
  const Result<std::unique_ptr<JournalFile>> file = journals.Look(instance);
  if (file.status().code() == Code::kNotFound) {
    // It is deleted once the tree says that its instance ended, and not before.
    BAILEE_TRY(const std::optional<Watermark> watermark, WatermarkNow(engine, instance));
    if (IsOpen(watermark)) {
      findings.Unproven("trail.journal-missing",
                        "an instance that has not ended has no journal: what was in it is lost",
                        where);
    }
    return uint64_t{0};
  }
  if (!file.ok()) return file.status();
  BAILEE_TRY(const uint64_t size, (*file)->Size());
  if (size < offset) {
    findings.Broken("trail.journal-short", "a journal ends before what the tree has of it", where);
    return uint64_t{0};
  }
  const Result<std::unique_ptr<JournalFile>> left = journals.TryTakeOver(instance);
  if (left.ok()) BAILEE_RETURN_IF_ERROR(CheckEnd(engine, **left, instance, findings));
  return size - offset;
}

Status CheckUnknown(store::Engine& engine, const JournalDirectory& journals,
                    const InstanceId& instance, Findings& findings) {
  const Result<std::unique_ptr<JournalFile>> file = journals.Look(instance);
  if (file.status().code() == Code::kNotFound) return Status();
  if (!file.ok()) return file.status();
  BAILEE_TRY(const bool head_only, IsHeadOnly(**file));
  BAILEE_TRY(const std::optional<Watermark> watermark, WatermarkNow(engine, instance));
  if (head_only || watermark || !(*file)->Check().ok()) return Status();
  findings.Unproven("trail.journal-unknown",
                    "a journal holds something of an instance that the tree does not know",
                    {std::nullopt, instance});
  return Status();
}

}  // namespace

Result<uint64_t> CheckJournals(store::Engine& engine, const JournalDirectory& journals,
                               const OpenInstances& open, Findings& findings) {
  uint64_t waiting = 0;
  for (const auto& [instance, state] : open) {
    BAILEE_TRY(const uint64_t bytes, CheckOne(engine, journals, instance, state.offset, findings));
    waiting += bytes;
  }
  BAILEE_TRY(const std::vector<InstanceId> there, journals.List());
  for (const InstanceId& instance : there) {
    if (open.contains(instance)) continue;
    BAILEE_RETURN_IF_ERROR(CheckUnknown(engine, journals, instance, findings));
  }
  return waiting;
}

}  // namespace bailee::audit
