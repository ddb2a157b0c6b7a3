// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace bailee::tool {

// Runs one command line (without the program's name) and returns the exit code: that of the Status
// it ended with, or 130 if it was interrupted after doing a part. Everything the tool does goes
// through here; nothing is thrown.
int RunTool(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err);

}  // namespace bailee::tool
