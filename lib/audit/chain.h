// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"

namespace bailee::audit {

// Which of the two chains of an instance (FORMAT.md §13.1). The numbers go into its keys.
enum class ChainKind : uint8_t { kJournal = 1, kWrites = 2 };

// The key of one entry.
using EntryKey = crypto::KeyOf<struct EntryKeyTag>;

// The forward-secure keys of a chain: holds the key of the chain at one number and can only go on
// from it; what it held before is wiped. The same class serves the instance that writes and the
// auditor that follows. Move-only; thread-compatible. Must not be touched in a forked child, where
// its memory is not mapped (see base/fork.h).
class KeyChain {
 public:
  // At number 0, with J_0 or W_0. Errors: kFull "secret.arena-full".
  static Result<KeyChain> Start(ChainKind kind, const VaultId& vault, const InstanceId& instance,
                                crypto::ChainKey first);

  // The first number whose key can still be made.
  uint64_t number() const { return number_; }

  // Gives the key of entry number() to `use` (32 bytes as ByteView, valid during the call), which
  // returns a Status, and returns that. After success the chain is one further and the key gone.
  // After a failure the number stays and its key comes again: what `use` seals then must have
  // another nonce. Allocates nothing.
  template <typename Use>
  Status Next(Use&& use) {
    MakeKeys();
    Status status = state_.RevealBytes(
        [&](ByteView state) { return use(state.subspan(kEntryKeyAt, crypto::kKeyBytes)); });
    WipeKeys(status.ok());
    return status;
  }

  // Another one at the same number, for work that may yet be given up: whoever made it wipes it
  // with that work. Errors: kFull "secret.arena-full".
  Result<KeyChain> Copy() const;

  // The key of entry `number`, found in as many steps as it is ahead; nothing advances.
  // Errors: kDamage "trail.key-gone" if number < number(), "trail.key-too-far" if it is more than
  // kAheadMax ahead; kFull "secret.arena-full".
  Result<EntryKey> KeyAt(uint64_t number) const;

  // Goes on to `number`; keys before it are wiped. Errors: as KeyAt; then nothing has changed.
  Status AdvanceTo(uint64_t number);

  static constexpr uint64_t kAheadMax = uint64_t{1} << 20;

  // Calls `use` with everything secret the chain holds, as ByteView; for the test that shows what
  // can be opened with it.
  template <typename Use>
  decltype(auto) RevealState(Use&& use) const {
    return state_.RevealBytes(std::forward<Use>(use));
  }

 private:
  // The state is C_i, then what a step makes: the entry key and C_{i+1}.
  static constexpr size_t kEntryKeyAt = crypto::kKeyBytes;
  static constexpr size_t kNextAt = 2 * crypto::kKeyBytes;
  static constexpr size_t kStateBytes = 3 * crypto::kKeyBytes;
  using Prefix = std::array<uint8_t, 1 + 16 + 16 + 8>;  // what is hashed: all but its last 8 fixed

  KeyChain(Secret state, const Prefix& hashed, uint64_t number)
      : state_(std::move(state)), hashed_(hashed), number_(number) {}
  Status CheckReach(uint64_t number) const;
  void MakeKeys();
  void WipeKeys(bool advance);  // what MakeKeys made

  Secret state_;
  Prefix hashed_;
  uint64_t number_;
};

}  // namespace bailee::audit
