// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What a process does to the files below a directory, in order, and what its disk may have of that
// after a loss of power.
namespace bailee::testing {

// A file or directory for as long as a log is, whatever names it has; 0 is the root.
using FileNumber = uint32_t;

struct DiskOperation {
  enum class Kind : uint8_t {
    kWrite,      // `bytes` into `file` at `at`
    kResize,     // `file` has `at` bytes
    kPunch,      // `count` bytes of `file` at `at` are zero; its length stays
    kEnter,      // `file`, new or not, is `name` in `directory`
    kRemove,     // `name` is no longer in `directory`
    kRename,     // `name` in `directory` becomes `to_name` in `to_directory`
    kSync,       // whatever happened to `file` so far lasts; of a directory, to its names
    kSyncWrite,  // the operation before this one lasts, and nothing else (O_DSYNC)
    kTold,       // the caller knows that `count` steps of the work are done
  };
  Kind kind = Kind::kWrite;
  FileNumber file = 0;
  uint64_t at = 0;
  uint64_t count = 0;
  std::string bytes = {};
  FileNumber directory = 0;
  std::string name = {};
  FileNumber to_directory = 0;
  std::string to_name = {};

  bool is_data() const {
    return kind == Kind::kWrite || kind == Kind::kResize || kind == Kind::kPunch;
  }
  bool is_name() const {
    return kind == Kind::kEnter || kind == Kind::kRemove || kind == Kind::kRename;
  }
};

// Files and directories below a root. Content is shared between copies.
class Disk {
 public:
  struct Node {
    bool directory = false;
    std::shared_ptr<std::string> content = {};  // shared by copies until it is written
    std::map<std::string, FileNumber> entries = {};
  };

  // What is at `path`, but for files that are not recorded (IsRecorded).
  static Disk Of(const std::string& path);

  // REQUIRES: a kind that is data or name.
  void Apply(const DiskOperation& operation);
  // As a write of which only some sectors of 512 bytes got there: bit i % 64 of `sectors` says
  // whether the i-th did. `grows`: the file is as long as the whole write made it all the same.
  void ApplyTorn(const DiskOperation& write, uint64_t sectors, bool grows);

  // Makes `path`, a directory, hold this and nothing else.
  void WriteTo(const std::string& path) const;
  // The same for the same names and bytes, whatever the numbers.
  std::string Hash() const;
  // Files by their paths below the root.
  std::map<std::string, FileNumber> Numbers() const;
  // The paths below the root of files that have `bytes` anywhere.
  std::vector<std::string> FilesWith(std::string_view bytes) const;
  // Whether anything has `path` for its name.
  bool Has(const std::string& path) const;

  Node& NodeOf(FileNumber number);
  FileNumber Add(Node node);

 private:
  // To be written to.
  std::string& ContentOf(FileNumber number);

  std::vector<Node> nodes_;
};

// A log, and what was on disk for good before it.
struct DiskLog {
  Disk before;
  std::vector<DiskOperation> operations;
};

// Whether files of that name matter: LMDB makes its lock file anew whoever opens first.
inline bool IsRecorded(const std::string& name) { return name != "lock.mdb"; }

}  // namespace bailee::testing
