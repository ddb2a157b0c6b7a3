// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <tuple>

#include "base/suggest.h"
#include "policy/lint.h"

namespace bailee::policy {
namespace {

bool IsPublicKey(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

void LintRecipients(const Draft& draft, Findings& findings) {
  for (const RecipientDraft& r : draft.recipients) {
    const std::string name = "recipient \"" + r.id.text + "\"";
    if (r.role.value == 0) findings.Error(r.at, name + " has no role");
    const bool bound = r.role.value == static_cast<int>(RecipientRole::kOnOurBehalf);
    if (bound && r.agreement.empty()) {
      findings.Error(r.at, name + " acts on our behalf and names no agreement");
    }
    if (!r.public_key.empty() && !IsPublicKey(r.public_key.text)) {
      findings.Error(r.public_key.at, "public_key must be 64 lower-case hex digits");
    }
  }
}

// A condition that nobody can meet makes a rule that never holds.
void LintConditions(const DiscloseDraft& d, const DiscloseRule& rule, const CategoryInfo& category,
                    const Tables& t, Findings& findings) {
  const bool succession = rule.ground == Ground::kSuccession;
  if (succession && d.notice.empty()) {
    findings.Error(d.at, "ground SUCCESSION needs the notice that is shown before");
  }
  if (!succession && (!d.notice.empty() || d.wait_days.value != 0 || d.until_days.value != 0)) {
    findings.Error(d.at, "notice, wait_days and until_days are for ground SUCCESSION");
  }
  if (d.until_days.value != 0 && d.until_days.value <= d.wait_days.value) {
    findings.Error(d.until_days.at, "until_days is not after wait_days: this never holds");
  }
  const RecipientRole role = t.recipients[rule.recipient.value].role;
  if (succession && role != RecipientRole::kSuccessor) {
    findings.Error(d.recipient.at, "ground SUCCESSION is for a recipient with role SUCCESSOR");
  }
  bool opt_in = rule.ground == Ground::kConsent;
  for (const FieldIndex index : rule.fields) {
    const bool address = category.fields[index.value].kind == Kind::kEmail;
    if (address && role == RecipientRole::kThirdParty && rule.ground != Ground::kLaw) opt_in = true;
  }
  const bool asked = std::any_of(t.notices.begin(), t.notices.end(), [&](const NoticeInfo& notice) {
    return notice.purposes[rule.purpose.value];
  });
  if (opt_in && !asked) {
    findings.Error(d.at,
                   "disclose needs the subject's own consent, and no notice lists purpose \"" +
                       d.purpose.text + "\"");
  }
}

// Which of two rules would count?
void LintDoubles(const CategoryDraft& c, const CategoryInfo& category, Findings& findings) {
  std::set<std::tuple<RecipientIndex, Ground, PurposeIndex, FieldIndex>> seen;
  for (size_t i = 0; i < category.discloses.size(); ++i) {
    const DiscloseRule& rule = category.discloses[i];
    for (const FieldIndex field : rule.fields) {
      if (seen.emplace(rule.recipient, rule.ground, rule.purpose, field).second) continue;
      findings.Error(c.discloses[i].at, "a second disclose of \"" +
                                            category.fields[field.value].name +
                                            "\" to the same recipient for the same purpose on "
                                            "the same ground");
    }
  }
}

void LintDisclose(const DiscloseDraft& d, const DiscloseRule& rule, const CategoryInfo& category,
                  const Tables& t, Findings& findings) {
  if (d.ground.value == 0) findings.Error(d.at, "disclose without ground");
  if (d.fields.empty()) findings.Error(d.at, "disclose names no field: what leaves is listed");
  const RecipientRole role = t.recipients[rule.recipient.value].role;
  if (role == RecipientRole::kPublic) {
    findings.Error(d.recipient.at, "a PUBLIC recipient gets reports only");
  }
  if ((rule.ground == Ground::kOnOurBehalf) != (role == RecipientRole::kOnOurBehalf)) {
    findings.Error(d.at, "ground ON_OUR_BEHALF and a recipient with that role go together");
  }
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
      LintConditions(c.discloses[j], category.discloses[j], category, tables, findings);
    }
    LintDoubles(c, tables.categories[i], findings);
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
