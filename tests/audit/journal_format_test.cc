// SPDX-License-Identifier: Apache-2.0
#include "audit/journal_format.h"

#include <gtest/gtest.h>

#include "audit/byte_damage.h"
#include "audit/instance_world.h"
#include "audit/leaf.h"
#include "base/codec.h"
#include "crypto/aead.h"
#include "crypto/binding.h"
#include "crypto/padding.h"
#include "support/error_is.h"
#include "support/revealed.h"
#include "support/vectors.h"

namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::Hex;
using testing::HexArray;
using testing::InstanceWorld;
using testing::IsOk;
using testing::Revealed;
using testing::StatusOf;

// --- Head
// -----------------------------------------------------------------------------------------

TEST(JournalHead, IsAsTheVectorSays) {
  const auto v = testing::Vectors("head")[0];
  Bytes script;
  for (const char* part : {"journal_first", "writes_first", "ephemeral", "salt"}) {
    const Bytes bytes = Hex(v[part]);
    script.insert(script.end(), bytes.begin(), bytes.end());
  }
  testing::ScriptedRandom random(script);
  const crypto::BoxOpener auditor(*crypto::BoxSecret::FromBytes(Hex(v["auditor"])));
  const Origin origin{v["actor"],  HexArray<16>(v["keyring_id"]), v["uid"], v["pid"], v["host"],
                      v["program"]};
  const NewHead head = *BuildHead({HexArray<16>(v["vault"])}, {HexArray<16>(v["instance"])},
                                  {v["opened_at"]}, origin, auditor.public_key(), random);
  EXPECT_EQ(head.bytes, Hex(v["head"]));
  EXPECT_EQ(Revealed(head.journal_first), Hex(v["journal_first"]));
  EXPECT_EQ(Revealed(head.writes_first), Hex(v["writes_first"]));
  EXPECT_EQ(ChainStart(head.bytes), HexArray<32>(v["chain_0"]));
}

TEST(JournalHead, SaysInClearWhoseItIsAndToTheAuditorTheRest) {
  const InstanceWorld world;
  Bytes bytes = world.head.bytes;
  const size_t size = bytes.size();
  bytes.resize(5000, 0xee);  // entries follow
  const Head head = *ParseHead(bytes);
  EXPECT_EQ(head.vault, world.vault);
  EXPECT_EQ(head.instance, world.instance);
  EXPECT_EQ(head.opened_at.unix_ms, 1'700'000'000'000);
  EXPECT_EQ(head.size_bytes, size);
  const OpenedHead opened = *OpenHead(head, world.auditor);
  EXPECT_EQ(opened.origin, world.origin);
  EXPECT_EQ(Revealed(opened.journal_first), Revealed(world.head.journal_first));
  EXPECT_EQ(Revealed(opened.writes_first), Revealed(world.head.writes_first));
  EXPECT_NE(Revealed(opened.journal_first), Revealed(opened.writes_first));
}

TEST(JournalHead, DoesNotOpenForAnotherAuditorNorUnderAnotherInstance) {
  InstanceWorld world;
  const crypto::BoxOpener other(*crypto::BoxSecret::Generate(world.random));
  Head head = *ParseHead(world.head.bytes);
  EXPECT_THAT(StatusOf(OpenHead(head, other)), ErrorIs(Code::kKey, "crypto.wrong-key"));
  const auto refused = [&](auto&& change) {
    Head changed = head;
    change(changed);
    return StatusOf(OpenHead(changed, world.auditor)).code() == Code::kKey;
  };
  EXPECT_TRUE(refused([](Head& h) { h.instance.bytes[0] ^= 1; }));
  EXPECT_TRUE(refused([](Head& h) { h.vault.bytes[0] ^= 1; }));
  EXPECT_TRUE(refused([](Head& h) { h.opened_at.unix_ms ^= 1; }));
}

TEST(JournalHead, CutsTextsThatAreTooLongAndStaysBelowItsBound) {
  InstanceWorld world;
  const std::string longest(300, 'x');
  const Origin origin{longest, {}, 0, 0, longest, longest};
  const NewHead built =
      *BuildHead(world.vault, world.instance, {}, origin, world.auditor.public_key(), world.random);
  EXPECT_LE(built.bytes.size(), kHeadBytesMax);
  const OpenedHead opened = *OpenHead(*ParseHead(built.bytes), world.auditor);
  EXPECT_EQ(opened.origin.program, longest.substr(0, 255));
}

TEST(ParseHead, RefusesEveryTruncationAndEveryFlippedBit) {
  const InstanceWorld world;
  const Bytes& bytes = world.head.bytes;
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(StatusOf(ParseHead(Bytes(bytes.begin(), bytes.begin() + static_cast<long>(size)))),
                ErrorIs(Code::kDamage, "trail.bad-head"));
  }
  testing::ForEachFlippedBit(bytes, [](ByteView damaged) {
    EXPECT_THAT(StatusOf(ParseHead(damaged)), ErrorIs(Code::kDamage, "trail.bad-head"));
  });
}

TEST(OpenHead, RefusesEveryFlippedBitOfItsBox) {
  const InstanceWorld world;
  Head head = *ParseHead(world.head.bytes);
  testing::ForEachFlippedBit(head.box, [&](const Bytes& damaged) {
    head.box = damaged;
    // The top bit of an X25519 public key is not used in the agreement, but is in the key.
    EXPECT_FALSE(OpenHead(head, world.auditor).ok());
  });
}

TEST(OpenHead, RefusesAnOriginThatMakesNoSense) {
  InstanceWorld world;
  // What somebody who knows the auditor's public key can seal: first keys alone, or a byte too
  // many.
  const Head good = *ParseHead(world.head.bytes);
  const crypto::WrapBinding binding{
      .binding = {.label = crypto::Label::kJournalHead,
                  .vault = world.vault,
                  .record = {world.instance.bytes},
                  .context = static_cast<uint64_t>(good.opened_at.unix_ms)},
      .purpose = crypto::NameIdOf("auditor"),
      .key_version = 1};
  crypto::BoxSender sender = *crypto::BoxSender::Create(world.random);
  const auto open = [&](size_t plain_bytes) {
    Head head = good;
    head.box = *crypto::Padded(Bytes(plain_bytes))->RevealBytes([&](ByteView padded) {
      return sender.Seal(world.auditor.public_key(), crypto::Encode(binding), padded, world.random);
    });
    return StatusOf(OpenHead(head, world.auditor));
  };
  constexpr size_t kEmptyOrigin = 64 + 1 + 16 + 4 + 4 + 1 + 1;
  for (const size_t bytes :
       {size_t{0}, size_t{63}, size_t{64}, kEmptyOrigin - 1, kEmptyOrigin + 1}) {
    EXPECT_THAT(open(bytes), ErrorIs(Code::kDamage, "trail.bad-head")) << bytes;
  }
  EXPECT_THAT(open(kEmptyOrigin), IsOk());
}

// --- Entries
// --------------------------------------------------------------------------------------

constexpr InstanceId kEntryInstance{{3}};
const Bytes kKey(32, 9);

Bytes Sealed(size_t event_bytes, uint64_t number = 5, uint32_t attempt = 0) {
  Bytes frame(kEntryHeadBytes);
  for (size_t i = 0; i < event_bytes; ++i) frame.push_back(static_cast<uint8_t>(i));
  SealEntry(kKey, kEntryInstance, number, attempt, frame);
  return frame;
}

TEST(JournalEntry, IsAsTheVectorsSay) {
  for (const auto& v : testing::Vectors("entry")) {
    const InstanceId instance{HexArray<16>(v["instance"])};
    const uint64_t number = std::stoull(v["number"].get<std::string>());
    const Bytes event = Hex(v["event"]);
    Bytes frame(kEntryHeadBytes);
    frame.insert(frame.end(), event.begin(), event.end());
    SealEntry(Hex(v["key"]), instance, number, v["attempt"], frame);
    EXPECT_EQ(frame, Hex(v["entry"]));
    const Entry entry = ParseEntry(instance, frame);
    ASSERT_EQ(entry.state, EntryState::kWhole);
    EXPECT_EQ(entry.number, number);
    EXPECT_EQ(*OpenEntry(Hex(v["key"]), entry), event);
    EXPECT_EQ(ChainStep(HexArray<32>(v["key"]), frame), HexArray<32>(v["next_chain"]));
  }
}

TEST(JournalEntry, ComesBackWithWhatFollowsItLeftAlone) {
  for (const size_t size : std::vector<size_t>{0, 1, 200, 1000, 70'000}) {
    Bytes bytes = Sealed(size, 77, 3);
    EXPECT_EQ(bytes.size(), kEntryHeadBytes + CiphertextSize(size));
    const size_t entry_bytes = bytes.size();
    bytes.resize(bytes.size() + 100, 0xab);
    const Entry entry = ParseEntry(kEntryInstance, bytes);
    ASSERT_EQ(entry.state, EntryState::kWhole);
    EXPECT_EQ(entry.number, 77u);
    EXPECT_EQ(entry.attempt, 3u);
    EXPECT_EQ(entry.size_bytes, entry_bytes);
    EXPECT_EQ(OpenEntry(kKey, entry)->size(), size);
  }
}

TEST(JournalEntry, NeedsNoMemoryWhereThereIsRoom) {
  Bytes frame;
  frame.reserve(kEntryHeadBytes + CiphertextSize(100));
  frame.resize(kEntryHeadBytes + 100);
  const uint8_t* const before = frame.data();
  SealEntry(kKey, kEntryInstance, 0, 0, frame);
  EXPECT_EQ(frame.data(), before);
}

TEST(JournalEntry, SealedAgainWithAnotherAttemptSharesNoKeystream) {
  const Bytes one = Sealed(64, 5, 0);
  const Bytes two = Sealed(64, 5, 1);
  for (size_t at = kEntryHeadBytes; at + 8 <= one.size(); at += 8) {
    EXPECT_NE(Bytes(one.begin() + static_cast<long>(at), one.begin() + static_cast<long>(at + 8)),
              Bytes(two.begin() + static_cast<long>(at), two.begin() + static_cast<long>(at + 8)));
  }
}

TEST(ParseEntry, CallsEveryTruncationTorn) {
  for (const size_t size : std::vector<size_t>{0, 200, 2000}) {
    const Bytes whole = Sealed(size);
    for (size_t cut = 0; cut < whole.size(); ++cut) {
      const Bytes bytes(whole.begin(), whole.begin() + static_cast<long>(cut));
      EXPECT_EQ(ParseEntry(kEntryInstance, bytes).state, EntryState::kTorn) << cut;
    }
  }
}

TEST(ParseEntry, TakesNoFlippedBitForWhole) {
  testing::ForEachFlippedBit(Sealed(200), [](ByteView damaged) {
    EXPECT_NE(ParseEntry(kEntryInstance, damaged).state, EntryState::kWhole);
  });
}

TEST(ParseEntry, CallsZeroesToTheEndTornAndOtherNonsenseDamaged) {
  EXPECT_EQ(ParseEntry(kEntryInstance, Bytes(4096)).state, EntryState::kTorn);
  Bytes almost(4096);
  almost.back() = 1;
  EXPECT_EQ(ParseEntry(kEntryInstance, almost).state, EntryState::kDamaged);
  EXPECT_EQ(ParseEntry(kEntryInstance, Bytes(4096, 0xff)).state, EntryState::kDamaged);
  // All there, and zero where its last page was not written.
  Bytes half = Sealed(2000);
  std::fill(half.begin() + 1000, half.end(), uint8_t{0});
  EXPECT_EQ(ParseEntry(kEntryInstance, half).state, EntryState::kDamaged);
}

TEST(ParseEntry, KnowsItsOwnInstanceAlone) {
  EXPECT_EQ(ParseEntry({{4}}, Sealed(10)).state, EntryState::kDamaged);
}

TEST(ParseEntry, RefusesASizeThatNoEventHas) {
  for (const uint32_t size : {1u, 16u, 47u, 49u, (16u << 20) + 1, 0xffffffffu}) {
    Bytes bytes = Sealed(10);
    StoreBigEndian(size, bytes.data());
    EXPECT_EQ(ParseEntry(kEntryInstance, bytes).state, EntryState::kDamaged) << size;
  }
}

TEST(OpenEntry, RefusesAnotherKeyNumberOfAttemptsOrCiphertext) {
  const Bytes bytes = Sealed(100);
  const Entry entry = ParseEntry(kEntryInstance, bytes);
  EXPECT_THAT(StatusOf(OpenEntry(Bytes(32, 8), entry)),
              ErrorIs(Code::kDamage, "trail.forged-entry"));
  Entry changed = entry;
  changed.attempt = 1;
  EXPECT_THAT(StatusOf(OpenEntry(kKey, changed)), ErrorIs(Code::kDamage, "trail.forged-entry"));
  testing::ForEachFlippedBit(testing::Copied(entry.ciphertext), [&](const Bytes& damaged) {
    changed = entry;
    changed.ciphertext = damaged;
    EXPECT_THAT(StatusOf(OpenEntry(kKey, changed)), ErrorIs(Code::kDamage, "trail.forged-entry"));
  });
}

TEST(OpenEntry, RefusesPaddingThatIsNone) {
  Bytes ciphertext(48);
  crypto::AeadSeal(kKey, {}, {}, Bytes(32), ciphertext);
  const Entry entry{EntryState::kWhole, 0, 0, ciphertext, kEntryHeadBytes + 48};
  EXPECT_THAT(StatusOf(OpenEntry(kKey, entry)), ErrorIs(Code::kDamage, "crypto.bad-padding"));
}

}  // namespace
}  // namespace bailee::audit
