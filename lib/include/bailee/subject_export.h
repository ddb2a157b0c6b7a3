// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bailee/audit_trail.h"
#include "bailee/clock.h"
#include "bailee/disclose.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/ledger.h"
#include "bailee/reason.h"
#include "bailee/secret.h"
#include "bailee/session.h"
#include "bailee/status.h"

// Everything that is held of one person or browser: what they are owed when they ask (GDPR Art. 15
// and 20). See Vault::Export.
namespace bailee {

struct SubjectExportOptions {
  // Only what is held for this controller; empty: only our own. A controller is told nothing of
  // what we or others hold, nor the person's ledger, which is ours.
  std::string on_behalf_of = {};
};

// A purpose and what it may use of one record now.
struct ExportedUse {
  std::string purpose;              // a leaf of the policy in force
  std::vector<std::string> fields;  // of those the record holds; empty: it may use nothing
  std::vector<Reason> reasons;      // why not the rest of them; empty: it may use all
};

// Whom the policy in force lets fields of a record be disclosed to, and why. Conditions on the way
// (a case reference, consent, a waiting period) are not judged here.
struct ExportedRecipient {
  std::string recipient;
  std::string role;    // "ON_OUR_BEHALF", "THIRD_PARTY", …
  std::string ground;  // "CONSENT", "LAW", …
  std::string purpose;
  std::vector<std::string> fields;
};

// A field that is held and not in the export.
struct ExportedGap {
  std::string field;
  Reason reason = Reason::kNotCollectedFor;  // that of a password: nobody can read it
};

// One record. Move-only; its values are wiped when it goes.
struct ExportedRecord {
  RecordId id;
  std::string category;  // the hex of its id if that cannot be known
  Status damage;         // not success: it is damaged and nothing below is known
  Timestamp collected_at;
  std::string notice;
  std::string source;
  std::string source_role;  // "OWN", "PARTNER", …
  std::string controller;   // empty: our own
  uint32_t policy_version = 0;
  // Whether something of it could be opened, which proves what is said above.
  bool proven = false;
  std::vector<Record::Value> values;  // every field and view that has a value, of those readable
  std::vector<ExportedGap> gaps;
  std::vector<ExportedUse> uses;  // every leaf purpose, in the order of the policy
  std::vector<ExportedRecipient> recipients;
};

// What is said once of a person, before their records. Move-only.
struct ExportedSubject {
  Handle handle;
  bool browser = false;  // a tag's holder
  Secret ref;            // the application's name for them, or the tag
  Timestamp known_since;
  Timestamp at;  // when this was exported
  std::string policy_name;
  uint32_t policy_version = 0;
  std::string on_behalf_of;
  bool restricted = false;
  std::vector<LedgerEntry> ledger;
  Status ledger_damage;  // not success: the ledger is damaged and left out
  std::vector<DisclosureInfo> disclosures;
  Status disclosures_damage;  // not success: the accounting is damaged and left out
  DecisionId decision;        // the event of this export
};

// Receives an export piece by piece. What is returned other than success ends it.
class BAILEE_EXPORT SubjectExportVisitor {
 public:
  virtual ~SubjectExportVisitor() = default;
  // Once, first.
  virtual Status Subject(const ExportedSubject& subject) = 0;
  // For each record. Borrowed for the call.
  virtual Status Record(const ExportedRecord& record) = 0;
};

// What an export had.
struct SubjectExportSummary {
  Handle handle;
  uint64_t records = 0;
  uint64_t damaged = 0;  // of these
  DecisionId decision;
};

// One use of a person's data, as the trail has it. Says nothing of anybody else.
struct Look {
  DecisionId id;
  Timestamp at;
  std::string kind;     // "read", "scan", "disclose", …
  std::string outcome;  // "allowed", "refused", …
  std::string actor;
  std::string purpose;  // empty where none acts
  std::string on_behalf_of;
  std::string category;
  std::vector<std::string> fields;
  std::string case_reference;
  std::string recipient;
  std::string ground;
  std::vector<Reason> reasons;
  std::vector<RecordId> records;  // of this person
  uint32_t repeats = 0;
};

// Calls `visit` for everything that the trail has of this person, oldest first, until it returns
// false: who looked and why, also who was refused and what was stored. Only events of the
// controller `on_behalf_of` (empty: those of none). A look at the trail is itself an event, of the
// auditor; it is not among them. Whoever passes this on decides about what must not be told, such
// as an inquiry that is going on. Errors: as AuditTrail::Entries.
BAILEE_EXPORT Status WhoLooked(AuditTrail& trail, const Handle& handle,
                               const std::string& on_behalf_of,
                               const std::function<bool(const Look&)>& visit);

}  // namespace bailee
