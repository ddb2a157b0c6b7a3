// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "output.h"

namespace bailee::tool {

// What --help prints for a command, a group or the whole tool: examples first.
std::string HelpText(const CLI::App& app);

// The whole reference, generated from the tree.
std::string MarkdownManual(const CLI::App& root);
std::string RoffManual(const CLI::App& root);

// A completion script for "bash", "zsh" or "fish". It offers commands and options, never subjects.
std::string CompletionScript(const CLI::App& root, const std::string& shell);

// The tree as data: {"commands":[{"path":…,"options":[…]}], "global_options":[…]}.
Json TreeJson(const CLI::App& root);

// Help on a topic: "environment", "exit-codes", "formats", "key-sources". Empty if there is none.
std::string TopicText(const std::string& topic, const CLI::App& root);
const std::vector<std::string>& Topics();

}  // namespace bailee::tool
