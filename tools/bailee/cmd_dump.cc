// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "bailee/inspect.h"
#include "commands.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct DumpOptions {
  std::string category;
  bool rows = false;
};

std::vector<std::string> RowCells(const InspectedRow& row) {
  std::vector<std::string> cells = {row.table, row.kind.empty() ? "?" : row.kind,
                                    fmt::format("{} B", row.value_bytes)};
  for (const auto& [name, value] : row.readable) cells.push_back(fmt::format("{}={}", name, value));
  return cells;
}

Json RowJson(const InspectedRow& row) {
  Json json = {{"type", "row"},
               {"table", row.table},
               {"kind", row.kind},
               {"key_bytes", row.key_bytes},
               {"value_bytes", row.value_bytes}};
  for (const auto& [name, value] : row.readable) json[name] = value;
  return json;
}

Status Dump(Context& context, const DumpOptions& options) {
  if (context.globals.vault.empty()) {
    return {Code::kUsage, "usage.no-vault-named", "no vault was named",
            "add --vault DIR, or set BAILEE_VAULT; no keyring is needed"};
  }
  InspectOptions inspect{.category = options.category};
  if (options.rows || !options.category.empty()) {
    inspect.visit = [&](const InspectedRow& row) {
      context.out().StreamLine(RowJson(row), RowCells(row));
      return true;
    };
  }
  const auto seen = Inspect(context.globals.vault, inspect);
  if (!seen.ok()) return seen.status();
  Table table;
  table.rows = {{"vault", seen->id.ToHex(), fmt::format("format {}", seen->format)},
                {"created", FormatTime(seen->created_at), ""},
                {"policy", seen->policy_name, fmt::format("v{}", seen->policy_version)},
                {"size", FormatBytes(seen->file_bytes), ""}};
  Json tables = Json::object();
  for (const Inspection::Table& each : seen->tables) {
    tables[each.name] = each.rows;
    table.rows.push_back({"table", each.name, fmt::format("{} rows", each.rows)});
  }
  return context.out().Answer("dump",
                              {{"type", "summary"},
                               {"vault_id", seen->id.ToHex()},
                               {"format", seen->format},
                               {"created_at", FormatTime(seen->created_at)},
                               {"policy", seen->policy_name},
                               {"policy_version", seen->policy_version},
                               {"file_bytes", seen->file_bytes},
                               {"tables", tables}},
                              table);
}

}  // namespace

void AddDump(Commands& commands) {
  auto options = std::make_shared<DumpOptions>();
  CLI::App* command = commands.Add(
      commands.root(),
      {"dump", "what anybody who has the files can see: no key, no plaintext possible",
       "bailee dump --vault /var/lib/acme/vault\n"
       "bailee dump --vault /var/lib/acme/vault --rows --json",
       "With --json and --rows: one line for each row, then a summary. Nothing of it is proven:\n"
       "whoever can write the files can write this."},
      [options](Context& context) { return Dump(context, *options); });
  command->add_flag("--rows", options->rows, "every row, not only counts");
  command->add_option("--category", options->category, "only the rows of this category")
      ->type_name("CATEGORY");
}

}  // namespace bailee::tool
