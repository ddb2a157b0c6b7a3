// SPDX-License-Identifier: Apache-2.0
#include "audit/chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "support/error_is.h"
#include "support/revealed.h"
#include "support/test_random.h"
#include "support/vectors.h"

namespace bailee::audit {
namespace {

using testing::Copied;
using testing::ErrorIs;
using testing::HexArray;
using testing::IsOk;
using testing::StatusOf;

constexpr VaultId kVault{{1}};
constexpr InstanceId kChainInstance{{2}};

crypto::ChainKey First() { return *crypto::ChainKey::FromBytes(Bytes(32, 7)); }
KeyChain Chain(ChainKind kind = ChainKind::kJournal) {
  return *KeyChain::Start(kind, kVault, kChainInstance, First());
}

Bytes NextKey(KeyChain& chain) {
  Bytes key;
  EXPECT_THAT(chain.Next([&](ByteView bytes) {
    key = Copied(bytes);
    return Status();
  }),
              IsOk());
  return key;
}
Bytes KeyAt(const KeyChain& chain, uint64_t number) {
  return testing::Revealed(*chain.KeyAt(number));
}

TEST(KeyChain, IsAsTheVectorsSay) {
  for (const auto& v : testing::Vectors("chain")) {
    KeyChain chain = *KeyChain::Start(static_cast<ChainKind>(v["chain"]),
                                      {HexArray<16>(v["vault"])}, {HexArray<16>(v["instance"])},
                                      *crypto::ChainKey::FromBytes(testing::Hex(v["first"])));
    for (const auto& key : v["entry_keys"]) EXPECT_EQ(NextKey(chain), testing::Hex(key));
  }
}

TEST(KeyChain, GivesEachNumberAKeyOfItsOwnWhichChainVaultAndInstanceChange) {
  std::vector<Bytes> keys;
  KeyChain chain = Chain();
  for (int i = 0; i < 50; ++i) keys.push_back(NextKey(chain));
  keys.push_back(KeyAt(Chain(ChainKind::kWrites), 0));
  keys.push_back(KeyAt(*KeyChain::Start(ChainKind::kJournal, {{9}}, kChainInstance, First()), 0));
  keys.push_back(KeyAt(*KeyChain::Start(ChainKind::kJournal, kVault, {{9}}, First()), 0));
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

TEST(KeyChain, KeepsNumberAndKeyWhenTheUseFails) {
  KeyChain chain = Chain();
  Bytes failed;
  EXPECT_THAT(chain.Next([&](ByteView key) {
    failed = Copied(key);
    return Status(Code::kFailed, "test.failed", "made to fail");
  }),
              ErrorIs(Code::kFailed, "test.failed"));
  EXPECT_EQ(chain.number(), 0u);
  EXPECT_EQ(NextKey(chain), failed);
  EXPECT_EQ(chain.number(), 1u);
}

TEST(KeyChain, ShowsLaterKeysWithoutAdvancing) {
  KeyChain chain = Chain();
  std::vector<Bytes> keys;
  for (uint64_t i = 0; i < 20; ++i) keys.push_back(KeyAt(chain, i));
  EXPECT_EQ(chain.number(), 0u);
  for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(NextKey(chain), keys[i]);
  EXPECT_EQ(KeyAt(chain, 15), keys[15]);
}

TEST(KeyChain, ACopyGoesOnByItself) {
  KeyChain chain = Chain();
  ASSERT_THAT(chain.AdvanceTo(3), IsOk());
  KeyChain copy = *chain.Copy();
  EXPECT_EQ(copy.number(), 3u);
  const Bytes third = NextKey(copy);
  const Bytes fourth = NextKey(copy);
  EXPECT_EQ(chain.number(), 3u);
  EXPECT_EQ(NextKey(chain), third);
  EXPECT_EQ(NextKey(chain), fourth);
}

TEST(KeyChain, AdvancesToANumber) {
  KeyChain one = Chain();
  KeyChain two = Chain();
  for (int i = 0; i < 9; ++i) NextKey(one);
  ASSERT_THAT(two.AdvanceTo(9), IsOk());
  EXPECT_EQ(two.number(), 9u);
  EXPECT_EQ(NextKey(one), NextKey(two));
  EXPECT_THAT(two.AdvanceTo(10), IsOk());
  EXPECT_EQ(two.number(), 10u);
}

TEST(KeyChain, GoesNeitherBackNorTooFar) {
  KeyChain chain = Chain();
  ASSERT_THAT(chain.AdvanceTo(5), IsOk());
  EXPECT_THAT(StatusOf(chain.KeyAt(4)), ErrorIs(Code::kDamage, "trail.key-gone"));
  EXPECT_THAT(chain.AdvanceTo(4), ErrorIs(Code::kDamage, "trail.key-gone"));
  const uint64_t far = 5 + KeyChain::kAheadMax + 1;
  EXPECT_THAT(StatusOf(chain.KeyAt(far)), ErrorIs(Code::kDamage, "trail.key-too-far"));
  EXPECT_THAT(chain.AdvanceTo(far), ErrorIs(Code::kDamage, "trail.key-too-far"));
  EXPECT_THAT(chain.AdvanceTo(~uint64_t{0}), ErrorIs(Code::kDamage, "trail.key-too-far"));
  EXPECT_EQ(chain.number(), 5u);
}

// --- Forward secrecy
// ------------------------------------------------------------------------------

constexpr size_t kEntries = 40;
constexpr crypto::AeadNonce kNonce{};
const Bytes kPlain(32, 0x5a);

Bytes SealUnder(ByteView key) {
  Bytes sealed(kPlain.size() + crypto::kAeadTagBytes);
  crypto::AeadSeal(key, kNonce, {}, kPlain, sealed);
  return sealed;
}

bool OpensUnder(ByteView key, const Bytes& sealed) {
  Bytes out(kPlain.size());
  return crypto::AeadOpen(key, kNonce, {}, sealed, out);
}

// Everything an intruder can make of `memory`: each 32 bytes of it taken for an entry key, and for
// the key of the chain at each number, followed to the end.
std::vector<Bytes> KeysOutOf(const Bytes& memory) {
  std::vector<Bytes> keys;
  for (size_t at = 0; at + 32 <= memory.size(); ++at) {
    const Bytes taken(memory.begin() + static_cast<std::ptrdiff_t>(at),
                      memory.begin() + static_cast<std::ptrdiff_t>(at + 32));
    keys.push_back(taken);
    for (uint64_t guess = 0; guess < kEntries; ++guess) {
      Bytes key = taken;
      for (uint64_t i = guess; i < kEntries; ++i) {
        Bytes hashed{1};
        hashed.insert(hashed.end(), kVault.bytes.begin(), kVault.bytes.end());
        hashed.insert(hashed.end(), kChainInstance.bytes.begin(), kChainInstance.bytes.end());
        for (int shift = 56; shift >= 0; shift -= 8) {
          hashed.push_back(static_cast<uint8_t>(i >> shift));
        }
        std::array<uint8_t, 64> made;
        crypto::KeyedHashInto(*crypto::ChainKey::FromBytes(key), crypto::person::kTrail, {hashed},
                              made);
        keys.emplace_back(made.begin(), made.begin() + 32);
        key.assign(made.begin() + 32, made.end());
      }
    }
  }
  return keys;
}

bool AnyOpens(const std::vector<Bytes>& keys, const Bytes& sealed) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const Bytes& key) { return OpensUnder(key, sealed); });
}

// The numbers that the memory of a chain opens which has gone on to `number` by `go`.
template <typename Go>
void ExpectOpensOnlyFrom(uint64_t number, Go&& go) {
  std::vector<Bytes> sealed;
  for (uint64_t i = 0; i < kEntries; ++i) sealed.push_back(SealUnder(KeyAt(Chain(), i)));
  KeyChain chain = Chain();
  go(chain);
  const Bytes memory = chain.RevealState(Copied);
  ASSERT_FALSE(memory.empty());
  const std::vector<Bytes> keys = KeysOutOf(memory);
  for (uint64_t i = 0; i < kEntries; ++i) {
    EXPECT_EQ(AnyOpens(keys, sealed[i]), i >= number) << "entry " << i;
  }
}

TEST(KeyChain, HoldsNothingThatOpensWhatWasSealedBefore) {
  ExpectOpensOnlyFrom(25, [](KeyChain& chain) {
    for (int i = 0; i < 25; ++i) NextKey(chain);
  });
}

TEST(KeyChain, HoldsNothingOfWhatItSkipped) {
  ExpectOpensOnlyFrom(25, [](KeyChain& chain) { EXPECT_THAT(chain.AdvanceTo(25), IsOk()); });
}

TEST(KeyChain, HoldsNoEntryKeyAfterAUseThatFailed) {
  KeyChain chain = Chain();
  const Bytes fresh = chain.RevealState(Copied);
  (void)chain.Next([](ByteView) { return Status(Code::kFailed, "test.failed", "made to fail"); });
  EXPECT_EQ(chain.RevealState(Copied), fresh);
}

}  // namespace
}  // namespace bailee::audit
