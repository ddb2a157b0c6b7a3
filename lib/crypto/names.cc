// SPDX-License-Identifier: Apache-2.0
#include "crypto/names.h"

#include "base/hex.h"
#include "crypto/hash.h"

namespace bailee::crypto {

std::string NameId::ToHex() const { return bailee::ToHex(bytes); }

NameId NameIdOf(std::string_view name) { return {Hash<8>(person::kName, {AsBytes(name)})}; }

TermsId TermsIdOf(const VaultId& vault, ByteView value) {
  return {Hash<16>(person::kTerms, {vault.view(), value})};
}

}  // namespace bailee::crypto
