// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/codec.h"
#include "base/try.h"
#include "policy/diff.h"
#include "vault/frame/session_impl.h"
#include "vault/publish/publish.h"

namespace bailee::vault {
namespace {

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

Status CheckVersion(const Frame& frame, const policy::Policy& next) {
  const policy::Policy& now = frame.in_force();
  if (next.name() != now.name()) {
    return Status(
        Code::kConflict, "publish.other-policy", "the vault's policy has another name",
        "check that it is the file for this vault; its name is " + std::string(now.name()));
  }
  const auto* same = frame.rules()->manifest.FindPolicy(next.version());
  if (same != nullptr && same->digest == keys::PolicyDigest(next.ToBinary()) &&
      next.version() == now.version()) {
    return Status(Code::kConflict, "publish.in-force", "this very version is in force already",
                  "nothing is left to do");
  }
  if (same != nullptr) {
    return Status(Code::kConflict, "publish.version-taken",
                  "a version of this number was published before",
                  "a version never changes: give the new text a higher number");
  }
  if (next.version() < now.version()) {
    return Status(Code::kConflict, "publish.version-not-newer",
                  "the version is not newer than the one in force",
                  "give it a number above " + std::to_string(now.version()));
  }
  return Status();
}

Status CheckEffective(const Frame& frame, const policy::Policy& next) {
  if (next.effective() > frame.now) {
    return Status(Code::kInvalidValue, "publish.not-yet",
                  "the day this version takes effect has not come",
                  "publish it on that day; --dry-run checks it now");
  }
  if (next.effective() < frame.in_force().effective()) {
    return Status(Code::kInvalidValue, "publish.effective-earlier",
                  "the version would take effect before the one in force did",
                  "say the day from which it shall hold");
  }
  return Status();
}

// A notice that comes back would bring back what people said to it under another policy.
Status CheckNoticesAreNew(const Frame& frame, const policy::Policy& next) {
  for (const policy::NoticeInfo& notice : next.notices()) {
    if (frame.in_force().FindNotice(notice.id).valid()) continue;
    for (const auto& [version, bound] : frame.rules()->policies) {
      if (!bound->policy->FindNotice(notice.id).valid()) continue;
      return Status(Code::kConflict, "publish.notice-reused",
                    "notice " + notice.id + " was given up in an earlier version",
                    "give the new notice an id that no version had");
    }
  }
  return Status();
}

// Whether any record of these categories is held.
Result<bool> HoldsAny(const Frame& frame, const std::set<std::string>& categories) {
  std::set<crypto::NameId> ids;
  for (const std::string& name : categories) ids.insert(crypto::NameIdOf(name));
  bool found = false;
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(store::Table::kRecords, {}, {}, [&](ByteView key, ByteView) {
        found = key.size() == kRecordKeyBytes && ids.contains(DecodeRecordKey(key).category);
        return !found;
      }));
  return found;
}

Status CheckBreaks(const Frame& frame, const PolicyDiff& diff,
                   const std::vector<PublishPlan>& plans) {
  BAILEE_RETURN_IF_ERROR(CheckPlansAreNeeded(plans, diff));
  std::set<std::string> categories;
  std::vector<std::string> words;
  bool whatever_is_held = false;
  for (const PolicyChange& change : diff.changes) {
    if (change.effect != PolicyChange::Effect::kBreaks) continue;
    const auto plans_it = [&](const PublishPlan& plan) { return IsPlannedBy(plan, change); };
    if (std::any_of(plans.begin(), plans.end(), plans_it)) continue;
    words.push_back(change.words);
    if (change.category.empty()) whatever_is_held = true;
    if (!change.category.empty()) categories.insert(change.category);
  }
  if (words.empty()) return Status();
  if (!whatever_is_held) {
    BAILEE_TRY(const bool held, HoldsAny(frame, categories));
    if (!held) return Status();
  }
  return Status(
      Code::kConflict, "publish.breaks", "what is held could not be kept under it: " + Join(words),
      "plan what becomes of it (PublishRequest::plans), or leave it as it is until nothing "
      "of it is held, and add what is new beside it");
}

// What is named must be sound even if nothing is owed: it is signed and kept.
Status CheckNotice(const Frame& frame, const policy::Policy& next,
                   const std::vector<std::string>& widened, const PublishRequest& request) {
  const policy::NoticeIndex index = next.FindNotice(request.notice);
  if (!index.valid()) {
    return Status(Code::kInvalidValue, "publish.notice-unknown",
                  "the new version has no such notice",
                  "declare it there: notice { id, sha256, purpose }");
  }
  const policy::NoticeInfo& notice = next.notice(index);
  if (frame.in_force().FindNotice(notice.id).valid()) {
    return Status(Code::kInvalidValue, "publish.notice-old",
                  "the version in force has this notice already, so it announces nothing",
                  "declare a notice with an id of its own for what is new");
  }
  std::vector<std::string> missing;
  for (const std::string& purpose : widened) {
    const policy::PurposeIndex leaf = next.FindPurpose(purpose);
    if (!leaf.valid() || (next.purpose(leaf).leaves & ~notice.purposes).any())
      missing.push_back(purpose);
  }
  if (!missing.empty()) {
    return Status(Code::kInvalidValue, "publish.notice-incomplete",
                  "the notice does not list every purpose that becomes wider",
                  "let it list " + Join(missing));
  }
  if (!request.announced_at) {
    return Status(Code::kInvalidValue, "publish.notice-owed", "the notice has no date",
                  "say when it was announced");
  }
  if (*request.announced_at > frame.now) {
    return Status(Code::kInvalidValue, "publish.announced-future",
                  "the date of the notice lies in the future", "announce first, then publish");
  }
  if (*request.announced_at >= next.effective()) {
    return Status(Code::kInvalidValue, "publish.announced-late",
                  "the notice was announced when the version was to be in effect already",
                  "let the version take effect on a later day");
  }
  return Status();
}

}  // namespace

Status CheckPublishable(const Frame& frame, const policy::Policy& next, const PolicyDiff& diff,
                        const PublishRequest& request) {
  BAILEE_RETURN_IF_ERROR(CheckVersion(frame, next));
  BAILEE_RETURN_IF_ERROR(CheckEffective(frame, next));
  BAILEE_RETURN_IF_ERROR(CheckNoticesAreNew(frame, next));
  BAILEE_RETURN_IF_ERROR(CheckBreaks(frame, diff, request.plans));
  const std::vector<std::string> widened = diff.WidenedPurposes();
  if (!request.notice.empty()) return CheckNotice(frame, next, widened, request);
  if (diff.Has(PolicyChange::Effect::kWider)) {
    return Status(Code::kInvalidValue, "publish.notice-owed",
                  "something becomes wider, and no notice announced it",
                  widened.empty() ? "name a new notice and when it was announced"
                                  : "name a new notice that lists " + Join(widened) +
                                        ", and when it was announced");
  }
  if (request.announced_at) {
    return Status(Code::kUsage, "publish.date-without-notice", "a date is given without a notice",
                  "name the notice that was announced then");
  }
  return Status();
}

}  // namespace bailee::vault
