// SPDX-License-Identifier: Apache-2.0
#include "base/suggest.h"
#include "policy/lint.h"

namespace bailee::policy {
namespace {

constexpr size_t kSuggestionsMax = 100;  // they cost time; a hostile text gets only so many

class NameChecker {
 public:
  NameChecker(const Tables& tables, Findings& findings) : t_(tables), findings_(findings) {}

  template <typename Tag>
  bool Check(const char* what, const Word& word, const NameMap& names, bool must = true) {
    if (word.empty()) {
      if (must) findings_.Error(word.at, std::string("no ") + what + " is named");
      return !must;
    }
    if (names.Find<Tag>(word.text).valid()) return true;
    findings_.Error(word.at, std::string("unknown ") + what + " \"" + word.text + "\"" +
                                 Suggest(word.text, names));
    return false;
  }

  void Purposes(const std::vector<Word>& words) {
    for (const Word& word : words) Check<PurposeTag>("purpose", word, t_.purpose_names);
  }
  // One that is acted for, so it must be a leaf.
  void Leaf(const Word& word) {
    if (!Check<PurposeTag>("purpose", word, t_.purpose_names)) return;
    if (t_.purposes[t_.purpose_names.Find<PurposeTag>(word.text).value].leaf) return;
    findings_.Error(word.at,
                    "purpose \"" + word.text + "\" is not a leaf: only leaves are acted for");
  }
  void Sources(const std::vector<Word>& words) {
    for (const Word& word : words) {
      if (!Check<SourceTag>("source", word, t_.source_names)) continue;
      const SourceIndex index = t_.source_names.Find<SourceTag>(word.text);
      if (t_.sources[index.value].role == Role::kIndependent) {
        findings_.Error(word.at,
                        "source \"" + word.text + "\" is INDEPENDENT: nothing is taken from it");
      }
    }
  }
  void Field(const Word& word, size_t category) {
    Check<FieldTag>("field", word, t_.field_names[category]);
  }
  void Fields(const std::vector<Word>& words, size_t category) {
    for (const Word& word : words) Field(word, category);
  }
  CategoryIndex Category(const Word& word) {
    Check<CategoryTag>("category", word, t_.category_names);
    return t_.category_names.Find<CategoryTag>(word.text);
  }
  const Tables& tables() const { return t_; }
  void Recipient(const Word& word) { Check<RecipientTag>("recipient", word, t_.recipient_names); }

 private:
  std::string Suggest(const std::string& word, const NameMap& names) {
    if (++suggestions_ > kSuggestionsMax) return {};
    return DidYouMean(word, names.Names());
  }

  const Tables& t_;
  Findings& findings_;
  size_t suggestions_ = 0;
};

void CategoryNames(const CategoryDraft& c, size_t index, NameChecker& names) {
  for (const FieldDraft& f : c.fields) {
    for (const Word& purpose : f.lookups) names.Leaf(purpose);
  }
  for (const AllowDraft& a : c.allows) {
    names.Purposes(a.purposes);
    names.Fields(a.fields, index);
    names.Sources(a.sources);
  }
  for (const RetainDraft& r : c.retains) names.Purposes(r.purposes);
  for (const DiscloseDraft& d : c.discloses) {
    names.Recipient(d.recipient);
    names.Leaf(d.purpose);
    names.Fields(d.fields, index);
    names.Check<NoticeTag>("notice", d.notice, names.tables().notice_names, false);
  }
}

// A test may ask for what does not exist; what it is given must.
void TestNames(const TestDraft& d, const Tables& t, NameChecker& names) {
  names.Check<NoticeTag>("notice", d.notice, t.notice_names, false);
  names.Check<SourceTag>("source", d.source, t.source_names, false);
  names.Check<ControllerTag>("controller", d.controller, t.controller_names, false);
  for (const ShownDraft& s : d.shown) {
    names.Check<NoticeTag>("notice", s.notice, t.notice_names);
  }
  for (const auto* list : {&d.consented, &d.withdrawn, &d.objected, &d.declined}) {
    names.Purposes(*list);
  }
}

}  // namespace

void LintNames(const Draft& draft, const Tables& tables, Findings& findings) {
  NameChecker names(tables, findings);
  for (const PurposeDraft& p : draft.purposes) {
    const PurposeIndex purpose = tables.purpose_names.Find<PurposeTag>(p.id.text);
    if (p.combines && !tables.purposes[purpose.value].leaf) {
      findings.Warning(p.at, "combines of \"" + p.id.text +
                                 "\" says nothing: it is for leaves, and not inherited");
    }
    if (!p.may_know_existence || tables.purposes[purpose.value].leaf) continue;
    findings.Warning(p.at, "may_know_existence of \"" + p.id.text +
                               "\" does nothing: it is not a leaf, and those below do not inherit "
                               "it");
  }
  for (const NoticeDraft& n : draft.notices) {
    if (n.purposes.empty()) {
      findings.Error(n.at, "notice \"" + n.id.text + "\" lists no purpose");
    }
    names.Purposes(n.purposes);
    names.Sources(n.sources);
  }
  for (const SourceDraft& s : draft.sources) {
    if (s.role.value == 0) findings.Error(s.at, "source \"" + s.id.text + "\" has no role");
  }
  for (const SignalDraft& s : draft.signals) {
    if (s.purposes.empty()) {
      findings.Error(s.at, "signal \"" + s.id.text + "\" names no purpose");
    }
    names.Purposes(s.purposes);
  }
  for (const ControllerDraft& c : draft.controllers) {
    if (c.agreement.empty()) {
      findings.Warning(c.at, "controller \"" + c.id.text + "\" names no agreement");
    }
    for (const ControllerAllowDraft& a : c.allows) {
      if (a.purposes.empty()) findings.Error(a.at, "allow without purpose");
      names.Purposes(a.purposes);
      const CategoryIndex category = names.Category(a.category);
      if (category.valid()) names.Fields(a.fields, category.value);
    }
  }
  for (size_t i = 0; i < draft.categories.size(); ++i) {
    CategoryNames(draft.categories[i], i, names);
  }
  for (const ReportDraft& r : draft.reports) {
    names.Leaf(r.purpose);
    for (const Word& recipient : r.recipients) names.Recipient(recipient);
    const CategoryIndex category = names.Category(r.category);
    if (!category.valid()) continue;
    names.Fields(r.by, category.value);
    if (!r.of.empty()) names.Field(r.of, category.value);
  }
  for (const TestDraft& d : draft.tests) TestNames(d, tables, names);
}

}  // namespace bailee::policy
