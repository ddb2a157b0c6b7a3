// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/export.h"
#include "bailee/reason.h"

namespace bailee {

// What the caller should do next; also the exit codes of the tool. Never renumbered.
enum class Code : uint8_t {
  kOk = 0,
  kFailed = 1,          // anything without a code of its own: stop
  kUsage = 2,           // the call makes no sense: fix it
  kRefused = 3,         // policy says no, the vault works: do not retry, do not page
  kFindings = 4,        // a check found something: look
  kPartial = 5,         // some items done: run again
  kUnconfirmed = 6,     // needs a confirmation nobody could give
  kInvalidValue = 7,    // a value does not fit its kind or a limit: fix the value
  kNotFound = 8,        // nothing there, or nothing this caller may know of
  kConflict = 9,        // exists already with other content
  kNoVault = 10,        // no vault at that path, or the file is not a vault
  kBusy = 11,           // a lock or table is taken: retry later
  kKey = 12,            // no key source opens this
  kDamage = 13,         // stored bytes fail authentication or make no sense
  kAuditBroken = 14,    // history does not extend what was pinned
  kPolicyInvalid = 15,  // the policy does not parse or contradicts itself
  kFull = 16,           // disk or map full; nothing half-written
  kTooNew = 17,         // format newer than this library
  kAuditDown = 18,      // the event could not be recorded, so nothing was done
  kErased = 19,         // the subject existed and was erased
};

// The code's word, e.g. "refused".
BAILEE_EXPORT std::string_view CodeWord(Code code);

// What a refusal says: every reason, the primary first, and what would change the answer.
struct Refusal {
  std::vector<Reason> reasons;  // never empty
  std::string clause;           // clause of the rule that decided, e.g. "LL-02", or empty
  std::string
      rule;  // the rule in words of the policy, e.g. "payment_card allows support: pan.last4"
  std::string
      offer;  // what would be allowed or would change it, e.g. "ask for pan.last4"; or empty
  // The event that recorded it, as DecisionId::ToText: what an auditor explains it by. Empty where
  // no vault was asked.
  std::string decision = {};
};

// Success, or why not. Cheap to copy and to return; thread-compatible. No text in it ever holds a
// value, a ref or a key.
class [[nodiscard]] BAILEE_EXPORT Status {
 public:
  Status() = default;  // success

  // `name` is a literal, dotted and stable ("key.no-match"). `message` and `hint` are one line
  // each, lower case, without a full stop; `hint` says what the caller can do and may be empty.
  // REQUIRES: code is neither kOk nor kRefused.
  Status(Code code, const char* name, std::string message, std::string hint = {});

  // A refusal by policy. REQUIRES: refusal.reasons is not empty.
  static Status Refused(Refusal refusal);

  bool ok() const { return rep_ == nullptr; }
  Code code() const;
  std::string_view name() const BAILEE_LIFETIME_BOUND;
  std::string_view message() const BAILEE_LIFETIME_BOUND;
  std::string_view hint() const BAILEE_LIFETIME_BOUND;

  // The details of a refusal; null unless code() is kRefused.
  const Refusal* refusal() const BAILEE_LIFETIME_BOUND;

 private:
  struct Rep;
  std::shared_ptr<const Rep> rep_;
};

}  // namespace bailee
