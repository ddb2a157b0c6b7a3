// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/text_format.h>

#include "bailee/v1/policy.pb.h"
#include "policy/draft.h"

// Only for the files of this module that read protobuf.
namespace bailee::policy {

// Copies a parsed message, with the place of everything if there is a `tree`. Texts that are not
// UTF-8 or hold control characters, and unknown enum values, are errors in `findings`.
Draft Translate(const v1::Policy& message, const google::protobuf::TextFormat::ParseInfoTree* tree,
                Findings& findings);

// The canonical encoding: fields in the order of their numbers, nothing unknown.
Bytes Serialize(const v1::Policy& message);

}  // namespace bailee::policy
