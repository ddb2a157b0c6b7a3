// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "faults/operation.h"

// A public function without a row here would be one whose faults nobody has looked at.
namespace bailee::faults {
namespace {

namespace fs = std::filesystem;

// Functions that no row calls, and why not.
const std::map<std::string, std::string>& Exempt() {
  static const std::map<std::string, std::string> exempt = {
      {"ids.h:FromHex", "parses an argument"},
      {"ids.h:FromText", "parses an argument"},
      {"ids.h:IdFromHex", "parses an argument"},
      {"backup.h:FromHex", "parses an argument"},
      {"result.h:status", "copies a Status that is there"},
      {"status.h:Refused", "makes one"},
      {"typed.h:Open", "only calls Vault::As"},
      {"typed.h:Read", "only calls Session::Read"},
      {"policy.h:Decide", "decides for a document alone; reads decide the same way"},
      {"policy.h:FromBinary", "is how every opening of a vault reads its policy"},
      {"checkpoint.h:VerifyInclusion", "hashes what it was given, in the verifying of receipts"},
      {"checkpoint.h:VerifyConsistency", "hashes what it was given, in the signing of a trail"},
      {"checkpoint.h:FormatProof", "is what proving does last"},
      {"checkpoint.h:ParseProof", "is what the verifying of receipts does first"},
      {"checkpoint.h:VerifyProof", "is what the verifying of receipts does"},
      {"check.h:ToStatus", "adds up a report that is there"},
  };
  return exempt;
}

std::string WithoutComments(const std::string& text) {
  return std::regex_replace(text, std::regex("//[^\n]*"), "");
}

// Everything in the public headers that answers with a Result or a Status, or collects.
std::set<std::string> PublicFunctions() {
  static const std::regex function(
      R"((?:Result<[^;{}()]*>|\bStatus|\bCollection&?|\bBatch)\s+(\w+)\()");
  std::set<std::string> found;
  for (const auto& file : fs::directory_iterator(BAILEE_SOURCE_DIR "/lib/include/bailee")) {
    const std::string text = WithoutComments(ReadFile(file.path()));
    for (std::sregex_iterator each(text.begin(), text.end(), function), end; each != end; ++each) {
      found.insert(file.path().filename().string() + ":" + (*each)[1].str());
    }
  }
  return found;
}

std::set<std::string> Covered() {
  std::set<std::string> covered;
  for (const Operation& each : Operations()) covered.insert(each.covers.begin(), each.covers.end());
  return covered;
}

TEST(FaultRows, CoverEveryPublicFunction) {
  const std::set<std::string> covered = Covered();
  const std::set<std::string> functions = PublicFunctions();
  EXPECT_GT(functions.size(), 90u);
  for (const std::string& each : functions) {
    EXPECT_TRUE(covered.contains(each) || Exempt().contains(each)) << each << " has no row";
  }
}

TEST(FaultRows, NameNothingThatIsNotThere) {
  const std::set<std::string> functions = PublicFunctions();
  for (const std::string& each : Covered()) EXPECT_TRUE(functions.contains(each)) << each;
  for (const auto& [each, why] : Exempt()) EXPECT_TRUE(functions.contains(each)) << each;
}

TEST(FaultRows, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Operation& each : Operations()) {
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
  }
}

}  // namespace
}  // namespace bailee::faults
