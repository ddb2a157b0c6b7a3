// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "policy/diff_internal.h"

// What data is collected under, its shape, and how long it is kept.
namespace bailee::policy::diff {
namespace {

template <typename Info>
const Info* At(const Policy& policy, auto index,
               const Info& (Policy::*get)(decltype(index)) const) {
  return index.valid() ? &(policy.*get)(index) : nullptr;
}

std::vector<std::string> SourceNames(const Policy& policy, const NoticeInfo& notice) {
  std::vector<std::string> names;
  for (const SourceIndex source : notice.sources) names.push_back(policy.source(source).id);
  return names;
}

void DiffNotice(const Pair& pair, const NoticeInfo& was, const NoticeInfo& now, Changes& changes) {
  PolicyChange change;
  change.about = "notice";
  change.name = now.id;
  change.line = now.line;
  const std::vector<std::string> old_purposes = LeafNames(pair.before, was.purposes);
  const std::vector<std::string> new_purposes = LeafNames(pair.after, now.purposes);
  const auto purposes = [&](std::vector<std::string> names, Difference difference,
                            const char* words) {
    if (names.empty()) return;
    change.purposes = std::move(names);
    change.words = "notice " + now.id + words + Join(change.purposes);
    Append(changes, difference, change);
  };
  purposes(Without(new_purposes, old_purposes), {.wider = true}, " also lists ");
  purposes(Without(old_purposes, new_purposes), {.narrower = true}, " no longer lists ");

  const std::vector<std::string> old_sources = SourceNames(pair.before, was);
  const std::vector<std::string> new_sources = SourceNames(pair.after, now);
  const auto sources = [&](Difference difference, const std::string& words) {
    change.purposes = difference.wider ? new_purposes : old_purposes;
    change.words = "notice " + now.id + words;
    Append(changes, difference, change);
  };
  if (old_sources.empty() != new_sources.empty()) {
    const bool wider = new_sources.empty();
    sources({.wider = wider, .narrower = !wider},
            wider ? " is shown at every source" : " is shown only at " + Join(new_sources));
    return;
  }
  const std::vector<std::string> more = Without(new_sources, old_sources);
  const std::vector<std::string> less = Without(old_sources, new_sources);
  if (!more.empty()) sources({.wider = true}, " is also shown at " + Join(more));
  if (!less.empty()) sources({.narrower = true}, " is no longer shown at " + Join(less));
}

struct Days {
  int64_t least = 0;  // what is kept if the event comes at once
  int64_t most = 0;   // what is kept if it never comes
};
Days DaysOf(const Retention& retention) {
  if (retention.from == RetainFrom::kCollection) return {retention.days, retention.days};
  return {std::min(retention.days, retention.at_most_days), retention.at_most_days};
}

// With the same event the end moves with it alike, so that the two extremes decide. With another,
// the one event may come at once and the other never.
Difference CompareRetentions(const Retention& was, const Retention& now) {
  const Days before = DaysOf(was);
  const Days after = DaysOf(now);
  const bool same = was.from == now.from && was.event == now.event;
  if (same) {
    return {.wider = after.least > before.least || after.most > before.most,
            .narrower = after.least < before.least || after.most < before.most};
  }
  return {.wider = after.most > before.least, .narrower = after.least < before.most};
}

std::string RetentionWords(const Retention* retention) {
  if (retention == nullptr) return "no";
  std::string words = std::to_string(retention->days) + " days from ";
  if (retention->from == RetainFrom::kCollection) return words + "collection";
  return words + retention->event + ", at most " + std::to_string(retention->at_most_days);
}

void Break(Changes& changes, PolicyChange change, std::string words) {
  change.effect = Effect::kBreaks;
  change.words = std::move(words);
  changes.push_back(std::move(change));
}

// Whether data of a field is kept only as this view (FORMAT.md §10).
bool IsAllThatIsKept(const CategoryInfo& category, const FieldInfo& view) {
  const FieldInfo& field = category.fields[view.view_of.value];
  return field.readers.none() && field.report_purposes.none();
}

void DiffField(const CategoryInfo& old_category, const FieldInfo& was, const FieldInfo* now,
               const PolicyChange& change, Changes& changes) {
  const std::string name = change.category + "." + was.name;
  if (now == nullptr) {
    if (was.is_view() && !IsAllThatIsKept(old_category, was)) return;
    Break(changes, change, name + " is gone: nobody could read, export or correct what is held");
    return;
  }
  if (now->kind != was.kind || now->transform != was.transform) {
    Break(changes, change,
          name + (was.is_view() ? " is computed in another way: give the new view another id"
                                : " has another kind: give the new field another id"));
  }
  if (now->required && !was.required) {
    PolicyChange required = change;
    required.was = "optional";
    required.now = "required";
    Break(changes, required, name + " is required: what is held may be without it");
  }
}

}  // namespace

void DiffPurposes(const Pair& pair, Changes& changes) {
  for (const PurposeInfo& now : pair.after.purposes()) {
    const PurposeIndex index = pair.before.FindPurpose(now.id);
    if (!index.valid() || !now.leaf || !pair.before.purpose(index).leaf) continue;
    const bool could = MayCombine(pair.before, index);
    const bool can = MayCombine(pair.after, pair.after.FindPurpose(now.id));
    PolicyChange change;
    change.about = "purpose";
    change.name = now.id;
    change.purposes = {now.id};
    change.was = could ? "yes" : "no";
    change.now = can ? "yes" : "no";
    change.words =
        "purpose " + now.id + (can ? " may combine sources" : " may no longer combine sources");
    change.clause = now.clause;
    change.line = now.line;
    Append(changes, {.wider = can && !could, .narrower = could && !can}, change);
  }
  for (const PurposeInfo& now : pair.after.purposes()) {
    const PurposeIndex index = pair.before.FindPurpose(now.id);
    if (!index.valid()) continue;
    const PurposeInfo& was = pair.before.purpose(index);
    if (was.may_know_existence == now.may_know_existence || !now.leaf) continue;
    PolicyChange change;
    change.about = "purpose";
    change.name = now.id;
    change.purposes = {now.id};
    change.was = was.may_know_existence ? "yes" : "no";
    change.now = now.may_know_existence ? "yes" : "no";
    change.words = "purpose " + now.id +
                   (now.may_know_existence ? " may know that something exists"
                                           : " may no longer know that something exists");
    change.clause = now.clause;
    change.line = now.line;
    Append(changes, {.wider = now.may_know_existence, .narrower = was.may_know_existence}, change);
  }
}

void DiffNotices(const Pair& pair, Changes& changes) {
  for (const NoticeInfo& now : pair.after.notices()) {
    const NoticeInfo* was = At(pair.before, pair.before.FindNotice(now.id), &Policy::notice);
    if (was == nullptr) continue;
    DiffNotice(pair, *was, now, changes);
    if (was->sha256.empty() || was->sha256 == now.sha256) continue;
    PolicyChange change;
    change.about = "notice";
    change.name = now.id;
    change.line = now.line;
    Break(changes, change,
          "notice " + now.id + " is another text: what people were shown keeps its id");
  }
  for (const NoticeInfo& was : pair.before.notices()) {
    if (pair.after.FindNotice(was.id).valid()) continue;
    PolicyChange change;
    change.about = "notice";
    change.name = was.id;
    change.purposes = LeafNames(pair.before, was.purposes);
    change.line = was.line;
    change.words = "notice " + was.id + " is gone: what was collected under it may not be used";
    Append(changes, {.narrower = true}, change);
  }
}

void DiffSources(const Pair& pair, Changes& changes) {
  for (const SourceInfo& now : pair.after.sources()) {
    const SourceInfo* was = At(pair.before, pair.before.FindSource(now.id), &Policy::source);
    if (was == nullptr || was->role == now.role) continue;
    PolicyChange change;
    change.about = "source";
    change.name = now.id;
    change.sources = {now.id};
    change.was = RoleWord(was->role);
    change.now = RoleWord(now.role);
    change.line = now.line;
    change.words = "source " + now.id + " is " + change.now + ", was " + change.was;
    // Nothing is taken from the independent; of the other roles none allows less than another.
    Append(changes,
           {.wider = now.role != Role::kIndependent, .narrower = now.role == Role::kIndependent},
           change);
  }
}

// A signal only ever objects: to be deaf to it is wider.
void DiffSignals(const Pair& pair, Changes& changes) {
  const auto find = [](const Policy& policy, const std::string& id) {
    const auto signals = policy.signals();
    const auto found = std::find_if(signals.begin(), signals.end(),
                                    [&](const SignalInfo& each) { return each.id == id; });
    return found == signals.end() ? SignalInfo() : *found;
  };
  for (const std::string& id : NamesOfBoth(pair.before.signals(), pair.after.signals(),
                                           [](const SignalInfo& each) { return each.id; })) {
    const SignalInfo was = find(pair.before, id);
    const SignalInfo now = find(pair.after, id);
    const SignalInfo& rule = now.id.empty() ? was : now;
    PolicyChange change;
    change.about = "signal";
    change.name = id;
    change.clause = rule.clause;
    change.line = rule.line;
    const auto say = [&](const std::vector<std::string>& names, Difference difference,
                         const char* words) {
      // A notice lists leaves. A purpose that is gone needs no objection.
      change.purposes.clear();
      for (const std::string& name : names) {
        const PurposeIndex index = pair.after.FindPurpose(name);
        if (!index.valid()) continue;
        for (std::string& leaf : LeafNames(pair.after, pair.after.purpose(index).leaves))
          change.purposes.push_back(std::move(leaf));
      }
      if (change.purposes.empty()) return;
      change.words = "signal " + id + words + Join(change.purposes);
      Append(changes, difference, change);
    };
    say(Without(was.purposes, now.purposes), {.wider = true}, " no longer objects to ");
    say(Without(now.purposes, was.purposes), {.narrower = true}, " objects to ");
  }
}

void DiffShape(const Pair& pair, std::string_view name, Changes& changes) {
  const CategoryInfo* was = At(pair.before, pair.before.FindCategory(name), &Policy::category);
  const CategoryInfo* now = At(pair.after, pair.after.FindCategory(name), &Policy::category);
  if (was == nullptr) return;  // a new one: its uses say it all
  PolicyChange change;
  change.about = "category";
  change.category = name;
  if (now == nullptr) {
    change.line = was->line;
    change.was = "yes";
    change.now = "no";
    Break(changes, change, change.category + " is gone: nobody could read, export or correct it");
    return;
  }
  change.line = now->line;
  change.clause = now->clause;
  if (was->about != now->about) {
    Break(changes, change, change.category + " is about another kind of person");
  }
  if (was->holds != now->holds) {
    Break(changes, change, change.category + " holds another number of records");
  }
  if (was->sensitive != now->sensitive) {
    change.words = change.category + (now->sensitive ? " is sensitive" : " is no longer sensitive");
    Append(changes, {.wider = was->sensitive, .narrower = now->sensitive}, change);
  }
  if (was->needs_tag != now->needs_tag) {
    change.words = change.category + (now->needs_tag ? " is taken with an accepted tag alone"
                                                     : " is taken without an accepted tag, too");
    Append(changes, {.wider = was->needs_tag, .narrower = now->needs_tag}, change);
  }
  change.about = "field";
  for (const FieldInfo& field : was->fields) {
    const FieldIndex index = pair.after.FindField(pair.after.FindCategory(name), field.name);
    const FieldInfo* same = index.valid() ? &now->fields[index.value] : nullptr;
    change.fields = {field.name};
    change.line = same != nullptr ? same->line : field.line;
    DiffField(*was, field, same, change, changes);
  }
  for (const FieldInfo& field : now->fields) {
    if (!field.required ||
        pair.before.FindField(pair.before.FindCategory(name), field.name).valid()) {
      continue;
    }
    PolicyChange required = change;
    required.fields = {field.name};
    required.line = field.line;
    required.was = "no";
    required.now = "required";
    Break(changes, required,
          change.category + "." + field.name + " is new and required: what is held is without it");
  }
}

void DiffRetentions(const Pair& pair, std::string_view name, Changes& changes) {
  const CategoryIndex before = pair.before.FindCategory(name);
  const CategoryIndex after = pair.after.FindCategory(name);
  if (!before.valid() || !after.valid()) return;
  for (const std::string& purpose : NamesOfBoth(pair.before.purposes(), pair.after.purposes(),
                                                [](const PurposeInfo& each) { return each.id; })) {
    const auto find = [&](const Policy& policy, CategoryIndex category) {
      const PurposeIndex index = policy.FindPurpose(purpose);
      return index.valid() ? policy.FindRetention(category, index) : nullptr;
    };
    const Retention* was = find(pair.before, before);
    const Retention* now = find(pair.after, after);
    if (was == nullptr && now == nullptr) continue;
    const Difference difference =
        was != nullptr && now != nullptr
            ? CompareRetentions(*was, *now)
            : Difference{.wider = was == nullptr, .narrower = now == nullptr};
    const Retention* rule = now != nullptr ? now : was;
    PolicyChange change;
    change.about = "retention";
    change.category = name;
    change.purposes = {purpose};
    change.was = RetentionWords(was);
    change.now = RetentionWords(now);
    change.words =
        change.category + ": kept for " + purpose + " " + change.now + ", was " + change.was;
    change.clause = rule->clause;
    change.line = rule->line;
    Append(changes, difference, change);
  }
}

}  // namespace bailee::policy::diff
