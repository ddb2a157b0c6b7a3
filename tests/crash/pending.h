// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "crash/disk_log.h"

namespace bailee::testing {

// Goes through a log and knows of which operations nobody can say whether they last.
class Pending {
 public:
  explicit Pending(const DiskLog& log) : log_(log) {}

  // Takes the next operation of the log.
  void Next() {
    const size_t number = next_++;
    const DiskOperation& next = log_.operations[number];
    if (next.is_data() || next.is_name()) operations_.push_back(number);
    if (next.kind == DiskOperation::Kind::kSyncWrite) std::erase(operations_, number - 1);
    if (next.kind != DiskOperation::Kind::kSync) return;
    std::erase_if(operations_,
                  [&](size_t each) { return Lasts(log_.operations[each], next.file); });
  }

  size_t next() const { return next_; }
  const std::vector<size_t>& operations() const { return operations_; }

 private:
  // Whether a sync of `file` covers the operation. Of a new name that is one of its directory, not
  // one of the file.
  static bool Lasts(const DiskOperation& operation, FileNumber file) {
    if (operation.is_data()) return operation.file == file;
    if (operation.kind == DiskOperation::Kind::kRename) return operation.to_directory == file;
    return operation.directory == file;
  }

  const DiskLog& log_;
  size_t next_ = 0;
  std::vector<size_t> operations_;
};

}  // namespace bailee::testing
