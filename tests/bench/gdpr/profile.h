// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/gdpr/generator.h"

namespace bailee::bench::gdpr {

enum class Role : uint8_t { kController, kCustomer, kProcessor, kRegulator };
inline constexpr Role kRoles[] = {Role::kController, Role::kCustomer, Role::kProcessor,
                                  Role::kRegulator};
std::string_view RoleName(Role role);

enum class Verb : uint8_t { kCreate, kRead, kUpdate, kDelete, kLog, kVerifyDeletion };

// How the records of a query are named: by their key, or by the value of one field.
enum class By : uint8_t { kKey, kPurpose, kTtl, kUser, kObjection, kDecision, kShared };
// The field whose value it is. REQUIRES: by != kKey.
Field FieldOf(By by);

// Of the fields of a record.
enum class Part : uint8_t { kAll, kData, kMetadata };

// One of a role's queries, and its share.
struct Query {
  double weight = 0;
  Verb verb = Verb::kRead;
  By by = By::kKey;
  Part part = Part::kAll;  // kMetadata, of an update: one field of it
  Chooser chooser = Chooser::kUniform;
};
// E.g. "read-metadata-by-USR".
std::string QueryName(const Query& query);

// How records look.
struct Shape {
  std::array<std::string, kFieldCount> names;  // empty: records have no such field
  // Of each field but kData, the value of record k is that at k modulo their number; for
  // `shares`, that and the nine after it.
  std::array<std::vector<std::string>, kFieldCount> values;
  bool shares_with_ten = false;
  // Each field is NAME=value, filled up with `+` to data_bytes; also kData, whose value is "val10".
  bool padded = false;
  size_t data_bytes = 100;
  std::string key_prefix = "key";
};

// One of the workloads that go by the name of GDPRbench.
struct Profile {
  std::string name;
  uint64_t records = 0;     // as published
  uint64_t operations = 0;  // likewise
  Shape shape;
  // First of all, whoever asks makes sure that what had a TTL of 30 seconds is gone, and looks at
  // the log.
  bool checks_first = true;
  // Data gets another value each time that it is updated; otherwise the one that it had, as
  // upstream has it.
  bool updates_change = false;
  std::array<std::vector<Query>, 4> queries;  // by role; none: not published

  const std::vector<Query>& Of(Role role) const { return queries[static_cast<size_t>(role)]; }
};

// All of them, oldest first.
const std::vector<Profile>& Profiles();
// Null if there is none of that name.
const Profile* FindProfile(std::string_view name);

// Records as `profile` has them.
std::string KeyOf(const Profile& profile, uint64_t number);
Fields FieldsOf(const Profile& profile, uint64_t number);
// What record `number` has, or would have, in one field.
std::string ValueOf(const Profile& profile, uint64_t number, Field field);
// What its data is after it was updated for the `version`-th time.
std::string UpdatedData(const Profile& profile, uint64_t number, uint64_t version);
// Purposes that records have, each once.
std::vector<std::string> PurposesOf(const Profile& profile);

}  // namespace bailee::bench::gdpr
