// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <optional>
#include <set>

#include "policy/diff_internal.h"

// Who may use what: purpose × field × source × controller, with the basis.
namespace bailee::policy::diff {
namespace {

// What one version says of one cell.
struct Cell {
  std::optional<Basis> basis;  // nothing: not allowed
  const AllowRule* rule = nullptr;
};

// The leaves that some notice lists. Where it is shown does not matter: what is held was collected
// when it may have been shown elsewhere (decide.h, rule 41).
PurposeSet Askable(const Policy& policy) {
  PurposeSet set;
  for (const NoticeInfo& notice : policy.notices()) set |= notice.purposes;
  return set;
}

// One version of one category, as far as one source and one controller go.
class Side {
 public:
  Side(const Policy& policy, std::string_view category, const std::string& source,
       const std::string& controller)
      : policy_(policy), category_(policy.FindCategory(category)) {
    source_ = policy.FindSource(source);
    controller_ = policy.FindController(controller);
    known_ = category_.valid() && source_.valid() &&
             policy.source(source_).role != Role::kIndependent &&
             (controller.empty() || controller_.valid());
    if (known_) askable_ = Askable(policy);
  }

  Cell At(const std::string& field, const std::string& purpose) const {
    if (!known_) return {};
    const FieldIndex f = policy_.FindField(category_, field);
    const PurposeIndex p = policy_.FindPurpose(purpose);
    if (!f.valid() || !p.valid() || !policy_.purpose(p).leaf || !askable_[p.value]) return {};
    if (!policy_.AllowedPurposes(category_, f, source_, controller_)[p.value]) return {};
    const AllowRule* rule = policy_.FindAllow(category_, f, p, source_);
    return {rule->basis, rule};
  }

 private:
  const Policy& policy_;
  CategoryIndex category_;
  SourceIndex source_;
  ControllerIndex controller_;
  PurposeSet askable_;
  bool known_ = false;
};

// A basis refuses more the higher it is, but for CASE: that asks for a case and not for the
// subject's choices, so neither includes the other.
Difference CompareBases(std::optional<Basis> was, std::optional<Basis> now) {
  if (was == now) return {};
  if (!was) return {.wider = true};
  if (!now) return {.narrower = true};
  if (*was == Basis::kCase || *now == Basis::kCase) return {.wider = true, .narrower = true};
  return {.wider = *now<*was, .narrower = *now> * was};
}

std::string WordOf(std::optional<Basis> basis) {
  return basis ? std::string(BasisWord(*basis)) : "no";
}

// A purpose's cells that changed in the same way, and whence.
struct BasisChange {
  std::optional<Basis> was;
  std::optional<Basis> now;
  auto operator<=>(const BasisChange&) const = default;
};
using Sources = std::vector<std::string>;
using Places = std::map<size_t, Sources>;  // controller (by its place) to sources

struct Group {
  Places places;
  std::vector<std::string> fields;
  const AllowRule* rule = nullptr;
};

class Uses {
 public:
  Uses(const Pair& pair, std::string_view category)
      : pair_(pair), category_(category), controllers_{""} {
    sources_ = NamesOfBoth(pair.before.sources(), pair.after.sources(),
                           [](const SourceInfo& each) { return each.id; });
    const auto more = NamesOfBoth(pair.before.controllers(), pair.after.controllers(),
                                  [](const ControllerInfo& each) { return each.id; });
    controllers_.insert(controllers_.end(), more.begin(), more.end());
    for (const std::string& controller : controllers_) {
      for (const std::string& source : sources_) {
        before_.emplace_back(pair.before, category, source, controller);
        after_.emplace_back(pair.after, category, source, controller);
      }
    }
  }

  void Compare(const std::string& purpose, const std::vector<std::string>& fields,
               Changes& changes) const {
    // In the order in which they are met, so that the same texts give the same list.
    std::map<BasisChange, std::vector<Group>> ways;
    for (const std::string& field : fields) {
      for (auto& [way, group] : WaysOf(field, purpose)) AddTo(ways[way], std::move(group), field);
    }
    for (const auto& [way, groups] : ways) {
      for (const Group& group : groups) Say(purpose, way, group, changes);
    }
  }

 private:
  std::map<BasisChange, Group> WaysOf(const std::string& field, const std::string& purpose) const {
    std::map<BasisChange, Group> ways;
    for (size_t i = 0; i < before_.size(); ++i) {
      const Cell was = before_[i].At(field, purpose);
      const Cell now = after_[i].At(field, purpose);
      if (was.basis == now.basis) continue;
      Group& group = ways[{was.basis, now.basis}];
      group.places[i / sources_.size()].push_back(sources_[i % sources_.size()]);
      if (group.rule == nullptr) group.rule = now.rule != nullptr ? now.rule : was.rule;
    }
    return ways;
  }

  static void AddTo(std::vector<Group>& groups, Group&& group, const std::string& field) {
    for (Group& known : groups) {
      if (known.places != group.places || known.rule != group.rule) continue;
      known.fields.push_back(field);
      return;
    }
    group.fields = {field};
    groups.push_back(std::move(group));
  }

  // One change for the controllers that have the same sources.
  void Say(const std::string& purpose, const BasisChange& way, const Group& group,
           Changes& changes) const {
    std::map<Sources, std::vector<size_t>> by_sources;
    for (const auto& [controller, sources] : group.places)
      by_sources[sources].push_back(controller);
    for (const auto& [sources, controllers] : by_sources) {
      PolicyChange change;
      change.about = "use";
      change.category = category_;
      change.fields = group.fields;
      change.purposes = {purpose};
      if (!IsEvery(sources, way)) change.sources = sources;
      // Ours alone is the plain case; among others it is the one without a name.
      if (controllers != std::vector<size_t>{0}) {
        for (const size_t place : controllers) change.on_behalf_of.push_back(controllers_[place]);
      }
      change.was = WordOf(way.was);
      change.now = WordOf(way.now);
      change.clause = group.rule->clause;
      change.line = group.rule->line;
      change.words = Words(change);
      Append(changes, CompareBases(way.was, way.now), change);
    }
  }

  // Whether those are all that the version with the use takes anything from.
  bool IsEvery(const Sources& sources, const BasisChange& way) const {
    const Policy& policy = way.now ? pair_.after : pair_.before;
    size_t taken = 0;
    for (const SourceInfo& source : policy.sources()) taken += source.role != Role::kIndependent;
    return sources.size() == taken;
  }

  std::string Words(const PolicyChange& change) const {
    std::string words = category_ + ": " + change.purposes.front();
    words += change.now == "no" ? " may no longer use " : " may use ";
    words += Join(change.fields);
    if (change.now != "no") words += " (" + change.now + ")";
    if (change.was != "no") words += ", was " + change.was;
    if (!change.sources.empty()) words += ", from " + Join(change.sources);
    if (!change.on_behalf_of.empty()) {
      std::vector<std::string> whose;
      for (const std::string& each : change.on_behalf_of)
        whose.push_back(each.empty() ? "ourselves" : each);
      words += ", on behalf of " + Join(whose);
    }
    return words;
  }

  const Pair& pair_;
  const std::string category_;
  std::vector<std::string> sources_;
  std::vector<std::string> controllers_;  // the first: ourselves
  std::vector<Side> before_;              // by controller, then source
  std::vector<Side> after_;
};

std::vector<FieldInfo> FieldsOf(const Policy& policy, std::string_view category) {
  const CategoryIndex index = policy.FindCategory(category);
  return index.valid() ? policy.category(index).fields : std::vector<FieldInfo>();
}

}  // namespace

void DiffUses(const Pair& pair, std::string_view category, Changes& changes) {
  const std::vector<std::string> fields =
      NamesOfBoth(FieldsOf(pair.before, category), FieldsOf(pair.after, category),
                  [](const FieldInfo& each) { return each.name; });
  const Uses uses(pair, category);
  for (const std::string& purpose : NamesOfBoth(pair.before.purposes(), pair.after.purposes(),
                                                [](const PurposeInfo& each) { return each.id; })) {
    uses.Compare(purpose, fields, changes);
  }
}

void DiffLookups(const Pair& pair, std::string_view category, Changes& changes) {
  const std::vector<FieldInfo> old_fields = FieldsOf(pair.before, category);
  const std::vector<FieldInfo> new_fields = FieldsOf(pair.after, category);
  const auto lookups = [](const Policy& policy, const std::vector<FieldInfo>& fields,
                          const std::string& name) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const FieldInfo& each) { return each.name == name; });
    return field == fields.end() ? std::vector<std::string>() : LeafNames(policy, field->lookups);
  };
  for (const std::string& field :
       NamesOfBoth(old_fields, new_fields, [](const FieldInfo& each) { return each.name; })) {
    const std::vector<std::string> was = lookups(pair.before, old_fields, field);
    const std::vector<std::string> now = lookups(pair.after, new_fields, field);
    PolicyChange change;
    change.about = "lookup";
    change.category = category;
    change.fields = {field};
    const auto say = [&](const std::vector<std::string>& purposes, Difference difference,
                         const char* words) {
      if (purposes.empty()) return;
      change.purposes = purposes;
      change.was = difference.wider ? "no" : "yes";
      change.now = difference.wider ? "yes" : "no";
      change.words = change.category + ": " + Join(purposes) + words + field;
      Append(changes, difference, change);
    };
    say(Without(now, was), {.wider = true}, " may find people by ");
    say(Without(was, now), {.narrower = true}, " may no longer find people by ");
  }
}

}  // namespace bailee::policy::diff
