// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/box.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/random.h"
#include "keys/keyring_keys.h"

// Wraps: FORMAT.md §9.2. A wrap is a compartment key D sealed for one purpose; all wraps of a
// compartment and terms lie in one row, sealed once more under S. Opening D needs the purpose's key
// and the living subject.
namespace bailee::keys {

// At most so many generations of D whose wraps are all write-only lie in one row; more travel with
// their records.
inline constexpr size_t kWriteOnlyGenerationsMax = 4;

// What a set of wraps is bound to.
struct WrapPlace {
  VaultId vault;
  Handle handle;
  crypto::NameId category;
  RecordId record{};  // zero for a row; the record with which the wraps travel
  uint16_t compartment = 0;
  crypto::TermsId terms;
  uint32_t subject_generation = 1;
};

using WrapsRowKey = std::array<uint8_t, 43>;
WrapsRowKey WrapsRowKeyOf(const WrapPlace& place);

// The first bytes of the keys of all rows of wraps of a subject.
std::array<uint8_t, 17> WrapsRowsPrefix(const Handle& handle);

// The key of a row of wraps taken apart; nothing of another row of the table.
struct WrapsRowName {
  Handle handle;
  crypto::NameId category;
  uint16_t compartment = 0;
  crypto::TermsId terms;
};
std::optional<WrapsRowName> ParseWrapsRowKey(ByteView key);

struct Wrap {
  bool write_only = false;
  crypto::NameId purpose;
  uint16_t key_version = 0;
  uint32_t generation = 0;
  Bytes sealed;  // an envelope, or a box if write-only
};

// For whom to wrap: the purpose's own key where this process holds it, otherwise its public half.
struct WrapRecipient {
  crypto::NameId purpose;
  uint16_t key_version = 0;
  const crypto::PurposeKey* key = nullptr;
  crypto::BoxPublicKey box_public;
};

// Makes the boxes of one transaction; its ephemeral key is made when the first box is.
class LazyBoxSender {
 public:
  // Errors: kFull.
  Result<crypto::BoxSender*> Get(crypto::Random& random);

 private:
  std::optional<crypto::BoxSender> sender_;
};

// The wraps of one compartment and terms.
class WrapSet {
 public:
  // Opens a wraps row. Errors: kDamage "wraps.damaged"; kFull.
  static Result<WrapSet> Open(const WrapPlace& place, const crypto::SubjectKey& subject,
                              ByteView row);
  // Opens wraps that travel with place.record. Errors: as Open.
  static Result<WrapSet> OpenTravelling(const WrapPlace& place, const crypto::SubjectKey& subject,
                                        ByteView row);

  // A wraps row. Errors: kFull.
  Result<Bytes> Seal(const WrapPlace& place, const crypto::SubjectKey& subject,
                     crypto::Random& random) const;
  // Wraps that travel with place.record. Errors: kFull.
  Result<Bytes> SealTravelling(const WrapPlace& place, const crypto::SubjectKey& subject,
                               crypto::Random& random) const;

  // The wrap of a generation for a version of a purpose's key, or null.
  const Wrap* Find(const crypto::NameId& purpose, uint16_t key_version, uint32_t generation) const;
  // One for any version of the purpose's key that `keys` has, or null.
  const Wrap* FindHeld(const crypto::NameId& purpose, uint32_t generation,
                       const KeyringKeys& keys) const;
  // Whether anybody at all has a wrap of this generation.
  bool HasGeneration(uint32_t generation) const;
  // The wrap that a writer with these keys should seal with: of the newest generation that is not
  // write-only and that some purpose of `keys` opens, a symmetric one if there is a choice. Or
  // null: the writer makes a generation of its own.
  const Wrap* FindFor(const KeyringKeys& keys) const;

  // Adds a wrap of D for every recipient. Errors: kDamage (weak public key); kFull.
  Status Add(const WrapPlace& place, uint32_t generation, const crypto::CompartmentKey& key,
             std::span<const WrapRecipient> recipients, LazyBoxSender& boxes,
             crypto::Random& random);

  // One more than the highest generation there is.
  uint32_t NextGeneration() const;
  // The generations without any symmetric wrap, ascending; and how many.
  std::vector<uint32_t> WriteOnlyNumbers() const;
  size_t WriteOnlyGenerations() const { return WriteOnlyNumbers().size(); }
  const std::vector<Wrap>& wraps() const { return wraps_; }
  // Removes every wrap for which `remove` is true.
  template <typename Predicate>
  void RemoveIf(const Predicate& remove) {
    std::erase_if(wraps_, remove);
  }

 private:
  static Result<WrapSet> OpenSealed(const WrapPlace& place, const crypto::SubjectKey& subject,
                                    ByteView row);
  Bytes SealAll(const WrapPlace& place, const crypto::SubjectKey& subject,
                crypto::Random& random) const;

  std::vector<Wrap> wraps_;  // ascending by (generation, purpose, key version)
};

// D out of a wrap. Errors: kDamage "wraps.damaged" if it does not open with this purpose's key;
// kFull.
Result<crypto::CompartmentKey> OpenWrap(const WrapPlace& place, const Wrap& wrap,
                                        const crypto::PurposeKey& key);

}  // namespace bailee::keys
