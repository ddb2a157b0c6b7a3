// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <sstream>

namespace bailee::tool {
namespace {

constexpr char kFooterSeparator = '\f';

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

OptionInfo DescribeOption(const CLI::Option& option) {
  OptionInfo info;
  info.description = option.get_description();
  info.environment = option.get_envname();
  info.required = option.get_required();
  info.many = option.get_items_expected_max() > 1;
  const bool takes_value = option.get_items_expected_max() > 0;
  if (option.get_positional()) {
    info.name = option.get_name(true);
    return info;
  }
  if (!option.get_lnames().empty()) info.name = "--" + option.get_lnames().front();
  if (!option.get_snames().empty()) info.short_name = "-" + option.get_snames().front();
  if (info.name.empty()) std::swap(info.name, info.short_name);
  if (takes_value) info.value = option.get_type_name().empty() ? "VALUE" : option.get_type_name();
  // A check such as IsMember adds its own words after a colon; the description says them better.
  info.value = info.value.substr(0, info.value.find(':'));
  return info;
}

std::string PathOf(const CLI::App& app) {
  if (app.get_parent() == nullptr) return {};
  const std::string above = PathOf(*app.get_parent());
  return above.empty() ? app.get_name() : above + " " + app.get_name();
}

void Walk(const CLI::App& app, std::vector<CommandInfo>& commands) {
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(Describe(*child));
    Walk(*child, commands);
  }
}

}  // namespace

std::string PackFooter(const char* examples, const char* notes) {
  return std::string(examples) + kFooterSeparator + notes;
}

CommandInfo Describe(const CLI::App& app) {
  CommandInfo info;
  info.path = PathOf(app);
  info.summary = app.get_description();
  const std::string footer = app.get_footer();
  const size_t split = footer.find(kFooterSeparator);
  info.examples = Lines(footer.substr(0, split));
  if (split != std::string::npos) info.notes = footer.substr(split + 1);
  info.group = !app.get_subcommands([](const CLI::App*) { return true; }).empty();
  for (const CLI::Option* option : app.get_options()) {
    if (option == app.get_help_ptr() || option->get_group().empty()) continue;
    if (app.get_parent() == nullptr) continue;  // the global ones
    (option->get_positional() ? info.positionals : info.options).push_back(DescribeOption(*option));
  }
  return info;
}

std::vector<CommandInfo> WalkTree(const CLI::App& root) {
  std::vector<CommandInfo> commands;
  Walk(root, commands);
  return commands;
}

std::vector<OptionInfo> GlobalOptions(const CLI::App& root) {
  std::vector<OptionInfo> options;
  for (const CLI::Option* option : root.get_options()) {
    options.push_back(DescribeOption(*option));
  }
  return options;
}

std::string UsageLine(const CommandInfo& command) {
  std::string line = "bailee " + command.path;
  if (command.group) return line + " COMMAND";
  for (const OptionInfo& option : command.options) {
    if (option.required) line += " " + option.name + " " + option.value;
  }
  for (const OptionInfo& positional : command.positionals) {
    const std::string name = positional.name + (positional.many ? "..." : "");
    line += positional.required ? " " + name : " [" + name + "]";
  }
  for (const OptionInfo& option : command.options) {
    if (option.required) continue;
    line += " [" + option.name + (option.value.empty() ? "" : " " + option.value) + "]";
  }
  return line;
}

}  // namespace bailee::tool
