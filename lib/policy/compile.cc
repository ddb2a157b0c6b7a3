// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bailee/limits.h"
#include "policy/tables.h"

namespace bailee::policy {
namespace {

using FieldBits = std::bitset<limits::kFieldsPerCategoryMax>;

std::string Join(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) out += (out.empty() ? "" : ", ") + word.text;
  return out;
}

void CompilePurposes(const Draft& draft, Tables& t) {
  for (const PurposeDraft& p : draft.purposes) {
    t.purpose_names.Add(p.id.text, t.purposes.size());
    PurposeInfo info;
    info.id = p.id.text;
    info.says = p.says.text;
    info.clause = p.clause.text;
    info.leaf = true;
    info.may_know_existence = p.may_know_existence;
    info.combines = p.combines;
    info.line = p.at.line;
    t.purposes.push_back(std::move(info));
  }
  // Grows while it runs: an implied purpose may imply another.
  for (size_t i = 0; i < t.purposes.size(); ++i) {
    const size_t dot = t.purposes[i].id.rfind('.');
    if (dot == std::string::npos) continue;
    const std::string parent = t.purposes[i].id.substr(0, dot);
    PurposeIndex index = t.purpose_names.Find<PurposeTag>(parent);
    if (!index.valid()) {
      index.value = static_cast<uint16_t>(t.purposes.size());
      t.purpose_names.Add(parent, t.purposes.size());
      t.purposes.emplace_back().id = parent;
    }
    t.purposes[index.value].leaf = false;
    t.purposes[i].parent = index;
  }
  for (size_t i = 0; i < t.purposes.size(); ++i) {
    if (!t.purposes[i].leaf) continue;
    for (PurposeIndex up{static_cast<uint16_t>(i)}; up.valid(); up = t.purposes[up.value].parent) {
      t.purposes[up.value].leaves.set(i);
    }
  }
}

std::vector<SourceIndex> CompileSources(const Tables& t, const std::vector<Word>& names) {
  std::vector<SourceIndex> sources;
  for (const Word& name : names) {
    const SourceIndex index = t.source_names.Find<SourceTag>(name.text);
    if (index.valid()) sources.push_back(index);
  }
  return sources;
}

void CompileOrigins(const Draft& draft, Tables& t) {
  for (const SourceDraft& s : draft.sources) {
    t.source_names.Add(s.id.text, t.sources.size());
    t.sources.push_back({s.id.text, static_cast<Role>(s.role.value), s.at.line});
  }
  for (const NoticeDraft& n : draft.notices) {
    t.notice_names.Add(n.id.text, t.notices.size());
    t.notices.push_back({n.id.text, n.sha256.text, ExpandLeaves(t, n.purposes),
                         CompileSources(t, n.sources), n.at.line});
  }
  for (const SignalDraft& s : draft.signals) {
    SignalInfo& signal = t.signals.emplace_back();
    signal = {s.id.text, {}, s.clause.text, s.at.line};
    for (const Word& purpose : s.purposes) signal.purposes.push_back(purpose.text);
  }
  for (const RecipientDraft& r : draft.recipients) {
    t.recipient_names.Add(r.id.text, t.recipients.size());
    t.recipients.push_back({r.id.text, static_cast<RecipientRole>(r.role.value), r.agreement.text,
                            r.says.text, r.clause.text, r.public_key.text, r.at.line});
  }
}

void CompileField(const FieldDraft& f, CategoryInfo& category, NameMap& names) {
  FieldInfo info;
  info.name = f.id.text;
  info.kind = static_cast<Kind>(f.kind.value);
  info.required = f.required;
  const bool blob = info.kind == Kind::kBlob;
  info.max_bytes = f.max_bytes.value > 0 ? static_cast<size_t>(f.max_bytes.value)
                   : blob                ? limits::kBlobBytesMax
                                         : limits::kFieldBytesMax;
  info.line = f.at.line;
  const FieldIndex index{static_cast<uint16_t>(category.fields.size())};
  names.Add(info.name, index.value);
  category.fields.push_back(info);
  for (const ViewDraft& v : f.views) {
    FieldInfo view = info;
    view.name = f.id.text + "." + v.id.text;
    view.transform = static_cast<Transform>(v.mask.value != 0 ? v.mask.value : v.coarsen.value);
    view.view_of = index;
    view.required = false;
    view.line = v.at.line;
    names.Add(view.name, category.fields.size());
    category.fields.push_back(std::move(view));
  }
}

FieldBits CompileFieldBits(const Tables& t, CategoryIndex category,
                           const std::vector<Word>& fields) {
  FieldBits bits;
  if (fields.empty()) {
    for (size_t i = 0; i < t.categories[category.value].fields.size(); ++i) bits.set(i);
  }
  for (const Word& name : fields) {
    const FieldIndex index = t.field_names[category.value].Find<FieldTag>(name.text);
    if (index.valid()) bits.set(index.value);
  }
  return bits;
}

void CompileAllow(const AllowDraft& a, const CategoryDraft& draft, Tables& t, CategoryIndex index) {
  CategoryInfo& category = t.categories[index.value];
  AllowRule rule;
  rule.purposes = ExpandLeaves(t, a.purposes);
  rule.basis = static_cast<Basis>(a.basis.value);
  rule.fields = CompileFieldBits(t, index, a.fields);
  rule.sources = CompileSources(t, a.sources);
  rule.words = category.id + " allows " + Join(a.purposes);
  if (!a.fields.empty()) rule.words += ": " + Join(a.fields);
  if (!a.sources.empty()) rule.words += " from " + Join(a.sources);
  if (rule.basis != Basis::kNecessary) {
    rule.words += " (" + std::string(BasisWord(rule.basis)) + ")";
  }
  rule.clause = a.clause.empty() ? draft.clause.text : a.clause.text;
  rule.line = a.at.line;
  for (size_t i = 0; i < category.fields.size(); ++i) {
    if (rule.fields[i]) category.fields[i].readers |= rule.purposes;
  }
  category.allows.push_back(std::move(rule));
}

// `kept` gathers the leaves that have a retention: a second one is for lint to find, and takes no
// room before it does.
void CompileRetain(const RetainDraft& r, const Tables& t, CategoryInfo& category,
                   PurposeSet& kept) {
  const PurposeSet leaves = ExpandLeaves(t, r.purposes) & ~kept;
  kept |= leaves;
  for (size_t i = 0; i < t.purposes.size(); ++i) {
    if (!leaves.test(i)) continue;
    category.retentions.push_back({PurposeIndex{static_cast<uint16_t>(i)},
                                   static_cast<int32_t>(r.days.value),
                                   static_cast<RetainFrom>(r.from.value), r.event.text,
                                   static_cast<int32_t>(r.at_most_days.value),
                                   r.clause.empty() ? category.clause : r.clause.text, r.at.line});
  }
}

std::vector<FieldIndex> CompileFieldList(const Tables& t, CategoryIndex category,
                                         const std::vector<Word>& names) {
  std::vector<FieldIndex> fields;
  for (const Word& name : names) {
    const FieldIndex index = t.field_names[category.value].Find<FieldTag>(name.text);
    if (index.valid()) fields.push_back(index);
  }
  return fields;
}

void CompileCategory(const CategoryDraft& c, Tables& t) {
  const CategoryIndex index{static_cast<uint16_t>(t.categories.size())};
  t.category_names.Add(c.id.text, index.value);
  CategoryInfo& category = t.categories.emplace_back();
  NameMap& names = t.field_names.emplace_back();
  category.id = c.id.text;
  category.says = c.says.text;
  category.clause = c.clause.text;
  category.about = static_cast<About>(c.about.value);
  category.holds = static_cast<Holds>(c.holds.value);
  category.sensitive = c.sensitive;
  category.needs_tag = c.needs_tag;
  category.line = c.at.line;
  for (const FieldDraft& f : c.fields) CompileField(f, category, names);
  for (const FieldDraft& f : c.fields) {
    const FieldIndex field = names.Find<FieldTag>(f.id.text);
    category.fields[field.value].lookups |= ExpandLeaves(t, f.lookups);
  }
  for (const AllowDraft& a : c.allows) CompileAllow(a, c, t, index);
  PurposeSet kept;
  for (const RetainDraft& r : c.retains) CompileRetain(r, t, category, kept);
  for (const DiscloseDraft& d : c.discloses) {
    category.discloses.push_back(
        {t.recipient_names.Find<RecipientTag>(d.recipient.text),
         static_cast<Ground>(d.ground.value), t.purpose_names.Find<PurposeTag>(d.purpose.text),
         CompileFieldList(t, index, d.fields), static_cast<int32_t>(d.wait_days.value),
         static_cast<int32_t>(d.until_days.value), t.notice_names.Find<NoticeTag>(d.notice.text),
         d.clause.empty() ? category.clause : d.clause.text, d.at.line});
  }
  const auto shortest =
      std::min_element(category.retentions.begin(), category.retentions.end(),
                       [](const Retention& a, const Retention& b) { return a.days < b.days; });
  if (shortest == category.retentions.end()) return;  // lint refuses it
  category.bucket_width_ms = shortest->days * kMillisPerDay / 8;
}

void CompileController(const ControllerDraft& c, Tables& t) {
  t.controller_names.Add(c.id.text, t.controllers.size());
  ControllerInfo info{c.id.text, c.agreement.text, {}, c.at.line};
  for (const ControllerAllowDraft& a : c.allows) {
    const CategoryIndex category = t.category_names.Find<CategoryTag>(a.category.text);
    if (!category.valid()) continue;
    info.rules.push_back(
        {category, ExpandLeaves(t, a.purposes), CompileFieldBits(t, category, a.fields)});
  }
  t.controllers.push_back(std::move(info));
}

void CompileReport(const ReportDraft& r, Tables& t) {
  ReportInfo info;
  info.id = r.id.text;
  info.category = t.category_names.Find<CategoryTag>(r.category.text);
  info.count = static_cast<ReportCount>(r.count.value);
  info.bucket = static_cast<ReportBucket>(r.bucket.value);
  info.min_subjects = static_cast<uint32_t>(r.min_subjects.value);
  info.purpose = t.purpose_names.Find<PurposeTag>(r.purpose.text);
  info.feed = r.feed.value == 0 ? ReportFeed::kStored : static_cast<ReportFeed>(r.feed.value);
  info.clause = r.clause.text;
  info.line = r.at.line;
  for (const Word& name : r.recipients) {
    info.recipients.push_back(t.recipient_names.Find<RecipientTag>(name.text));
  }
  if (info.category.valid()) {
    info.by = CompileFieldList(t, info.category, r.by);
    info.of = t.field_names[info.category.value].Find<FieldTag>(r.of.text);
    std::vector<FieldIndex> inputs = info.by;
    if (info.of.valid()) inputs.push_back(info.of);
    for (const FieldIndex input : inputs) {
      FieldInfo& field = t.categories[info.category.value].fields[input.value];
      const PurposeSet leaves = ExpandLeaves(t, {r.purpose});
      field.report_purposes |= leaves;
      if (info.feed == ReportFeed::kStored) field.stored_report_purposes |= leaves;
    }
  }
  t.reports.push_back(std::move(info));
}

std::vector<std::string> Texts(const std::vector<Word>& words) {
  std::vector<std::string> out;
  out.reserve(words.size());
  for (const Word& word : words) out.push_back(word.text);
  return out;
}

TestCase CompileTest(const TestDraft& d) {
  TestCase test;
  test.name = d.name.text;
  test.notice = d.notice.text;
  test.source = d.source.text;
  test.controller = d.controller.text;
  test.age_days = static_cast<uint32_t>(d.age_days.value);
  test.consented = Texts(d.consented);
  test.withdrawn = Texts(d.withdrawn);
  test.objected = Texts(d.objected);
  test.declined = Texts(d.declined);
  for (const HappenedDraft& h : d.happened) {
    test.happened.push_back({h.event.text, static_cast<uint32_t>(h.days_ago.value)});
  }
  test.restricted = d.restricted;
  test.held = d.held;
  for (const ShownDraft& s : d.shown) {
    test.shown.push_back({s.notice.text, static_cast<uint32_t>(s.days_ago.value)});
  }
  test.suppressed = d.suppressed;
  test.action = d.action.value == 0 ? Action::kRead : static_cast<Action>(d.action.value);
  test.purpose = d.purpose.text;
  test.category = d.category.text;
  test.field = d.field.text;
  test.on_behalf_of = d.on_behalf_of.text;
  test.case_reference = d.case_reference.text;
  test.recipient = d.recipient.text;
  if (d.ground.value != 0) test.ground = GroundWord(static_cast<Ground>(d.ground.value));
  test.expect_allowed = d.expect.value == 1;
  for (const Word& word : d.because) {
    if (const auto reason = ParseReason(word.text)) test.because.push_back(*reason);
  }
  test.line = d.at.line;
  return test;
}

}  // namespace

PurposeSet ExpandLeaves(const Tables& tables, const std::vector<Word>& purposes) {
  PurposeSet set;
  for (const Word& word : purposes) {
    const PurposeIndex index = tables.purpose_names.Find<PurposeTag>(word.text);
    if (index.valid()) set |= tables.purposes[index.value].leaves;
  }
  return set;
}

std::unique_ptr<Tables> Compile(const Draft& draft) {
  auto tables = std::make_unique<Tables>();
  Tables& t = *tables;
  t.name = draft.name.text;
  t.version = static_cast<uint32_t>(draft.version.value);
  t.effective = {ParseDate(draft.effective.text).value_or(0) * kMillisPerDay};
  t.binary = draft.binary;
  CompilePurposes(draft, t);
  CompileOrigins(draft, t);
  for (const CategoryDraft& c : draft.categories) CompileCategory(c, t);
  for (const ControllerDraft& c : draft.controllers) CompileController(c, t);
  for (const ReportDraft& r : draft.reports) CompileReport(r, t);
  for (const TestDraft& d : draft.tests) t.tests.push_back(CompileTest(d));
  for (size_t i = 0; i < t.categories.size(); ++i) {
    CompileCompartments(t, CategoryIndex{static_cast<uint16_t>(i)});
  }
  return tables;
}

}  // namespace bailee::policy
