// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "bailee/who.h"
#include "context.h"

namespace bailee::tool {

// Whom a command is about: a handle on the command line, or a ref or tag that is read.
struct Named {
  std::string handle;
  bool tag = false;
};

// Adds HANDLE and --tag to a command.
void AddNamed(CLI::App& command, Named& named);

// Opens the vault and calls `use` with it and whom `named` names, valid for the call. Without a
// handle the ref, or tag, is asked for on the terminal or read from standard input.
// Errors: kInvalidValue (the handle); as Context::OpenVault, AskValue and `use`.
Status WithNamed(Context& context, const Named& named,
                 const std::function<Status(Vault& vault, const Who& who)>& use);

}  // namespace bailee::tool
