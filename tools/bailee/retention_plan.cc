// SPDX-License-Identifier: Apache-2.0
#include "retention_plan.h"

#include "files.h"
#include "text.h"

namespace bailee::tool {
namespace {

constexpr size_t kPlanBytesMax = size_t{1} << 20;

Status Invalid(const std::string& what) {
  return {Code::kInvalidValue, "retention.plan", "this is not a plan of retention: " + what,
          "make one: bailee retention plan --out FILE"};
}

bool IsCount(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object[name].is_number_unsigned();
}
bool IsText(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object[name].is_string();
}

Result<RetentionPlan::Category> ParseCategory(const Json& json) {
  if (!IsText(json, "category") || !IsCount(json, "records") || !IsCount(json, "over") ||
      !IsCount(json, "held")) {
    return Invalid("a category lacks its counts");
  }
  return RetentionPlan::Category{json["category"], json["records"], json["over"], json["held"]};
}

}  // namespace

Json PlanJson(const RetentionPlan& plan) {
  Json categories = Json::array();
  for (const auto& each : plan.categories) {
    categories.push_back({{"category", each.id},
                          {"records", each.records},
                          {"over", each.over},
                          {"held", each.held}});
  }
  return {{"vault_id", plan.vault.ToHex()},
          {"policy_version", plan.policy_version},
          {"as_of", FormatTime(plan.as_of)},
          {"categories", std::move(categories)}};
}

Result<RetentionPlan> ParsePlan(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) return Invalid("it is no JSON object");
  if (!IsText(json, "vault_id") || !IsText(json, "as_of") || !IsCount(json, "policy_version") ||
      !json.contains("categories") || !json["categories"].is_array()) {
    return Invalid("it lacks vault_id, policy_version, as_of or categories");
  }
  RetentionPlan plan;
  const auto vault = VaultId::FromHex(json["vault_id"].get<std::string>());
  if (!vault.ok()) return Invalid("vault_id is not 32 hex digits");
  plan.vault = *vault;
  const auto as_of = ParseTime(json["as_of"].get<std::string>());
  if (!as_of) return Invalid("as_of is no RFC 3339 time");
  plan.as_of = *as_of;
  const auto version = json["policy_version"].get<uint64_t>();
  if (version > UINT32_MAX) return Invalid("policy_version is too large");
  plan.policy_version = static_cast<uint32_t>(version);
  for (const Json& each : json["categories"]) {
    auto category = ParseCategory(each);
    if (!category.ok()) return category.status();
    plan.categories.push_back(*std::move(category));
  }
  return plan;
}

Result<RetentionPlan> ReadPlan(const std::string& path) {
  const auto text = ReadTextFile(path, kPlanBytesMax, "plan");
  if (!text.ok()) return text.status();
  return ParsePlan(*text);
}

}  // namespace bailee::tool
