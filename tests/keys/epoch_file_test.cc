// SPDX-License-Identifier: Apache-2.0
#include "keys/epoch_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/arena.h"
#include "crypto/init.h"
#include "support/error_is.h"
#include "support/revealed.h"
#include "support/temporary_directory.h"

// The file that erasing rests on: what it gives, and that it gives nothing else.
namespace bailee::keys {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::Revealed;
using testing::StatusOf;

constexpr size_t kBlock = 4096;
constexpr size_t kSealedAt = 8 + 2 + 16 + 8 + 1;
constexpr size_t kUsed = kSealedAt + 2 + 32 + 72;

class EpochFileTest : public ::testing::Test {
 protected:
  EpochFileTest() {
    EXPECT_THAT(crypto::Init(), IsOk());
    vault_.bytes.fill(1);
    storage_ = *crypto::StorageKey::Generate(random());
  }

  static crypto::Random& random() { return crypto::SystemRandom(); }
  EpochFile File() const { return EpochFile(directory_ / "epoch", vault_); }
  StorageKeyRef Storage(uint16_t version = 1) const { return {version, storage_}; }

  Result<crypto::EpochKey> Prepare(uint64_t epoch) const {
    const StorageKeyRef keys[] = {Storage()};
    return File().Prepare(epoch, keys, random());
  }

  Bytes Content() const {
    std::ifstream in(directory_ / "epoch", std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }
  void SetContent(ByteView bytes) const {
    std::ofstream out(directory_ / "epoch", std::ios::binary | std::ios::trunc);
    out << AsText(bytes);
  }

  testing::TemporaryDirectory directory_;
  VaultId vault_;
  crypto::StorageKey storage_;
};

TEST_F(EpochFileTest, BeginsWithTheFirstEpochAndIsNobodyElsesToRead) {
  const auto made = File().Create(Storage(), random());
  ASSERT_THAT(StatusOf(made), IsOk());
  const auto got = File().Get(kFirstEpoch, Storage());
  ASSERT_THAT(StatusOf(got), IsOk());
  EXPECT_EQ(Revealed(*got), Revealed(*made));
  struct stat status = {};
  ASSERT_EQ(stat((directory_ / "epoch").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(status.st_size, static_cast<off_t>(2 * kBlock));
}

TEST_F(EpochFileTest, IsNotMadeWhereOneIs) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  const Bytes before = Content();
  EXPECT_EQ(StatusOf(File().Create(Storage(), random())).code(), Code::kConflict);
  EXPECT_EQ(Content(), before);
}

TEST_F(EpochFileTest, HasTwoEpochsAtATime) {
  const auto first = File().Create(Storage(), random());
  const auto second = Prepare(2);
  ASSERT_THAT(StatusOf(second), IsOk());
  EXPECT_NE(Revealed(*first), Revealed(*second));
  EXPECT_EQ(Revealed(*File().Get(1, Storage())), Revealed(*first));
  EXPECT_EQ(Revealed(*File().Get(2, Storage())), Revealed(*second));
  EXPECT_THAT(StatusOf(File().Get(3, Storage())), ErrorIs(Code::kNotFound, "epoch.passed"));
}

// A transaction that was given up may have left it, and another process may have used it.
TEST_F(EpochFileTest, TakesAnEpochThatIsThereAlready) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  const auto once = Prepare(2);
  const auto again = Prepare(2);
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_EQ(Revealed(*once), Revealed(*again));
}

TEST_F(EpochFileTest, MakesAnotherWhereOneWasWrittenInPart) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  const auto once = Prepare(2);
  Bytes torn = Content();
  std::fill(torn.begin() + 60, torn.begin() + kBlock, uint8_t{0});
  SetContent(torn);
  const auto again = Prepare(2);
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_NE(Revealed(*once), Revealed(*again));
  EXPECT_EQ(Revealed(*File().Get(2, Storage())), Revealed(*again));
}

TEST_F(EpochFileTest, HasNoByteOfAWipedEpoch) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  ASSERT_THAT(StatusOf(Prepare(2)), IsOk());
  EXPECT_TRUE(*File().Holds(1));
  ASSERT_THAT(File().Wipe(1), IsOk());
  EXPECT_FALSE(*File().Holds(1));
  EXPECT_THAT(StatusOf(File().Get(1, Storage())), ErrorIs(Code::kNotFound, "epoch.passed"));
  const Bytes content = Content();
  EXPECT_TRUE(
      std::all_of(content.begin() + kBlock, content.end(), [](uint8_t b) { return b == 0; }));
  EXPECT_THAT(StatusOf(File().Get(2, Storage())), IsOk());
}

TEST_F(EpochFileTest, WipesNoLaterEpochThanItIsAskedTo) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  ASSERT_THAT(StatusOf(Prepare(2)), IsOk());
  ASSERT_THAT(File().Wipe(1), IsOk());
  ASSERT_THAT(StatusOf(Prepare(3)), IsOk());
  ASSERT_THAT(File().Wipe(1), IsOk());
  EXPECT_FALSE(*File().Holds(1));
  EXPECT_THAT(StatusOf(File().Get(3, Storage())), IsOk());
}

// What cannot be read may still be somebody's key.
TEST_F(EpochFileTest, HoldsWhateverIsNotZero) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  Bytes damaged = Content();
  damaged[kBlock] ^= 1;
  SetContent(damaged);
  EXPECT_TRUE(*File().Holds(1));
  ASSERT_THAT(File().Wipe(1), IsOk());
  EXPECT_FALSE(*File().Holds(1));
}

TEST_F(EpochFileTest, GivesNothingOfABlockWithAnyBitChanged) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  const Bytes good = Content();
  for (size_t bit = 0; bit < kBlock * 8; bit += bit < kUsed * 8 ? 1 : 11) {
    Bytes changed = good;
    changed[kBlock + bit / 8] ^= uint8_t{1} << (bit % 8);
    SetContent(changed);
    EXPECT_FALSE(File().Get(kFirstEpoch, Storage()).ok()) << bit;
    EXPECT_TRUE(*File().Holds(kFirstEpoch) || bit / 8 < 34) << bit;
  }
}

TEST_F(EpochFileTest, GivesNothingOfAFileThatWasCutOff) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  const Bytes good = Content();
  for (size_t size = 0; size < kBlock + kUsed; size += 13) {
    SetContent(ByteView(good).first(size));
    EXPECT_THAT(StatusOf(File().Get(kFirstEpoch, Storage())),
                ErrorIs(Code::kNotFound, "epoch.passed"))
        << size;
  }
}

TEST_F(EpochFileTest, IsOfOneVaultAndOneStorageKey) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  VaultId other;
  other.bytes.fill(2);
  EXPECT_THAT(StatusOf(EpochFile(directory_ / "epoch", other).Get(kFirstEpoch, Storage())),
              ErrorIs(Code::kNotFound, "epoch.passed"));
  EXPECT_THAT(StatusOf(File().Get(kFirstEpoch, Storage(2))), ErrorIs(Code::kKey, "key.retired"));
  const crypto::StorageKey another = *crypto::StorageKey::Generate(random());
  EXPECT_THAT(StatusOf(File().Get(kFirstEpoch, {1, another})),
              ErrorIs(Code::kNotFound, "epoch.passed"));
}

// An epoch put where another belongs, as a file put back from a backup would have it.
TEST_F(EpochFileTest, TakesNoEpochForAnother) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  Bytes swapped = Content();
  std::rotate(swapped.begin(), swapped.begin() + kBlock, swapped.end());
  SetContent(swapped);
  EXPECT_THAT(StatusOf(File().Get(1, Storage())), ErrorIs(Code::kNotFound, "epoch.passed"));
  EXPECT_THAT(StatusOf(File().Get(2, Storage())), ErrorIs(Code::kNotFound, "epoch.passed"));
  swapped[33] = 2;  // the number in the block, which the key is bound to
  SetContent(swapped);
  EXPECT_FALSE(File().Get(2, Storage()).ok());
}

TEST_F(EpochFileTest, SaysWhatIsWrongWithTheFile) {
  EXPECT_THAT(StatusOf(File().Get(1, Storage())), ErrorIs(Code::kFailed, "epoch.io"));
  EXPECT_THAT(StatusOf(Prepare(2)), ErrorIs(Code::kFailed, "epoch.io"));
  EXPECT_THAT(File().Wipe(1), ErrorIs(Code::kFailed, "epoch.io"));
  ASSERT_EQ(symlink("/dev/null", (directory_ / "epoch").c_str()), 0);
  EXPECT_THAT(StatusOf(File().Get(1, Storage())), ErrorIs(Code::kFailed, "epoch.io"));
}

// While the storage key is replaced the next epoch is for both.
TEST_F(EpochFileTest, GivesTheSameKeyToEachOfTwoStorageKeys) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  const crypto::StorageKey next = *crypto::StorageKey::Generate(random());
  const StorageKeyRef both[] = {Storage(), {2, next}};
  const auto made = File().Prepare(2, both, random());
  ASSERT_THAT(StatusOf(made), IsOk());
  for (const StorageKeyRef& each : both) EXPECT_EQ(Revealed(*File().Get(2, each)), Revealed(*made));
  EXPECT_THAT(StatusOf(File().Get(1, both[1])), ErrorIs(Code::kKey, "key.retired"));
}

// A transaction that was given up may have left the block, for a key that nobody has.
TEST_F(EpochFileTest, LeavesAKeyThatWasPreparedForOthersToThoseItIsForNowAlone) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  const crypto::StorageKey lost = *crypto::StorageKey::Generate(random());
  const StorageKeyRef then[] = {Storage(), {2, lost}};
  const auto once = File().Prepare(2, then, random());
  ASSERT_THAT(StatusOf(once), IsOk());
  const crypto::StorageKey next = *crypto::StorageKey::Generate(random());
  const StorageKeyRef both[] = {Storage(), {2, next}};
  const auto again = File().Prepare(2, both, random());
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_EQ(Revealed(*again), Revealed(*once));
  EXPECT_EQ(Revealed(*File().Get(2, both[1])), Revealed(*once));
  EXPECT_FALSE(File().Get(2, then[1]).ok());
  ASSERT_THAT(StatusOf(Prepare(2)), IsOk());
  EXPECT_EQ(Revealed(*File().Get(2, Storage())), Revealed(*once));
  EXPECT_THAT(StatusOf(File().Get(2, both[1])), ErrorIs(Code::kKey, "key.retired"));
}

// The block holds a key for a version that is not asked for: nobody can know which.
TEST_F(EpochFileTest, MakesAnotherKeyWhereNoneOfThoseItIsForOpensTheOneThatIsThere) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  const auto once = Prepare(2);
  const crypto::StorageKey next = *crypto::StorageKey::Generate(random());
  const StorageKeyRef only[] = {{2, next}};
  const auto again = File().Prepare(2, only, random());
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_NE(Revealed(*once), Revealed(*again));
  EXPECT_EQ(Revealed(*File().Get(2, only[0])), Revealed(*again));
  EXPECT_THAT(StatusOf(File().Get(2, Storage())), ErrorIs(Code::kKey, "key.retired"));
}

// An epoch that is taken for passed would be made anew, and with it all under it lost.
TEST_F(EpochFileTest, IsNotPassedWhenMemoryRunsOut) {
  ASSERT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
  ASSERT_THAT(StatusOf(Prepare(2)), IsOk());
  const Bytes before = Content();
  arena::SetRefusal([](size_t) { return true; });
  const Status got = StatusOf(File().Get(2, Storage()));
  const Status prepared = StatusOf(Prepare(2));
  const Status looked = StatusOf(File().Look(2, Storage()));
  arena::SetRefusal(nullptr);
  const auto full = ErrorIs(Code::kFull, "secret.arena-full");
  EXPECT_THAT(got, full);
  EXPECT_THAT(prepared, full);
  EXPECT_THAT(looked, full);
  EXPECT_EQ(Content(), before);
}

class EpochFileLook : public EpochFileTest {
 protected:
  using State = EpochFile::Content::State;

  EpochFileLook() {
    EXPECT_THAT(StatusOf(File().Create(Storage(), random())), IsOk());
    good_ = Content();
  }
  // What is where the first epoch belongs, after `change`.
  template <typename Change>
  EpochFile::Content After(const Change& change) {
    Bytes bytes = good_;
    change(bytes.data() + kBlock);
    SetContent(bytes);
    const auto found = File().Look(kFirstEpoch, Storage());
    EXPECT_THAT(StatusOf(found), IsOk());
    return found.ok() ? *found : EpochFile::Content{};
  }
  template <typename Change>
  void ExpectDamaged(uint64_t epoch, const Change& change) {
    const EpochFile::Content found = After(change);
    EXPECT_EQ(found.state, State::kDamaged);
    EXPECT_EQ(found.epoch, epoch);
  }

  Bytes good_;
};

TEST_F(EpochFileLook, TellsAKeyThatOpensFromOneForOthersAndFromNone) {
  const auto as_it_is = After([](uint8_t*) {});
  EXPECT_EQ(as_it_is.state, State::kOpens);
  EXPECT_EQ(as_it_is.epoch, kFirstEpoch);
  const auto other = File().Look(kFirstEpoch, Storage(2));
  ASSERT_THAT(StatusOf(other), IsOk());
  EXPECT_EQ(other->state, State::kClosed);
  EXPECT_EQ(other->epoch, kFirstEpoch);
  const auto empty = File().Look(2, Storage());
  ASSERT_THAT(StatusOf(empty), IsOk());
  EXPECT_EQ(empty->state, State::kEmpty);
}

TEST_F(EpochFileLook, FindsWhatCannotBe) {
  ExpectDamaged(0, [](uint8_t* block) { block[0] ^= 1; });
  ExpectDamaged(0, [](uint8_t* block) { block[9] ^= 1; });   // the format
  ExpectDamaged(0, [](uint8_t* block) { block[10] ^= 1; });  // the vault
  ExpectDamaged(0, [](uint8_t* block) { block[33] = 2; });   // an epoch that belongs elsewhere
  ExpectDamaged(3, [](uint8_t* block) { block[33] = 3; });   // bound to the key
  ExpectDamaged(1, [](uint8_t* block) { block[34] = 0; });   // how many keys
  ExpectDamaged(1, [](uint8_t* block) { block[34] = 2; });
  ExpectDamaged(1, [](uint8_t* block) { block[34] = 255; });   // more than fit
  ExpectDamaged(1, [](uint8_t* block) { block[kUsed] = 1; });  // after the keys
  ExpectDamaged(1, [](uint8_t* block) { block[kBlock - 1] = 1; });
  ExpectDamaged(1, [](uint8_t* block) { block[kUsed - 1] ^= 1; });  // the sealed key
}

}  // namespace
}  // namespace bailee::keys
