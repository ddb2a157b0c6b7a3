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

}  // namespace bailee::tool
