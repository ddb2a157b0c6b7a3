// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/reason.h"
#include "bailee/result.h"

namespace bailee {

// Something a person who writes a policy should know. An error makes the policy invalid.
struct PolicyFinding {
  bool error = true;    // otherwise a warning
  int line = 0;         // from 1; 0 if unknown
  int column = 0;       // from 1; 0 if unknown
  std::string message;  // one line, lower case, may end in (did you mean "x"?)
};

// What became of one `test { }` of a policy.
struct PolicyTestResult {
  std::string name;
  int line = 0;  // 0 if the policy came from binary
  bool passed = false;
  bool expected_allowed = false;
  bool allowed = false;
  std::vector<Reason> expected_reasons;
  std::vector<Reason> reasons;  // what was answered, the primary first
};

// What a policy declares, in words; everything in the order of the text.
struct BAILEE_EXPORT PolicyDescription {
  // One rule that lets a purpose use a field.
  struct Reader {
    std::string purpose;               // a leaf
    std::string basis;                 // "NECESSARY", "OPT_OUT", "OPT_IN", "CASE"
    std::vector<std::string> sources;  // empty: from any source
    std::string rule;                  // e.g. "payment_card allows support: pan.last4"
    std::string clause;                // may be empty
    int line = 0;                      // 0 if the policy came from binary
  };
  struct Field {
    std::string name;       // full: "pan", "pan.last4"
    std::string kind;       // "PAN"; of a view: the kind of its field
    std::string view_of;    // empty for a field
    std::string transform;  // "LAST4"; empty for a field
    bool required = false;
    size_t bytes_max = 0;
    std::vector<Reader> readers;
    std::vector<std::string> lookups;          // purposes that may find subjects by it
    std::vector<std::string> report_purposes;  // purposes of the reports that use it
  };
  struct Retention {
    std::string purpose;
    int days = 0;
    std::string event;     // counted from this event, or empty: from collection
    int at_most_days = 0;  // with an event: from collection, whatever happens
    std::string clause;
  };
  // One way out of a category.
  struct Release {
    std::string recipient;
    std::string ground;   // "CONSENT", "LAW", …
    std::string purpose;  // a leaf
    std::vector<std::string> fields;
    std::string clause;
  };
  struct Category {
    std::string id;
    std::string says;
    std::string clause;
    bool about_browser = false;  // otherwise about a subject
    bool holds_many = false;     // otherwise one record for each subject
    bool sensitive = false;
    std::vector<Field> fields;  // each followed by its views
    std::vector<Retention> retentions;
    std::vector<Release> releases;
  };
  struct Purpose {
    std::string id;  // dotted
    std::string says;
    std::string clause;
    bool leaf = false;  // only leaves can be acted for
    bool may_know_existence = false;
  };
  struct Notice {
    std::string id;
    std::vector<std::string> purposes;  // leaves
    std::vector<std::string> sources;   // empty: any
  };
  struct Source {
    std::string id;
    std::string role;  // "OWN", "PARTNER", …
  };
  struct Recipient {
    std::string id;
    std::string role;  // "ON_OUR_BEHALF", "THIRD_PARTY", …
    std::string agreement;
    std::string says;
    std::string clause;
  };
  // What a controller instructs us to do with data that is held for it.
  struct Instruction {
    std::string controller;
    std::string agreement;
    std::string category;
    std::vector<std::string> purposes;  // leaves
    std::vector<std::string> fields;
  };
  struct Report {
    std::string id;
    std::string category;
    std::vector<std::string> fields;  // that it groups by or adds up
    uint32_t subjects_min = 0;        // in every group that is shown
    std::string purpose;
    std::vector<std::string> recipients;
    std::string clause;
  };

  std::string name;
  uint32_t version = 0;
  Timestamp effective;
  std::vector<Purpose> purposes;
  std::vector<Notice> notices;
  std::vector<Source> sources;
  std::vector<std::string> controllers;
  std::vector<Instruction> instructions;
  std::vector<Recipient> recipients;
  std::vector<Report> reports;
  std::vector<Category> categories;

  // By name; null if there is none. Borrowed.
  const Category* FindCategory(std::string_view id) const BAILEE_LIFETIME_BOUND;
  const Purpose* FindPurpose(std::string_view id) const BAILEE_LIFETIME_BOUND;
  static const Field* FindField(const Category& category BAILEE_LIFETIME_BOUND,
                                std::string_view full_name);
};

// One difference between two versions of a policy.
struct PolicyChange {
  enum class Effect : uint8_t {
    kWider = 1,  // something more is allowed: it owes a notice, and never reaches what is held
    kNarrower,   // something less is allowed: it holds at once
    kBreaks,     // what is held could not be kept under it
  };
  Effect effect = Effect::kWider;
  // "use", "lookup", "retention", "notice", "source", "purpose", "category", "field", "disclosure",
  // "recipient", "signal" or "report".
  std::string about;
  std::string name;                 // of the notice, source, purpose, recipient or report; or empty
  std::string category;             // whose data it touches; empty: no category by itself
  std::vector<std::string> fields;  // full names
  std::vector<std::string> purposes;      // leaves
  std::vector<std::string> sources;       // empty: every one
  std::vector<std::string> on_behalf_of;  // controllers; empty: our own data
  std::string was;                        // "no", "OPT_IN", "90 days from collection"
  std::string now;
  std::string words;   // the whole in one line, in words of the policy
  std::string clause;  // of the rule that allows it, or did; may be empty
  int line = 0;  // where that rule stands: in the newer text, or in the older if it is gone; or 0
};

// What two versions of a policy allow, compared cell by cell. In the order of the newer text.
struct BAILEE_EXPORT PolicyDiff {
  std::vector<PolicyChange> changes;

  bool Has(PolicyChange::Effect effect) const;
  // The leaves that anything becomes wider for, in order: what its notice must list.
  std::vector<std::string> WidenedPurposes() const;
  // The categories that any change touches, in order.
  std::vector<std::string> Categories() const;
};

// A question to the policy alone: nobody's data is looked at.
struct PolicyQuestion {
  std::string_view purpose;
  std::string_view category;
  std::string_view field;              // full name: "pan", "pan.last4"
  std::string_view on_behalf_of = {};  // controller; empty: our own data
  std::string_view case_reference = {};
  Timestamp now;
};

// One version of a policy, parsed and linted, outside any vault: what a tool needs to show, test
// and explain it. Immutable, cheap to copy, thread-safe.
class BAILEE_EXPORT PolicyDocument {
 public:
  // Reads textproto (FORMAT of proto/bailee/v1/policy.proto). `file_name` only names the file in
  // messages. `findings`, if given, receives every error and warning in the order of the text, also
  // on failure. Errors: kPolicyInvalid "policy.invalid", naming each error's line and column.
  static Result<PolicyDocument> FromText(std::string_view text, std::string_view file_name,
                                         std::vector<PolicyFinding>* findings = nullptr);

  // Reads what Vault::PolicyInForce gave. Rules then know their words and clauses but no lines.
  // Errors: as FromText.
  static Result<PolicyDocument> FromBinary(ByteView bytes);

  // Everything it declares. Valid while a copy of the document lives.
  const PolicyDescription& Describe() const BAILEE_LIFETIME_BOUND;

  // Runs the policy's own tests against it, all keys held.
  std::vector<PolicyTestResult> RunTests() const;

  // How `newer` differs from this version, exactly: *wider* is any purpose, field, view, source,
  // controller, lookup, recipient or ground more, a weaker basis, a longer retention, a lower floor
  // of a report, a shorter wait; each the other way round is *narrower*. A change that is both is
  // there twice. A use counts only if some notice lists its purpose. What a policy that is not
  // wider refuses for what is held, the other one refused, too.
  PolicyDiff CompareWith(const PolicyDocument& newer) const;

  // What the policy alone answers to a read: success, or kRefused with every reason that needs no
  // look at the data, the rule, its clause and what would change the answer. Success does not mean
  // that a datum may be read: its terms, the subject's choices and its age decide as well.
  Status Decide(const PolicyQuestion& question) const;

 private:
  struct Impl;
  explicit PolicyDocument(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace bailee
