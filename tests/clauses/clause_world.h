// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/vault.h"
#include "policy/policy.h"
#include "support/error_is.h"
#include "support/event_recorder.h"
#include "support/raw_rows.h"
#include "support/temp_vault.h"

namespace bailee {

// 2016-07-01, when the LiveOps policy is in force.
inline constexpr Timestamp kJuly2016{1'467'331'200'000};

inline constexpr std::string_view kCase = "2013-CV-17";

// Somebody whom most tests are about, and her e-mail address.
inline const Who kAda = Who::Ref("user-4711");
inline constexpr std::string_view kAddress = "ada@analytical.example";

// A vault under one of the two policies, in which each act is that of a process of its own: it
// opens the vault with a keyring for one purpose and closes it again.
class ClauseWorld {
 public:
  ClauseWorld(std::string_view policy_name, Timestamp now);

  FixedClock& clock() { return vault_.clock(); }
  TempVault& vault() { return vault_; }
  const policy::Policy& policy() const { return *policy_; }
  std::vector<std::string> Leaves() const;

  // By a process that may read nothing.
  Result<Collected> Collect(const CollectRequest& request, std::string_view category,
                            std::vector<FieldInput> fields);

  // One value, read by a process that holds this purpose alone.
  struct Question {
    std::string_view purpose;
    Who who;
    std::string_view category;
    std::string_view field;
    std::optional<RecordId> record = {};
    std::string_view case_reference = {};
    std::string_view on_behalf_of = {};
  };
  Result<std::string> Read(const Question& question);
  // Puts one record right, by a process that holds this purpose alone.
  Result<Rectified> Rectify(std::string_view purpose, Who who, std::string_view category,
                            std::vector<FieldInput> fields, std::optional<RecordId> record = {});
  Result<bool> Verify(std::string_view purpose, const Who& who, std::string_view attempt);

  // By a process that may read nothing.
  Result<Recorded> Say(const Who& who, const LedgerEvent& event);
  // With the upkeep keyring: makes the keys that are due.
  UpkeepResult Upkeep();
  // The same process, doing anything with its vault.
  template <typename Use>
  auto With(const std::vector<std::string>& purposes, Use&& use) {
    Vault vault = Open(purposes);
    return use(vault);
  }

  // Whether a process without any purpose may act for this one.
  Status TryAs(std::string_view purpose);

  // The events of this kind since the last call, of any kind.
  std::vector<EventRecorder::Seen> Events(audit::EventKind kind);
  // Expects that one call was recorded since the last look, and so. Opening a vault is recorded,
  // too, and does not count.
  void ExpectAllowed(audit::EventKind kind, std::string_view purpose, std::string_view field);
  void ExpectRefused(audit::EventKind kind, std::string_view purpose, Reason primary);

  // What lies in the rows of one subject and category, for somebody who has the files, the keyring
  // of one purpose, and asks nobody: field, then purpose, then what opens.
  using Opened = std::map<std::string, std::map<std::string, std::string>>;
  Opened Raw(const Handle& handle, std::string_view category);
  // The purposes, reserved ones too, whose keyrings open the field in the raw rows.
  std::set<std::string> RawReaders(const Handle& handle, std::string_view category,
                                   std::string_view field);

  std::vector<size_t> Rows() const { return RowCounts(vault_.path()); }

 private:
  Vault Open(const std::vector<std::string>& purposes);

  TempVault vault_;
  std::shared_ptr<const policy::Policy> policy_;
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
};

// The world of one test, and somebody whom most of it is about.
class ClauseTest : public ::testing::Test {
 protected:
  ClauseTest(std::string_view policy_name, Timestamp now, Who who)
      : world_(policy_name, now), who_(who) {}

  // About `who`, by default that somebody.
  CollectRequest Under(std::string_view notice, std::string_view source,
                       std::optional<Who> who = {}) const;
  // Stores one record and forgets the event.
  Collected Store(const CollectRequest& request, std::string_view category,
                  std::vector<FieldInput> fields);

  ClauseWorld world_;

 private:
  const Who who_;
};

// The primary reason of a refusal; nothing for any other outcome.
std::optional<Reason> WhyNot(const Status& status);
template <typename T>
std::optional<Reason> WhyNot(const Result<T>& result) {
  return WhyNot(result.status());
}

std::string TextOf(const Secret& secret);

}  // namespace bailee
