// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/profile.h"

#include <algorithm>

#include "bench/must.h"

namespace bailee::bench::gdpr {
namespace {

using Values = std::vector<std::string>;
using Queries = std::vector<Query>;

constexpr Chooser kUniform = Chooser::kUniform;
constexpr Chooser kZipfian = Chooser::kZipfian;

const std::array<std::string, kFieldCount> kNames = {"PUR", "TTL", "USR", "OBJ", "DEC",
                                                     "ACL", "SHR", "SRC", "CAT", "Data"};
const Values kTtls = {"30",    "10000", "12000", "14000", "16000",
                      "18000", "20000", "22000", "24000", "1000000"};

Values Numbered(const std::string& stem, size_t count, size_t first = 0) {
  Values values;
  for (size_t i = 0; i < count; ++i) values.push_back(stem + std::to_string(first + i));
  return values;
}

// Of 2021, with the counts of the workload files that came with it.
Shape NumberedShape() {
  Shape shape{.names = kNames, .values = {}};
  shape.values = {Numbered("purpose", 25),  kTtls,
                  Numbered("user", 10'000), Numbered("obj", 100),
                  Numbered("dec", 2),       Numbered("acl", 10),
                  Numbered("shr", 10),      Numbered("src", 10),
                  Numbered("cat", 10),      {}};
  return shape;
}

// Of the time of the paper, and before.
Shape PaddedShape() {
  Shape shape{.names = kNames, .values = {}, .padded = true, .key_prefix = "user"};
  shape.values = {
      Values{"ads", "2fa", "msg", "backup"},
      kTtls,
      Values{"albert",  "brandon", "carol",   "dilbert", "edith",  "frank",  "godel",
             "hans",    "india",   "jack",    "kamala",  "london", "mary",   "nancy",
             "othello", "paris",   "quintin", "rhodes",  "sam",    "tintin", "underwood",
             "victor",  "wang",    "xin",     "yang",    "zhou"},
      Values{"religion", "sports", "yoga", "drugs", "alcohol", "dairy"},
      Values{"allow", "disallow", "inform"},
      Values{"ads", "billing", "infra", "emergency", "sales", "marketing", "backup", "social"},
      Values{"NULL", "facebook", "twitter", "linkedin", "reddit", "instagram", "whatsapp"},
      Values{"direct", "facebook", "google", "twitter", "unknown"},
      Values{"contact", "ssn", "medical", "finance", "work", "shopping", "internet", "social"},
      Values{"val10"}};
  return shape;
}

// GDPRuler's: no DEC and CAT, LOG in the place of ACL, and what is objected to are purposes that
// nothing is used for.
Shape RulerShape() {
  Shape shape{.names = kNames, .values = {}, .shares_with_ten = true, .data_bytes = 1'000};
  shape.names[kDecision].clear();
  shape.names[kAccess] = "LOG";
  shape.names[kCategory].clear();
  shape.values = {Numbered("purpose", 40),
                  Values{"0"},
                  Numbered("user", 128),
                  Numbered("purpose", 64, 40),
                  {},
                  Values{"true", "false"},
                  Numbered("user", 128),
                  Numbered("src", 128),
                  {},
                  {}};
  return shape;
}

Query Create(double weight) { return {weight, Verb::kCreate, By::kKey, Part::kAll, kUniform}; }
Query Log(double weight) { return {weight, Verb::kLog, By::kKey, Part::kMetadata, kUniform}; }
Query Read(double weight, By by, Part part, Chooser chooser) {
  return {weight, Verb::kRead, by, part, chooser};
}
Query Update(double weight, By by, Part part, Chooser chooser) {
  return {weight, Verb::kUpdate, by, part, chooser};
}
Query Delete(double weight, By by, Chooser chooser) {
  return {weight, Verb::kDelete, by, Part::kAll, chooser};
}
// Of metadata, one query names records by purpose and was called RM; updates of it UM.
Query ReadByPurpose(double weight, Chooser chooser) {
  return Read(weight, By::kPurpose, Part::kAll, chooser);
}
Query UpdateByPurpose(double weight, Chooser chooser) {
  return Update(weight, By::kPurpose, Part::kMetadata, chooser);
}

Queries OldCustomer() {
  return {Read(.2, By::kKey, Part::kAll, kZipfian), ReadByPurpose(.2, kZipfian),
          Update(.2, By::kKey, Part::kAll, kZipfian), UpdateByPurpose(.2, kZipfian),
          Delete(.2, By::kKey, kZipfian)};
}
Queries OldProcessor() {
  return {Read(.2, By::kKey, Part::kAll, kUniform), ReadByPurpose(.8, kUniform)};
}

Profile Of2019() {
  return {.name = "gdprbench-2019-05",
          .records = 1'000,
          .operations = 1'000,
          .shape = PaddedShape(),
          .queries = {Queries{UpdateByPurpose(.5, kUniform), Create(.25),
                              Delete(.025, By::kPurpose, kUniform)},
                      OldCustomer(), OldProcessor(),
                      Queries{Read(.46, By::kPurpose, Part::kMetadata, kZipfian)}}};
}

Profile Of2020() {
  return {.name = "gdprbench-2020-01",
          .records = 100'000,
          .operations = 10'000,
          .shape = PaddedShape(),
          .queries = {
              Queries{UpdateByPurpose(.5, kUniform), Create(.25), Delete(.25, By::kKey, kUniform)},
              OldCustomer(), OldProcessor(),
              Queries{Read(.5, By::kPurpose, Part::kMetadata, kZipfian), Log(.5)}}};
}

// Table 2 of the paper. Where it names several fields, each has an even share.
Profile OfThePaper() {
  Profile paper{.name = "gdprbench-paper",
                .records = 100'000,
                .operations = 10'000,
                .shape = NumberedShape(),
                .updates_change = true,
                .queries = {}};
  Queries controller = {Create(.25)};
  for (const By by : {By::kPurpose, By::kTtl, By::kUser})
    controller.push_back(Delete(.25 / 3, by, kUniform));
  for (const By by : {By::kPurpose, By::kUser, By::kShared})
    controller.push_back(Update(.5 / 3, by, Part::kMetadata, kUniform));
  Queries processor = {Read(.8, By::kKey, Part::kData, kZipfian)};
  for (const By by : {By::kPurpose, By::kObjection, By::kDecision})
    processor.push_back(Read(.2 / 3, by, Part::kData, kUniform));
  paper.queries = {
      controller,
      Queries{Read(.2, By::kUser, Part::kData, kZipfian),
              Read(.2, By::kKey, Part::kMetadata, kZipfian),
              Update(.2, By::kKey, Part::kData, kZipfian),
              Update(.2, By::kKey, Part::kMetadata, kZipfian), Delete(.2, By::kKey, kZipfian)},
      processor,
      Queries{Read(.46, By::kUser, Part::kMetadata, kZipfian),
              Log(.31),
              {.23, Verb::kVerifyDeletion, By::kKey, Part::kMetadata, kZipfian}}};
  return paper;
}

Queries Controller2021() {
  return {UpdateByPurpose(.25, kUniform), Update(.25, By::kUser, Part::kMetadata, kUniform),
          Create(.25), Delete(.25, By::kKey, kUniform)};
}

Profile Of2021(std::string name, uint64_t records, uint64_t operations) {
  return {
      .name = std::move(name),
      .records = records,
      .operations = operations,
      .shape = NumberedShape(),
      .queries = {
          Controller2021(),
          Queries{Read(.2, By::kKey, Part::kAll, kZipfian), ReadByPurpose(.1, kZipfian),
                  Read(.1, By::kUser, Part::kAll, kZipfian),
                  Update(.2, By::kKey, Part::kAll, kZipfian), UpdateByPurpose(.1, kZipfian),
                  Update(.1, By::kUser, Part::kMetadata, kZipfian), Delete(.2, By::kKey, kZipfian)},
          Queries{Read(.2, By::kKey, Part::kAll, kUniform), ReadByPurpose(.4, kUniform),
                  Read(.4, By::kUser, Part::kAll, kUniform)},
          Queries{}}};
}

Profile OfK9db() {
  Profile k9db = Of2021("gdprbench-k9db", 1'000'000, 10'000);
  k9db.queries[static_cast<size_t>(Role::kCustomer)] = {
      Read(.2, By::kKey, Part::kAll, kZipfian), Read(.2, By::kUser, Part::kAll, kZipfian),
      Update(.4, By::kKey, Part::kAll, kZipfian), Delete(.2, By::kKey, kZipfian)};
  k9db.queries[static_cast<size_t>(Role::kProcessor)] = {Read(.8, By::kKey, Part::kAll, kZipfian),
                                                         ReadByPurpose(.1, kZipfian),
                                                         Read(.1, By::kUser, Part::kAll, kZipfian)};
  return k9db;
}

Profile OfRuler() {
  return {
      .name = "gdpruler-2025",
      .records = 100'000,
      .operations = 1'000,
      .shape = RulerShape(),
      .checks_first = false,
      .queries = {
          Queries{UpdateByPurpose(.25, kUniform), Update(.25, By::kUser, Part::kMetadata, kUniform),
                  Create(.25), Delete(.125, By::kPurpose, kUniform),
                  Delete(.125, By::kUser, kUniform)},
          Queries{Read(.2, By::kUser, Part::kAll, kZipfian),
                  Read(.2, By::kKey, Part::kMetadata, kZipfian),
                  Update(.2, By::kKey, Part::kAll, kZipfian),
                  Update(.2, By::kKey, Part::kMetadata, kZipfian), Delete(.2, By::kKey, kZipfian)},
          Queries{Read(.8, By::kKey, Part::kAll, kUniform), ReadByPurpose(.1, kUniform),
                  Read(.1, By::kObjection, Part::kAll, kUniform)},
          Queries{}}};
}

}  // namespace

std::string_view RoleName(Role role) {
  constexpr std::string_view kNamesOfRoles[] = {"controller", "customer", "processor", "regulator"};
  return kNamesOfRoles[static_cast<size_t>(role)];
}

Field FieldOf(By by) {
  constexpr Field kFieldsBy[] = {kData, kPurpose, kTtl, kUser, kObjection, kDecision, kShared};
  Must(by != By::kKey, "a key is no field");
  return kFieldsBy[static_cast<size_t>(by)];
}

std::string QueryName(const Query& query) {
  constexpr std::string_view kParts[] = {"", "-data", "-metadata"};
  const std::string by = query.by == By::kKey ? "KEY" : kNames[FieldOf(query.by)];
  const std::string part(kParts[static_cast<size_t>(query.part)]);
  switch (query.verb) {
    case Verb::kCreate:
      return "create-record";
    case Verb::kRead:
      return "read" + part + "-by-" + by;
    case Verb::kUpdate:
      return "update" + part + "-by-" + by;
    case Verb::kDelete:
      return "delete-by-" + by;
    case Verb::kLog:
      return "get-system-logs";
    case Verb::kVerifyDeletion:
      return "verify-deletion";
  }
  return {};
}

const std::vector<Profile>& Profiles() {
  static const std::vector<Profile> profiles = {Of2019(),
                                                Of2020(),
                                                OfThePaper(),
                                                Of2021("gdprbench-2021", 10'000, 1'000),
                                                OfK9db(),
                                                OfRuler(),
                                                Of2021("datacase-2022", 100'000, 10'000)};
  return profiles;
}

const Profile* FindProfile(std::string_view name) {
  const auto found = std::find_if(Profiles().begin(), Profiles().end(),
                                  [&](const Profile& profile) { return profile.name == name; });
  return found == Profiles().end() ? nullptr : &*found;
}

std::string KeyOf(const Profile& profile, uint64_t number) {
  return profile.shape.key_prefix + std::to_string(number);
}

std::string ValueOf(const Profile& profile, uint64_t number, Field field) {
  const Shape& shape = profile.shape;
  if (shape.names[field].empty()) return {};
  if (field == kData && !shape.padded) return DataValue(number, shape.data_bytes);
  const Values& values = shape.values[field];
  std::string value = values[number % values.size()];
  if (field == kShared && shape.shares_with_ten) {
    value.clear();
    for (uint64_t with = 1; with <= 10; ++with)
      value += (with > 1 ? "," : "") + values[(number + with) % values.size()];
  }
  if (!shape.padded) return value;
  value = shape.names[field] + "=" + value;
  value.resize(shape.data_bytes, '+');
  return value;
}

Fields FieldsOf(const Profile& profile, uint64_t number) {
  Fields fields;
  for (size_t field = 0; field < kFieldCount; ++field)
    fields[field] = ValueOf(profile, number, static_cast<Field>(field));
  return fields;
}

std::string UpdatedData(const Profile& profile, uint64_t number, uint64_t version) {
  if (!profile.updates_change) return ValueOf(profile, number, kData);
  return DataValue(number + version * 1'000'000'007, profile.shape.data_bytes);
}

std::vector<std::string> PurposesOf(const Profile& profile) {
  std::vector<std::string> purposes;
  for (uint64_t k = 0; k < profile.shape.values[kPurpose].size(); ++k)
    purposes.push_back(ValueOf(profile, k, kPurpose));
  return purposes;
}

}  // namespace bailee::bench::gdpr
