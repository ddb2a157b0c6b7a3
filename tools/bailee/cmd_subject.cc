// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>

#include "commands.h"
#include "reveal.h"
#include "terminal.h"

namespace bailee::tool {
namespace {

struct SubjectOptions {
  std::string handle;
  std::string target;  // CATEGORY.FIELD
  std::string purpose;
  std::string case_reference;
  std::string on_behalf_of;
  RevealOptions reveal;
};

Status Find(Context& context, const SubjectOptions& options) {
  const size_t dot = options.target.find('.');
  if (dot == std::string::npos || dot + 1 == options.target.size()) {
    return {Code::kUsage, "usage.target", "name a field to find by",
            "for instance: bailee subject find --purpose support account.email"};
  }
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  auto session = vault->As(options.purpose, {.on_behalf_of = options.on_behalf_of});
  if (!session.ok()) return session.status();
  const auto value = AskValue("value (shown here, kept nowhere; ends with Enter): ");
  if (!value.ok()) return value.status();
  const auto found = session->Find({.category = options.target.substr(0, dot),
                                    .field = options.target.substr(dot + 1),
                                    .value = *value,
                                    .case_reference = options.case_reference});
  if (!found.ok()) return found.status();
  if (found->empty()) {
    return {Code::kNotFound, "subject.not-found", "nobody was found",
            "there is nobody with this value, or nobody that this purpose may know of"};
  }
  Table table{{"handle", "record"}, {}};
  Json list = Json::array();
  for (const Found& each : *found) {
    table.rows.push_back({each.handle.ToHex(), each.record.ToHex()});
    list.push_back({{"handle", each.handle.ToHex()}, {"record", each.record.ToHex()}});
  }
  return context.out().Answer("subject-find", {{"found", list}}, table);
}

Status AddCounts(Vault& vault, const SubjectOptions& options, const Handle& handle, Json& json,
                 Table& table) {
  auto session = vault.As(options.purpose, {.on_behalf_of = options.on_behalf_of});
  if (!session.ok()) return session.status();
  const auto records = session->List(Who::ByHandle(handle));
  if (!records.ok()) return records.status();
  std::map<std::string, uint64_t> counts;
  for (const RecordInfo& record : *records) ++counts[record.category];
  json["records"] = counts;
  for (const auto& [category, count] : counts) {
    table.rows.push_back({"records", fmt::format("{} {}", category, count)});
  }
  return {};
}

Status ShowSubject(Context& context, const SubjectOptions& options) {
  const auto handle = Handle::FromHex(options.handle);
  if (!handle.ok()) return handle.status();
  if (Status allowed = CheckReveal(context, options.reveal); !allowed.ok()) return allowed;
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto ref = vault->RefOf(*handle);
  if (!ref.ok()) return ref.status();
  Json json = {{"handle", handle->ToHex()}};
  Table table;
  table.rows.push_back({"handle", handle->ToHex()});
  json["ref"] = SizeClass(ref->size_bytes());
  table.rows.push_back({"ref", SizeClass(ref->size_bytes())});
  if (!options.purpose.empty()) {
    if (Status counted = AddCounts(*vault, options, *handle, json, table); !counted.ok()) {
      return counted;
    }
  }
  if (options.reveal.Wanted()) {
    if (Status revealed = Reveal(context, options.reveal, {{"ref", &*ref}}); !revealed.ok()) {
      return revealed;
    }
  }
  return context.out().Answer("subject-show", std::move(json), table);
}

}  // namespace

void AddSubject(Commands& commands) {
  CLI::App& subject =
      *commands.Group("subject", "from a value to a handle and back; what a person may ask for");
  auto find = std::make_shared<SubjectOptions>();
  CLI::App* command = commands.Add(
      subject,
      {"find", "whose value is this? asks for it on the terminal, or reads standard input",
       "bailee subject find --purpose support account.email\n"
       "bailee subject find --purpose support account.email < address.txt",
       "The value is never an argument: arguments end up in histories and process lists."},
      [find](Context& context) { return Find(context, *find); });
  command->add_option("CATEGORY.FIELD", find->target, "the field to find by")->required();
  AddPurpose(*command, find->purpose, find->case_reference, find->on_behalf_of)->required();

  auto show = std::make_shared<SubjectOptions>();
  command =
      commands.Add(subject,
                   {"show", "a handle: whether its ref is known, and what a purpose may see of it",
                    "bailee subject show 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --purpose support"},
                   [show](Context& context) { return ShowSubject(context, *show); });
  command->add_option("HANDLE", show->handle, "32 hex digits")->required();
  AddPurpose(*command, show->purpose, show->case_reference, show->on_behalf_of);
  AddReveal(*command, show->reveal, "the ref");
  AddSubjectRights(commands, subject);
  AddSubjectErase(commands, subject);
}

}  // namespace bailee::tool
