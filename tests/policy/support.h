// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace bailee::policy {

using PolicyPtr = std::shared_ptr<const Policy>;

inline std::string ReadText(const std::string& path_in_repository) {
  std::ifstream in(std::string(BAILEE_SOURCE_DIR) + "/" + path_in_repository, std::ios::binary);
  EXPECT_TRUE(in.good()) << path_in_repository;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A policy that must load. Fails the test with its errors otherwise.
inline PolicyPtr Loaded(std::string_view text) {
  Result<PolicyPtr> policy = Policy::FromText(text, "p");
  EXPECT_TRUE(policy.ok()) << policy.status().message();
  return policy.ok() ? *policy : nullptr;
}

// Every finding of a text, one a line.
inline std::string FindingsOf(std::string_view text) {
  std::vector<Finding> findings;
  (void)Policy::FromText(text, "p", &findings).ok();
  std::string out;
  for (const Finding& finding : findings) out += FormatFinding(finding, "p") + "\n";
  return out;
}

// Replaces the one place where `from` stands.
inline std::string With(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

}  // namespace bailee::policy
