// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <map>
#include <tuple>

#include "policy/diff_internal.h"

// What may leave: disclosures, their recipients, and reports.
namespace bailee::policy::diff {
namespace {

// Days after the notice in which something may be disclosed.
struct Window {
  int64_t from = 0;
  int64_t until = 0;  // the highest number: for ever
  bool operator==(const Window&) const = default;
};

bool Covers(const std::vector<Window>& windows, const Window& window) {
  return std::any_of(windows.begin(), windows.end(), [&](const Window& each) {
    return each.from <= window.from && each.until >= window.until;
  });
}
bool CoversAll(const std::vector<Window>& windows, const std::vector<Window>& others) {
  return std::all_of(others.begin(), others.end(),
                     [&](const Window& each) { return Covers(windows, each); });
}

std::string WindowWords(const std::vector<Window>& windows) {
  std::string words;
  for (const Window& each : windows) {
    if (!words.empty()) words += " or ";
    const bool ever = each.until == std::numeric_limits<int64_t>::max();
    words += each.from == 0 ? "at once" : "after " + std::to_string(each.from) + " days";
    if (!ever) words += " until " + std::to_string(each.until) + " days";
  }
  return words.empty() ? "no" : words;
}

// What leaves for whom, and why.
struct Way {
  std::string recipient;
  std::string ground;
  std::string purpose;
  std::string field;
  std::string notice;  // that must have been shown
  auto operator<=>(const Way&) const = default;
};
struct Ways {
  std::vector<Way> order;
  std::map<Way, std::vector<Window>> windows;
  std::map<Way, const DiscloseRule*> rules;
};

Ways WaysOf(const Policy& policy, std::string_view category) {
  Ways ways;
  const CategoryIndex index = policy.FindCategory(category);
  if (!index.valid()) return ways;
  for (const DiscloseRule& rule : policy.category(index).discloses) {
    for (const FieldIndex field : rule.fields) {
      const Way way{policy.recipients()[rule.recipient.value].id,
                    std::string(GroundWord(rule.ground)), policy.purpose(rule.purpose).id,
                    policy.field(index, field).name,
                    rule.notice.valid() ? policy.notice(rule.notice).id : std::string()};
      if (ways.rules.emplace(way, &rule).second) ways.order.push_back(way);
      ways.windows[way].push_back({rule.wait_days, rule.until_days == 0
                                                       ? std::numeric_limits<int64_t>::max()
                                                       : rule.until_days});
    }
  }
  return ways;
}

template <typename T>
const T* Find(std::span<const T> infos, std::string_view id) {
  const auto found =
      std::find_if(infos.begin(), infos.end(), [&](const T& each) { return each.id == id; });
  return found == infos.end() ? nullptr : &*found;
}

std::vector<std::string> FieldNames(const Policy& policy, const ReportInfo& report) {
  std::vector<std::string> names;
  for (const FieldIndex field : report.by) {
    names.push_back(policy.field(report.category, field).name);
  }
  return names;
}

std::vector<std::string> RecipientNames(const Policy& policy, const ReportInfo& report) {
  std::vector<std::string> names;
  for (const RecipientIndex index : report.recipients) {
    names.push_back(policy.recipients()[index.value].id);
  }
  return names;
}

// What a report says, by parts; each change of a part is a change of its own.
class ReportChanges {
 public:
  ReportChanges(const Pair& pair, const ReportInfo& was, const ReportInfo& now, Changes& changes)
      : pair_(pair), was_(was), now_(now), changes_(changes) {}

  void Compare() {
    const std::string floor = std::to_string(now_.min_subjects);
    Say({.wider =
             now_.min_subjects<was_.min_subjects, .narrower = now_.min_subjects> was_.min_subjects},
        "has a floor of " + floor + ", was " + std::to_string(was_.min_subjects));
    Lists(FieldNames(pair_.before, was_), FieldNames(pair_.after, now_), "is by ");
    Lists(RecipientNames(pair_.before, was_), RecipientNames(pair_.after, now_), "goes to ");
    Say({.wider = now_.bucket<was_.bucket, .narrower = now_.bucket> was_.bucket},
        now_.bucket < was_.bucket ? "has shorter periods" : "has longer periods");
    Say({.wider = now_.feed<was_.feed, .narrower = now_.feed> was_.feed},
        now_.feed < was_.feed ? "is computed over what is held" : "is fed at collection");
    const bool other =
        Name(pair_.before, was_) != Name(pair_.after, now_) || was_.count != now_.count;
    Say({.wider = other, .narrower = other}, "counts something else");
  }

 private:
  // What is counted, and for what.
  static std::tuple<std::string, std::string, std::string> Name(const Policy& policy,
                                                                const ReportInfo& report) {
    return {policy.category(report.category).id, policy.field(report.category, report.of).name,
            policy.purpose(report.purpose).id};
  }
  void Lists(const std::vector<std::string>& was, const std::vector<std::string>& now,
             const std::string& words) {
    const std::vector<std::string> more = Without(now, was);
    const std::vector<std::string> less = Without(was, now);
    Say({.wider = !more.empty()}, words + Join(more) + ", too");
    Say({.narrower = !less.empty()}, words + Join(less) + " no longer");
  }
  void Say(Difference difference, const std::string& words) {
    PolicyChange change;
    change.about = "report";
    change.name = now_.id;
    change.category = pair_.after.category(now_.category).id;
    change.purposes = LeafNames(pair_.after, pair_.after.purpose(now_.purpose).leaves);
    change.words = "report " + now_.id + " " + words;
    change.clause = now_.clause;
    change.line = now_.line;
    Append(changes_, difference, change);
  }

  const Pair& pair_;
  const ReportInfo& was_;
  const ReportInfo& now_;
  Changes& changes_;
};

void SayReport(const Policy& policy, const ReportInfo& report, Difference difference,
               const char* words, Changes& changes) {
  PolicyChange change;
  change.about = "report";
  change.name = report.id;
  change.category = policy.category(report.category).id;
  change.purposes = LeafNames(policy, policy.purpose(report.purpose).leaves);
  change.words = "report " + report.id + words;
  change.clause = report.clause;
  change.line = report.line;
  Append(changes, difference, change);
}

}  // namespace

void DiffDisclosures(const Pair& pair, std::string_view category, Changes& changes) {
  const Ways before = WaysOf(pair.before, category);
  const Ways after = WaysOf(pair.after, category);
  std::vector<Way> order = after.order;
  for (const Way& way : before.order) {
    if (!after.rules.contains(way)) order.push_back(way);
  }
  const auto windows = [](const Ways& ways, const Way& way) {
    const auto found = ways.windows.find(way);
    return found == ways.windows.end() ? std::vector<Window>() : found->second;
  };
  for (const Way& way : order) {
    const std::vector<Window> was = windows(before, way);
    const std::vector<Window> now = windows(after, way);
    const auto found = after.rules.find(way);
    const DiscloseRule* rule = found != after.rules.end() ? found->second : before.rules.at(way);
    PolicyChange change;
    change.about = "disclosure";
    change.name = way.recipient;
    change.category = category;
    change.fields = {way.field};
    change.purposes = {way.purpose};
    change.was = WindowWords(was);
    change.now = WindowWords(now);
    change.words = change.category + ": " + way.recipient + " may " +
                   (now.empty() ? "no longer get " : "get ") + way.field + " for " + way.purpose +
                   " (" + way.ground + ")";
    if (!way.notice.empty()) change.words += " once told by notice " + way.notice;
    if (!now.empty()) change.words += " " + change.now;
    if (!was.empty() && !now.empty()) change.words += ", was " + change.was;
    change.clause = rule->clause;
    change.line = rule->line;
    Append(changes, {.wider = !CoversAll(was, now), .narrower = !CoversAll(now, was)}, change);
  }
}

void DiffRecipients(const Pair& pair, Changes& changes) {
  for (const RecipientInfo& now : pair.after.recipients()) {
    const RecipientInfo* was = Find(pair.before.recipients(), now.id);
    if (was == nullptr) continue;  // its disclosures say it all
    PolicyChange change;
    change.about = "recipient";
    change.name = now.id;
    change.clause = now.clause;
    change.line = now.line;
    if (was->role != now.role) {
      change.words = "recipient " + now.id + " has another role";
      Append(changes, {.wider = true, .narrower = true}, change);
    }
    if (!was->agreement.empty() && now.agreement.empty()) {
      change.words = "recipient " + now.id + " is bound by no agreement";
      Append(changes, {.wider = true}, change);
    }
    if (was->public_key != now.public_key) {
      const bool first = was->public_key.empty();
      change.words = "recipient " + now.id +
                     (first                    ? " gets it sealed to its key"
                      : now.public_key.empty() ? " gets it unsealed"
                                               : " gets it sealed to another key");
      Append(changes, {.wider = !first, .narrower = first}, change);
    }
  }
}

void DiffReports(const Pair& pair, Changes& changes) {
  for (const ReportInfo& now : pair.after.reports()) {
    if (const ReportInfo* was = Find(pair.before.reports(), now.id)) {
      ReportChanges(pair, *was, now, changes).Compare();
    } else {
      SayReport(pair.after, now, {.wider = true}, " is new", changes);
    }
  }
  for (const ReportInfo& was : pair.before.reports()) {
    if (Find(pair.after.reports(), was.id) != nullptr) continue;
    SayReport(pair.before, was, {.narrower = true}, " is gone", changes);
  }
}

}  // namespace bailee::policy::diff
