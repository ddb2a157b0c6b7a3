// SPDX-License-Identifier: Apache-2.0
#include "origins.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace bailee::tool {
namespace {

namespace fs = std::filesystem;

// Indexes that a later version of the policy gave to one of the purposes: origins/PURPOSE-vN.
std::vector<std::string> LaterIndexes(const std::string& from,
                                      const std::vector<std::string>& purposes) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(from + "/origins", error)) {
    const std::string name = entry.path().filename().string();
    for (const std::string& purpose : purposes) {
      if (name.starts_with(purpose + "-v") && name.ends_with(".keyring"))
        paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Files of a directory with this ending, in the order of their names.
std::vector<std::string> FilesIn(const std::string& directory, std::string_view ending) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().filename().string().ends_with(ending)) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::vector<std::string> KeptKeyrings(const std::string& from) {
  std::vector<std::string> paths = FilesIn(from + "/origins", ".keyring");
  // Beside them there may be any that were granted.
  for (const char* name : {"log", "auditor", "backup", "rights", "upkeep", "tally"}) {
    const std::string path = fmt::format("{}/{}.keyring", from, name);
    std::error_code error;
    if (fs::exists(path, error)) paths.push_back(path);
  }
  return paths;
}

std::vector<std::string> NextKeyrings(const std::string& from) {
  std::vector<std::string> paths = FilesIn(from, ".keyring.next");
  for (std::string& path : FilesIn(from + "/origins", ".keyring.next"))
    paths.push_back(std::move(path));
  return paths;
}

std::string OriginPath(const std::string& from, const std::string& name) {
  const std::string origin = fmt::format("{}/origins/{}.keyring", from, name);
  const std::string beside = fmt::format("{}/{}.keyring", from, name);
  std::error_code error;
  return !fs::exists(origin, error) && fs::exists(beside, error) ? beside : origin;
}

Result<std::vector<Keyring>> LoadOrigins(Context& context, const std::string& from,
                                         const std::vector<std::string>& purposes) {
  std::vector<std::string> names = purposes;
  names.emplace_back("storage");
  std::vector<Keyring> sources;
  for (const std::string& name : names) {
    auto keyring = context.LoadKeyring("file:" + OriginPath(from, name));
    if (!keyring.ok()) {
      if (keyring.status().code() != Code::kNotFound) return keyring.status();
      return Status(Code::kKey, "key.source-missing",
                    fmt::format("{} has no keyring for {}", from, name),
                    "name a leaf purpose of the policy: bailee policy show");
    }
    sources.push_back(*std::move(keyring));
  }
  for (const std::string& path : LaterIndexes(from, purposes)) {
    auto keyring = context.LoadKeyring("file:" + path);
    if (!keyring.ok()) return keyring.status();
    sources.push_back(*std::move(keyring));
  }
  return sources;
}

}  // namespace bailee::tool
