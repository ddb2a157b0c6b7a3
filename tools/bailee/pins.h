// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "bailee/audit_trail.h"
#include "bailee/ids.h"
#include "bailee/result.h"

namespace bailee::tool {

// What is kept of a vault's trail outside the vault, so that whoever can change the vault cannot
// change it too: one file for each vault id, mode 0600, in $XDG_STATE_HOME/bailee, otherwise
// ~/.local/state/bailee.
enum class Kept : uint8_t {
  kPin,         // <vault id>.pin: the head that was last verified
  kCheckpoint,  // <vault id>.checkpoint: the checkpoint that was last signed
};

// Where it is kept, whether or not there is one yet. Nothing is made.
// Errors: kUsage "usage.no-state" if neither variable says where.
Result<std::string> PathOfKept(const VaultId& vault, Kept kept);

// The text of a pin or a checkpoint, or an empty one if there is no such file.
// Errors: kInvalidValue "pin.malformed" (it is neither), "pin.other-log" (it is of another log than
// `origin`: nothing is wrong with the vault, the wrong file was named); kFailed "io.read".
Result<std::string> ReadKept(const std::string& path, std::string_view origin);

// The same for a checkpoint that must be there. Errors: as ReadKept; kNotFound "io.not-found".
Result<std::string> ReadCheckpointFile(const std::string& path, std::string_view origin);

// The checkpoint in the file that was named, otherwise the one kept by `bailee audit sign`.
// Errors: as ReadCheckpointFile; kNotFound "audit.no-checkpoint".
Result<std::string> NamedOrKeptCheckpoint(const AuditTrail& trail, const std::string& named);

// Replaces the file in one step, and makes its directory if it is that of PathOfKept.
// Errors: kFailed "io.write", "io.directory"; kFull.
Status WriteKept(const std::string& path, std::string_view text);

// What a pin or checkpoint claims. Decide nothing by it.
// Errors: kInvalidValue "pin.malformed".
Result<Checkpoint> ParseKept(std::string_view text);

// The text of a pin: three lines, origin, size and root, as in a checkpoint (FORMAT.md §13.7).
std::string PinText(std::string_view origin, const TreeHead& head);

}  // namespace bailee::tool
