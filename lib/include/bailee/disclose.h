// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/secret.h"
#include "bailee/session.h"
#include "bailee/who.h"

// The only way out, and who may be written to.
//
// Session::Disclose gives values of one subject to a recipient of the policy, on a ground. It is
// decided like a read of every field for the session's purpose, and more: a `disclose` of the
// category must list recipient, ground, purpose and field, and the ground's own conditions must
// hold (a case reference for LAW, TERMS_OF_SERVICE, FRAUD_OR_SECURITY and IMMINENT_HARM; the
// subject's own consent for CONSENT, and whatever the ground but LAW for e-mail addresses to a
// THIRD_PARTY; the notice and the wait for SUCCESSION). Data collected under an older policy leaves
// only where that one listed it too, unless the subject agreed to the policy in force.
//
// Decision, the row of the accounting and the event are one write transaction, durable before any
// value is returned: what is not accounted for has not left. If the recipient has a public key, no
// value is returned at all, only a parcel that it alone opens.
//
// Errors: kRefused (unknown-recipient, recipient-not-listed, ground-not-met, case-missing,
// notice-missing, consent-…, and those of Read); kNotFound; kInvalidValue "disclose.until-past",
// "disclose.too-many"; kKey "disclose.recipient-key" (its key in the policy is no good); kUsage;
// kDamage; kAuditDown; kFull; kBusy; kFailed. After any error nothing was returned; the accounting
// has no row, unless the error says that the commit is unclear.
namespace bailee {

// The most records that one call discloses.
inline constexpr size_t kDisclosedRecordsMax = 1'000;

// What to disclose, to whom and why. Texts are borrowed for the call.
struct DiscloseRequest {
  Who who;
  std::string_view category;
  std::vector<RecordId> records = {};    // all or none; empty where the category holds ONE
  std::vector<std::string_view> fields;  // fields and views by full name
  std::string_view recipient;            // as the policy calls it
  std::string_view ground;               // a word of policy.proto: "LAW"
  std::string_view case_reference = {};  // [A-Za-z0-9-]{1,64}
  // When the recipient has to have ended using it; after that EndedShares names it. Not before now.
  std::optional<Timestamp> until = {};
};

// What left. Move-only; its values are wiped when it goes.
struct Disclosure {
  Handle handle;
  uint64_t sequence = 0;  // in the accounting of this subject, from 1
  Timestamp at;
  DecisionId decision;
  std::vector<Record> records;  // in the order asked for; empty if there is a parcel
  Bytes parcel;                 // FORMAT.md §15.2; empty if the recipient has no key
};

// One row of the accounting. Holds no value.
struct DisclosureInfo {
  Handle handle;
  uint64_t sequence = 0;
  Timestamp at;
  std::optional<Timestamp> until;
  uint32_t policy_version = 0;
  bool sealed = false;  // to the recipient's key
  std::string recipient;
  std::string ground;
  std::string purpose;
  std::string on_behalf_of;
  std::string category;
  std::string case_reference;
  std::string decision;  // DecisionId::ToText of its event
  std::vector<std::string> fields;
  std::vector<RecordId> records;
};

// Session::Disclosures: every disclosure of one subject that was made on behalf of the session's
// controller, oldest first. Session::EndedShares: over all subjects, in bounded memory; the event
// of a chunk is recorded before it is visited. Both are events. Errors: kRefused not-collected-for
// unless the session is for `rights`; kNotFound (nobody of that name); kDamage (a row is missing or
// does not open); kAuditDown; kFailed.
//
// Vault::MayContact: whether this address may be written to for a purpose below "contact". Needs no
// key but the storage key: it reads no field, unless it holds a lookup for the address. Always
// asked with the address about to be used, because addresses, not people, are on the list. With
// `who` the answer is that person's; without, that of whoever it is found to belong to (all of them
// must permit it) as far as this process holds the lookup, otherwise that of nobody, who permitted
// nothing. The answer is the event that recorded it. It holds for now: ask before each message.
// Errors: kRefused contact-suppressed, consent-missing (also for whoever withdrew, objected, is
// restricted, unknown or erased, unless the purpose may know existence), unknown-purpose,
// not-collected-for (no purpose of contact); kInvalidValue (no address); kAuditDown; kDamage;
// kFailed.
//
// The list keeps a keyed tag of each address in lower case, never the address, and outlives the
// erasure of whom it belongs to. Whoever holds the storage key and an address can learn that it is
// listed. Suppress only restricts: any process of the vault may. Unsuppress and SuppressTags take
// and give by list alone; Unsuppress needs a keyring with `rights`, whose holder answers people.

// A keyed tag of an address. Opaque; means nothing in another vault. Not for logs: whoever holds
// the storage key can test addresses against it.
using SuppressionTag = Id<struct SuppressionTagTag>;

// What became of one call with many addresses. Durable together, one event.
struct SuppressOutcome {
  size_t changed = 0;           // were not as asked, now are
  size_t unchanged = 0;         // were as asked already
  std::vector<size_t> invalid;  // places, from 0, of what is no address: left out
};

}  // namespace bailee
