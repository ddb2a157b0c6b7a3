// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "collect_line.h"
#include "commands.h"
#include "input_lines.h"
#include "reveal.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct RecordOptions {
  std::string handle;
  std::string target;  // CATEGORY[.FIELDS], with commas
  std::string record;
  std::string purpose;
  std::string case_reference;
  std::string on_behalf_of;
  RevealOptions reveal;
};

Status ListRecords(Context& context, const RecordOptions& options) {
  const auto handle = Handle::FromHex(options.handle);
  if (!handle.ok()) return handle.status();
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  auto session = vault->As(options.purpose, {.on_behalf_of = options.on_behalf_of});
  if (!session.ok()) return session.status();
  const auto records = session->List(Who::ByHandle(*handle));
  if (!records.ok()) return records.status();
  Table table{{"record", "category", "collected", "notice", "source", "policy"}, {}};
  Json list = Json::array();
  for (const RecordInfo& each : *records) {
    table.rows.push_back({each.id.ToHex(), each.category, FormatTime(each.collected_at),
                          each.notice, each.source, fmt::format("v{}", each.policy_version)});
    list.push_back({{"record", each.id.ToHex()},
                    {"category", each.category},
                    {"collected_at", FormatTime(each.collected_at)},
                    {"notice", each.notice},
                    {"source", each.source},
                    {"policy_version", each.policy_version}});
  }
  return context.out().Answer("record-list", {{"handle", options.handle}, {"records", list}},
                              table);
}

// The fields asked for; without any, every one that the policy lets this purpose read.
Result<std::vector<std::string>> FieldsOf(Vault& vault, const RecordOptions& options,
                                          const std::string& category) {
  const size_t dot = options.target.find('.');
  if (dot != std::string::npos) return Split(options.target.substr(dot + 1), ',');
  const auto bytes = vault.PolicyInForce();
  if (!bytes.ok()) return bytes.status();
  const auto policy = PolicyDocument::FromBinary(*bytes);
  if (!policy.ok()) return policy.status();
  const auto* declared = policy->Describe().FindCategory(category);
  std::vector<std::string> fields;
  if (declared != nullptr) {
    for (const auto& field : declared->fields) {
      const Status answer = policy->Decide({.purpose = options.purpose,
                                            .category = category,
                                            .field = field.name,
                                            .on_behalf_of = options.on_behalf_of,
                                            .case_reference = options.case_reference,
                                            .now = Clock::System().Now()});
      if (answer.ok()) fields.push_back(field.name);
    }
  }
  if (!fields.empty()) return fields;
  return Status(Code::kUsage, "record.no-field",
                "the policy lets this purpose read no field of that category",
                "see who may: bailee policy show");
}

Result<std::optional<RecordId>> RecordOf(const RecordOptions& options) {
  if (options.record.empty()) return std::optional<RecordId>();
  const auto id = RecordId::FromHex(options.record);
  if (!id.ok()) return id.status();
  return std::optional<RecordId>(*id);
}

Result<Record> Read(Vault& vault, const RecordOptions& options, const std::string& category,
                    const std::vector<std::string>& fields) {
  const auto handle = Handle::FromHex(options.handle);
  if (!handle.ok()) return handle.status();
  const auto record = RecordOf(options);
  if (!record.ok()) return record.status();
  auto session = vault.As(options.purpose, {.on_behalf_of = options.on_behalf_of});
  if (!session.ok()) return session.status();
  return session->Read({.who = Who::ByHandle(*handle),
                        .category = category,
                        .record = *record,
                        .fields = {fields.begin(), fields.end()},
                        .case_reference = options.case_reference});
}

Status ShowRecord(Context& context, const RecordOptions& options) {
  if (Status allowed = CheckReveal(context, options.reveal); !allowed.ok()) return allowed;
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const std::string category = options.target.substr(0, options.target.find('.'));
  const auto fields = FieldsOf(*vault, options, category);
  if (!fields.ok()) return fields.status();
  const auto record = Read(*vault, options, category, *fields);
  if (!record.ok()) return record.status();
  Table table{{"field", "", "size"}, {}};
  Json list = Json::array();
  std::vector<RevealedValue> present;
  for (const Record::Value& each : record->values) {
    const bool has = each.value.has_value();
    const std::string size = has ? SizeClass(each.value->size_bytes()) : "";
    table.rows.push_back({each.name, has ? "present" : "absent", size});
    list.push_back({{"name", each.name}, {"present", has}, {"size", size}});
    if (has) present.push_back({each.name, &*each.value});
  }
  if (options.reveal.Wanted()) {
    if (Status shown = Reveal(context, options.reveal, present); !shown.ok()) return shown;
    if (options.reveal.terminal) return {};
  }
  return context.out().Answer("record-show",
                              {{"handle", record->handle.ToHex()},
                               {"record", record->id.ToHex()},
                               {"category", record->category},
                               {"collected_at", FormatTime(record->collected_at)},
                               {"decision", record->decision.ToText()},
                               {"fields", list}},
                              table);
}

// The one line of standard input: values must not stand in a command line.
Result<WipedJson> ReadFields() {
  LineReader reader(STDIN_FILENO);
  std::string_view line;
  if (reader.Read(line) == LineReader::Next::kLine) {
    WipedJson json = ParseInput(line);
    if (json.is_object()) return json;
  }
  return Status(Code::kInvalidValue, "input.json", "standard input is not one line of JSON",
                "give the fields and their new values: {\"email\": \"...\"}");
}

Status Rectify(Context& context, const RecordOptions& options) {
  const auto handle = Handle::FromHex(options.handle);
  if (!handle.ok()) return handle.status();
  const auto record = RecordOf(options);
  if (!record.ok()) return record.status();
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto json = ReadFields();
  if (!json.ok()) return json.status();
  auto fields = ParseFields(*json);
  if (!fields.ok()) return fields.status();
  Json names = Json::array();
  for (const FieldInput& each : *fields) names.push_back(std::string(each.name));
  auto session = vault->As(options.purpose, {.on_behalf_of = options.on_behalf_of});
  if (!session.ok()) return session.status();
  const auto done = session->Rectify({.who = Who::ByHandle(*handle),
                                      .category = options.target,
                                      .record = *record,
                                      .fields = *std::move(fields),
                                      .case_reference = options.case_reference});
  if (!done.ok()) return done.status();
  return context.out().Answer("record-rectify",
                              {{"handle", done->handle.ToHex()},
                               {"record", done->record.ToHex()},
                               {"category", options.target},
                               {"fields", names},
                               {"revision", done->revision},
                               {"sequence", done->sequence},
                               {"decision", done->decision.ToText()}},
                              {{},
                               {{"rectified", options.target, done->record.ToHex()},
                                {"ledger", std::to_string(done->sequence), ""},
                                {"decision", done->decision.ToText(), ""}}});
}

}  // namespace

void AddRecord(Commands& commands) {
  CLI::App& record = *commands.Group("record", "what is held of a subject");
  auto list = std::make_shared<RecordOptions>();
  CLI::App* command =
      commands.Add(record,
                   {"list", "the records of a subject of which a purpose may read something",
                    "bailee record list 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --purpose support"},
                   [list](Context& context) { return ListRecords(context, *list); });
  command->add_option("HANDLE", list->handle, "32 hex digits")->required();
  AddPurpose(*command, list->purpose, list->case_reference, list->on_behalf_of)->required();

  auto show = std::make_shared<RecordOptions>();
  command = commands.Add(
      record,
      {"show", "one record: which fields are there; values only with --reveal or --out",
       "bailee record show 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e account --purpose support\n"
       "bailee record show 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e payment_card.pan,expiry --purpose "
       "billing --record 0c2b4b6d9a1e0f3a2b4c5d6e6f1c0d5e --reveal",
       "Every use is an event, also without --reveal. --out writes one value as its very bytes,\n"
       "several as a JSON object; the file is new and has mode 0600."},
      [show](Context& context) { return ShowRecord(context, *show); });
  command->add_option("HANDLE", show->handle, "32 hex digits")->required();
  command
      ->add_option("CATEGORY[.FIELDS]", show->target,
                   "e.g. payment_card, or payment_card.pan,expiry")
      ->required();
  command->add_option("--record", show->record, "which one, where the category holds many")
      ->type_name("ID");
  AddPurpose(*command, show->purpose, show->case_reference, show->on_behalf_of)->required();
  AddReveal(*command, show->reveal, "the values");

  auto rectify = std::make_shared<RecordOptions>();
  command = commands.Add(
      record,
      {"rectify", "put values of a record right, or add them; read as JSON from standard input",
       "echo '{\"email\": \"ana@example.net\"}' | bailee record rectify "
       "6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e account --purpose support\n"
       "bailee record rectify 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e payment_card --purpose billing "
       "--record 0c2b4b6d9a1e0f3a2b4c5d6e6f1c0d5e < fields.json",
       "One line: an object of fields and their new values; {\"hex\": \"...\"} for one that is "
       "not\n"
       "text. Views follow; what is not named stays. A purpose puts right what it may read, and\n"
       "rights everything but a password. The person's ledger says which fields it was."},
      [rectify](Context& context) { return Rectify(context, *rectify); });
  command->add_option("HANDLE", rectify->handle, "32 hex digits")->required();
  command->add_option("CATEGORY", rectify->target, "e.g. account")->required();
  command->add_option("--record", rectify->record, "which one, where the category holds many")
      ->type_name("ID");
  AddPurpose(*command, rectify->purpose, rectify->case_reference, rectify->on_behalf_of)
      ->required();
}

}  // namespace bailee::tool
