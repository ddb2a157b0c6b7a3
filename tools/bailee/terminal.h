// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "bailee/result.h"
#include "bailee/secret.h"

namespace bailee::tool {

// Whether there is a terminal to ask somebody on.
bool HasTerminal();

// Asks on the terminal itself, never on stdin, without showing what is typed.
// Errors: kUnconfirmed "terminal.none"; kInvalidValue "terminal.empty".
Result<Secret> AskSecret(std::string_view prompt);

// One value of personal data: asked for on the terminal if stdin is one, else the first line of
// stdin. Shown while typed, kept nowhere. Errors: as AskSecret; kInvalidValue "input.empty",
// "input.too-long".
Result<Secret> AskValue(std::string_view prompt);

// Whether somebody meant it: `given`, from --confirm, or what is typed on the terminal is `name`.
// `what` says what will be gone for ever. Errors: kUnconfirmed "confirm.none", "confirm.other".
Status Confirm(std::string_view what, std::string_view name, std::string_view given);

// Writes `secret` and a newline to the terminal that is stdout.
// Errors: kUsage "reveal.not-a-terminal"; kFailed "io.stdout".
Status ShowOnTerminal(std::string_view label, const Secret& secret);

}  // namespace bailee::tool
