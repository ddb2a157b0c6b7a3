// SPDX-License-Identifier: Apache-2.0
#include "ropa.h"

#include <fmt/format.h>

#include <algorithm>

#include "text.h"

namespace bailee::tool {
namespace {

using Category = PolicyDescription::Category;
using Names = std::vector<std::string>;

void AddOnce(Names& names, const std::string& name) {
  if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
  names.push_back(name);
}

bool Has(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string RetentionOf(const Category& category, const std::string& purpose) {
  for (const auto& each : category.retentions) {
    if (each.purpose != purpose) continue;
    if (each.event.empty()) return fmt::format("{} days from collection", each.days);
    return fmt::format("{} days from {}, at most {} days from collection", each.days, each.event,
                       each.at_most_days);
  }
  return {};
}

std::string RetentionClauseOf(const Category& category, const std::string& purpose) {
  for (const auto& each : category.retentions)
    if (each.purpose == purpose) return each.clause;
  return {};
}

// The sources that some notice takes for the purpose, of those in `allowed` (empty: any).
Names SourcesFor(const PolicyDescription& policy, const std::string& purpose,
                 const Names& allowed) {
  Names sources;
  for (const auto& source : policy.sources) {
    if (source.role == "INDEPENDENT" || (!allowed.empty() && !Has(allowed, source.id))) continue;
    const bool taken =
        std::any_of(policy.notices.begin(), policy.notices.end(), [&](const auto& notice) {
          return Has(notice.purposes, purpose) &&
                 (notice.sources.empty() || Has(notice.sources, source.id));
        });
    if (taken) sources.push_back(source.id);
  }
  return sources;
}

Activity Begin(const PolicyDescription& policy, const Category& category,
               const std::string& purpose) {
  Activity activity;
  activity.purpose = purpose;
  if (const auto* declared = policy.FindPurpose(purpose)) {
    activity.purpose_says = declared->says;
    AddOnce(activity.clauses, declared->clause);
  }
  activity.category = category.id;
  activity.category_says = category.says;
  activity.persons = category.about_browser ? "browsers" : "persons";
  activity.sensitive = category.sensitive;
  activity.retention = RetentionOf(category, purpose);
  activity.security = {"encrypted with a key for each person",
                       "every use recorded before it happens"};
  if (category.about_browser) activity.security.emplace_back("kept apart from persons");
  return activity;
}

// What a purpose may use of a category; without fields if it may use nothing.
Activity UseOf(const PolicyDescription& policy, const Category& category,
               const std::string& purpose) {
  Activity activity = Begin(policy, category, purpose);
  activity.security.insert(activity.security.begin() + 1,
                           fmt::format("opens with the key of {} alone", purpose));
  for (const auto& field : category.fields) {
    for (const auto& reader : field.readers) {
      if (reader.purpose != purpose) continue;
      AddOnce(activity.fields, field.name);
      AddOnce(activity.basis, reader.basis);
      AddOnce(activity.clauses, reader.clause);
      for (const std::string& source : SourcesFor(policy, purpose, reader.sources))
        AddOnce(activity.sources, source);
      if (field.kind == "PASSWORD")
        AddOnce(activity.security, "passwords are verifiers that nobody can read");
    }
  }
  if (Has(activity.basis, "CASE")) activity.security.emplace_back("a case reference for every use");
  for (const auto& release : category.releases) {
    if (release.purpose != purpose) continue;
    AddOnce(activity.recipients, fmt::format("{} ({})", release.recipient, release.ground));
    AddOnce(activity.clauses, release.clause);
  }
  AddOnce(activity.clauses, RetentionClauseOf(category, purpose));
  return activity;
}

Activity ReportOf(const PolicyDescription& policy, const Category& category,
                  const PolicyDescription::Report& report) {
  Activity activity = Begin(policy, category, report.purpose);
  activity.fields = report.fields;
  activity.basis = {fmt::format("REPORT {}", report.id)};
  activity.sources = SourcesFor(policy, report.purpose, {});
  for (const std::string& recipient : report.recipients)
    AddOnce(activity.recipients, recipient + " (figures)");
  activity.security.push_back(
      fmt::format("figures alone, of groups of at least {}", report.subjects_min));
  AddOnce(activity.clauses, report.clause);
  return activity;
}

void AddInstructed(const PolicyDescription& policy, std::vector<Activity>& activities) {
  for (const auto& instruction : policy.instructions) {
    const Category* category = policy.FindCategory(instruction.category);
    if (category == nullptr) continue;
    for (const std::string& purpose : instruction.purposes) {
      Activity activity = UseOf(policy, *category, purpose);
      activity.controller = instruction.controller;
      std::erase_if(activity.fields,
                    [&](const std::string& field) { return !Has(instruction.fields, field); });
      activity.basis.insert(activity.basis.begin(),
                            fmt::format("INSTRUCTIONS {}", instruction.agreement));
      if (!activity.fields.empty()) activities.push_back(std::move(activity));
    }
  }
}

}  // namespace

std::vector<Activity> ActivitiesOf(const PolicyDescription& policy) {
  std::vector<Activity> activities;
  for (const auto& purpose : policy.purposes) {
    if (!purpose.leaf) continue;
    for (const Category& category : policy.categories) {
      Activity activity = UseOf(policy, category, purpose.id);
      if (!activity.fields.empty()) activities.push_back(std::move(activity));
      for (const auto& report : policy.reports) {
        if (report.purpose == purpose.id && report.category == category.id)
          activities.push_back(ReportOf(policy, category, report));
      }
    }
  }
  AddInstructed(policy, activities);
  return activities;
}

std::vector<std::string> ActivityColumns() {
  return {"controller", "purpose",   "purpose_says", "category", "category_says",
          "persons",    "sensitive", "fields",       "basis",    "sources",
          "recipients", "retention", "security",     "clauses"};
}

std::vector<std::string> ActivityCells(const Activity& activity) {
  return {activity.controller,
          activity.purpose,
          activity.purpose_says,
          activity.category,
          activity.category_says,
          activity.persons,
          activity.sensitive ? "yes" : "no",
          Join(activity.fields, "; "),
          Join(activity.basis, "; "),
          Join(activity.sources, "; "),
          Join(activity.recipients, "; "),
          activity.retention,
          Join(activity.security, "; "),
          Join(activity.clauses, "; ")};
}

Json ActivityJson(const Activity& activity) {
  return {{"controller", activity.controller},
          {"purpose", activity.purpose},
          {"purpose_says", activity.purpose_says},
          {"category", activity.category},
          {"category_says", activity.category_says},
          {"persons", activity.persons},
          {"sensitive", activity.sensitive},
          {"fields", activity.fields},
          {"basis", activity.basis},
          {"sources", activity.sources},
          {"recipients", activity.recipients},
          {"retention", activity.retention},
          {"security", activity.security},
          {"clauses", activity.clauses}};
}

}  // namespace bailee::tool
