// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace bailee::bench {

// A PostgreSQL 15 cluster in a directory of its own that listens on a Unix socket there and nowhere
// else; it has nothing to do with the cluster that the machine may have. PostgreSQL refuses to run
// as root, so that root has it run as another user, who then owns the directory.
class ThrowawayPostgres {
 public:
  // Makes the cluster unless it is there, and starts it. Null where that cannot be, with a reason.
  static std::unique_ptr<ThrowawayPostgres> Start(const std::string& directory,
                                                  const std::vector<std::string>& settings,
                                                  std::string* why_not);
  // Stops it, and waits until it has.
  ~ThrowawayPostgres();
  ThrowawayPostgres(const ThrowawayPostgres&) = delete;
  ThrowawayPostgres& operator=(const ThrowawayPostgres&) = delete;

  // For PQconnectdb.
  std::string connection() const;

 private:
  explicit ThrowawayPostgres(std::string directory) : directory_(std::move(directory)) {}
  const std::string directory_;
  pid_t server_ = -1;
};

}  // namespace bailee::bench
