// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/vault_policy.h"

#include <set>

namespace bailee::bench::gdpr {
namespace {

std::vector<std::string> PurposesOfRole(const Profile& profile, Role role) {
  if (role == Role::kCustomer) return {std::string(kOwn)};
  if (role != Role::kProcessor) return {std::string(kManage)};
  std::vector<std::string> purposes;
  for (uint64_t i = 0; i < profile.shape.values[kPurpose].size(); ++i) purposes.push_back(UseOf(i));
  return purposes;
}

// For which purposes records are found by a field.
std::set<std::string> LookupsOf(const Profile& profile, Field field) {
  std::set<std::string> purposes;
  if (field == kTtl && profile.checks_first) purposes.emplace(kManage);
  for (const Role role : kRoles) {
    for (const Query& query : profile.Of(role)) {
      if (query.by == By::kKey || FieldOf(query.by) != field) continue;
      purposes.merge([&](std::vector<std::string> of) {
        return std::set<std::string>(of.begin(), of.end());
      }(PurposesOfRole(profile, role)));
    }
  }
  return purposes;
}

std::string TextField(std::string_view name, const std::set<std::string>& lookups) {
  std::string text = "  field { id: \"" + std::string(name) + "\"  kind: TEXT";
  for (const std::string& purpose : lookups) text += "  lookup { purpose: \"" + purpose + "\" }";
  return text + " }\n";
}

}  // namespace

std::string UseOf(uint64_t index) { return "use.p" + std::to_string(index); }
std::string NoticeOf(uint64_t index) { return "for-p" + std::to_string(index); }

std::string_view FieldName(size_t field) {
  constexpr std::string_view kNames[] = {"pur", "ttl", "usr", "obj", "dec",
                                         "acl", "shr", "src", "cat", "data"};
  return kNames[field];
}

std::string VaultPolicy(const Profile& profile) {
  std::string text = R"(
name: "gdprbench"  version: 1  effective: "2013-01-01"
purpose { id: "own"  says: "Let people see, correct and delete their own" }
purpose { id: "manage"  says: "Administer what is held" }
source { id: "web"  role: OWN }
)";
  for (uint64_t i = 0; i < profile.shape.values[kPurpose].size(); ++i) {
    text += "purpose { id: \"" + UseOf(i) + "\"  says: \"A use of the data\" }\n";
    text += "notice { id: \"" + NoticeOf(i) + "\"  purpose: [\"" + UseOf(i) +
            "\", \"own\", \"manage\"]  source: \"web\" }\n";
  }
  text += "category {\n  id: \"" + std::string(kRecordCategory) +
          "\"  says: \"A datum, and what is said of it\"  about: SUBJECT  holds: ONE\n";
  text += TextField(kKeyField, {});
  std::string metadata = " field: \"" + std::string(kKeyField) + "\"";
  for (size_t field = 0; field < kMetadataFields; ++field) {
    if (profile.shape.names[field].empty()) continue;
    text += TextField(FieldName(field), LookupsOf(profile, static_cast<Field>(field)));
    metadata += "  field: \"" + std::string(FieldName(field)) + "\"";
  }
  text += TextField(FieldName(kData), {});
  text += R"(  allow { purpose: ["use", "own"]  basis: NECESSARY }
  allow { purpose: "manage"  basis: NECESSARY )" +
          metadata + R"( }
  retain { purpose: ["use", "own", "manage"]  days: 3650  from: COLLECTION }
}
)";
  return text;
}

}  // namespace bailee::bench::gdpr
