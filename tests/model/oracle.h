// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bailee/clock.h"
#include "bailee/reason.h"

// A second implementation of the policy decision: slow, obvious, and sharing nothing with the first
// but the words of the answer. It knows a policy as its author wrote it (names, not numbers; inner
// purposes, not leaves) and follows the numbered rules of lib/policy/decide.h one by one.
namespace bailee::model {

using Names = std::set<std::string>;

enum class SmallBasis { kNecessary, kOptOut, kOptIn, kCase };
enum class SmallRole { kOwn, kPartner, kIndependent };

struct SmallNotice {
  Names purposes;
  Names sources;  // empty: any
};
struct SmallInstruction {
  Names purposes;
  std::string category;
  Names fields;  // empty: every field and view
};
struct SmallField {
  std::string kind;       // a word of policy.proto; of a view: the kind of its field
  std::string transform;  // "mask: LAST4"; empty: not a view
  Names lookups;
};
struct SmallAllow {
  Names purposes;
  SmallBasis basis = SmallBasis::kNecessary;
  Names fields;   // empty: every field and view
  Names sources;  // empty: any
};
struct SmallRetain {
  Names purposes;
  int days = 0;
  std::string event;  // empty: from collection
  int at_most_days = 0;
};
struct SmallDisclose {
  std::string recipient;
  std::string ground;  // a word of policy.proto
  std::string purpose;
  Names fields;
  std::string notice;  // these three for SUCCESSION
  int wait_days = 0;
  int until_days = 0;  // 0: no end
};
struct SmallCategory {
  std::map<std::string, SmallField> fields;  // by full name
  std::vector<SmallAllow> allows;
  std::vector<SmallRetain> retains;
  std::vector<SmallDisclose> discloses = {};
};
struct SmallReport {
  std::string category;
  std::string purpose;
  std::string by;              // a field or view
  std::string of;              // a TIME field
  bool at_collection = false;  // fed while collecting: nothing is held for it
};
struct SmallPolicy {
  uint32_t version = 1;
  Timestamp effective;
  std::map<std::string, bool> purposes;  // the value: may know existence
  std::map<std::string, SmallNotice> notices;
  std::map<std::string, SmallRole> sources;
  std::map<std::string, std::vector<SmallInstruction>> controllers;
  std::map<std::string, SmallCategory> categories;
  std::vector<SmallReport> reports;
  std::map<std::string, std::string> recipients = {};  // the value: a role of policy.proto
};

// What a datum is held under: a policy and names, which that policy need not know.
struct SmallTerms {
  const SmallPolicy* policy = nullptr;
  std::string notice;
  std::string source;
  std::string controller;  // empty: ours
  Timestamp collected_at;
};

enum class SmallWord { kGiven, kWithdrawn, kObjected, kDeclined };
// The version a choice was made under: the one in force, that of the datum, or one nobody knows.
enum class SmallVersion { kNow, kThen, kLost };
struct SmallChoice {
  std::string purpose;
  std::string category;  // empty: every category
  SmallWord word = SmallWord::kGiven;
  uint64_t sequence = 0;
  std::string notice;
  SmallVersion under = SmallVersion::kNow;
};
struct SmallEvent {
  std::string name;
  Timestamp at;
};
struct SmallStanding {
  std::vector<SmallChoice> choices;
  std::vector<SmallEvent> events;
  std::vector<SmallEvent> notices = {};      // shown
  std::vector<std::string> held_categories;  // an empty name: every category
  std::set<uint32_t> agreed_versions;
  bool restricted = false;
  bool erasure_waits = false;
  bool erased = false;
};

enum class SmallAction { kRead, kCollect, kVerifyPassword, kFind, kDisclose, kContact };
struct SmallRequest {
  SmallAction action = SmallAction::kRead;
  std::string purpose;
  std::string category;
  std::string field;
  std::string on_behalf_of;
  std::string case_reference;
  Timestamp now;
  uint32_t policy_version = 0;
  bool purpose_key_held = true;
  bool wrap_pending = false;
  std::string notice;  // these three for kCollect
  std::string source;
  Timestamp collected_at;
  std::string recipient = {};  // these two for kDisclose
  std::string ground = {};
  bool suppressed = false;  // for kContact
};

using Reasons = std::set<Reason>;
struct OracleAnswer {
  Reasons reasons;      // empty: allowed
  bool visible = true;  // also if allowed: there is nothing to hide then
  Names stored = {};    // of an allowed collection: the field and views that may be kept
};

// `terms` is null if there is no datum.
OracleAnswer OracleDecide(const SmallPolicy& in_force, const SmallTerms* terms,
                          const SmallStanding& standing, const SmallRequest& request);

// Stage one alone.
OracleAnswer OracleStageOne(const SmallPolicy& in_force, const SmallRequest& request);

// The reason to be named first. REQUIRES: `reasons` is not empty.
Reason OraclePrimary(const Reasons& reasons);

}  // namespace bailee::model
