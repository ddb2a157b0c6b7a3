// SPDX-License-Identifier: Apache-2.0
#include "log_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "safe_text.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct Usual {
  std::string_view label;  // directive, with the part after a colon
  std::array<std::string_view, 3> fields;
};

constexpr std::array<Usual, 17> kUsual = {{
    {"%h", {"ip", "address", ""}},
    {"%a", {"ip", "address", ""}},
    {"%t", {"at", "time", ""}},
    {"%r", {"request", "request_line", ""}},
    {"%r:path", {"url", "path", "page"}},
    {"%U", {"url", "path", "page"}},
    {"%r:method", {"method", "", ""}},
    {"%m", {"method", "", ""}},
    {"%{User-Agent}i", {"agent", "user_agent", "browser"}},
    {"%{Accept-Language}i", {"language", "", ""}},
    {"%{Cookie}i", {"cookie", "cookies", ""}},
    {"%{Referer}i", {"referrer", "referer", ""}},
    {"%>s", {"status", "", ""}},
    {"%s", {"status", "", ""}},
    {"%b", {"bytes", "size", ""}},
    {"%O", {"bytes", "size", ""}},
    {"%v", {"host", "", ""}},
}};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Header names do not mind their case; directive letters do.
bool SameDirective(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const size_t close_a = a.find('}');
  const size_t close_b = b.find('}');
  if (close_a == std::string_view::npos || close_b == std::string_view::npos) return false;
  return a.substr(close_a) == b.substr(close_b) && a.substr(close_a) == "}i" &&
         Lower(a.substr(0, close_a)) == Lower(b.substr(0, close_b));
}

std::optional<size_t> FindDirective(const LogFormat& format, std::string_view name) {
  const auto& all = format.directives();
  for (size_t i = 0; i < all.size(); ++i) {
    // Any %{format}t is the time.
    if (SameDirective(all[i].name, name) || (name == "%t" && all[i].letter == 't')) return i;
  }
  return std::nullopt;
}

Status BadMap(std::string message, std::string hint) {
  return {Code::kUsage, "log.map", std::move(message), std::move(hint)};
}

struct Override {
  std::string label;
  std::string field;
};

Result<std::vector<Override>> ParseOverrides(const LogFormat& format,
                                             const PolicyDescription::Category& category,
                                             const std::vector<std::string>& texts) {
  std::vector<Override> parsed;
  for (const std::string& text : texts) {
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos) {
      return BadMap("a --map has no =", "write --map '%{X}i=field'");
    }
    Override each{text.substr(0, equals), text.substr(equals + 1)};
    const std::string name = each.label.substr(0, each.label.find(':', each.label.find('}') + 1));
    if (!FindDirective(format, name).has_value()) {
      return BadMap(fmt::format("the log format has no {}", SafeCell(name)),
                    "map a directive as the format writes it, without its conditions");
    }
    const auto* field = PolicyDescription::FindField(category, each.field);
    if (!each.field.empty() && (field == nullptr || !field->view_of.empty())) {
      return BadMap(fmt::format("{} has no field {}", category.id, SafeCell(each.field)),
                    "see its fields: bailee policy show");
    }
    parsed.push_back(std::move(each));
  }
  return parsed;
}

std::string NameOf(std::string_view label) {
  const size_t from = label.find('}') == std::string_view::npos ? 0 : label.find('}');
  return std::string(label.substr(0, label.find(':', from)));
}

std::string SuffixOf(std::string_view label) {
  const std::string name = NameOf(label);
  return name.size() < label.size() ? std::string(label.substr(name.size() + 1)) : std::string();
}

}  // namespace

std::string_view CookieValue(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = header.find(';');
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
    while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
    const size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return pair.substr(equals + 1);
    }
  }
  return {};
}

std::string_view RequestMethod(std::string_view line) {
  const size_t space = line.find(' ');
  return space == std::string_view::npos ? std::string_view() : line.substr(0, space);
}

std::string_view RequestPath(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return {};
  line.remove_prefix(space + 1);
  // HTTP/0.9 has no version after the path.
  const size_t last = line.rfind(" HTTP/");
  return last == std::string_view::npos ? line : line.substr(0, last);
}

LogMap::Part LogMap::PartOf(std::string_view suffix) {
  if (suffix == "path") return Part::kPath;
  return suffix == "method" ? Part::kMethod : Part::kWhole;
}

bool LogMap::Fills(std::string_view field) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& each) { return each.field == field; });
}

void LogMap::AddDefaults(const LogFormat& format, const PolicyDescription::Category& category,
                         const std::vector<std::string>& overridden) {
  for (const Usual& usual : kUsual) {
    const auto directive = FindDirective(format, NameOf(usual.label));
    const bool taken = std::any_of(overridden.begin(), overridden.end(), [&](const auto& label) {
      return SameDirective(label, usual.label);
    });
    if (!directive.has_value() || taken) continue;
    for (const std::string_view field : usual.fields) {
      if (field.empty() || Fills(field)) continue;
      const auto* declared = PolicyDescription::FindField(category, field);
      if (declared == nullptr) continue;
      // A field that holds a URL takes the path out of the request line.
      const bool path = usual.label == "%r" && declared->kind == "URL";
      entries_.push_back({.directive = *directive,
                          .part = path ? Part::kPath : PartOf(SuffixOf(usual.label)),
                          .label = std::string(usual.label),
                          .field = std::string(field),
                          .is_time = format.directives()[*directive].letter == 't'});
      break;
    }
  }
}

Result<LogMap> LogMap::Make(const LogFormat& format, const PolicyDescription::Category& category,
                            const std::vector<std::string>& overrides,
                            const std::string& tag_cookie) {
  const auto parsed = ParseOverrides(format, category, overrides);
  if (!parsed.ok()) return parsed.status();
  LogMap map;
  std::vector<std::string> labels;
  for (const Override& each : *parsed) {
    labels.push_back(each.label);
    if (each.field.empty()) continue;
    if (map.Fills(each.field)) {
      return BadMap(fmt::format("two directives fill {}", each.field), "map one of them elsewhere");
    }
    const size_t directive = *FindDirective(format, NameOf(each.label));
    map.entries_.push_back({.directive = directive,
                            .part = PartOf(SuffixOf(each.label)),
                            .label = each.label,
                            .field = each.field,
                            .is_time = format.directives()[directive].letter == 't'});
  }
  map.AddDefaults(format, category, labels);
  if (map.entries_.empty()) {
    return BadMap(fmt::format("no directive fills a field of {}", category.id),
                  "name them: --map '%{X}i=field'");
  }
  const bool user_mapped = std::find(labels.begin(), labels.end(), "%u") != labels.end();
  if (!user_mapped) map.unmapped_user_ = FindDirective(format, "%u");
  if (tag_cookie.empty()) return map;
  map.tag_cookie_ = tag_cookie;
  map.tag_directive_ = FindDirective(format, "%{" + tag_cookie + "}C");
  if (map.tag_directive_.has_value()) return map;
  map.tag_in_header_ = true;
  map.tag_directive_ = FindDirective(format, "%{Cookie}i");
  if (map.tag_directive_.has_value()) return map;
  return BadMap("the log format has no cookie to take the tag from",
                "log %{Cookie}i, or leave out --tag-cookie");
}

Result<std::vector<FieldInput>> LogMap::Fields(const LogLine& line, int64_t shift_ms) const {
  if (unmapped_user_.has_value() && line.values[*unmapped_user_].has_value()) {
    return Status(Code::kInvalidValue, "log.named-user", "it names a user (%u)",
                  "map it to a field, --map '%u=field', or drop it, --map '%u='");
  }
  std::vector<FieldInput> fields;
  for (const Entry& entry : entries_) {
    const auto& value = line.values[entry.directive];
    if (!value.has_value()) continue;
    std::string time;
    std::string_view text = *value;
    if (entry.part == Part::kPath) text = RequestPath(text);
    if (entry.part == Part::kMethod) text = RequestMethod(text);
    if (entry.is_time && line.time.has_value()) {
      time = FormatTime(Timestamp{line.time->unix_ms + shift_ms});
      text = time;
    }
    if (text.empty()) continue;
    auto secret = Secret::From(text);
    if (!secret.ok()) return secret.status();
    fields.emplace_back(entry.field, *std::move(secret));
  }
  return fields;
}

std::string_view LogMap::TagOf(const LogLine& line) const {
  if (!tag_directive_.has_value()) return {};
  const auto& value = line.values[*tag_directive_];
  if (!value.has_value()) return {};
  return tag_in_header_ ? CookieValue(*value, tag_cookie_) : *value;
}

std::string LogMap::Describe() const {
  std::vector<std::string> parts;
  for (const Entry& entry : entries_) parts.push_back(entry.label + " -> " + entry.field);
  return Join(parts);
}

}  // namespace bailee::tool
