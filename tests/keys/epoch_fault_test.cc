// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>

#include "crypto/init.h"
#include "keys/epoch_file.h"
#include "support/error_is.h"
#include "support/fail_nth.h"
#include "support/revealed.h"
#include "support/temporary_directory.h"

// Every call below the file of epochs, failing in turn.
namespace bailee::keys {
namespace {

using testing::ErrorIs;
using testing::FailNth;
using testing::IoFaults;
using testing::IsOk;
using testing::Revealed;
using testing::StatusOf;
using Operation = IoFaults::Operation;

const auto kIo = ErrorIs(Code::kFailed, "epoch.io");
const auto kDiskFull = ErrorIs(Code::kFull, "epoch.disk-full");

class EpochFaults : public ::testing::Test {
 protected:
  EpochFaults() {
    EXPECT_THAT(crypto::Init(), IsOk());
    storage_ = *crypto::StorageKey::Generate(crypto::SystemRandom());
    EXPECT_THAT(StatusOf(file_.Create(Storage(), crypto::SystemRandom())), IsOk());
  }
  StorageKeyRef Storage() const { return {1, storage_}; }
  Result<crypto::EpochKey> Prepare(uint64_t epoch) const {
    const StorageKeyRef keys[] = {Storage()};
    return file_.Prepare(epoch, keys, crypto::SystemRandom());
  }
  Status With(IoFaults::Judge judge, const std::function<Status()>& run) const {
    const IoFaults faults(IoFaults::Below{.directory = directory_.path()}, std::move(judge));
    return run();
  }

  testing::TemporaryDirectory directory_;
  VaultId vault_{{1}};
  crypto::StorageKey storage_;
  const EpochFile file_{directory_ / "epoch", vault_};
};

// What cannot be read is neither passed nor wiped.
TEST_F(EpochFaults, OfReadingAreNoneOfItsAnswers) {
  const std::function<Status()> readers[] = {
      [&] { return StatusOf(file_.Get(1, Storage())); }, [&] { return StatusOf(Prepare(2)); },
      [&] { return StatusOf(file_.Holds(1)); }, [&] { return StatusOf(file_.Look(1, Storage())); },
      [&] { return file_.Wipe(1); }};
  for (const auto& read : readers) {
    EXPECT_THAT(With(FailNth(Operation::kOpen, EACCES), read), kIo);
    EXPECT_THAT(With(FailNth(Operation::kRead, EIO), read), kIo);
  }
  EXPECT_THAT(StatusOf(file_.Get(1, Storage())), IsOk());
}

TEST_F(EpochFaults, OfWritingTheNextSayWhenTheDiskIsFull) {
  const auto prepare = [&] { return StatusOf(Prepare(2)); };
  EXPECT_THAT(With(FailNth(Operation::kMeta, EIO), prepare), kIo);
  EXPECT_THAT(With(FailNth(Operation::kMeta, ENOSPC), prepare), kDiskFull);
  EXPECT_THAT(With(FailNth(Operation::kMeta, EDQUOT), prepare), kDiskFull);
  EXPECT_THAT(With(FailNth(Operation::kSync, ENOSPC), prepare), kDiskFull);
  EXPECT_THAT(With(FailNth(Operation::kSync, EIO), prepare), kIo);
  const auto half = [](Operation, size_t) { return IoFaults::Verdict{.cut_short = true}; };
  EXPECT_THAT(With(half, prepare), kDiskFull) << "a disk takes a part of a block when it is full";
  // A part of a block is no epoch, and the first is as it was.
  const auto second = Prepare(2);
  ASSERT_THAT(StatusOf(second), IsOk());
  EXPECT_EQ(Revealed(*file_.Get(2, Storage())), Revealed(*second));
  EXPECT_THAT(StatusOf(file_.Get(1, Storage())), IsOk());
}

TEST_F(EpochFaults, OfWipingLeaveItToBeWiped) {
  ASSERT_THAT(StatusOf(Prepare(2)), IsOk());
  const auto wipe = [&] { return file_.Wipe(1); };
  EXPECT_THAT(With(FailNth(Operation::kOpen, EROFS), wipe), kIo);
  EXPECT_THAT(With(FailNth(Operation::kMeta, EIO), wipe), kIo);
  EXPECT_TRUE(*file_.Holds(1));
  EXPECT_THAT(With(FailNth(Operation::kSync, EIO), wipe), kIo);
  EXPECT_THAT(wipe(), IsOk());
  EXPECT_FALSE(*file_.Holds(1));
  EXPECT_THAT(StatusOf(file_.Get(2, Storage())), IsOk());
}

// After a sync that failed the key may be on the disk, and zeros be read all the same.
TEST_F(EpochFaults, OfSyncingAWipeAreForgottenByNobody) {
  const std::vector<Operation> written = {Operation::kOpen, Operation::kRead, Operation::kMeta,
                                          Operation::kSync};
  const auto none = [](Operation, size_t) { return IoFaults::Verdict{}; };
  const auto wipe = [&] { return file_.Wipe(1); };
  ASSERT_THAT(StatusOf(Prepare(2)), IsOk());
  for (int times = 0; times < 3; ++times) {
    EXPECT_THAT(With(FailNth(Operation::kSync, EIO), wipe), kIo);
  }
  EXPECT_THAT(With(none, wipe), IsOk());
  EXPECT_EQ(IoFaults::seen(), written) << "written again, and synced";
  // Nor when a later epoch has its place by then.
  EXPECT_THAT(With(FailNth(Operation::kSync, EIO), [&] { return StatusOf(Prepare(3)); }), kIo);
  EXPECT_THAT(With(FailNth(Operation::kSync, EIO), wipe), kIo);
  EXPECT_THAT(With(none, wipe), IsOk());
  EXPECT_EQ(IoFaults::seen(), written);
  EXPECT_THAT(StatusOf(file_.Get(3, Storage())), IsOk());
}

}  // namespace
}  // namespace bailee::keys
