// SPDX-License-Identifier: Apache-2.0
#include "policy/translate.h"

#include <google/protobuf/descriptor.h>

#include "bailee/limits.h"
#include "base/utf8.h"

namespace bailee::policy {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ParseInfoTree = google::protobuf::TextFormat::ParseInfoTree;

// One message of the policy with the places of its fields. Fields are named by literals of ours.
class Node {
 public:
  Node(const Message& message, const ParseInfoTree* tree, Place at, Findings& findings)
      : message_(&message), tree_(tree), at_(at), findings_(&findings) {}

  Place at() const { return at_; }

  Word Text(const char* name) const {
    const FieldDescriptor* field = Field(name);
    Word word{message_->GetReflection()->GetString(*message_, field), PlaceOf(field, -1)};
    CheckText(word);
    return word;
  }
  std::vector<Word> Texts(const char* name) const {
    const FieldDescriptor* field = Field(name);
    const int count = message_->GetReflection()->FieldSize(*message_, field);
    std::vector<Word> words;
    for (int i = 0; i < count; ++i) {
      words.push_back(
          {message_->GetReflection()->GetRepeatedString(*message_, field, i), PlaceOf(field, i)});
      CheckText(words.back());
    }
    return words;
  }
  // Rules without one have their category's, so that a long one would be copied again and again.
  Word Clause() const {
    Word word = Text("clause");
    if (word.text.size() > limits::kClauseBytesMax)
      findings_->Error(word.at, "clause is longer than 256 bytes");
    return word;
  }
  policy::Number Number(const char* name) const {
    const FieldDescriptor* field = Field(name);
    return {message_->GetReflection()->GetUInt32(*message_, field), PlaceOf(field, -1)};
  }
  bool Flag(const char* name) const {
    return message_->GetReflection()->GetBool(*message_, Field(name));
  }
  Coded Enum(const char* name) const {
    const FieldDescriptor* field = Field(name);
    const int value = message_->GetReflection()->GetEnumValue(*message_, field);
    const Coded coded{value, PlaceOf(field, -1)};
    if (field->enum_type()->FindValueByNumber(value) == nullptr) {
      findings_->Error(coded.at, "unknown value " + std::to_string(value) + " of " + name);
      return {0, coded.at};
    }
    return coded;
  }
  // The message of that name; an empty one if it was not given.
  Node One(const char* name) const {
    const FieldDescriptor* field = Field(name);
    return {message_->GetReflection()->GetMessage(*message_, field), Nested(field, -1),
            PlaceOf(field, -1), *findings_};
  }
  // Makes a draft of each message of that name.
  template <typename Draft>
  std::vector<Draft> Each(const char* name, Draft (*make)(const Node&)) const {
    const FieldDescriptor* field = Field(name);
    const int count = message_->GetReflection()->FieldSize(*message_, field);
    std::vector<Draft> drafts;
    drafts.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      drafts.push_back(make({message_->GetReflection()->GetRepeatedMessage(*message_, field, i),
                             Nested(field, i), PlaceOf(field, i), *findings_}));
    }
    return drafts;
  }

 private:
  const FieldDescriptor* Field(const char* name) const {
    return message_->GetDescriptor()->FindFieldByName(name);
  }
  // `index`: -1 of a field that is not repeated.
  const ParseInfoTree* Nested(const FieldDescriptor* field, int index) const {
    return tree_ == nullptr ? nullptr : tree_->GetTreeForNested(field, index);
  }
  Place PlaceOf(const FieldDescriptor* field, int index) const {
    if (tree_ == nullptr) return at_;
    const auto location = tree_->GetLocation(field, index);
    // Items of a bracketed list have no place of their own.
    if (location.line < 0) return at_;
    return {location.line + 1, location.column + 1};
  }
  // Escapes can bring in what the file itself did not hold.
  void CheckText(const Word& word) const {
    bool fine = IsUtf8(word.text);
    for (const char c : word.text)
      fine = fine && (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    if (!fine) findings_->Error(word.at, "text holds control characters or is not UTF-8");
  }

  const Message* message_;
  const ParseInfoTree* tree_;
  Place at_;
  Findings* findings_;
};

PurposeDraft MakePurpose(const Node& n) {
  return {n.at(),
          n.Text("id"),
          n.Text("says"),
          n.Clause(),
          n.Flag("may_know_existence"),
          n.Flag("combines")};
}
NoticeDraft MakeNotice(const Node& n) {
  return {n.at(), n.Text("id"), n.Text("sha256"), n.Texts("purpose"), n.Texts("source")};
}
SourceDraft MakeSource(const Node& n) { return {n.at(), n.Text("id"), n.Enum("role")}; }
SignalDraft MakeSignal(const Node& n) {
  return {n.at(), n.Text("id"), n.Texts("purpose"), n.Clause()};
}

ControllerAllowDraft MakeControllerAllow(const Node& n) {
  return {n.at(), n.Texts("purpose"), n.Text("category"), n.Texts("field")};
}
ControllerDraft MakeController(const Node& n) {
  return {n.at(), n.Text("id"), n.Text("agreement"), n.Each("allow", MakeControllerAllow)};
}
ViewDraft MakeView(const Node& n) {
  return {n.at(), n.Text("id"), n.Enum("mask"), n.Enum("coarsen")};
}
Word MakeLookup(const Node& n) { return n.Text("purpose"); }

FieldDraft MakeField(const Node& n) {
  return {n.at(),
          n.Text("id"),
          n.Enum("kind"),
          n.Flag("required"),
          n.Number("max_bytes"),
          n.Each("view", MakeView),
          n.Each("lookup", MakeLookup)};
}
AllowDraft MakeAllow(const Node& n) {
  return {n.at(),           n.Texts("purpose"), n.Enum("basis"),
          n.Texts("field"), n.Texts("source"),  n.Clause()};
}
RetainDraft MakeRetain(const Node& n) {
  return {n.at(),          n.Texts("purpose"),       n.Number("days"), n.Enum("from"),
          n.Text("event"), n.Number("at_most_days"), n.Clause()};
}
DiscloseDraft MakeDisclose(const Node& n) {
  return {n.at(),           n.Text("recipient"),   n.Enum("ground"),       n.Text("purpose"),
          n.Texts("field"), n.Number("wait_days"), n.Number("until_days"), n.Clause(),
          n.Text("notice")};
}
CategoryDraft MakeCategory(const Node& n) {
  CategoryDraft draft;
  draft.at = n.at();
  draft.id = n.Text("id");
  draft.says = n.Text("says");
  draft.clause = n.Clause();
  draft.about = n.Enum("about");
  draft.holds = n.Enum("holds");
  draft.sensitive = n.Flag("sensitive");
  draft.needs_tag = n.Flag("needs_tag");
  draft.fields = n.Each("field", MakeField);
  draft.allows = n.Each("allow", MakeAllow);
  draft.retains = n.Each("retain", MakeRetain);
  draft.discloses = n.Each("disclose", MakeDisclose);
  return draft;
}
RecipientDraft MakeRecipient(const Node& n) {
  return {n.at(),         n.Text("id"), n.Enum("role"),      n.Text("agreement"),
          n.Text("says"), n.Clause(),   n.Text("public_key")};
}
ReportDraft MakeReport(const Node& n) {
  ReportDraft draft;
  draft.at = n.at();
  draft.id = n.Text("id");
  draft.category = n.Text("category");
  draft.count = n.Enum("count");
  draft.by = n.Texts("by");
  draft.bucket = n.Enum("bucket");
  draft.of = n.Text("of");
  draft.min_subjects = n.Number("min_subjects");
  draft.purpose = n.Text("purpose");
  draft.recipients = n.Texts("recipient");
  draft.feed = n.Enum("feed");
  draft.clause = n.Clause();
  return draft;
}
HappenedDraft MakeHappened(const Node& n) { return {n.Text("event"), n.Number("days_ago")}; }

ShownDraft MakeShown(const Node& n) { return {n.Text("notice"), n.Number("days_ago")}; }

TestDraft MakeTest(const Node& n) {
  const Node given = n.One("given");
  const Node ask = n.One("ask");
  TestDraft draft;
  draft.at = n.at();
  draft.name = n.Text("name");
  draft.notice = given.Text("notice");
  draft.source = given.Text("source");
  draft.controller = given.Text("controller");
  draft.age_days = given.Number("age_days");
  draft.consented = given.Texts("consented");
  draft.withdrawn = given.Texts("withdrawn");
  draft.objected = given.Texts("objected");
  draft.declined = given.Texts("declined");
  draft.happened = given.Each("happened", MakeHappened);
  draft.restricted = given.Flag("restricted");
  draft.held = given.Flag("held");
  draft.shown = given.Each("shown", MakeShown);
  draft.suppressed = given.Flag("suppressed");
  draft.action = ask.Enum("action");
  draft.purpose = ask.Text("purpose");
  draft.category = ask.Text("category");
  draft.field = ask.Text("field");
  draft.on_behalf_of = ask.Text("on_behalf_of");
  draft.case_reference = ask.Text("case_reference");
  draft.recipient = ask.Text("recipient");
  draft.ground = ask.Enum("ground");
  draft.expect = n.Enum("expect");
  draft.because = n.Texts("because");
  return draft;
}

}  // namespace

Draft Translate(const v1::Policy& message, const ParseInfoTree* tree, Findings& findings) {
  const Node n(message, tree, tree == nullptr ? Place{} : Place{1, 1}, findings);
  Draft draft;
  draft.name = n.Text("name");
  draft.version = n.Number("version");
  draft.effective = n.Text("effective");
  draft.purposes = n.Each("purpose", MakePurpose);
  draft.notices = n.Each("notice", MakeNotice);
  draft.sources = n.Each("source", MakeSource);
  draft.signals = n.Each("signal", MakeSignal);
  draft.controllers = n.Each("controller", MakeController);
  draft.categories = n.Each("category", MakeCategory);
  draft.recipients = n.Each("recipient", MakeRecipient);
  draft.reports = n.Each("report", MakeReport);
  draft.tests = n.Each("test", MakeTest);
  return draft;
}

}  // namespace bailee::policy
