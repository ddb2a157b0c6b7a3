// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bailee/ids.h"
#include "crypto/labels.h"
#include "crypto/names.h"

namespace bailee::crypto {

// Where a sealed thing belongs: what an envelope opens with, and with nothing else (FORMAT.md
// §4.1). Fields that a label does not use stay zero; what `record`, `generation`, `revision` and
// `context` hold is said in FORMAT.md where the label is used.
struct Binding {
  Label label;
  VaultId vault;
  Handle handle{};
  NameId category{};
  RecordId record{};  // for lookup rows the tag
  uint16_t compartment = 0;
  TermsId terms{};
  uint32_t generation = 0;
  uint32_t revision = 0;
  uint64_t context = 0;
};

// The binding of something sealed for one purpose.
struct WrapBinding {
  Binding binding;
  NameId purpose;
  uint16_t key_version;
};

inline constexpr size_t kRecordBindingBytes = 94;
inline constexpr size_t kWrapBindingBytes = 104;
using EncodedBinding = std::array<uint8_t, kRecordBindingBytes>;
using EncodedWrapBinding = std::array<uint8_t, kWrapBindingBytes>;

// The bytes that go into Seal and Open as `aad`. REQUIRES: the label is one of the record layout.
EncodedBinding Encode(const Binding& binding);

// As above. REQUIRES: the label is one of the wrap layout.
EncodedWrapBinding Encode(const WrapBinding& binding);

// How the binding of a keyring's secrets begins (FORMAT.md §6); what comes before the envelope in
// the file follows.
inline constexpr std::array<uint8_t, 4> kKeyringBindingPrefix = {
    kFormat, kSuite, static_cast<uint8_t>(Layer::kKeyring),
    static_cast<uint8_t>(Label::kKeyringSecrets)};

}  // namespace bailee::crypto
