// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "commands.h"
#include "help.h"
#include "usage.h"

#ifndef BAILEE_VERSION
#error "BAILEE_VERSION is set by the build"
#endif

namespace bailee::tool {
namespace {

struct HelpOptions {
  std::vector<std::string> words;
  bool commands = false;
  bool markdown = false;
  bool man = false;
};

const CLI::App* FindCommand(const CLI::App& root, const std::vector<std::string>& words) {
  const CLI::App* app = &root;
  for (const std::string& word : words) {
    const auto named =
        app->get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
    if (named.empty()) return nullptr;
    app = named.front();
  }
  return app;
}

Status Help(Context& context, const HelpOptions& options) {
  const CLI::App& root = *context.root;
  Output& out = context.out();
  if (options.commands) {
    Table table{{"command", "summary"}, {}};
    const Json tree = TreeJson(root);
    for (const Json& command : tree["commands"]) {
      table.rows.push_back(
          {command["path"].get<std::string>(), command["summary"].get<std::string>()});
    }
    return out.Answer("commands", tree, table);
  }
  if (options.markdown) return out.Text("help", MarkdownManual(root));
  if (options.man) return out.Text("help", RoffManual(root));
  if (options.words.empty()) return out.Text("help", HelpText(root));
  const std::string text = TopicText(options.words.front(), root);
  if (options.words.size() == 1 && !text.empty()) return out.Text("help", text);
  if (const CLI::App* command = FindCommand(root, options.words)) {
    return out.Text("help", HelpText(*command));
  }
  const std::string near = NearestWord(options.words.front(), Topics());
  std::string hint = "topics are environment, exit-codes, formats, key-sources";
  if (!near.empty()) hint = "did you mean bailee help " + near + "?";
  return {Code::kUsage, "usage.unknown-topic", "there is no help on that", std::move(hint)};
}

Status Version(Context& context) {
  return context.out().Answer("version", {{"version", BAILEE_VERSION}},
                              {{}, {{"bailee", BAILEE_VERSION}}});
}

}  // namespace

void AddHelp(Commands& commands) {
  auto options = std::make_shared<HelpOptions>();
  CLI::App* help = commands.Add(
      commands.root(),
      {"help", "help on a command or a topic",
       "bailee help exit-codes\nbailee help policy lint\nbailee help --markdown > bailee.md"},
      [options](Context& context) { return Help(context, *options); });
  help->add_option("WORD", options->words, "a command, or a topic such as exit-codes");
  help->add_flag("--commands", options->commands, "list every command; with --json as data");
  help->add_flag("--markdown", options->markdown, "the whole reference as Markdown");
  help->add_flag("--man", options->man, "the whole reference as a manual page");

  auto shell = std::make_shared<std::string>();
  CLI::App* completion = commands.Add(
      commands.root(),
      {"completion", "a completion script for your shell",
       "bailee completion bash > ~/.local/share/bash-completion/completions/bailee\n"
       "bailee completion fish > ~/.config/fish/completions/bailee.fish"},
      [shell](Context& context) {
        return context.out().Text("completion", CompletionScript(*context.root, *shell));
      });
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));

  commands.Add(commands.root(), {"version", "the version of this tool", "bailee version --json"},
               Version);
}

}  // namespace bailee::tool
