// SPDX-License-Identifier: Apache-2.0
#include "audit/origin.h"

#include <errno.h>
#include <unistd.h>

namespace bailee::audit {

Origin ThisProcess(const std::string& actor, const std::array<uint8_t, 16>& keyring_id) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host.front() = '\0';
  return {.actor = actor,
          .keyring_id = keyring_id,
          .uid = static_cast<uint32_t>(getuid()),
          .pid = static_cast<uint32_t>(getpid()),
          .host = host.data(),
          .program = program_invocation_short_name};
}

}  // namespace bailee::audit
