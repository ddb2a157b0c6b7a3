// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>
#include <sys/types.h>

#include <mutex>
#include <string>
#include <vector>

#include "support/io_faults.h"

// What the two files that stand in for the C library share; see io_faults.h.
namespace bailee::testing {

struct IoWatch {
  std::recursive_mutex mutex;
  IoFaults::Judge judge;  // empty: nothing is watched
  std::string directory;  // empty: one file is
  bool looks = false;
  dev_t device = 0;
  ino_t inode = 0;
  bool judging = false;  // what the judge itself does passes
  std::vector<IoFaults::Operation> seen;

  bool Watches(int fd) const;
  // Of a name below the directory `at`, as openat(2) takes it.
  bool Watches(int at, const char* name) const;
};

IoWatch& TheIoWatch();

template <typename Function>
Function* RealCall(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// What the judge says of the next operation. REQUIRES: the mutex is held, and there is a judge.
IoFaults::Verdict JudgeNext(IoWatch& watch, IoFaults::Operation operation);

// `call` as the verdict has it; `half` is the same for half of the bytes.
template <typename Call, typename Half>
auto AsJudged(IoWatch& watch, IoFaults::Operation operation, const Call& call, const Half& half)
    -> decltype(call()) {
  const IoFaults::Verdict verdict = JudgeNext(watch, operation);
  const bool read = operation == IoFaults::Operation::kRead;
  if (read ? verdict.read_less : verdict.cut_short) return half();
  if (verdict.nothing) {
    errno = verdict.error;
    return 0;
  }
  if (verdict.error == 0) return call();
  if (verdict.do_it_too) (void)call();
  errno = verdict.error;
  return static_cast<decltype(call())>(-1);
}

template <typename Call, typename Half>
auto JudgedOf(int fd, IoFaults::Operation operation, const Call& call, const Half& half)
    -> decltype(call()) {
  IoWatch& watch = TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  if (!watch.Watches(fd)) return call();
  return AsJudged(watch, operation, call, half);
}

}  // namespace bailee::testing
