// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>
#include <vector>

#include "app.h"

int main(int argc, char** argv) {
  // Nothing this process writes is for others, and its memory is for nobody.
  umask(S_IRWXG | S_IRWXO);
  const rlimit no_core = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &no_core);
  return bailee::tool::RunTool(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc),
                               stdout, stderr);
}
