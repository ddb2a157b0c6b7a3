// SPDX-License-Identifier: Apache-2.0
#include "base/suggest.h"
#include "policy/lint.h"

namespace bailee::policy {
namespace {

using Tables = Policy::Tables;

void LintRecipients(const Draft& draft, Findings& findings) {
  for (const RecipientDraft& r : draft.recipients) {
    const std::string name = "recipient \"" + r.id.text + "\"";
    if (r.role.value == 0) findings.Error(r.at, name + " has no role");
    const bool bound = r.role.value == static_cast<int>(RecipientRole::kOnOurBehalf);
    if (bound && r.agreement.empty()) {
      findings.Error(r.at, name + " acts on our behalf and names no agreement");
    }
  }
}

void LintDisclose(const DiscloseDraft& d, const DiscloseRule& rule, const CategoryInfo& category,
                  const Tables& t, Findings& findings) {
  if (d.ground.value == 0) findings.Error(d.at, "disclose without ground");
  if (d.fields.empty()) findings.Error(d.at, "disclose names no field: what leaves is listed");
  if (d.until_days.value != 0 && d.until_days.value < d.wait_days.value) {
    findings.Error(d.until_days.at, "until_days is before wait_days");
  }
  if (rule.recipient.valid()) {
    const RecipientRole role = t.recipients[rule.recipient.value].role;
    if (role == RecipientRole::kPublic) {
      findings.Error(d.recipient.at, "a PUBLIC recipient gets reports only");
    }
    if ((rule.ground == Ground::kOnOurBehalf) != (role == RecipientRole::kOnOurBehalf)) {
      findings.Error(d.at, "ground ON_OUR_BEHALF and a recipient with that role go together");
    }
  }
  if (!rule.purpose.valid()) return;
  for (const FieldIndex index : rule.fields) {
    const FieldInfo& field = category.fields[index.value];
    if (field.kind == Kind::kPassword) {
      findings.Error(d.at, "a PASSWORD is a verifier nobody reads: it is never disclosed");
    } else if (!field.readers[rule.purpose.value]) {
      findings.Error(d.at, "disclose of \"" + field.name + "\" for purpose \"" + d.purpose.text +
                               "\", which may not read it");
    }
  }
}

void LintReport(const ReportDraft& r, const ReportInfo& report, const Tables& t,
                Findings& findings) {
  const std::string name = "report \"" + r.id.text + "\"";
  if (r.count.value == 0) findings.Error(r.at, name + " does not say what it counts");
  if (r.bucket.value == 0) findings.Error(r.at, name + " has no bucket");
  if (r.min_subjects.value < 2) {
    findings.Error(r.min_subjects.at, name + " needs min_subjects of at least 2");
  }
  if (r.of.empty()) findings.Error(r.at, name + " does not say which TIME field it is by");
  if (report.feed == ReportFeed::kAtCollection && r.count.value == 1) {
    findings.Error(r.count.at, name +
                                   " is fed AT_COLLECTION, which keeps nothing to tell subjects "
                                   "apart by: it counts RECORDS");
  }
  if (!report.category.valid()) return;
  const CategoryInfo& category = t.categories[report.category.value];
  if (report.of.valid() && category.fields[report.of.value].kind != Kind::kTime) {
    findings.Error(r.of.at, "\"" + r.of.text + "\" is not a TIME field");
  }
  for (const FieldIndex index : report.by) {
    const Kind kind = category.fields[index.value].kind;
    if (kind == Kind::kPassword || kind == Kind::kBlob) {
      findings.Error(r.at, name + " cannot be by a field of kind " + std::string(KindWord(kind)));
    }
  }
}

void LintTest(const TestDraft& d, Findings& findings) {
  if (d.name.empty()) findings.Error(d.at, "test without name");
  if (d.expect.value == 0) findings.Error(d.at, "test does not say what it expects");
  if (d.expect.value == 1 && !d.because.empty()) {
    findings.Error(d.at, "because is for what is REFUSED");
  }
  for (const Word& word : d.because) {
    if (ParseReason(word.text) || findings.errors() >= Findings::kMax) continue;
    std::vector<std::string_view> words;
    for (uint8_t r = 1; r <= kReasonCount; ++r) words.push_back(ReasonWord(static_cast<Reason>(r)));
    findings.Error(word.at, "unknown reason \"" + word.text + "\"" + DidYouMean(word.text, words));
  }
}

}  // namespace

void LintOutside(const Draft& draft, const Tables& tables, Findings& findings) {
  LintRecipients(draft, findings);
  for (size_t i = 0; i < draft.categories.size(); ++i) {
    const CategoryDraft& c = draft.categories[i];
    for (size_t j = 0; j < c.discloses.size(); ++j) {
      const CategoryInfo& category = tables.categories[i];
      LintDisclose(c.discloses[j], category.discloses[j], category, tables, findings);
    }
  }
  for (size_t i = 0; i < draft.reports.size(); ++i) {
    LintReport(draft.reports[i], tables.reports[i], tables, findings);
  }
  for (const TestDraft& d : draft.tests) LintTest(d, findings);
}

void Lint(const Draft& draft, const Tables& tables, Findings& findings) {
  const size_t before = findings.errors();
  LintNames(draft, tables, findings);
  const bool names_known = findings.errors() == before;
  for (size_t i = 0; i < draft.categories.size(); ++i) {
    LintFields(draft.categories[i], findings);
    // With a name unknown, what seems unused or unkept may just be misspelt.
    if (!names_known) continue;
    LintUse(draft.categories[i], CategoryIndex{static_cast<uint16_t>(i)}, tables, findings);
  }
  if (names_known) LintOutside(draft, tables, findings);
}

}  // namespace bailee::policy
