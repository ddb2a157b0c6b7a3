// SPDX-License-Identifier: Apache-2.0
#include "bailee/receipt.h"

#include "audit/receipt.h"
#include "bailee/audit_trail.h"
#include "base/codec.h"
#include "crypto/sha256.h"
#include "vault/stories.h"

// What is shown to somebody who was erased and has no vault.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

class Receipts : public ::testing::Test {
 protected:
  Receipts() {
    Vault vault = vault_.Open({"billing"});
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(2))), IsOk());
    const auto found = FindCard(vault);
    if (found.ok() && !found->empty()) handle_ = found->front().handle;
  }

  AuditTrail Trail(std::string_view keyring) {
    auto trail = AuditTrail::Open(vault_.path(), vault_.Origin(keyring),
                                  {.clock = &vault_.clock(), .map_bytes = uint64_t{1} << 30});
    EXPECT_THAT(StatusOf(trail), IsOk());
    return *std::move(trail);
  }

  DecisionId Erase(bool defer) {
    Vault vault = vault_.Open({"rights", "upkeep"});
    const auto erased = vault.Erase(Who::Ref(kUser), {.case_reference = "DSR-7", .defer = defer});
    EXPECT_THAT(StatusOf(erased), IsOk());
    return erased->decisions.front();
  }

  void Finish(bool compact) {
    Vault vault = vault_.Open({"upkeep"});
    EXPECT_THAT(StatusOf(vault.Upkeep()), IsOk());
    if (!compact) return;
    EXPECT_THAT(StatusOf(vault.Compact()), IsOk());
  }

  std::string Sign() {
    AuditTrail trail = Trail("log");
    origin_ = trail.origin();
    key_ = trail.log_key();
    const auto checkpoint = trail.Sign(checkpoint_);
    EXPECT_THAT(StatusOf(checkpoint), IsOk());
    checkpoint_ = *checkpoint;
    return checkpoint_;
  }

  Result<Bytes> Make(const DecisionId& decision) {
    Sign();
    return Trail("auditor").Receipt(decision, checkpoint_);
  }
  Result<ErasureReceipt> Check(ByteView receipt) const {
    return VerifyReceipt(receipt, origin_, key_);
  }

  TempVault vault_{PolicyText("livelook_2013")};
  Handle handle_;
  std::string origin_;
  LogKey key_;
  std::string checkpoint_;
};

TEST_F(Receipts, SayWhoWasErasedWhenAndHowMuchItWas) {
  const DecisionId decision = Erase(false);
  const auto receipt = Make(decision);
  ASSERT_THAT(StatusOf(receipt), IsOk());
  const auto proven = Check(*receipt);
  ASSERT_THAT(StatusOf(proven), IsOk());
  EXPECT_EQ(proven->vault, vault_.id());
  EXPECT_EQ(proven->decision, decision);
  EXPECT_EQ(proven->handle, handle_);
  EXPECT_EQ(proven->case_reference, "DSR-7");
  EXPECT_EQ(proven->records, 2u);
  EXPECT_TRUE(proven->shredded_at);
  EXPECT_FALSE(proven->compacted_at);
  EXPECT_EQ(proven->checkpoint.origin, origin_);
  EXPECT_TRUE(proven->checkpoint.time);
}

TEST_F(Receipts, ClaimNoMoreThanWasDoneByTheTimeOfTheCheckpoint) {
  const DecisionId decision = Erase(true);
  const auto early = Make(decision);
  ASSERT_THAT(StatusOf(early), IsOk());
  EXPECT_FALSE(Check(*early)->shredded_at);
  Finish(false);
  EXPECT_FALSE(Check(*Trail("auditor").Receipt(decision, checkpoint_))->shredded_at);
  const auto shredded = Make(decision);
  EXPECT_TRUE(Check(*shredded)->shredded_at);
  EXPECT_FALSE(Check(*shredded)->compacted_at);
  Finish(true);
  EXPECT_TRUE(Check(*Make(decision))->compacted_at);
}

// While something of another person is owed, an epoch that ends proves nothing for anybody.
TEST_F(Receipts, DoNotTakeAnEpochThatLeftSomethingOwedForTheEnd) {
  const DecisionId decision = Erase(true);
  {
    Vault vault = vault_.Open({"upkeep"});
    const auto stopped = vault.Upkeep({.shred = {.wait = std::chrono::milliseconds(0),
                                                 .progress = [](uint64_t) { return false; }}});
    ASSERT_THAT(StatusOf(stopped), IsOk());
    ASSERT_EQ(stopped->shredded.grade, ErasureGrade::kInaccessible);
  }
  EXPECT_FALSE(Check(*Make(decision))->shredded_at);
  audit::EventCopy event{.kind = audit::EventKind::kShred};
  EXPECT_FALSE(audit::StepOf(event)) << "says nothing of what is owed";
  event.details = {{audit::What::kCount, "1"}};
  EXPECT_FALSE(audit::StepOf(event));
  event.details = {{audit::What::kCount, ""}};
  EXPECT_FALSE(audit::StepOf(event));
  event.details = {{audit::What::kCount, "0"}};
  EXPECT_EQ(audit::StepOf(event), audit::ReceiptStep::kShredded);
  event.outcome = audit::Outcome::kFailed;
  EXPECT_FALSE(audit::StepOf(event));
}

// The operator's statement is about one key stream and all before it.
class ReceiptsOfStatements : public Receipts {
 protected:
  KeyStreamSha256 TakeKeys() {
    Vault vault = vault_.Open({});
    return TakeKeysOf(vault, {});
  }
  KeyStreamSha256 TakeKeysOf(Vault& vault, BackupProgress progress) {
    const auto taken =
        vault.BackUpKeys({.file = keys_, .base = {}, .progress = std::move(progress)});
    EXPECT_THAT(StatusOf(taken), IsOk());
    return *taken->sha256;
  }
  void State(const KeyStreamSha256& destroyed) {
    Vault vault = vault_.Open({});
    EXPECT_THAT(StatusOf(vault.StateDestroyed(destroyed, "DSR-7")), IsOk());
  }
  std::optional<ErasureReceipt::Destroyed> Proven(const DecisionId& decision) {
    const auto receipt = Make(decision);
    EXPECT_THAT(StatusOf(receipt), IsOk());
    const auto proven = Check(*receipt);
    EXPECT_THAT(StatusOf(proven), IsOk());
    return proven->destroyed;
  }
  // Makes leaves, so that streams before and after show different states.
  void Go() { vault_.Open({}); }

  const std::string keys_ = vault_.directory() / "keys";
};

TEST_F(ReceiptsOfStatements, SayWhichKeyStreamWasTheLastThatHadThePerson) {
  const KeyStreamSha256 before = TakeKeys();
  const std::string file = ReadFile(keys_);
  EXPECT_EQ(before.bytes, crypto::Sha256({AsBytes(file)})) << "that of the file, as it is";
  const DecisionId decision = Erase(false);
  TakeKeys();
  EXPECT_FALSE(Proven(decision)) << "nothing was stated";
  State(before);
  ASSERT_TRUE(Proven(decision));
  EXPECT_EQ(Proven(decision)->last, before);
  EXPECT_EQ(Proven(decision)->said_at, vault_.clock().Now());
  EXPECT_FALSE(Check(*Make(decision))->compacted_at);
  Finish(true);
  EXPECT_TRUE(Proven(decision)) << "in the order in which they were done";
  EXPECT_TRUE(Check(*Make(decision))->compacted_at);
}

TEST_F(ReceiptsOfStatements, DoNotCountUnlessEveryKeyStreamWithThePersonIsCovered) {
  const KeyStreamSha256 first = TakeKeys();
  Go();
  const KeyStreamSha256 second = TakeKeys();
  State(second);
  const DecisionId decision = Erase(true);
  State(second);
  Finish(false);
  EXPECT_FALSE(Proven(decision)) << "said before it was shredded";
  State(first);
  EXPECT_FALSE(Proven(decision)) << "the second has the person, too";
  State(KeyStreamSha256{});
  EXPECT_FALSE(Proven(decision)) << "nobody took such a stream";
  State(TakeKeys());
  EXPECT_TRUE(Proven(decision)) << "a later one, and all before it";
}

// A key stream shows the moment at which it was begun.
TEST_F(ReceiptsOfStatements, CountAKeyStreamThatWasBeingTakenWhenThePersonWasErased) {
  const KeyStreamSha256 before = TakeKeys();
  Go();
  DecisionId decision;
  KeyStreamSha256 meanwhile;
  {
    Vault vault = vault_.Open({"rights", "upkeep"});
    meanwhile = TakeKeysOf(vault, [&](uint64_t) {
      if (decision == DecisionId())
        decision = vault.Erase(Who::Ref(kUser), {.defer = true})->decisions.front();
      return true;
    });
  }
  Finish(false);
  State(before);
  EXPECT_FALSE(Proven(decision));
  State(meanwhile);
  EXPECT_EQ(Proven(decision)->last, meanwhile);
}

TEST_F(ReceiptsOfStatements, NeedACaseThatCanBeOne) {
  Vault vault = vault_.Open({});
  EXPECT_THAT(StatusOf(vault.StateDestroyed({}, "DSR 7")),
              ErrorIs(Code::kInvalidValue, "backup.case"));
  EXPECT_THAT(StatusOf(KeyStreamSha256::FromHex("4711")),
              ErrorIs(Code::kInvalidValue, "backup.sha256"));
}

TEST_F(Receipts, HoldForNoOtherLogAndNotWithAnyBitChanged) {
  const auto receipt = Make(Erase(false));
  ASSERT_THAT(StatusOf(receipt), IsOk());
  const ErasureReceipt right = *Check(*receipt);
  EXPECT_EQ(StatusOf(VerifyReceipt(*receipt, origin_ + "0", key_)).code(), Code::kAuditBroken);
  EXPECT_EQ(StatusOf(VerifyReceipt(*receipt, origin_, LogKey{})).code(), Code::kAuditBroken);
  for (size_t size = 0; size < receipt->size(); size += size < 64 ? 1 : 17) {
    EXPECT_FALSE(Check(ByteView(*receipt).first(size)).ok()) << size;
  }
  Bytes changed = *receipt;
  for (size_t at = 0; at < changed.size(); ++at) {
    changed[at] ^= uint8_t{1} << (at % 8);
    const auto checked = Check(changed);
    // A cosignature, which proves the time alone, may become a stranger's.
    if (checked.ok()) {
      EXPECT_EQ(checked->records, right.records) << at;
      EXPECT_EQ(checked->handle, right.handle) << at;
      EXPECT_FALSE(checked->checkpoint.time) << at;
    }
    changed[at] ^= uint8_t{1} << (at % 8);
  }
  changed.push_back(0);
  EXPECT_THAT(StatusOf(Check(changed)), ErrorIs(Code::kInvalidValue, "receipt.malformed"));
}

TEST_F(Receipts, AreOfErasingAlone) {
  DecisionId collected;
  {
    AuditTrail trail = Trail("auditor");
    const auto done = trail.Entries({.kind = "collect"}, 0, [&](const TrailEntry& entry) {
      collected = entry.id;
      return false;
    });
    ASSERT_THAT(StatusOf(done), IsOk());
  }
  EXPECT_THAT(StatusOf(Make(collected)), ErrorIs(Code::kUsage, "receipt.not-an-erasure"));
  const DecisionId never{collected.instance, true, 4711};
  EXPECT_THAT(StatusOf(Make(never)), ErrorIs(Code::kNotFound, "audit.no-such-decision"));
  const DecisionId erased = Erase(false);
  EXPECT_THAT(StatusOf(Trail("auditor").Receipt(erased, checkpoint_)),
              ErrorIs(Code::kNotFound, "audit.no-such-decision"))
      << "the checkpoint is older";
  Sign();
  EXPECT_THAT(StatusOf(Trail("log").Receipt(erased, checkpoint_)),
              ErrorIs(Code::kKey, "key.auditor-missing"));
}

// The parts of true receipts, put together to say what is not true.
TEST_F(Receipts, CannotBePutTogetherFromOthers) {
  const DecisionId decision = Erase(false);
  Finish(true);
  const auto receipt = Make(decision);
  ASSERT_THAT(StatusOf(receipt), IsOk());
  constexpr size_t kHead = 8 + 2 + 16 + 1;
  const auto entry_at = [&](size_t at) {
    Reader reader(ByteView(*receipt).subspan(at));
    (void)reader.GetBytes(crypto::kKeyBytes);
    (void)reader.GetPrefixed<uint32_t>();
    (void)reader.GetPrefixed<uint32_t>();
    return ByteView(*receipt).subspan(at, receipt->size() - at - reader.rest().size());
  };
  const ByteView erased = entry_at(kHead);
  const ByteView shredded = entry_at(kHead + erased.size());
  const ByteView compacted = entry_at(kHead + erased.size() + shredded.size());
  const auto put_together = [&](std::initializer_list<ByteView> entries) {
    Bytes made(receipt->begin(), receipt->begin() + kHead - 1);
    Writer writer(made);
    writer.Put(static_cast<uint8_t>(entries.size()));
    for (const ByteView entry : entries) writer.Put(entry);
    return StatusOf(Check(made));
  };
  EXPECT_THAT(put_together({erased, shredded}), IsOk());
  EXPECT_THAT(put_together({erased}), IsOk());
  EXPECT_THAT(put_together({erased, shredded, compacted}), IsOk());
  const auto wrong = ErrorIs(Code::kAuditBroken, "receipt.entry");
  EXPECT_THAT(put_together({shredded}), wrong);
  EXPECT_THAT(put_together({shredded, erased}), wrong);
  EXPECT_THAT(put_together({erased, erased}), wrong);
  EXPECT_THAT(put_together({erased, shredded, shredded}), wrong);
  EXPECT_THAT(put_together({erased, compacted}), wrong) << "what was deleted may open in a copy";
  EXPECT_THAT(put_together({erased, shredded, compacted, compacted}), wrong);
  Bytes other_key(shredded.begin(), shredded.begin() + crypto::kKeyBytes);
  Writer(other_key).Put(erased.subspan(crypto::kKeyBytes));
  EXPECT_THAT(put_together({other_key}), wrong) << "an entry key opens one entry";
}

}  // namespace
}  // namespace bailee
