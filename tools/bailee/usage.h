// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "bailee/status.h"

namespace bailee::tool {

// Finds words of a command line that the tree does not know, before CLI11 sees it: unknown commands
// and options are answered with the nearest known one, and never run.
// Errors: kUsage "usage.unknown-command", "usage.unknown-option".
Status CheckWords(const CLI::App& root, const std::vector<std::string>& arguments);

// What CLI11 could not parse, in our words. No argument's value is repeated: it may be personal
// data typed in the wrong place.
Status UsageError(const CLI::App& root, const CLI::ParseError& error);

// A command line that names no command, or only a group.
Status MissingCommand(const CLI::App& root);

// The command or group that the parsed line ended in.
const CLI::App* DeepestParsed(const CLI::App& root);

// The word of `candidates` nearest to `word`, or empty.
std::string NearestWord(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace bailee::tool
