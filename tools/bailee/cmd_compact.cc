// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.h"

namespace bailee::tool {
namespace {

Status Compact(Context& context) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto done = vault->Compact();
  if (!done.ok()) return done.status();
  return context.out().Answer("compact",
                              {{"bytes_before", done->bytes_before},
                               {"bytes_after", done->bytes_after},
                               {"decision", done->decision.ToText()}},
                              {{},
                               {{"before", fmt::format("{} bytes", done->bytes_before)},
                                {"after", fmt::format("{} bytes", done->bytes_after)},
                                {"decision", done->decision.ToText()}}});
}

}  // namespace

void AddCompact(Commands& commands) {
  commands.Add(
      commands.root(),
      {"compact", "write the vault's file anew, without the bytes of what was deleted",
       "bailee compact --keyring cred:upkeep",
       "Copies every row into a new file, compares the two and swaps them; needs as much disk\n"
       "again. No other process may have the vault open: those that have are named. Run it after\n"
       "erasing, if what is left of the sealed bytes must go as well: they open for nobody."},
      [](Context& context) { return Compact(context); });
}

}  // namespace bailee::tool
