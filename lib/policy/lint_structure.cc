// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>
#include <unordered_set>

#include "bailee/limits.h"
#include "policy/lint.h"

namespace bailee::policy {
namespace {

bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

bool IsSegment(std::string_view text, bool dashes) {
  if (text.empty() || !IsLetter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsLetter(c) || (c >= '0' && c <= '9') || c == '_' || (dashes && c == '-');
  });
}

bool IsDotted(std::string_view text) {
  for (;;) {
    const size_t dot = text.find('.');
    if (!IsSegment(text.substr(0, dot), false)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

enum class Syntax : uint8_t { kDotted, kIdentifier, kDashes };

// Checks the ids of one sort of thing: syntax, length, and that each is there once.
class Ids {
 public:
  Ids(const char* what, Syntax syntax, Findings& findings)
      : what_(what), syntax_(syntax), findings_(findings) {}

  void Check(const Word& id) {
    const bool fine = syntax_ == Syntax::kDotted ? IsDotted(id.text)
                                                 : IsSegment(id.text, syntax_ == Syntax::kDashes);
    if (id.empty()) {
      findings_.Error(id.at, std::string(what_) + " without id");
    } else if (id.text.size() > limits::kNameBytesMax) {
      findings_.Error(id.at, std::string("id of ") + what_ + " is longer than 64 bytes");
    } else if (!fine) {
      findings_.Error(id.at, std::string("bad id \"") + id.text + "\" of " + what_ + ": " + Rule());
    } else if (!seen_.insert(id.text).second) {
      findings_.Error(id.at, std::string("two of ") + what_ + " \"" + id.text + "\"");
    }
  }

 private:
  const char* Rule() const {
    switch (syntax_) {
      case Syntax::kDotted:
        return "lower-case letters, digits and _, in parts joined by dots";
      case Syntax::kIdentifier:
        return "lower-case letters, digits and _, starting with a letter";
      case Syntax::kDashes:
        break;
    }
    return "lower-case letters, digits, _ and -, starting with a letter";
  }

  const char* what_;
  Syntax syntax_;
  Findings& findings_;
  std::unordered_set<std::string> seen_;
};

template <typename Drafts>
void CheckIds(const char* what, Syntax syntax, const Drafts& drafts, Findings& findings) {
  Ids ids(what, syntax, findings);
  for (const auto& draft : drafts) ids.Check(draft.id);
}

void LintHead(const Draft& draft, Findings& findings) {
  Ids("policy", Syntax::kDashes, findings).Check(draft.name);
  if (draft.version.value < 1) findings.Error(draft.version.at, "version must be at least 1");
  if (!ParseDate(draft.effective.text)) {
    findings.Error(draft.effective.at, "effective must be a date from 1970 on, as YYYY-MM-DD");
  }
}

void LintPurposes(const Draft& draft, Findings& findings) {
  CheckIds("purpose", Syntax::kDotted, draft.purposes, findings);
  for (const PurposeDraft& p : draft.purposes) {
    if (IsReservedPurpose(p.id.text)) {
      findings.Error(p.id.at, "purpose \"" + p.id.text + "\" is reserved for the vault itself");
    }
    const auto dots = std::count(p.id.text.begin(), p.id.text.end(), '.');
    if (static_cast<size_t>(dots) >= limits::kPurposeDepthMax) {
      findings.Error(p.id.at, "purpose \"" + p.id.text + "\" is deeper than 8");
    }
    if (p.says.empty()) {
      findings.Warning(p.at, "purpose \"" + p.id.text + "\" does not say what it is for");
    }
  }
}

bool DepthsFit(const Draft& draft) {
  return std::all_of(draft.purposes.begin(), draft.purposes.end(), [](const PurposeDraft& p) {
    return static_cast<size_t>(std::count(p.id.text.begin(), p.id.text.end(), '.')) <
           limits::kPurposeDepthMax;
  });
}

// Declared and implied ones together; stops counting once there are too many. REQUIRES: DepthsFit.
bool PurposesFit(const Draft& draft) {
  std::unordered_set<std::string_view> ids;
  for (const PurposeDraft& p : draft.purposes) {
    std::string_view id = p.id.text;
    for (;;) {
      ids.insert(id);
      if (ids.size() > limits::kPurposesMax) return false;
      const size_t dot = id.rfind('.');
      if (dot == std::string_view::npos) break;
      id = id.substr(0, dot);
    }
  }
  return draft.purposes.size() <= limits::kPurposesMax;
}

bool LintLimits(const Draft& draft, Findings& findings) {
  constexpr size_t kOthersMax = 4096;  // of notices, sources and so on: their numbers are 16 bits
  bool fits = true;
  const auto error = [&](Place at, std::string message) {
    findings.Error(at, std::move(message));
    fits = false;
  };
  if (!DepthsFit(draft)) {
    fits = false;  // LintPurposes says which
  } else if (!PurposesFit(draft)) {
    error(draft.purposes.back().at, "more than 256 purposes, the inner ones counted");
  }
  if (draft.categories.size() > limits::kCategoriesMax) {
    error(draft.categories.back().at, "more than 1,024 categories");
  }
  for (const CategoryDraft& c : draft.categories) {
    size_t count = c.fields.size();
    for (const FieldDraft& f : c.fields) count += f.views.size();
    if (count > limits::kFieldsPerCategoryMax) {
      error(c.at, "category \"" + c.id.text + "\" has more than 64 fields and views");
    }
  }
  for (const size_t count : {draft.notices.size(), draft.sources.size(), draft.controllers.size(),
                             draft.recipients.size(), draft.reports.size(), draft.signals.size()}) {
    if (count > kOthersMax) {
      error({}, "more than 4,096 notices, sources, controllers, recipients, reports or signals");
    }
  }
  return fits;
}

void LintNoticeTexts(const Draft& draft, Findings& findings) {
  for (const NoticeDraft& n : draft.notices) {
    const std::string& hex = n.sha256.text;
    const bool fine = hex.size() == 64 && std::all_of(hex.begin(), hex.end(), [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                      });
    if (hex.empty()) {
      findings.Warning(n.at, "notice \"" + n.id.text + "\" has no sha256 of the text shown");
    } else if (!fine) {
      findings.Error(n.sha256.at, "sha256 must be 64 lower-case hex digits");
    }
  }
}

}  // namespace

void LintStructure(const Draft& draft, Findings& findings) {
  LintPurposes(draft, findings);
  if (!LintLimits(draft, findings)) return;
  LintHead(draft, findings);
  CheckIds("notice", Syntax::kDashes, draft.notices, findings);
  CheckIds("source", Syntax::kDashes, draft.sources, findings);
  CheckIds("signal", Syntax::kDashes, draft.signals, findings);
  CheckIds("controller", Syntax::kDashes, draft.controllers, findings);
  CheckIds("category", Syntax::kIdentifier, draft.categories, findings);
  CheckIds("recipient", Syntax::kDashes, draft.recipients, findings);
  CheckIds("report", Syntax::kIdentifier, draft.reports, findings);
  for (const CategoryDraft& c : draft.categories) {
    CheckIds("field", Syntax::kIdentifier, c.fields, findings);
    for (const FieldDraft& f : c.fields) CheckIds("view", Syntax::kIdentifier, f.views, findings);
  }
  LintNoticeTexts(draft, findings);
}

}  // namespace bailee::policy
