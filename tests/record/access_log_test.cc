// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <string>

#include "record/kind.h"

namespace bailee::record {
namespace {

// The text between the n-th and the next `quote` of `line`, or nothing.
std::string_view Quoted(std::string_view line, int n) {
  for (; n > 0 && line.find('"') != std::string_view::npos; --n) {
    line.remove_prefix(line.find('"') + 1);
  }
  return n > 0 ? std::string_view() : line.substr(0, line.find('"'));
}

struct Tally {
  size_t lines = 0, ips = 0, paths = 0, agents = 0;
};

bool Accepts(Kind kind, std::string_view raw) {
  return Normalise(kind, raw, KindBytesMax(kind)).ok();
}

Tally Read(std::ifstream& log) {
  Tally tally;
  for (std::string line; std::getline(log, line); ++tally.lines) {
    const std::string_view text = line;
    std::string_view path = Quoted(text, 1);
    path.remove_prefix(std::min(path.find(' ') + 1, path.size()));
    tally.ips += Accepts(Kind::kIp, text.substr(0, text.find(' '))) ? 1 : 0;
    tally.paths += Accepts(Kind::kUrl, path.substr(0, path.find(' '))) ? 1 : 0;
    tally.agents += Accepts(Kind::kUserAgent, Quoted(text, 5)) ? 1 : 0;
  }
  return tally;
}

TEST(AccessLog, OfARealServerIsTakenAlmostWhole) {
  std::ifstream log(BAILEE_SOURCE_DIR "/../shared/data/access.log");
  if (!log) GTEST_SKIP() << "no ../shared/data/access.log: real input is not tested here";
  const Tally tally = Read(log);
  std::cout << tally.lines << " lines: " << tally.ips << " addresses, " << tally.paths << " paths, "
            << tally.agents << " user agents accepted\n";
  EXPECT_EQ(tally.ips, tally.lines);
  EXPECT_GE(tally.paths * 1000, tally.lines * 998);
  EXPECT_EQ(tally.agents, tally.lines);
}

}  // namespace
}  // namespace bailee::record
