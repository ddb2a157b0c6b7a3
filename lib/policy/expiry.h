// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "policy/decide.h"

namespace bailee::policy {

// Whether a datum of a category must stay: a hold asks for it; or a purpose that it was collected
// for, or that the person consented to, is not past its retention, whatever else stands in that
// purpose's way today (somebody who objected may change their mind); or a report's purpose is not.
// Where this is false every read but that of `rights` is refused for good.
// `versions`: as in Request.
// REQUIRES: as Decide; now >= in_force.effective().
bool MustStay(const Policy& in_force, std::span<const Policy* const> versions, const Datum& datum,
              CategoryIndex category, const Standing& standing, Timestamp now);

}  // namespace bailee::policy
