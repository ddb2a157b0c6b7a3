// SPDX-License-Identifier: Apache-2.0
#include "bailee/status.h"

#include <array>

#include "base/check.h"

namespace bailee {
namespace {

constexpr std::array<std::string_view, 20> kCodeWords = {
    "ok",          "failed",        "usage",        "refused",        "findings", "partial",
    "unconfirmed", "invalid-value", "not-found",    "conflict",       "no-vault", "busy",
    "key",         "damage",        "audit-broken", "policy-invalid", "full",     "too-new",
    "audit-down",  "erased"};

constexpr std::array<std::string_view, kReasonCount + 1> kReasonWords = {
    "",
    "unknown-purpose",
    "unknown-category",
    "unknown-field",
    "unknown-source",
    "unknown-notice",
    "unknown-recipient",
    "undeclared-field",
    "source-independent",
    "not-collected-for",
    "purpose-key-missing",
    "consent-missing",
    "consent-withdrawn",
    "objected",
    "declined",
    "past-retention",
    "restricted",
    "held",
    "outside-instructions",
    "recipient-not-listed",
    "ground-not-met",
    "notice-missing",
    "case-missing",
    "contact-suppressed",
    "individual-read-of-report-data",
    "group-too-small",
    "wrap-pending",
    "policy-not-in-force",
    "subject-erased"};

}  // namespace

struct Status::Rep {
  Code code;
  std::string name;
  std::string message;
  std::string hint;
  Refusal refusal;
};

Status::Status(Code code, const char* name, std::string message, std::string hint)
    : rep_(std::make_shared<Rep>(Rep{code, name, std::move(message), std::move(hint), {}})) {
  BAILEE_CHECK(code != Code::kOk && code != Code::kRefused);
}

Status Status::Refused(Refusal refusal) {
  BAILEE_CHECK(!refusal.reasons.empty());
  std::string message(ReasonWord(refusal.reasons.front()));
  if (!refusal.rule.empty()) message += ": " + refusal.rule;
  if (!refusal.clause.empty()) message += " (" + refusal.clause + ")";
  Status status;
  std::string name = "refused." + std::string(ReasonWord(refusal.reasons.front()));
  std::string hint = refusal.offer;
  status.rep_ = std::make_shared<Rep>(Rep{Code::kRefused, std::move(name), std::move(message),
                                          std::move(hint), std::move(refusal)});
  return status;
}

Code Status::code() const { return ok() ? Code::kOk : rep_->code; }
std::string_view Status::name() const { return ok() ? std::string_view("ok") : rep_->name; }
std::string_view Status::message() const { return ok() ? std::string_view() : rep_->message; }
std::string_view Status::hint() const { return ok() ? std::string_view() : rep_->hint; }

const Refusal* Status::refusal() const {
  return !ok() && rep_->code == Code::kRefused ? &rep_->refusal : nullptr;
}

std::string_view CodeWord(Code code) { return kCodeWords[static_cast<size_t>(code)]; }

std::string_view ReasonWord(Reason reason) { return kReasonWords[static_cast<size_t>(reason)]; }

std::optional<Reason> ParseReason(std::string_view word) {
  for (size_t i = 1; i < kReasonWords.size(); ++i) {
    if (kReasonWords[i] == word) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

}  // namespace bailee
