// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <iterator>

#include "bailee/limits.h"
#include "base/ascii.h"
#include "base/hex.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "policy/translate.h"

namespace bailee::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

constexpr int kNestingMax = 16;  // the language itself needs four

// Whether the text opens more messages or lists inside each other than any policy does. The parser
// recurses, also over what it skips, so this is asked before it sees the text.
bool NestsTooDeep(std::string_view text) {
  int depth = 0;
  char quote = 0;
  bool comment = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      comment = false;
      quote = 0;  // the tokenizer ends a string here too, with an error
    } else if (quote != 0) {
      if (c == '\\' && i + 1 < text.size() && text[i + 1] != '\n') ++i;
      if (c == quote) quote = 0;
    } else if (comment) {
      continue;
    } else if (c == '#') {
      comment = true;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '{' || c == '<' || c == '[') {
      if (++depth > kNestingMax) return true;
    } else if (c == '}' || c == '>' || c == ']') {
      --depth;
    }
  }
  return false;
}

// The text between the n-th pair of quotes, counted from 0.
std::string_view Quoted(std::string_view message, size_t n) {
  size_t from = 0;
  for (size_t i = 0;; ++i) {
    const size_t open = message.find('"', from);
    if (open == std::string_view::npos) return {};
    const size_t close = message.find('"', open + 1);
    if (close == std::string_view::npos) return {};
    if (i == n) return message.substr(open + 1, close - open - 1);
    from = close + 1;
  }
}

// Protobuf counts what it has and gives each by its number.
template <typename Give>
auto Each(int count, const Give& give) {
  std::vector<decltype(give(0))> items;
  std::generate_n(std::back_inserter(items), count, [&, i = 0]() mutable { return give(i++); });
  return items;
}
auto FieldsOf(const Descriptor& type) {
  return Each(type.field_count(), [&](int i) { return type.field(i); });
}

void AddEnumValues(const Descriptor& type, std::string_view field_name,
                   std::vector<std::string_view>& out) {
  for (const FieldDescriptor* field : FieldsOf(type)) {
    const auto* words = field->enum_type();
    if (field->name() != field_name || words == nullptr) continue;
    for (const auto* word : Each(words->value_count(), [&](int i) { return words->value(i); })) {
      if (word->number() != 0) out.push_back(word->name());  // that one says that none was given
    }
  }
}

bool IsUnknownField(const std::string& message) {
  return message.find(" has no field named ") != std::string::npos;
}

std::string RewordUnknownField(std::string_view type_name, std::string_view name) {
  const Descriptor* type =
      DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(type_name));
  std::vector<std::string_view> names;
  std::string where = "policy";
  if (type != nullptr) {
    where = type->name();
    for (char& c : where) c = ToLower(c);
    for (const FieldDescriptor* field : FieldsOf(*type)) names.push_back(field->name());
  }
  return "unknown field \"" + std::string(name) + "\" in " + where + DidYouMean(name, names);
}

// The parser does not say in which message, so every field of that name is looked at.
std::string RewordUnknownValue(std::string_view value, std::string_view field) {
  std::vector<std::string_view> names;
  const auto* file = v1::Policy::descriptor()->file();
  for (const Descriptor* type :
       Each(file->message_type_count(), [&](int i) { return file->message_type(i); })) {
    AddEnumValues(*type, field, names);
    for (const Descriptor* nested :
         Each(type->nested_type_count(), [&](int i) { return type->nested_type(i); })) {
      AddEnumValues(*nested, field, names);
    }
  }
  return "unknown value \"" + std::string(value) + "\" of " + std::string(field) +
         DidYouMean(value, names);
}

// The parser takes a letter that is not ASCII for several tokens, and shows the first byte of it.
std::string WithBytesSpelt(std::string_view message) {
  std::string out;
  for (const char c : message) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80)
      out += c;
    else
      out += "\\x" + ToHex({&byte, 1});
  }
  return out;
}

// The parser's message in our words, with what was meant where that can be told.
std::string Reword(const std::string& message) {
  if (IsUnknownField(message)) return RewordUnknownField(Quoted(message, 0), Quoted(message, 1));
  if (message.starts_with("Unknown enumeration value of ")) {
    return RewordUnknownValue(Quoted(message, 0), Quoted(message, 1));
  }
  std::string out = message;
  out[0] = ToLower(out[0]);
  if (out.ends_with('.')) out.pop_back();
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return IsUtf8(out) ? out : WithBytesSpelt(out);
}

// The parser tells of an unknown field once it has read its name: the column where that began, both
// counted from 0.
int ColumnOfName(std::string_view text, int line, int column, std::string_view name) {
  for (int i = 0; i < line; ++i) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return column;
    text.remove_prefix(end + 1);
  }
  const int start = column - static_cast<int>(name.size());
  if (start < 0 || static_cast<size_t>(column) > text.size()) return column;
  return text.substr(static_cast<size_t>(start), name.size()) == name ? start : column;
}

class Collector final : public google::protobuf::io::ErrorCollector {
 public:
  Collector(std::string_view text, Findings& findings) : text_(text), findings_(findings) {}

  void AddError(int line, int column, const std::string& message) override {
    if (findings_.errors() >= Findings::kMax) {
      findings_.Error({line + 1, column + 1}, "unknown");  // counted; its words would cost time
      return;
    }
    if (IsUnknownField(message)) column = ColumnOfName(text_, line, column, Quoted(message, 1));
    findings_.Error({line + 1, column + 1}, Reword(message));
  }
  // Unknown fields come as warnings, so that one run names them all. They are errors all the same.
  void AddWarning(int line, int column, const std::string& message) override {
    AddError(line, column, message);
  }

 private:
  std::string_view text_;
  Findings& findings_;
};

}  // namespace

Bytes Serialize(const v1::Policy& message) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return {out.begin(), out.end()};
}

Draft DraftFromText(std::string_view text, Findings& findings) {
  if (text.size() > limits::kPolicyFileBytesMax) {
    findings.Error({1, 1}, "the policy is larger than 1 MiB");
    return {};
  }
  if (!IsUtf8(text)) {
    findings.Error({1, 1}, "the policy is not UTF-8 text");
    return {};
  }
  if (NestsTooDeep(text)) {
    findings.Error({1, 1}, "the policy nests too deeply");
    return {};
  }
  v1::Policy message;
  TextFormat::ParseInfoTree tree;
  Collector collector(text, findings);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(&tree);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kNestingMax);
  google::protobuf::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&input, &message)) {
    if (findings.errors() == 0) findings.Error({1, 1}, "the policy does not parse");
    return {};
  }
  Draft draft = Translate(message, &tree, findings);
  if (findings.errors() == 0) draft.binary = Serialize(message);
  return draft;
}

}  // namespace bailee::policy
