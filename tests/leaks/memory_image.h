// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

// What somebody gets who takes the memory of another process.
namespace bailee::testing {

// Many times what such a process has. Whatever is wrong, a test does not fill the disk.
inline constexpr size_t kImageBytesMax = size_t{512} << 20;

struct MemoryImage {
  size_t bytes = 0;             // copied, pages of zeros left out
  size_t unreadable_bytes = 0;  // of mappings that the process itself can read
};

// Copies all that another process has in its memory into `file`, through /proc, but for the pages
// of the database, which are those of its file. Zero bytes if the system does not let this process.
MemoryImage CopyMemory(pid_t process, const std::string& file);

// Whether and how cores can be had here; empty if so, otherwise why not, in words.
std::string WhyNoKernelCores();
std::string WhyNoDebuggerCores();

// Has a debugger write a core of a process that goes on afterwards; false if it did not.
bool WriteDebuggerCore(pid_t process, const std::string& directory);

}  // namespace bailee::testing
