// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstddef>

#include "support/io_faults.h"

namespace bailee::testing {

// Fails the `nth` of the operations of one kind, counted from 0, with `error`, and no other.
inline IoFaults::Judge FailNth(IoFaults::Operation which, int error, size_t nth = 0) {
  return [which, error, nth, seen = size_t{0}](IoFaults::Operation operation,
                                               size_t) mutable -> IoFaults::Verdict {
    if (operation != which) return {};
    return {.error = seen++ == nth ? error : 0};
  };
}

// Fails each of them.
inline IoFaults::Judge FailEach(IoFaults::Operation which, int error) {
  return [which, error](IoFaults::Operation operation, size_t) -> IoFaults::Verdict {
    return {.error = operation == which ? error : 0};
  };
}

// As a signal that comes `times` times, before each of the operations that can be waited in.
inline IoFaults::Judge Interrupt(size_t times) {
  return [times, seen = size_t{0}](IoFaults::Operation operation,
                                   size_t) mutable -> IoFaults::Verdict {
    using Operation = IoFaults::Operation;
    const bool waits = operation == Operation::kData || operation == Operation::kMeta ||
                       operation == Operation::kSync || operation == Operation::kRead ||
                       operation == Operation::kLength || operation == Operation::kControl;
    if (!waits || seen++ % (times + 1) == times) return {};
    return {.error = EINTR};
  };
}

}  // namespace bailee::testing
