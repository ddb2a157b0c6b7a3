// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/ledger.h"
#include "bailee/policy.h"
#include "output.h"

namespace bailee::tool {

// One entry of a ledger; members that say nothing are left out.
Json LedgerEntryJson(const LedgerEntry& entry);

// A person's consents as a record in the members of ISO/IEC TS 27560: for each purpose that a
// choice was made for, the notice, what it covers, how long and for whom, and the events. `missing`
// lists members of the standard that the vault does not know: the operator's own particulars.
Json ConsentReceipt(const LedgerView& ledger, const PolicyDescription& policy);

}  // namespace bailee::tool
