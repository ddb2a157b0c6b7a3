// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "bailee/checkpoint.h"

// What signing and verifying a checkpoint share: FORMAT.md §13.7.
namespace bailee::audit {

// Whether a log can have this origin: a key name of at most limits::kOriginBytesMax bytes, and not
// the first line of what a cosignature signs, which the same key signs.
bool IsOrigin(std::string_view origin);

// The key name of the cosignature that carries the time.
std::string TimeKeyName(std::string_view origin);

// Seconds above this are no time that a Timestamp can hold.
inline constexpr uint64_t kCheckpointSecondsMax = INT64_MAX / 1000;

// What is signed.
std::string CheckpointText(std::string_view origin, const TreeHead& head);

// Reads what CheckpointText wrote, signed by nobody. Errors: kInvalidValue "checkpoint.malformed".
Result<Checkpoint> ParseCheckpointText(std::string_view text);

// What shows that a head is the log's: the signature alone, or the tree too, which the caller
// compares with it. Then a key that leaked counts for every head of at most its size.
enum class HeadProof : uint8_t { kSignature, kTree };

// As bailee::VerifyCheckpoint.
Result<Checkpoint> VerifySigned(std::string_view text, std::string_view origin, const LogKeys& keys,
                                HeadProof proof);

}  // namespace bailee::audit
