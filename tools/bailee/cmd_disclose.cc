// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "bailee/disclose.h"
#include "commands.h"
#include "disclosure_json.h"
#include "files.h"
#include "reveal.h"
#include "text.h"
#include "when.h"

namespace bailee::tool {
namespace {

struct DiscloseOptions {
  std::string handle;
  std::string target;  // CATEGORY.FIELDS, with commas
  std::vector<std::string> records;
  std::string purpose;
  std::string recipient;
  std::string ground;
  std::string until;
  std::string case_reference;
  std::string on_behalf_of;
  RevealOptions reveal;
};

// Whoever asks without a place for the values would be accounted for and get nothing.
Status CheckPlace(const Context& context, const DiscloseOptions& options) {
  if (!options.reveal.Wanted()) {
    return {Code::kUsage, "disclose.nowhere", "nothing says where the values are to go",
            "write them to a new file: --out FILE"};
  }
  return CheckReveal(context, options.reveal);
}

Result<Disclosure> AskToDisclose(Vault& vault, const DiscloseOptions& options) {
  const auto handle = Handle::FromHex(options.handle);
  if (!handle.ok()) return handle.status();
  const size_t dot = options.target.find('.');
  if (dot == std::string::npos || dot + 1 == options.target.size()) {
    return Status(Code::kUsage, "usage.target", "name the fields that are to leave",
                  "for instance: payment_card.pan,expiry");
  }
  const std::vector<std::string> fields = Split(options.target.substr(dot + 1), ',');
  std::vector<RecordId> records;
  for (const std::string& each : options.records) {
    const auto id = RecordId::FromHex(each);
    if (!id.ok()) return id.status();
    records.push_back(*id);
  }
  std::optional<Timestamp> until;
  if (!options.until.empty()) {
    const auto when = ParseWhen(options.until, Clock::System().Now());
    if (!when.ok()) return when.status();
    until = *when;
  }
  auto session = vault.As(options.purpose, {.on_behalf_of = options.on_behalf_of});
  if (!session.ok()) return session.status();
  return session->Disclose({.who = Who::ByHandle(*handle),
                            .category = options.target.substr(0, dot),
                            .records = std::move(records),
                            .fields = {fields.begin(), fields.end()},
                            .recipient = options.recipient,
                            .ground = options.ground,
                            .case_reference = options.case_reference,
                            .until = until});
}

// One record's values under their names, several under "record.field".
std::vector<RevealedValue> ValuesOf(const Disclosure& given) {
  std::vector<RevealedValue> values;
  for (const Record& record : given.records) {
    for (const Record::Value& each : record.values) {
      if (!each.value) continue;
      const std::string prefix = given.records.size() > 1 ? record.id.ToHex() + "." : "";
      values.push_back({prefix + each.name, &*each.value});
    }
  }
  return values;
}

Status HandOver(Context& context, const DiscloseOptions& options, const Disclosure& given) {
  if (given.parcel.empty()) return Reveal(context, options.reveal, ValuesOf(given));
  if (options.reveal.out.empty()) {
    return {Code::kUsage, "disclose.parcel", "it left as a parcel, which is not shown",
            "disclose again with --out FILE; the accounting has this one, too"};
  }
  const Status written =
      WriteNewFile(options.reveal.out,
                   {reinterpret_cast<const char*>(given.parcel.data()), given.parcel.size()});
  if (written.ok()) context.out().Note("wrote " + options.reveal.out);
  return written;
}

Status Disclose(Context& context, const DiscloseOptions& options) {
  if (Status place = CheckPlace(context, options); !place.ok()) return place;
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto given = AskToDisclose(*vault, options);
  if (!given.ok()) return given.status();
  if (Status handed = HandOver(context, options, *given); !handed.ok()) return handed;
  if (options.reveal.terminal) return {};
  const bool sealed = !given->parcel.empty();
  Table table;
  table.rows = {{"disclosed", fmt::format("number {} of this subject", given->sequence)},
                {"to", options.recipient},
                {"as", sealed ? "a parcel that only the recipient opens" : "values"},
                {"decision", given->decision.ToText()}};
  return context.out().Answer("disclose",
                              {{"handle", given->handle.ToHex()},
                               {"sequence", given->sequence},
                               {"at", FormatTime(given->at)},
                               {"recipient", options.recipient},
                               {"sealed", sealed},
                               {"decision", given->decision.ToText()}},
                              table);
}

std::vector<std::string> RowCells(const DisclosureInfo& info) {
  return {info.handle.ToHex(),
          std::to_string(info.sequence),
          FormatTime(info.at),
          info.recipient,
          info.ground,
          info.category + "." + Join(info.fields, ","),
          info.until ? FormatTime(*info.until) : ""};
}

Result<Session> Rights(Vault& vault, const DiscloseOptions& options) {
  return vault.As("rights", {.on_behalf_of = options.on_behalf_of});
}

Status ListDisclosures(Context& context, const DiscloseOptions& options) {
  const auto handle = Handle::FromHex(options.handle);
  if (!handle.ok()) return handle.status();
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  auto session = Rights(*vault, options);
  if (!session.ok()) return session.status();
  const auto rows = session->Disclosures(Who::ByHandle(*handle));
  if (!rows.ok()) return rows.status();
  Table table{{"handle", "number", "at", "recipient", "ground", "what", "until"}, {}};
  Json list = Json::array();
  for (const DisclosureInfo& each : *rows) {
    table.rows.push_back(RowCells(each));
    list.push_back(DisclosureJson(each));
  }
  return context.out().Answer("disclosures-list",
                              {{"handle", options.handle}, {"disclosures", list}}, table);
}

Status Due(Context& context, const DiscloseOptions& options) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  auto session = Rights(*vault, options);
  if (!session.ok()) return session.status();
  uint64_t count = 0;
  const Status visited = session->EndedShares([&](const DisclosureInfo& info) {
    ++count;
    context.out().StreamLine(DisclosureJson(info), RowCells(info));
    return true;
  });
  if (!visited.ok()) return visited;
  return context.out().Answer("disclosures-due", {{"ended", count}},
                              {{}, {{"ended", std::to_string(count)}}});
}

}  // namespace

void AddDisclose(Commands& commands) {
  auto options = std::make_shared<DiscloseOptions>();
  CLI::App* command = commands.Add(
      commands.root(),
      {"disclose", "give values to a recipient of the policy, and account for it",
       "bailee disclose 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e account.email --purpose legal.process "
       "--recipient authority --ground LAW --case 2013-CV-17 --out answer.json\n"
       "bailee disclose 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e payment_card.pan,expiry --purpose billing "
       "--recipient acquirer --ground ON_OUR_BEHALF --record 0c2b4b6d9a1e0f3a2b4c5d6e6f1c0d5e "
       "--out card.json",
       "The accounting and the trail have it before a value leaves. For a recipient whose key the\n"
       "policy has, --out gets a parcel that only that key opens. --until says when the recipient\n"
       "has to have ended using it."},
      [options](Context& context) { return Disclose(context, *options); });
  command->add_option("HANDLE", options->handle, "32 hex digits")->required();
  command
      ->add_option("CATEGORY.FIELD", options->target,
                   "what is to leave, e.g. payment_card.pan,expiry")
      ->required();
  command->add_option("--record", options->records, "which ones, where the category holds many")
      ->expected(1)
      ->type_name("ID")
      ->take_all();
  command->add_option("--recipient", options->recipient, "as the policy calls it")
      ->required()
      ->type_name("RECIPIENT");
  command->add_option("--ground", options->ground, "why it is lawful, e.g. LAW")
      ->required()
      ->type_name("GROUND");
  command->add_option("--until", options->until, "end of the share: a day, or RFC 3339")
      ->type_name("WHEN");
  AddPurpose(*command, options->purpose, options->case_reference, options->on_behalf_of)
      ->required();
  AddReveal(*command, options->reveal, "the values");

  CLI::App& group = *commands.Group("disclosures", "what left, and to whom");
  auto list = std::make_shared<DiscloseOptions>();
  command = commands.Add(group,
                         {"list", "what was disclosed of a subject; takes a keyring with rights",
                          "bailee disclosures list 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --keyring "
                          "rights.keyring"},
                         [list](Context& context) { return ListDisclosures(context, *list); });
  command->add_option("HANDLE", list->handle, "32 hex digits")->required();
  command->add_option("--on-behalf-of", list->on_behalf_of, "for data held for this controller")
      ->type_name("CONTROLLER");
  auto due = std::make_shared<DiscloseOptions>();
  command = commands.Add(group,
                         {"due", "shares that have ended: whom to ask whether they stopped",
                          "bailee disclosures due --keyring rights.keyring --json"},
                         [due](Context& context) { return Due(context, *due); });
  command->add_option("--on-behalf-of", due->on_behalf_of, "for data held for this controller")
      ->type_name("CONTROLLER");
}

}  // namespace bailee::tool
