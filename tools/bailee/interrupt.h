// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace bailee::tool {

// Whether Ctrl-C or SIGTERM came since the first call, which starts listening. A long command asks
// between batches, finishes what it holds and stops.
bool Interrupted();

// Waits until `fd` can be read without waiting, or is at its end. False once interrupted, however
// long `fd` stays silent.
bool WaitToRead(int fd);

// Waits that long, or until Interrupted.
void Pause(std::chrono::milliseconds length);

}  // namespace bailee::tool
