// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/erase.h"
#include "output.h"

namespace bailee::tool {

// What became of what was to be taken from every copy of the database.
Json ShreddedJson(const Shredded& shredded);
void AddShredded(const Shredded& shredded, Table& table);

// kPartial "erase.waiting", with the processes that still hold keys, unless it is shredded.
Status UnlessShredded(const Shredded& shredded);

}  // namespace bailee::tool
