// SPDX-License-Identifier: Apache-2.0
// Runs fuzz targets without a fuzzer, in every build:
//   fuzz_replay TARGET [PATH...]      its seeds and the files at or below each path; without a path
//   its seeds alone fuzz_replay TARGET -              one input from standard input, as AFL++ gives
//   it fuzz_replay --seeds TARGET DIR    writes its seeds into files of a directory fuzz_replay
//   --list
#include <sodium.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "fuzz/target.h"

namespace bailee::fuzz {
namespace {

Bytes ReadAll(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> FilesBelow(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

size_t ReplaySeeds(const Target& target) {
  if (target.seeds == nullptr) return 0;
  const std::vector<Bytes> seeds = target.seeds();
  for (const Bytes& seed : seeds) Run(target, seed);
  return seeds.size();
}

int Replay(const Target& target, int count, char** paths) {
  size_t replayed = 0;
  if (count == 1 && std::string_view(paths[0]) == "-") {
    Run(target, ReadAll(std::cin));
    return 0;
  }
  // Given files alone, as from a fuzzer, seeds would hide which input it was.
  const bool files_alone = count > 0 && std::all_of(paths, paths + count, [](const char* path) {
                             return std::filesystem::is_regular_file(path);
                           });
  if (!files_alone) replayed += ReplaySeeds(target);
  for (int i = 0; i < count; ++i) {
    if (!std::filesystem::exists(paths[i])) continue;  // a target without findings has no corpus
    for (const std::filesystem::path& file : FilesBelow(paths[i])) {
      std::ifstream stream(file, std::ios::binary);
      const Bytes input = ReadAll(stream);
      std::cerr << file.string() << std::endl;  // flushed: the next line may be the last
      Run(target, input);
      ++replayed;
    }
  }
  std::cout << target.name << ": " << replayed << " inputs\n";
  return replayed > 0 ? 0 : 1;
}

int WriteSeeds(const Target& target, const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  if (target.seeds == nullptr) return 0;
  size_t number = 0;
  for (const Bytes& seed : target.seeds()) {
    std::ofstream file(directory / ("seed_" + std::to_string(number++)), std::ios::binary);
    file.write(reinterpret_cast<const char*>(seed.data()),
               static_cast<std::streamsize>(seed.size()));
  }
  return 0;
}

int Main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--list") {
    for (const Target& target : Targets()) std::cout << target.name << "\n";
    return 0;
  }
  const bool write = first == "--seeds" && argc == 4;
  const Target* target = argc > 1 ? FindTarget(write ? argv[2] : first) : nullptr;
  if (target == nullptr) {
    std::cerr << "usage: fuzz_replay TARGET [PATH...|-] | --seeds TARGET DIR | --list\n";
    return 2;
  }
  return write ? WriteSeeds(*target, argv[3]) : Replay(*target, argc - 2, argv + 2);
}

}  // namespace
}  // namespace bailee::fuzz

// As in tests/support/main.cc.
extern "C" const char* __lsan_default_suppressions() { return "leak:libmaxminddb.so"; }

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  return bailee::fuzz::Main(argc, argv);
}
