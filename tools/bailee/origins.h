// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "context.h"

namespace bailee::tool {

// The directory that `init` wrote: authority.keyring, the reserved ones, and origins/.

// Where the keyring of that name is, or is to be: in origins/ unless it is one beside it.
std::string OriginPath(const std::string& from, const std::string& name);

// The keyrings that hold the keys of these purposes, with their indexes, and of the storage.
// Errors: kKey "key.source-missing"; as Context::LoadKeyring.
Result<std::vector<Keyring>> LoadOrigins(Context& context, const std::string& from,
                                         const std::vector<std::string>& purposes);

// Every keyring there that others are granted from or that is handed out as it is, but for the
// authority's: those that a new authority signs anew.
std::vector<std::string> KeptKeyrings(const std::string& from);

// Keyrings that a rotation wrote and that have not taken their places yet: NAME.keyring.next.
std::vector<std::string> NextKeyrings(const std::string& from);

}  // namespace bailee::tool
