// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "store/lmdb_openers.h"
#include "store_test_util.h"
#include "support/fail_nth.h"

// The list of who has a store open, with every call below it failing in turn.
namespace bailee::store {
namespace {

using testing::FailEach;
using testing::FailNth;
using testing::IoFaults;
using Operation = IoFaults::Operation;

const auto kIo = Fails(Code::kFailed, "store.io");
const auto kDiskFull = Fails(Code::kFull, "store.disk-full");

class OpenersFaults : public ::testing::Test {
 protected:
  static constexpr uint64_t kNamespace = 7;

  std::unique_ptr<Openers> Open() const {
    auto openers = Openers::Open(directory_.path(), std::chrono::milliseconds(20));
    EXPECT_THAT(openers.status(), IsOk());
    return *std::move(openers);
  }
  std::unique_ptr<Openers> Joined() const {
    auto openers = Open();
    EXPECT_THAT(openers->Join(kNamespace), IsOk());
    return openers;
  }
  bool FindsSomebodyWhoLeftWithoutClosing() const { return Joined()->unclean(); }
  Status With(IoFaults::Judge judge, const std::function<Status()>& run) const {
    const IoFaults faults(IoFaults::Below{.directory = directory_.path(), .looks = true},
                          std::move(judge));
    return run();
  }
  static IoFaults::Verdict Half(Operation, size_t) { return {.cut_short = true}; }

  testing::TemporaryDirectory directory_;
};

TEST_F(OpenersFaults, OfOpeningTheListAreSaid) {
  const auto open = [&] {
    return Openers::Open(directory_.path(), std::chrono::milliseconds(20)).status();
  };
  EXPECT_THAT(With(FailNth(Operation::kOpen, EACCES), open),
              Fails(Code::kFailed, "store.permission"));
  EXPECT_THAT(With(FailNth(Operation::kOpen, EMFILE), open),
              Fails(Code::kFailed, "store.descriptors"));
}

TEST_F(OpenersFaults, OfTheHeadsLockAreToldFromSomebodyWhoHasIt) {
  const auto openers = Open();
  const auto lock = [&] { return openers->LockHead().status(); };
  for (const int busy : {EAGAIN, EACCES, EINTR}) {
    EXPECT_THAT(With(FailNth(Operation::kControl, busy), lock), IsOk()) << "it is waited for";
    EXPECT_THAT(With(FailEach(Operation::kControl, busy), lock),
                Fails(Code::kBusy, "store.opening"))
        << "and not for ever";
  }
  EXPECT_THAT(With(FailNth(Operation::kControl, EIO), lock), kIo);
  EXPECT_THAT(With(FailNth(Operation::kControl, ENOLCK), lock),
              Fails(Code::kFailed, "store.failed"));
}

// Whoever cannot see the others is not let in beside them.
TEST_F(OpenersFaults, OfJoiningKeepOneOut) {
  const auto other = Joined();
  const auto join = [&] { return Open()->Join(kNamespace); };
  EXPECT_THAT(With(FailNth(Operation::kRead, EIO), join), kIo);
  EXPECT_THAT(With(FailNth(Operation::kControl, EIO), join), kIo) << "whether a slot is taken";
  EXPECT_THAT(With(FailNth(Operation::kControl, EIO, 1), join), kIo) << "taking one";
  EXPECT_THAT(With(FailNth(Operation::kMeta, EIO), join), kIo);
  EXPECT_THAT(With(FailNth(Operation::kMeta, ENOSPC), join), kDiskFull);
  EXPECT_THAT(With(Half, join), kDiskFull);
  EXPECT_THAT(join(), IsOk());
  EXPECT_FALSE(FindsSomebodyWhoLeftWithoutClosing());
}

TEST_F(OpenersFaults, OfSayingAndLookingAreSaid) {
  const auto openers = Joined();
  const auto other = Joined();
  const auto say = [&] { return openers->Say(5); };
  EXPECT_THAT(With(FailNth(Operation::kMeta, EIO), say), kIo);
  EXPECT_THAT(With(Half, say), kDiskFull);
  EXPECT_THAT(say(), IsOk());
  const auto look = [&] { return openers->Live().status(); };
  EXPECT_THAT(With(FailNth(Operation::kRead, EIO), look), kIo);
  EXPECT_THAT(With(FailNth(Operation::kControl, EIO), look), kIo);
  const auto live = *other->Live();
  ASSERT_EQ(live.size(), 2u);
  EXPECT_EQ(live[0].said, 5u);
  EXPECT_FALSE(live[0].self);
  EXPECT_TRUE(live[1].self);
}

TEST_F(OpenersFaults, OfForgettingTheDeadLeaveThemToTheNext) {
  auto first = Joined();
  const auto died = Joined();
  const auto alive = Joined();
  first.reset();
  died->Abandon();
  const auto openers = Joined();  // in the place of the first
  ASSERT_TRUE(openers->unclean());
  const auto forget = [&] {
    openers->ForgetDead();
    return Status();
  };
  (void)With(FailNth(Operation::kRead, EIO), forget);
  (void)With(FailEach(Operation::kControl, EIO), forget);
  (void)With(FailEach(Operation::kMeta, EIO), forget);
  EXPECT_EQ(openers->Live()->size(), 2u);
  const auto next = Joined();  // in the place of the dead
  EXPECT_TRUE(next->unclean());
  EXPECT_FALSE(FindsSomebodyWhoLeftWithoutClosing());
}

TEST_F(OpenersFaults, TheDeadAreForgottenAndTheLivingNot) {
  auto first = Joined();
  const auto died = Joined();
  const auto alive = Joined();
  first.reset();
  died->Abandon();
  const auto openers = Joined();
  openers->ForgetDead();
  EXPECT_EQ(openers->Live()->size(), 2u);
  EXPECT_FALSE(FindsSomebodyWhoLeftWithoutClosing());
  EXPECT_EQ(alive->Live()->size(), 2u);
}

TEST_F(OpenersFaults, ThereIsRoomForSoManyAndNoMore) {
  std::vector<std::unique_ptr<Openers>> all;
  for (size_t i = 0; i < Openers::kSlotsMax; ++i) all.push_back(Joined());
  EXPECT_THAT(Open()->Join(kNamespace), Fails(Code::kBusy, "store.openers-full"));
  all[100].reset();
  const auto late = Joined();
  EXPECT_EQ(late->slot(), 100);
  EXPECT_EQ(late->Live()->size(), Openers::kSlotsMax);
}

}  // namespace
}  // namespace bailee::store
