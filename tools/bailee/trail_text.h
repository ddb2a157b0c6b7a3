// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bailee/audit_trail.h"
#include "output.h"

namespace bailee::tool {

// Lower-case hex.
std::string HexOf(ByteView bytes);

// What an entry is about: "payment_card.pan,expiry"; without fields the category, or what its
// records are of; empty if nothing.
std::string TargetOf(const TrailEntry& entry);

// "not-collected-for held"; empty if there are none.
std::string ReasonWords(const std::vector<Reason>& reasons);

// An entry as the cells of one line: time, actor, purpose, kind, target, handle, outcome with its
// reasons, decision. What it does not have is "-".
std::vector<std::string> EntryCells(const TrailEntry& entry);

// Everything an entry says.
Json EntryJson(const TrailEntry& entry);

// What a reason means, in one sentence for people who have not read the policy.
std::string_view ReasonSentence(Reason reason);

}  // namespace bailee::tool
