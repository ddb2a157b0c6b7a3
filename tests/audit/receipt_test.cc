// SPDX-License-Identifier: Apache-2.0
#include "audit/receipt.h"

#include <gtest/gtest.h>

#include "audit/leaf.h"
#include "audit/signed_log.h"
#include "base/arena.h"
#include "base/hex.h"
#include "support/error_is.h"

// What a vault that went wrong, or whoever has its keys, could put under a signed head and show as
// a receipt. tests/vault/receipt_test.cc has what true ones say, and their bytes changed.
namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::NaiveTree;
using testing::SignedLog;
using testing::StatusOf;

constexpr VaultId kVault{{7}};
constexpr InstanceId kInstance{{3}};
const std::string kSha256 = std::string(62, '0') + "a7";

const auto kWrongEntry = ErrorIs(Code::kAuditBroken, "receipt.entry");
const auto kMalformed = ErrorIs(Code::kInvalidValue, "receipt.malformed");

EventCopy Erased(const std::string& count = "3") {
  EventCopy event{.kind = EventKind::kErase, .at = {1'000}, .details = {{What::kCount, count}}};
  event.case_reference = "DSR-7";
  event.handle.bytes[0] = 9;
  return event;
}
EventCopy Shredded(const std::string& owed = "0") {
  return {.kind = EventKind::kShred, .at = {2'000}, .details = {{What::kCount, owed}}};
}
EventCopy Compacted() { return {.kind = EventKind::kCompact, .at = {3'000}}; }
EventCopy Destroyed(const std::string& sha256 = kSha256) {
  return {.kind = EventKind::kDestroyed, .at = {4'000}, .details = {{What::kSha256, sha256}}};
}

Bytes BytesOf(const EventCopy& event) {
  Bytes bytes;
  EXPECT_TRUE(AppendEvent(EventView(event).event(), bytes).ok());
  return bytes;
}

class ReceiptTest : public ::testing::Test {
 protected:
  EntryKey KeyOfWrite(uint64_t number) const {
    return *EntryKey::FromBytes(Bytes(crypto::kKeyBytes, static_cast<uint8_t>(number + 1)));
  }
  // The leaf of a write of `transaction` whose event is `event`.
  Bytes Write(uint64_t number, ByteView event, uint64_t transaction = 0) {
    Bytes leaf;
    AppendLeafHead(LeafType::kWrite, kInstance, number, leaf);
    EXPECT_TRUE(AppendWriteBody(transaction, KeyOfWrite(number), kVault, kInstance, number, event,
                                random_, leaf)
                    .ok());
    return leaf;
  }
  // A receipt that shows these leaves as the whole of the log's tree.
  Bytes Show(const std::vector<Bytes>& leaves, const Bytes& extra = {}) {
    std::vector<std::string> texts;
    for (const Bytes& leaf : leaves) texts.emplace_back(AsText(leaf));
    const NaiveTree tree(texts);
    const uint64_t size = leaves.size();
    std::vector<ShownEntry> entries;
    for (uint64_t i = 0; i < size; ++i) {
      entries.push_back({KeyOfWrite(i), leaves[i],
                         *FormatProof({.extra = extra,
                                       .index = i,
                                       .hashes = tree.Path(i, size),
                                       .checkpoint = log_.Checkpoint(size, tree.Root(size))})});
    }
    return FormatReceipt(kVault, entries);
  }
  Bytes ShowEvents(const std::vector<EventCopy>& events) {
    std::vector<Bytes> leaves;
    for (const EventCopy& event : events) leaves.push_back(Write(leaves.size(), BytesOf(event)));
    return Show(leaves);
  }
  Result<ErasureReceipt> Check(ByteView receipt) const {
    return VerifyReceipt(receipt, log_.origin(), log_.key());
  }

  testing::TestRandom random_{19};
  const SignedLog log_{23};
};

TEST_F(ReceiptTest, SaysWhatEachOfItsStepsSays) {
  const auto proven = Check(ShowEvents({Erased(), Shredded(), Compacted(), Destroyed()}));
  ASSERT_THAT(StatusOf(proven), IsOk());
  EXPECT_EQ(proven->vault, kVault);
  EXPECT_EQ(proven->decision, (DecisionId{kInstance, true, 0}));
  EXPECT_EQ(proven->handle.bytes[0], 9);
  EXPECT_EQ(proven->case_reference, "DSR-7");
  EXPECT_EQ(proven->records, 3u);
  EXPECT_EQ(proven->erased_at, Timestamp{1'000});
  EXPECT_EQ(proven->shredded_at, Timestamp{2'000});
  EXPECT_EQ(proven->compacted_at, Timestamp{3'000});
  ASSERT_TRUE(proven->destroyed);
  EXPECT_EQ(ToHex(proven->destroyed->last.bytes), kSha256);
  EXPECT_EQ(proven->destroyed->said_at, Timestamp{4'000});
}

TEST_F(ReceiptTest, ShowsEachStepOnceAndNoneBeforeTheOneItNeeds) {
  EXPECT_THAT(StatusOf(Check(ShowEvents({Erased(), Shredded(), Destroyed(), Compacted()}))),
              IsOk());
  for (const auto& events :
       std::vector<std::vector<EventCopy>>{{Erased(), Erased()},
                                           {Erased(), Shredded(), Shredded()},
                                           {Erased(), Shredded(), Compacted(), Compacted()},
                                           {Erased(), Shredded(), Destroyed(), Destroyed()},
                                           {Shredded()},
                                           {Compacted()},
                                           {Destroyed()},
                                           {Erased(), Compacted()},
                                           {Erased(), Destroyed()},
                                           {Erased(), Destroyed(), Shredded()}}) {
    EXPECT_THAT(StatusOf(Check(ShowEvents(events))), kWrongEntry);
  }
}

// Each proof alone holds.
TEST_F(ReceiptTest, IsOfOneHeadAndInItsOrder) {
  const std::vector<Bytes> leaves = {Write(0, BytesOf(Erased())), Write(1, BytesOf(Shredded())),
                                     Write(2, BytesOf(Compacted()))};
  const NaiveTree tree({std::string(AsText(leaves[0])), std::string(AsText(leaves[1])),
                        std::string(AsText(leaves[2]))});
  const auto shown = [&](uint64_t index, uint64_t size) {
    return ShownEntry{KeyOfWrite(index), leaves[index],
                      *FormatProof({.index = index,
                                    .hashes = tree.Path(index, size),
                                    .checkpoint = log_.Checkpoint(size, tree.Root(size))})};
  };
  const auto check = [&](std::initializer_list<std::pair<uint64_t, uint64_t>> entries) {
    std::vector<ShownEntry> made;
    for (const auto& [index, size] : entries) made.push_back(shown(index, size));
    return StatusOf(Check(FormatReceipt(kVault, made)));
  };
  EXPECT_THAT(check({{0, 3}, {1, 3}, {2, 3}}), IsOk());
  EXPECT_THAT(check({{0, 2}, {1, 2}}), IsOk());
  EXPECT_THAT(check({{0, 2}, {1, 3}}), kWrongEntry);
  EXPECT_THAT(check({{0, 3}, {1, 3}, {1, 3}}), kWrongEntry);
  EXPECT_THAT(check({{1, 3}, {0, 3}}), kWrongEntry);
}

TEST_F(ReceiptTest, RefusesAnEventThatIsNoStep) {
  EventCopy refused = Erased();
  refused.outcome = Outcome::kRefused;
  EventCopy of_nothing = Erased();
  of_nothing.details.clear();
  EventCopy another_detail = Destroyed();
  another_detail.details[0].what = What::kRoot;
  for (const EventCopy& event : {refused, of_nothing, EventCopy{.kind = EventKind::kRead},
                                 EventCopy{}, EventCopy{.kind = EventKind::kClose}}) {
    EXPECT_THAT(StatusOf(Check(ShowEvents({event}))), kWrongEntry);
  }
  EXPECT_THAT(StatusOf(Check(ShowEvents({Erased(), Shredded(), another_detail}))), kWrongEntry);
}

TEST_F(ReceiptTest, RefusesANumberThatIsNone) {
  for (const char* count :
       {"", "x", "-1", "+1", " 1", "1 ", "12x", "0x1", "1.5", "18446744073709551616"}) {
    EXPECT_FALSE(NumberOf(Erased(count), What::kCount)) << count;
    EXPECT_THAT(StatusOf(Check(ShowEvents({Erased(count)}))), kWrongEntry) << count;
    EXPECT_THAT(StatusOf(Check(ShowEvents({Erased(), Shredded(count)}))), kWrongEntry) << count;
  }
  EXPECT_FALSE(NumberOf(Erased(), What::kTreeSize));
  EXPECT_EQ(NumberOf(Erased("18446744073709551615"), What::kCount), UINT64_MAX);
  EXPECT_EQ(Check(ShowEvents({Erased("0")}))->records, 0u);
}

TEST_F(ReceiptTest, RefusesADigestThatIsNone) {
  for (const std::string& sha256 : {std::string(), kSha256.substr(1), kSha256 + "0",
                                    std::string(62, '0') + "A7", std::string(63, '0') + "g"}) {
    EXPECT_FALSE(Sha256Of(Destroyed(sha256))) << sha256;
    EXPECT_THAT(StatusOf(Check(ShowEvents({Erased(), Shredded(), Destroyed(sha256)}))), kWrongEntry)
        << sha256;
  }
  EXPECT_FALSE(Sha256Of(Erased()));
  EXPECT_EQ(Sha256Of(Destroyed())->bytes.back(), 0xa7);
}

TEST_F(ReceiptTest, RefusesASignedLeafThatIsNoWrite) {
  Bytes closed;
  AppendLeafHead(LeafType::kClosed, kInstance, 0, closed);
  AppendChainEnds({}, closed);
  ASSERT_TRUE(ParseLeaf(closed).ok());
  Bytes unknown = Write(0, BytesOf(Erased()));
  ++unknown[0];
  for (const Bytes& leaf : {closed, unknown, Bytes{1, 2, 3}}) {
    EXPECT_THAT(StatusOf(Check(Show({leaf}))), kWrongEntry);
  }
}

TEST_F(ReceiptTest, RefusesAWriteThatSaysSomethingElseInsideAndOutside) {
  EventCopy event = Erased();
  event.transaction = 5;
  EXPECT_THAT(StatusOf(Check(Show({Write(0, BytesOf(event), 5)}))), IsOk());
  EXPECT_THAT(StatusOf(Check(Show({Write(0, BytesOf(event), 6)}))), kWrongEntry);
  Bytes cut_off = BytesOf(event);
  cut_off.pop_back();
  EXPECT_THAT(StatusOf(Check(Show({Write(0, cut_off, 5)}))), kWrongEntry);
  EXPECT_THAT(StatusOf(Check(Show({Write(1, BytesOf(event), 5)}))), kWrongEntry)
      << "sealed under another key";
}

// It would be shown to the reader of the receipt, and proves nothing.
TEST_F(ReceiptTest, RefusesProofsThatCarrySomethingElse) {
  const Bytes leaf = Write(0, BytesOf(Erased()));
  EXPECT_THAT(StatusOf(Check(Show({leaf}))), IsOk());
  EXPECT_THAT(StatusOf(Check(Show({leaf}, {1, 2, 3}))), kMalformed);
}

TEST_F(ReceiptTest, IsNotReadIfItIsTooLarge) {
  Bytes receipt = ShowEvents({Erased()});
  receipt[9] = 3;  // of a version that nobody has made yet, and that may be of any size
  receipt.resize(limits::kReceiptBytesMax);
  EXPECT_THAT(StatusOf(Check(receipt)), ErrorIs(Code::kTooNew, "receipt.too-new"));
  receipt.push_back(0);
  EXPECT_THAT(StatusOf(Check(receipt)), kMalformed);
}

TEST_F(ReceiptTest, IsOfOneToFourEntriesAndTheVersionThatIsRead) {
  const Bytes receipt = ShowEvents({Erased()});
  const auto with = [&](size_t at, int byte) {
    Bytes changed = receipt;
    changed[at] = static_cast<uint8_t>(byte);
    return StatusOf(Check(changed));
  };
  constexpr size_t kVersionAt = 9;
  constexpr size_t kCountAt = 8 + 2 + 16;
  EXPECT_THAT(with(kVersionAt, 2), IsOk());
  EXPECT_THAT(with(kVersionAt, 1), kMalformed);
  EXPECT_THAT(with(kVersionAt, 3), ErrorIs(Code::kTooNew, "receipt.too-new"));
  EXPECT_THAT(with(kCountAt, 1), IsOk());
  for (const int count : {0, 2, 4, 5, 255}) EXPECT_THAT(with(kCountAt, count), kMalformed);
  EXPECT_THAT(with(0, 'b'), kMalformed);
}

TEST_F(ReceiptTest, IsNotCalledForgedWhenMemoryRunsOut) {
  const Bytes receipt = ShowEvents({Erased()});
  arena::SetRefusal([](size_t) { return true; });
  const auto checked = Check(receipt);
  arena::SetRefusal(nullptr);
  EXPECT_THAT(StatusOf(checked), ErrorIs(Code::kFull, "secret.arena-full"));
}

}  // namespace
}  // namespace bailee::audit
