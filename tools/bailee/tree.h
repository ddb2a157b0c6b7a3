// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace bailee::tool {

// One option or positional of a command, as help, completions and manual show it.
struct OptionInfo {
  std::string name;        // "--vault", or "PURPOSE" for a positional
  std::string short_name;  // "-q" or empty
  std::string value;       // "DIR"; empty for a flag
  std::string description;
  std::string environment;  // variable that sets it, or empty
  bool required = false;
  bool many = false;  // a positional that may be repeated
};

// One command. Everything about it is read from the CLI11 tree and nowhere else.
struct CommandInfo {
  std::string path;  // "policy lint"
  std::string summary;
  std::vector<std::string> examples;
  std::string notes;
  std::vector<OptionInfo> options;      // its own, without --help and the global ones
  std::vector<OptionInfo> positionals;  // in order
  bool group = false;                   // only groups others
};

CommandInfo Describe(const CLI::App& app);

// Every group and command below `root`, depth first in the order of declaration.
std::vector<CommandInfo> WalkTree(const CLI::App& root);

// The options every command understands.
std::vector<OptionInfo> GlobalOptions(const CLI::App& root);

// "bailee policy lint FILE [--exit-code]": one line.
std::string UsageLine(const CommandInfo& command);

// The footer that `Describe` reads back: examples, then notes.
std::string PackFooter(const char* examples, const char* notes);

}  // namespace bailee::tool
