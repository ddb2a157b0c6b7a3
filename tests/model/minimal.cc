// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <optional>
#include <utility>

#include "model/world.h"

// Making a disagreement small: leave things out, one at a time, as long as the two still disagree.
namespace bailee::model {
namespace {

struct Whole {
  SmallPolicy in_force;
  std::optional<SmallPolicy> held;  // the policy of the datum, if it is another one
  std::optional<SmallTerms> terms;
  SmallStanding standing;
  SmallRequest request;
};

// What differs, or nothing if they agree or the question cannot be asked.
std::optional<std::string> Disagreement(const Whole& whole) {
  const auto in_force = Load(whole.in_force);
  if (in_force->real == nullptr) return std::nullopt;
  std::unique_ptr<const LoadedPolicy> held;
  if (whole.held) held = Load(*whole.held);
  if (held != nullptr && held->real == nullptr) return std::nullopt;
  std::optional<LoadedTerms> terms;
  if (whole.terms) {
    const LoadedPolicy& policy = held != nullptr ? *held : *in_force;
    const std::string& controller = whole.terms->controller;
    if (!controller.empty() && !policy.small.controllers.contains(controller)) return std::nullopt;
    terms = Hold(policy, whole.terms->notice, whole.terms->source, controller,
                 whole.terms->collected_at);
  }
  const LoadedStanding standing = Load(whole.standing);
  std::string difference;
  const Case question{in_force.get(), terms ? &*terms : nullptr, &standing, &whole.request};
  if (Agree(question, &difference)) return std::nullopt;
  return difference;
}

using Changes = std::vector<std::function<void(Whole&)>>;

template <typename List>
void DropEach(Changes& changes, size_t count, List&& list) {
  for (size_t i = 0; i < count; ++i) {
    changes.push_back([list, i](Whole& whole) {
      auto& items = list(whole);
      items.erase(std::next(items.begin(), static_cast<std::ptrdiff_t>(i)));
    });
  }
}

// `which` finds the policy in a Whole. Categories, purposes and the rest go one by one.
template <typename Which>
void DropFromPolicy(Changes& changes, const SmallPolicy& policy, Which which) {
  const auto part = [which](auto member) {
    return [ which, member ](Whole & whole) -> auto& { return which(whole).*member; };
  };
  DropEach(changes, policy.reports.size(), part(&SmallPolicy::reports));
  DropEach(changes, policy.recipients.size(), part(&SmallPolicy::recipients));
  DropEach(changes, policy.categories.size(), part(&SmallPolicy::categories));
  DropEach(changes, policy.notices.size(), part(&SmallPolicy::notices));
  DropEach(changes, policy.sources.size(), part(&SmallPolicy::sources));
  DropEach(changes, policy.controllers.size(), part(&SmallPolicy::controllers));
  DropEach(changes, policy.purposes.size(), part(&SmallPolicy::purposes));
  for (const auto& [id, category] : policy.categories) {
    const auto of = [which, id = id](auto member) {
      return [ which, id, member ](Whole & whole) -> auto& {
        return which(whole).categories.at(id).*member;
      };
    };
    DropEach(changes, category.allows.size(), of(&SmallCategory::allows));
    DropEach(changes, category.retains.size(), of(&SmallCategory::retains));
    DropEach(changes, category.fields.size(), of(&SmallCategory::fields));
    DropEach(changes, category.discloses.size(), of(&SmallCategory::discloses));
  }
}

Changes Simplifications(const Whole& whole) {
  Changes changes;
  if (whole.terms) changes.push_back([](Whole& w) { w.terms.reset(), w.held.reset(); });
  const auto standing = [](auto member) {
    return [member](Whole & w) -> auto& { return w.standing.*member; };
  };
  DropEach(changes, whole.standing.choices.size(), standing(&SmallStanding::choices));
  DropEach(changes, whole.standing.events.size(), standing(&SmallStanding::events));
  DropEach(changes, whole.standing.notices.size(), standing(&SmallStanding::notices));
  DropEach(changes, whole.standing.held_categories.size(),
           standing(&SmallStanding::held_categories));
  DropEach(changes, whole.standing.agreed_versions.size(),
           standing(&SmallStanding::agreed_versions));
  if (whole.standing.restricted) changes.push_back([](Whole& w) { w.standing.restricted = false; });
  if (whole.standing.erasure_waits) {
    changes.push_back([](Whole& w) { w.standing.erasure_waits = false; });
  }
  if (whole.request.wrap_pending)
    changes.push_back([](Whole& w) { w.request.wrap_pending = false; });
  DropFromPolicy(changes, whole.in_force, [](Whole& w) -> SmallPolicy& { return w.in_force; });
  if (whole.held) {
    DropFromPolicy(changes, *whole.held, [](Whole& w) -> SmallPolicy& { return *w.held; });
  }
  return changes;
}

std::string Moment(Timestamp at) { return std::to_string(at.unix_ms) + " ms"; }

std::string InWords(const SmallStanding& standing) {
  static constexpr const char* kWords[] = {"given", "withdrawn", "objected", "declined"};
  static constexpr const char* kVersions[] = {"", " under=then", " under=lost"};
  std::string text = "standing:";
  if (standing.erased) text += " erased;";
  if (standing.restricted) text += " restricted;";
  if (standing.erasure_waits) text += " erasure waits;";
  for (const SmallChoice& choice : standing.choices) {
    text += std::string(" ") + kWords[static_cast<int>(choice.word)] + " #" +
            std::to_string(choice.sequence) + " purpose=" + choice.purpose +
            " category=" + choice.category + " notice=" + choice.notice +
            kVersions[static_cast<int>(choice.under)] + ";";
  }
  for (const SmallEvent& event : standing.events) {
    text += " event " + event.name + " at " + Moment(event.at) + ";";
  }
  for (const SmallEvent& notice : standing.notices) {
    text += " shown " + notice.name + " at " + Moment(notice.at) + ";";
  }
  for (const std::string& category : standing.held_categories)
    text += " hold on '" + category + "';";
  for (const uint32_t version : standing.agreed_versions) {
    text += " agreed to version " + std::to_string(version) + ";";
  }
  return text + "\n";
}

std::string InWords(const SmallRequest& request) {
  static constexpr const char* kWords[] = {"read", "collect",  "verify-password",
                                           "find", "disclose", "contact"};
  return std::string("request: ") + kWords[static_cast<int>(request.action)] +
         " purpose=" + request.purpose + " category=" + request.category +
         " field=" + request.field + " on_behalf_of=" + request.on_behalf_of + " case='" +
         request.case_reference + "' now=" + Moment(request.now) +
         " version=" + std::to_string(request.policy_version) +
         (request.purpose_key_held ? "" : " no key") +
         (request.wrap_pending ? " wrap pending" : "") + " notice=" + request.notice +
         " source=" + request.source + " collected=" + Moment(request.collected_at) +
         " recipient=" + request.recipient + " ground=" + request.ground +
         (request.suppressed ? " suppressed" : "") + "\n";
}

}  // namespace

std::string MinimalInWords(const Case& question) {
  Whole whole{question.in_force->small, {}, {}, question.standing->small, *question.request};
  if (question.terms != nullptr) {
    whole.terms = question.terms->small;
    if (question.terms->small.policy != &question.in_force->small) {
      whole.held = *question.terms->small.policy;
    }
  }
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (const auto& change : Simplifications(whole)) {
      Whole candidate = whole;
      change(candidate);
      if (!Disagreement(candidate)) continue;
      whole = std::move(candidate);
      smaller = true;
      break;
    }
  }
  std::string text =
      Disagreement(whole).value_or("(only as found)\n") + "in force:\n" + ToText(whole.in_force);
  if (whole.terms) {
    text += "datum: notice=" + whole.terms->notice + " source=" + whole.terms->source +
            " controller=" + whole.terms->controller +
            " collected=" + Moment(whole.terms->collected_at);
    text += whole.held ? " under:\n" + ToText(*whole.held) : " under the policy in force\n";
  } else {
    text += "no datum\n";
  }
  return text + InWords(whole.standing) + InWords(whole.request);
}

}  // namespace bailee::model
