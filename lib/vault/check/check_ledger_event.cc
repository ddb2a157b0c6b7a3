// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/suggest.h"
#include "base/try.h"
#include "policy/case_reference.h"
#include "vault/ledger/ledger.h"

namespace bailee::vault {
namespace {

constexpr size_t kMethodBytesMax = 64;

Status Refused(Reason reason, const char* rule, std::string offer) {
  Refusal refusal;
  refusal.reasons = {reason};
  refusal.rule = rule;
  refusal.offer = std::move(offer);
  return Status::Refused(std::move(refusal));
}

// Which parts of an event its kind uses.
struct Uses {
  bool purpose = false;
  bool category = false;
  bool notice = false;
  bool name = false;
  bool reference = false;
  bool version = false;
};

Uses UsesOf(LedgerKind kind) {
  switch (kind) {
    case LedgerKind::kGiven:
      return {.purpose = true, .category = true, .notice = true};
    case LedgerKind::kWithdrawn:
    case LedgerKind::kObjected:
    case LedgerKind::kDeclined:
      return {.purpose = true, .category = true};
    case LedgerKind::kSignal:
    case LedgerKind::kNamedEvent:
      return {.name = true};
    case LedgerKind::kNoticeShown:
      return {.notice = true};
    case LedgerKind::kHold:
    case LedgerKind::kRelease:
      return {.category = true, .reference = true};
    case LedgerKind::kAgreed:
      return {.version = true};
    case LedgerKind::kRestricted:
    case LedgerKind::kUnrestricted:
    case LedgerKind::kRectified:
    case LedgerKind::kErasureAsked:
      break;
  }
  return {};
}

Status CheckUses(const LedgerEvent& event) {
  const Uses uses = UsesOf(event.kind);
  const bool unused =
      (!uses.purpose && !event.purpose.empty()) || (!uses.category && !event.category.empty()) ||
      (!uses.notice && !event.notice.empty()) || (!uses.name && !event.name.empty()) ||
      (!uses.reference && !event.reference.empty()) || (!uses.version && event.policy_version != 0);
  if (!unused) return Status();
  return {Code::kUsage, "ledger.unused",
          "something was given that " + std::string(LedgerKindWord(event.kind)) + " does not use",
          "leave it out"};
}

bool IsMethod(std::string_view text) {
  return text.size() <= kMethodBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// Whether some retention counts from an event of this name.
bool IsNamedEvent(const policy::Policy& policy, std::string_view name) {
  for (const policy::CategoryInfo& category : policy.categories()) {
    for (const policy::Retention& each : category.retentions) {
      if (!each.event.empty() && each.event == name) return true;
    }
  }
  return false;
}

Status CheckPurpose(const policy::Policy& policy, const LedgerEvent& event) {
  const policy::PurposeIndex purpose = policy.FindPurpose(event.purpose);
  if (!purpose.valid()) return Refused(Reason::kUnknownPurpose, "a choice names a purpose", "");
  if (event.kind != LedgerKind::kGiven) return Status();
  if (!policy.purpose(purpose).leaf) {
    return Refused(Reason::kUnknownPurpose, "consent is given to one leaf purpose at a time",
                   "name the purposes below it");
  }
  const policy::NoticeIndex notice = policy.FindNotice(event.notice);
  if (!notice.valid()) {
    return Refused(Reason::kUnknownNotice, "consent is given under the notice that asked for it",
                   "");
  }
  if (policy.notice(notice).purposes[purpose.value]) return Status();
  return Status(Code::kInvalidValue, "ledger.notice", "the notice does not ask for this purpose",
                "name the notice that was shown when consent was asked");
}

Status CheckNames(const Frame& frame, const LedgerEvent& event) {
  const policy::Policy& policy = frame.in_force();
  const Uses uses = UsesOf(event.kind);
  if (uses.purpose) BAILEE_RETURN_IF_ERROR(CheckPurpose(policy, event));
  if (!event.category.empty() && !policy.FindCategory(event.category).valid())
    return Refused(Reason::kUnknownCategory, "a choice or hold names a category", "");
  if (event.kind == LedgerKind::kNoticeShown && !policy.FindNotice(event.notice).valid())
    return Refused(Reason::kUnknownNotice, "a notice that was shown is one of the policy", "");
  if (event.kind == LedgerKind::kNamedEvent && !IsNamedEvent(policy, event.name)) {
    return Status(Code::kInvalidValue, "ledger.unknown-event",
                  "no retention of the policy counts from this event",
                  "name an event that a `retain` names");
  }
  if (event.kind == LedgerKind::kSignal && policy.FindSignal(event.name) == nullptr) {
    return Status(Code::kInvalidValue, "ledger.unknown-signal",
                  "the policy does not know this signal", "name one that the policy declares");
  }
  if (uses.reference && !policy::IsCaseReference(event.reference)) {
    return Status(Code::kInvalidValue, "ledger.reference",
                  "a case is 1 to 64 letters, digits and dashes",
                  "give the number of the case, never a name");
  }
  if (uses.version && !frame.rules()->policies.contains(event.policy_version)) {
    return Status(Code::kInvalidValue, "ledger.unknown-version",
                  "the vault has no such version of the policy", "name a published one");
  }
  return Status();
}

}  // namespace

Status CheckLedgerEvent(const Frame& frame, const LedgerEvent& event) {
  const auto kind = static_cast<uint8_t>(event.kind);
  if (kind < 1 || kind > kLedgerKindCount || event.kind == LedgerKind::kRectified ||
      event.kind == LedgerKind::kErasureAsked) {
    return {Code::kUsage, "ledger.kind", "this kind of entry is not recorded by itself",
            "entries of rectifying and erasing are made by Rectify and Erase"};
  }
  BAILEE_RETURN_IF_ERROR(CheckUses(event));
  if (!IsMethod(event.method)) {
    return Status(Code::kInvalidValue, "ledger.method",
                  "a method is up to 64 of a-z, 0-9 and dashes",
                  "name how it was said, e.g. web-form");
  }
  if (event.at && *event.at > frame.now) {
    return Status(Code::kInvalidValue, "ledger.future", "what is recorded lies in the future",
                  "record it when it has happened");
  }
  return CheckNames(frame, event);
}

}  // namespace bailee::vault
