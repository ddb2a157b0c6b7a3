// SPDX-License-Identifier: Apache-2.0
#include "collect_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bailee/limits.h"
#include "text.h"

namespace bailee::tool {
namespace {

Status BadInput(const char* name, std::string message) {
  return {Code::kInvalidValue, name, std::move(message), "see bailee help collect"};
}

bool HasOnly(const WipedJson& object, std::initializer_list<std::string_view> known) {
  return std::all_of(object.items().begin(), object.items().end(), [&](const auto& item) {
    const std::string_view key = item.key();
    return std::find(known.begin(), known.end(), key) != known.end();
  });
}

std::string_view TextOf(const WipedJson& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  return found->get_ref<const WipedString&>();
}

int LowerHexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Result<Secret> FromHexText(std::string_view hex) {
  if (hex.size() % 2 != 0) return BadInput("input.hex", "a value is not lower-case hex");
  auto secret = Secret::Allocate(hex.size() / 2);
  if (!secret.ok()) return secret.status();
  const bool good = secret->RevealMutable([&](std::span<uint8_t> room) {
    for (size_t i = 0; i < room.size(); ++i) {
      const int high = LowerHexDigit(hex[2 * i]);
      const int low = LowerHexDigit(hex[2 * i + 1]);
      if (high < 0 || low < 0) return false;
      room[i] = static_cast<uint8_t>(high * 16 + low);
    }
    return true;
  });
  if (!good) return BadInput("input.hex", "a value is not lower-case hex");
  return secret;
}

Result<Secret> ValueOf(const WipedJson& value) {
  if (value.is_string()) {
    const std::string_view text = value.get_ref<const WipedString&>();
    return Secret::From(text);
  }
  const bool is_hex =
      value.is_object() && value.size() == 1 && value.contains("hex") && value["hex"].is_string();
  if (is_hex) return FromHexText(TextOf(value, "hex"));
  return BadInput("input.value", "a value is neither a text nor {\"hex\": …}");
}

Result<CollectLine::RecordInput> RecordOf(const WipedJson& json) {
  if (!json.is_object() || !HasOnly(json, {"category", "record", "fields"})) {
    return BadInput("input.record", "a record has members other than category, record and fields");
  }
  CollectLine::RecordInput record;
  record.category = TextOf(json, "category");
  if (record.category.empty()) return BadInput("input.category", "a record names no category");
  if (json.contains("record")) {
    const auto id = RecordId::FromHex(TextOf(json, "record"));
    if (!id.ok()) return BadInput("input.record-id", "a record id is not 32 lower-case hex digits");
    record.record = *id;
  }
  const auto fields = json.find("fields");
  if (fields == json.end()) return BadInput("input.fields", "a record has no fields");
  auto parsed = ParseFields(*fields);
  if (!parsed.ok()) return parsed.status();
  record.fields = *std::move(parsed);
  return record;
}

Status CheckWho(const WipedJson& json, std::optional<Handle>& handle) {
  constexpr std::array names = {"ref", "tag", "handle"};
  const auto given = std::count_if(names.begin(), names.end(),
                                   [&](const char* name) { return json.contains(name); });
  if (given != 1) return BadInput("input.who", "exactly one of ref, tag and handle must be given");
  if (json.contains("handle")) {
    const auto parsed = Handle::FromHex(TextOf(json, "handle"));
    if (!parsed.ok()) return BadInput("input.handle", "a handle is not 32 lower-case hex digits");
    handle = *parsed;
    return {};
  }
  const std::string_view text = TextOf(json, json.contains("ref") ? "ref" : "tag");
  if (!text.empty() && text.size() <= limits::kRefBytesMax) return {};
  return BadInput("input.who",
                  fmt::format("a ref or tag is a text of 1 to {} bytes", limits::kRefBytesMax));
}

}  // namespace

Result<std::vector<FieldInput>> ParseFields(const WipedJson& fields) {
  if (!fields.is_object() || fields.empty())
    return BadInput("input.fields", "there are no fields, or they are no JSON object");
  std::vector<FieldInput> inputs;
  for (auto field = fields.begin(); field != fields.end(); ++field) {
    auto value = ValueOf(field.value());
    if (!value.ok()) return value.status();
    const std::string_view name = field.key();
    inputs.emplace_back(name, *std::move(value));
  }
  return inputs;
}

Result<CollectLine> CollectLine::Parse(std::string_view text) {
  CollectLine line;
  line.json_ = std::make_unique<WipedJson>(ParseInput(text));
  const WipedJson& json = *line.json_;
  if (!json.is_object()) return BadInput("input.json", "it is not one JSON object");
  if (!HasOnly(json, {"ref", "tag", "handle", "notice", "source", "on_behalf_of", "collected_at",
                      "records"})) {
    return BadInput("input.member", "it has a member that is not known");
  }
  if (Status who = CheckWho(json, line.handle_); !who.ok()) return who;
  for (const char* name : {"notice", "source"}) {
    if (TextOf(json, name).empty())
      return BadInput("input.missing", fmt::format("no {} is given", name));
  }
  if (json.contains("collected_at")) {
    line.collected_at_ = ParseTime(TextOf(json, "collected_at"));
    if (!line.collected_at_.has_value()) {
      return BadInput("input.time", "collected_at is not an RFC 3339 time");
    }
  }
  const auto records = json.find("records");
  if (records == json.end() || !records->is_array() || records->empty()) {
    return BadInput("input.records", "it has no records");
  }
  for (const WipedJson& each : *records) {
    auto record = RecordOf(each);
    if (!record.ok()) return record.status();
    line.records_.push_back(*std::move(record));
  }
  return line;
}

std::string_view CollectLine::Text(const char* name) const { return TextOf(*json_, name); }

CollectRequest CollectLine::Request() const {
  Who who = Who::Nobody();
  if (handle_.has_value()) {
    who = Who::ByHandle(*handle_);
  } else if (json_->contains("ref")) {
    who = Who::Ref(Text("ref"));
  } else {
    who = Who::Tag(Text("tag"));
  }
  return {.who = who,
          .notice = Text("notice"),
          .source = Text("source"),
          .on_behalf_of = Text("on_behalf_of"),
          .collected_at = collected_at_};
}

}  // namespace bailee::tool
