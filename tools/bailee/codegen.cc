// SPDX-License-Identifier: Apache-2.0
#include "codegen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "text.h"

namespace bailee::tool {
namespace {

constexpr std::array<std::string_view, 97> kKeywords = {
    "alignas",       "alignof",     "and",
    "and_eq",        "asm",         "auto",
    "bitand",        "bitor",       "bool",
    "break",         "case",        "catch",
    "char",          "char8_t",     "char16_t",
    "char32_t",      "class",       "compl",
    "concept",       "const",       "consteval",
    "constexpr",     "constinit",   "const_cast",
    "continue",      "co_await",    "co_return",
    "co_yield",      "decltype",    "default",
    "delete",        "do",          "double",
    "dynamic_cast",  "else",        "enum",
    "explicit",      "export",      "extern",
    "false",         "float",       "for",
    "friend",        "goto",        "if",
    "inline",        "int",         "long",
    "mutable",       "namespace",   "new",
    "noexcept",      "not",         "not_eq",
    "nullptr",       "operator",    "or",
    "or_eq",         "private",     "protected",
    "public",        "register",    "reinterpret_cast",
    "requires",      "return",      "short",
    "signed",        "sizeof",      "static",
    "static_assert", "static_cast", "struct",
    "switch",        "template",    "this",
    "thread_local",  "throw",       "true",
    "try",           "typedef",     "typeid",
    "typename",      "union",       "unsigned",
    "using",         "virtual",     "void",
    "volatile",      "wchar_t",     "while",
    "xor",           "xor_eq",      "bailee",
    "purpose",       "std",         "override",
    "final"};

bool IsNamespace(const std::string& text) {
  bool fresh = true;  // at the start of an identifier
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (c == ':' && !fresh && i + 2 < text.size() && text[i + 1] == ':') {
      ++i;
      fresh = true;
    } else if (letter || (digit && !fresh)) {
      fresh = false;
    } else {
      return false;
    }
  }
  return !fresh;
}

// A scope's identifiers, to find two names that became one.
class Scope {
 public:
  // The identifier of `name`; the first clash is kept.
  std::string Take(const std::string& name) {
    std::string identifier = CppIdentifier(name);
    const auto [at, fresh] = taken_.emplace(identifier, name);
    if (!fresh && clash_.empty()) clash_ = fmt::format("\"{}\" and \"{}\"", at->second, name);
    return identifier;
  }
  const std::string& clash() const { return clash_; }

 private:
  std::map<std::string, std::string> taken_;
  std::string clash_;
};

std::string FieldStruct(const PolicyDescription::Category& category,
                        const PolicyDescription::Field& field, const std::string& identifier) {
  std::set<std::string> readers;
  // A password is verified, never read: nobody's type may read it.
  if (field.kind != "PASSWORD") {
    for (const auto& each : field.readers)
      readers.insert("purpose::" + CppIdentifier(each.purpose));
  }
  const std::vector<std::string> sorted(readers.begin(), readers.end());
  return fmt::format(
      "  struct {0}_field {{\n"
      "    using Category = {1};\n"
      "    using Readers = ::bailee::PurposeList<{2}>;\n"
      "    static constexpr std::string_view kName = \"{3}\";\n"
      "  }};\n"
      "  static constexpr {0}_field {0}{{}};\n",
      identifier, CppIdentifier(category.id), Join(sorted), field.name);
}

std::string CategoryStruct(const PolicyDescription::Category& category,
                           const std::string& identifier, std::string& clash) {
  Scope scope;
  scope.Take("kName");
  std::string text = fmt::format(
      "\nstruct {0} {{\n"
      "  static constexpr std::string_view kName = \"{1}\";\n"
      "  static constexpr bool kHoldsMany = {2};\n",
      identifier, category.id, category.holds_many);
  for (const auto& field : category.fields) {
    const std::string name = scope.Take(field.name);
    scope.Take(name + "_field");
    text += FieldStruct(category, field, name);
  }
  if (clash.empty()) clash = scope.clash();
  return text + "};\n";
}

}  // namespace

std::string CppIdentifier(const std::string& name) {
  std::string identifier = name;
  for (char& c : identifier) {
    if (c == '.' || c == '-') c = '_';
  }
  // Two underscores in a row are the compiler's own.
  for (size_t at = 0; (at = identifier.find("__", at)) != std::string::npos;)
    identifier.erase(at, 1);
  const bool keyword = std::find(kKeywords.begin(), kKeywords.end(), identifier) != kKeywords.end();
  return keyword ? identifier + "_" : identifier;
}

Result<std::string> GenerateCppHeader(const PolicyDescription& policy,
                                      const std::string& name_space) {
  if (!IsNamespace(name_space)) {
    return Status(Code::kUsage, "codegen.namespace", "that is not a C++ namespace",
                  "use letters, digits and ::, for instance --namespace acme");
  }
  std::string text = fmt::format(
      "// Generated by `bailee policy codegen` from policy {0} version {1}; do not edit.\n"
      "#pragma once\n\n"
      "#include <cstdint>\n#include <string_view>\n\n"
      "#include \"bailee/typed.h\"\n\n"
      "namespace {2} {{\n\n"
      "inline constexpr std::string_view kPolicyName = \"{0}\";\n"
      "inline constexpr uint32_t kPolicyVersion = {1};\n\n"
      "namespace purpose {{\n",
      policy.name, policy.version, name_space);
  Scope purposes;
  for (const auto& each : policy.purposes) {
    if (!each.leaf) continue;
    text += fmt::format("struct {} {{\n  static constexpr std::string_view kName = \"{}\";\n}};\n",
                        purposes.Take(each.id), each.id);
  }
  text += "}  // namespace purpose\n";
  std::string clash = purposes.clash();
  Scope categories;
  for (const auto& each : policy.categories) {
    text += CategoryStruct(each, categories.Take(each.id), clash);
  }
  if (clash.empty()) clash = categories.clash();
  if (!clash.empty()) {
    return Status(Code::kConflict, "codegen.name-clash",
                  fmt::format("{} become one C++ name", clash), "rename one of them in the policy");
  }
  return text + fmt::format("\n}}  // namespace {}\n", name_space);
}

}  // namespace bailee::tool
