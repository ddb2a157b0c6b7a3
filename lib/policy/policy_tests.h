// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bailee/reason.h"
#include "policy/decide.h"

namespace bailee::policy {

// One `test { }` block of a policy. Names are as written; lint has found them all known.
struct TestCase {
  struct Happened {
    std::string event;
    uint32_t days_ago = 0;
  };
  struct Shown {
    std::string notice;
    uint32_t days_ago = 0;
  };
  std::string name;
  std::string notice;
  std::string source;
  std::string controller;
  uint32_t age_days = 0;
  std::vector<std::string> consented;
  std::vector<std::string> withdrawn;
  std::vector<std::string> objected;
  std::vector<std::string> declined;
  std::vector<Happened> happened;
  bool restricted = false;
  bool held = false;
  std::vector<Shown> shown;
  bool suppressed = false;
  Action action = Action::kRead;
  std::string purpose;
  std::string category;
  std::string field;
  std::string on_behalf_of;
  std::string case_reference;
  std::string recipient;
  std::string ground;  // a word; empty: none
  bool expect_allowed = false;
  std::vector<Reason> because;
  int line = 0;
};

struct TestResult {
  std::string name;
  int line = 0;
  bool passed = false;
  bool expected_allowed = false;
  bool got_allowed = false;
  std::vector<Reason> expected_reasons;
  std::vector<Reason> got_reasons;  // the primary first
};

// Runs every test of the policy against the policy itself: the datum is collected under it, under
// the notice, source and controller given (without a notice: there is no datum), `age_days` before
// the question, and all keys are held and wraps present. `consented` counts as given under the
// first notice that lists the purpose. A test passes if the answer is the expected one and each of
// its `because` is among the reasons, be they visible to the purpose or not.
std::vector<TestResult> RunTests(const Policy& policy);

}  // namespace bailee::policy
