// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/collection.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "bailee/who.h"

namespace bailee {

namespace vault {
class SessionImpl;
}

// One record's released values. Move-only; wiped when it goes.
class BAILEE_EXPORT Record {
 public:
  Handle handle;
  RecordId id;
  std::string category;
  Timestamp collected_at;
  DecisionId decision;  // the event that recorded this release

  // The value of a field that was asked for. REQUIRES: the field was asked for and Has(field).
  const Secret& At(std::string_view field) const BAILEE_LIFETIME_BOUND;
  // Whether the record holds a value for this field.
  bool Has(std::string_view field) const;
  // The names asked for, in that order.
  std::vector<std::string_view> fields() const BAILEE_LIFETIME_BOUND;

  struct Value {
    std::string name;
    std::optional<Secret> value;  // nothing: the record holds none
  };
  std::vector<Value> values;
};

// What to read. Texts are borrowed for the call.
struct ReadRequest {
  Who who;
  std::string_view category;
  std::optional<RecordId> record = {};   // needed where the category holds MANY
  std::vector<std::string_view> fields;  // fields and views by full name, e.g. "pan", "pan.last4"
  std::string_view case_reference = {};  // for purposes on a case basis: [A-Za-z0-9-]{1,64}
};

// All records of one subject in one category.
struct ReadAllRequest {
  Who who;
  std::string_view category;
  std::vector<std::string_view> fields;
  std::string_view case_reference = {};
};

// All records of one category, subject after subject in the order of handles.
struct ScanRequest {
  std::string_view category;
  std::vector<std::string_view> fields;
  std::string_view case_reference = {};
};

struct FindRequest {
  std::string_view category;
  std::string_view field;
  const Secret& value;
  std::string_view case_reference = {};
};

struct Found {
  Handle handle;
  RecordId record;
};

// The records of one category whose field has this value.
struct ReadWhereRequest {
  std::string_view category;
  std::string_view field;
  const Secret& value;
  std::vector<std::string_view> fields;  // to read, as in ReadRequest
  std::string_view case_reference = {};
};

struct VerifyRequest {
  Who who;
  std::string_view category;
  std::string_view field;
  const Secret& attempt;
};

// Values of one record to be put right, or added to it. Texts are borrowed for the call.
struct RectifyRequest {
  Who who;
  std::string_view category;
  std::optional<RecordId> record = {};  // needed where the category holds MANY
  std::vector<FieldInput> fields;       // fields, not views: those follow from them
  std::string_view case_reference = {};
};

// What putting right did.
struct Rectified {
  Handle handle;
  RecordId record;
  uint32_t revision = 0;     // of the record: how often it was written over
  uint64_t sequence = 0;     // of the entry in the person's ledger
  uint64_t transaction = 0;  // the transaction that holds it
  DecisionId decision;       // the event: who put it right, and when
};

// A record without its values.
struct RecordInfo {
  Handle handle;
  RecordId id;
  std::string category;
  Timestamp collected_at;
  std::string notice;
  std::string source;
  uint32_t policy_version = 0;
};

struct Disclosure;
struct DiscloseRequest;
struct DisclosureInfo;

// Acting for one purpose. Made by Vault::As; used by one thread at a time; must not outlive its
// Vault.
//
// Every call is decided by the policy, the terms of the datum and the standing of the subject, and
// every outcome is an event before a value leaves. Refusals that would tell that somebody or
// something exists are kNotFound, the same for unknown, absent and forbidden, unless the purpose is
// marked `may_know_existence`.
//
// Where a purpose of the policy is marked `combines`, ReadAll, ReadWhere, Scan, Find and List for
// any other refuse, with not-collected-for and an offer, what would have them release data of two
// sources in one call; Scan does so at the first record of a second source. Name one in
// SessionOptions.
class BAILEE_EXPORT Session {
 public:
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // The values of one record. All fields or none.
  // Errors: kRefused (reasons, clause, what would change the answer); kNotFound; kDamage;
  // kAuditDown; kBusy; kFailed.
  Result<Record> Read(const ReadRequest& request);

  // Every record of the subject in the category that this purpose may read; those it may not are
  // left out. Errors: as Read.
  Result<std::vector<Record>> ReadAll(const ReadAllRequest& request);

  // Calls `visit` for every record of the category that this purpose may read, until it returns
  // false. Bounded memory; the events of a chunk are recorded before its records are visited. A
  // record collected meanwhile may be missed. Errors: as Read.
  Status Scan(const ScanRequest& request, const std::function<bool(const Record&)>& visit);

  // The records whose field has this value, by keyed index; needs the lookup to be declared for
  // this purpose. Validates and normalises the value first. Records that this purpose may not read
  // are left out. Errors: kRefused; kInvalidValue; kKey "key.index-missing"; kAuditDown; kDamage;
  // kFailed.
  Result<std::vector<Found>> Find(const FindRequest& request);

  // Find and ReadAll in one look at the vault: the records whose field has this value, as far as
  // this purpose may find them by it and read `fields` of them; the others are left out. Recorded
  // as one of each, before any value leaves. Errors: those of both.
  Result<std::vector<Record>> ReadWhere(const ReadWhereRequest& request);

  // Whether `attempt` is the subject's password. Takes as long for an unknown subject as for a
  // wrong password. Errors: kRefused; kAuditDown; kDamage; kFailed. An unknown subject or absent
  // password is `false`.
  Result<bool> VerifyPassword(const VerifyRequest& request);

  // Replaces the given fields of a record that is there, and their views with them; everything else
  // of it stays, also when it was collected and under what. A field may be put right by a purpose
  // that may read it and by `rights`, also while the person is restricted; a PASSWORD by a purpose
  // that may verify it. Decided inside the transaction that writes it; an entry in the person's
  // ledger says which fields were put right, and never what they were. Find finds the record by its
  // new values and no longer by the old. All fields or none; durable when it returns.
  // The process need not be able to read all that is written: a view may be for others alone. But
  // what lies sealed together with a new value must be kept, so if it may not open that, it is
  // refused with `purpose-key-missing` and told which fields they are. What is held for a case is
  // not changed (`held`).
  // Errors: kRefused (also `undeclared-field` for a view or a field that was declared after the
  // record was collected); kNotFound; kInvalidValue (a value does not fit its kind; names the
  // field, never the value); kUsage; kDamage; kFull; kAuditDown; kBusy; kFailed.
  Result<Rectified> Rectify(const RectifyRequest& request);
  // Several records in one transaction, at most limits::kRectifiedRecordsMax: all of them or, where
  // one may not be, none. Errors: as above, of the first that is not put right; kUsage
  // "rectify.too-many".
  Result<std::vector<Rectified>> Rectify(std::span<const RectifyRequest> requests);

  // The records of a subject of which this purpose may read something, without values.
  // Errors: kNotFound; kAuditDown; kFailed.
  Result<std::vector<RecordInfo>> List(const Who& who);

  // Gives values to a recipient; see disclose.h.
  Result<Disclosure> Disclose(const DiscloseRequest& request);

  // What was disclosed of somebody, oldest first; for `rights` alone. See disclose.h.
  Result<std::vector<DisclosureInfo>> Disclosures(const Who& who);

  // Calls `visit` for every disclosure whose `until` is over, until it returns false; for `rights`
  // alone. See disclose.h.
  Status EndedShares(const std::function<bool(const DisclosureInfo&)>& visit);

  std::string_view purpose() const;

  explicit Session(std::unique_ptr<vault::SessionImpl> impl);

 private:
  std::unique_ptr<vault::SessionImpl> impl_;
};

}  // namespace bailee
