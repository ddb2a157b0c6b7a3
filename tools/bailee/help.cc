// SPDX-License-Identifier: Apache-2.0
#include "help.h"

#include <fmt/format.h>

#include <algorithm>

#include "tree.h"

namespace bailee::tool {
namespace {

std::string OptionLeft(const OptionInfo& option) {
  std::string left = option.short_name.empty() ? "" : option.short_name + ", ";
  left += option.name;
  if (!option.value.empty()) left += " " + option.value;
  return left;
}

void AppendRows(std::string& text, const std::vector<std::pair<std::string, std::string>>& rows) {
  size_t width = 0;
  for (const auto& [left, right] : rows) width = std::max(width, left.size());
  for (const auto& [left, right] : rows) {
    text += fmt::format("  {:<{}}  {}\n", left, width, right);
  }
}

void AppendOptions(std::string& text, const char* title, const std::vector<OptionInfo>& options) {
  if (options.empty()) return;
  text += fmt::format("\n{}\n", title);
  std::vector<std::pair<std::string, std::string>> rows;
  for (const OptionInfo& option : options) {
    std::string right = option.description;
    if (!option.environment.empty()) right += fmt::format(" [{}]", option.environment);
    rows.emplace_back(OptionLeft(option), std::move(right));
  }
  AppendRows(text, rows);
}

void AppendChildren(std::string& text, const CLI::App& app) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    rows.emplace_back(child->get_name(), child->get_description());
  }
  if (rows.empty()) return;
  text += "\nCommands\n";
  AppendRows(text, rows);
}

const CLI::App& RootOf(const CLI::App& app) {
  const CLI::App* root = &app;
  while (root->get_parent() != nullptr) root = root->get_parent();
  return *root;
}

Json OptionJson(const OptionInfo& option) {
  return {{"name", option.name},
          {"short", option.short_name},
          {"value", option.value},
          {"description", option.description},
          {"required", option.required},
          {"many", option.many},
          {"environment", option.environment}};
}

}  // namespace

std::string HelpText(const CLI::App& app) {
  const CommandInfo info = Describe(app);
  const bool is_root = app.get_parent() == nullptr;
  std::string text = is_root ? fmt::format("bailee: {}\n", info.summary)
                             : fmt::format("bailee {}: {}\n", info.path, info.summary);
  if (!info.examples.empty()) {
    text += "\nExamples\n";
    for (const std::string& example : info.examples) text += fmt::format("  {}\n", example);
  }
  text += fmt::format("\nUsage\n  {}\n", is_root ? "bailee [options] COMMAND" : UsageLine(info));
  AppendOptions(text, "Arguments", info.positionals);
  AppendOptions(text, "Options", info.options);
  AppendChildren(text, app);
  if (!info.notes.empty()) text += "\n" + info.notes + "\n";
  AppendOptions(text, "Global options", GlobalOptions(RootOf(app)));
  text += "\nSee also: bailee help ";
  for (const std::string& topic : Topics()) text += (&topic == Topics().data() ? "" : "|") + topic;
  return text + "\n";
}

Json TreeJson(const CLI::App& root) {
  Json commands = Json::array();
  for (const CommandInfo& command : WalkTree(root)) {
    Json options = Json::array();
    Json positionals = Json::array();
    for (const OptionInfo& option : command.options) options.push_back(OptionJson(option));
    for (const OptionInfo& each : command.positionals) positionals.push_back(OptionJson(each));
    commands.push_back({{"path", command.path},
                        {"summary", command.summary},
                        {"group", command.group},
                        {"examples", command.examples},
                        {"usage", UsageLine(command)},
                        {"options", std::move(options)},
                        {"positionals", std::move(positionals)}});
  }
  Json globals = Json::array();
  for (const OptionInfo& option : GlobalOptions(root)) globals.push_back(OptionJson(option));
  return {{"commands", std::move(commands)}, {"global_options", std::move(globals)}};
}

}  // namespace bailee::tool
