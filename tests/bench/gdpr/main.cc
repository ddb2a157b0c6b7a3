// SPDX-License-Identifier: Apache-2.0
//
// One role of one profile of GDPRbench, on the store that the program was made with:
//   PROGRAM PROFILE ROLE [RECORDS OPERATIONS [SEED]]   as published unless told otherwise
//   PROGRAM --list                                     profiles, with their sizes and roles
// Prints a line of JSON. Exits with 1 where an answer was wrong, 2 if it was called wrongly, 77
// where the store cannot be on this machine.
#include <sodium.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/gdpr/run.h"
#include "bench/must.h"

namespace bailee::bench::gdpr {
namespace {

void List() {
  for (const Profile& profile : Profiles()) {
    std::printf("%s %llu %llu", profile.name.c_str(),
                static_cast<unsigned long long>(profile.records),
                static_cast<unsigned long long>(profile.operations));
    for (const Role role : kRoles)
      if (!profile.Of(role).empty()) std::printf(" %s", std::string(RoleName(role)).c_str());
    std::printf("\n");
  }
}

bool FindRole(const std::string& name, Role* role) {
  for (const Role each : kRoles) {
    if (RoleName(each) != name) continue;
    *role = each;
    return true;
  }
  return false;
}

int RunIn(const std::string& directory, const RunOptions& options) {
  std::string why_not;
  const std::unique_ptr<Store> store = OpenStore(
      {.profile = options.profile, .role = options.role, .directory = directory}, &why_not);
  if (store == nullptr) {
    std::printf("{\"absent\": \"%s\"}\n", why_not.c_str());
    return 77;
  }
  const Outcome outcome = RunRole(*store, options);
  std::printf("%s\n", ToJson(outcome, options, store->Name()).c_str());
  for (const std::string& words : outcome.wrong_first)
    std::fprintf(stderr, "gdprbench: wrong: %s\n", words.c_str());
  return outcome.wrong == 0 ? 0 : 1;
}

int Main(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "--list") return List(), 0;
  RunOptions options;
  const bool sized = words.size() >= 4 && words.size() <= 5;
  if (words.size() != 2 && !sized) return 2;
  options.profile = FindProfile(words[0]);
  if (options.profile == nullptr || !FindRole(words[1], &options.role)) return 2;
  if (options.profile->Of(options.role).empty()) return 2;
  options.records = sized ? std::stoull(words[2]) : options.profile->records;
  options.operations = sized ? std::stoull(words[3]) : options.profile->operations;
  if (words.size() == 5) options.seed = std::stoull(words[4]);
  if (options.records == 0) return 2;

  std::string directory = (std::filesystem::temp_directory_path() / "gdprbench-XXXXXX").string();
  Must(mkdtemp(directory.data()) != nullptr, "cannot make a directory");
  const int code = RunIn(directory, options);
  std::filesystem::remove_all(directory);
  return code;
}

}  // namespace
}  // namespace bailee::bench::gdpr

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  const int code = bailee::bench::gdpr::Main({argv + 1, argv + argc});
  if (code == 2) std::fprintf(stderr, "usage: PROFILE ROLE [RECORDS OPERATIONS [SEED]] | --list\n");
  return code;
}
