// SPDX-License-Identifier: Apache-2.0
#include "commands.h"

#include "tree.h"

namespace bailee::tool {

CLI::App* Commands::Group(const char* name, const char* summary) {
  CLI::App* group = root_.add_subcommand(name, summary);
  group->require_subcommand(0, 1);
  return group;
}

CLI::App* Commands::Add(CLI::App& parent, const CommandText& text, Run run) {
  CLI::App* command = parent.add_subcommand(text.name, text.summary);
  command->footer(PackFooter(text.examples, text.notes));
  command->callback([this, run = std::move(run)] { chosen_ = run; });
  return command;
}

}  // namespace bailee::tool
