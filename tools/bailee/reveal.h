// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bailee/secret.h"
#include "bailee/status.h"
#include "context.h"
#include "secret_json.h"

namespace bailee::tool {

// The two ways by which plaintext leaves the tool.
struct RevealOptions {
  bool terminal = false;
  std::string out;
  bool Wanted() const { return terminal || !out.empty(); }
};

// Adds --reveal and --out to a command; `what` says what they show.
void AddReveal(CLI::App& command, RevealOptions& options, const std::string& what);

// Adds --purpose, --case and --on-behalf-of; returns --purpose.
CLI::Option* AddPurpose(CLI::App& command, std::string& purpose, std::string& case_reference,
                        std::string& on_behalf_of);

// Refuses, before anything is read and recorded, what Reveal could not do.
// Errors: kUsage "reveal.not-a-terminal"; kConflict "io.exists".
Status CheckReveal(const Context& context, const RevealOptions& options);

struct RevealedValue {
  std::string name;
  const Secret* value;
};

// Shows the values on the terminal, or writes a new file with mode 0600: one value as its very
// bytes, several as a JSON object, in which bytes that are no text are {"hex": "…"}.
Status Reveal(Context& context, const RevealOptions& options,
              const std::vector<RevealedValue>& values);

// A value as JSON: its text, or {"hex": "…"} if it is none.
WipedJson ValueJson(const Secret& value);

// What may be said of a value without showing it: "up to 32 bytes".
std::string SizeClass(size_t bytes);

}  // namespace bailee::tool
