// SPDX-License-Identifier: Apache-2.0
#include "leaks/memory_image.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/unique_fd.h"

namespace bailee::testing {
namespace {

constexpr const char* kDebugger = "/usr/bin/gcore";
constexpr size_t kPageBytes = 4096;

bool IsZero(const std::array<char, kPageBytes>& page) {
  return page[0] == 0 && std::memcmp(page.data(), page.data() + 1, page.size() - 1) == 0;
}

// Pages that the kernel made, and those of the database.
bool IsLeftOut(const std::string& name) {
  return name.find("[v") != std::string::npos || name.ends_with("/data.mdb");
}

}  // namespace

MemoryImage CopyMemory(pid_t process, const std::string& file) {
  MemoryImage image;
  const std::string directory = "/proc/" + std::to_string(process);
  const UniqueFd memory(open((directory + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  if (memory.get() < 0) return image;
  std::ofstream out(file, std::ios::binary);
  std::ifstream maps(directory + "/maps");
  for (std::string line; std::getline(maps, line);) {
    uint64_t first = 0;
    uint64_t last = 0;
    char readable = '-';
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %c", &first, &last, &readable) != 3 ||
        readable != 'r' || IsLeftOut(line)) {
      continue;
    }
    std::array<char, kPageBytes> page;
    for (uint64_t at = first; at < last; at += kPageBytes) {
      const ssize_t got = pread(memory.get(), page.data(), page.size(), static_cast<off_t>(at));
      if (got != static_cast<ssize_t>(page.size())) {
        image.unreadable_bytes += kPageBytes;
        continue;
      }
      if (IsZero(page)) continue;
      if (image.bytes >= kImageBytesMax) {
        std::fprintf(stderr, "too much to copy, at: %s\n", line.c_str());
        std::abort();
      }
      out.write(page.data(), page.size());
      image.bytes += page.size();
    }
  }
  return image;
}

std::string WhyNoKernelCores() {
  std::string pattern;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern"), pattern);
  if (pattern.starts_with("|")) return "the kernel gives cores to a program: " + pattern;
  if (pattern.empty() || pattern.starts_with("/"))
    return "the kernel writes cores elsewhere: \"" + pattern + "\"";
  return {};
}

std::string WhyNoDebuggerCores() {
  if (access(kDebugger, X_OK) != 0) return "there is no gcore, which comes with gdb";
  return {};
}

bool WriteDebuggerCore(pid_t process, const std::string& directory) {
  const std::string number = std::to_string(process);
  const std::string file = directory + "/core";
  const pid_t debugger = fork();
  if (debugger == 0) {
    const rlimit bounded{kImageBytesMax, kImageBytesMax};
    if (setrlimit(RLIMIT_FSIZE, &bounded) != 0) _exit(126);
    const int nowhere = open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere, fd);
    execl(kDebugger, kDebugger, "-o", file.c_str(), number.c_str(), nullptr);
    _exit(127);
  }
  int state = 0;
  waitpid(debugger, &state, 0);
  return WIFEXITED(state) && WEXITSTATUS(state) == 0 &&
         std::filesystem::exists(file + "." + number);
}

}  // namespace bailee::testing
