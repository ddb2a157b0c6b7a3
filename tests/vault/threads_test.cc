// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "support/child_process.h"
#include "vault/stories.h"

// One vault used by many at once: threads of a process, processes of a host, children of a fork.
namespace bailee {
namespace {

using testing::Channel;
using testing::ChildProcess;
using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

class Together : public ::testing::Test {
 protected:
  TempVault vault_{PolicyText("livelook_2013")};
};

TEST_F(Together, ThreadsSeeWhatTheyWroteAndNothingElse) {
  constexpr size_t kThreads = 4;
  constexpr uint8_t kCards = 120;
  Vault vault = vault_.Open({"billing", "support"});
  std::atomic<size_t> wrong = 0;
  const auto work = [&](size_t thread) {
    const std::string who = "user-" + std::to_string(thread);
    const std::string_view pan = thread % 2 == 0 ? kCardNumber : kOtherCardNumber;
    for (uint8_t i = 1; i <= kCards; ++i) {
      if (!StoreCard(vault, IdOf(i), pan, Who::Ref(who)).ok()) ++wrong;
      const auto read = ReadCard(vault, "billing", IdOf(i), "pan", Who::Ref(who));
      if (!read.ok() || *read != pan) ++wrong;
      const auto digits = ReadCard(vault, "support", IdOf(i), "pan.last4", Who::Ref(who));
      if (!digits.ok() || *digits != pan.substr(12)) ++wrong;
      if (ReadCard(vault, "support", IdOf(i), "pan", Who::Ref(who)).ok()) ++wrong;
      // Another thread's newest: there or not yet, but never this thread's number.
      const std::string other = "user-" + std::to_string((thread + 1) % kThreads);
      const auto theirs = ReadCard(vault, "billing", IdOf(i), "pan", Who::Ref(other));
      if (theirs.ok() ? *theirs == pan : theirs.status().code() != Code::kNotFound) ++wrong;
      if (i % 20 != 0) continue;
      const auto found = FindCard(vault, pan);
      if (!found.ok() || found->size() < i) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(vault.Info()->records, kThreads * kCards);
  EXPECT_EQ(vault.Info()->subjects, kThreads);
  EXPECT_EQ(FindCard(vault, kCardNumber)->size(), size_t{2} * kCards);
}

// All at once for one person nobody knows yet: there must be one subject in the end.
TEST_F(Together, ThreadsMakeOneSubjectForOneRef) {
  Vault vault = vault_.Open({"billing"});
  std::atomic<size_t> wrong = 0;
  std::vector<std::thread> threads;
  for (uint8_t thread = 1; thread <= 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint8_t i = 0; i < 20; ++i) {
        if (!StoreCard(vault, IdOf(static_cast<uint8_t>(thread * 40 + i))).ok()) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(vault.Info()->subjects, 1u);
  EXPECT_EQ(FindCard(vault)->size(), 80u);
}

// A collector here, billing there: each sees what it may of what the other wrote.
TEST_F(Together, ProcessesWithDifferentKeysShareAVault) {
  ChildProcess child([&](const Channel& parent) {
    Vault billing = vault_.Open({"billing"});
    parent.Send('o');
    if (parent.Receive() != 'r') return 1;
    const auto read = ReadCard(billing, "billing", IdOf(1), "pan");
    if (!read.ok() || *read != kCardNumber) return 2;
    const auto found = FindCard(billing);
    if (!found.ok() || found->size() != 1) return 3;
    if (!StoreCard(billing, IdOf(2), kOtherCardNumber).ok()) return 4;
    parent.Send('w');
    if (parent.Receive() != 'r') return 5;
    const auto again = ReadCard(billing, "billing", IdOf(1), "pan");
    return again.ok() && *again == "378282246310005" ? 0 : 6;
  });
  ASSERT_EQ(child.channel().Receive(), 'o');
  Vault support = vault_.Open({"support"});
  ASSERT_THAT(StatusOf(StoreCard(support, IdOf(1))), IsOk());
  child.channel().Send('r');
  ASSERT_EQ(child.channel().Receive(), 'w');
  const auto digits = ReadCard(support, "support", IdOf(2), "pan.last4");
  ASSERT_THAT(StatusOf(digits), IsOk());
  EXPECT_EQ(*digits, "4444");
  EXPECT_EQ(ReadCard(support, "support", IdOf(2), "pan").status().code(), Code::kRefused);
  EXPECT_EQ(support.As("billing").status().code(), Code::kRefused);
  ASSERT_THAT(StatusOf(StoreCard(support, IdOf(1), "378282246310005")), IsOk());
  child.channel().Send('r');
  EXPECT_EQ(child.Join(), 0);
}

// The holder folds in one process while the other has keys of those generations in its cache.
TEST_F(Together, FoldingInOneProcessIsSeenByAnother) {
  ChildProcess child([&](const Channel& parent) {
    Vault billing = vault_.Open({"billing"});
    parent.Send('o');
    if (parent.Receive() != 'f') return 1;
    if (!StoreCard(billing, IdOf(90)).ok()) return 2;
    parent.Send('d');
    return parent.Receive() == 'e' ? 0 : 3;
  });
  ASSERT_EQ(child.channel().Receive(), 'o');
  Vault support = vault_.Open({"support"});
  ASSERT_THAT(StatusOf(StoreCard(support, IdOf(1))), IsOk());
  ASSERT_EQ(*ReadCard(support, "support", IdOf(1), "pan.last4"), "1111");
  child.channel().Send('f');
  ASSERT_EQ(child.channel().Receive(), 'd');
  EXPECT_EQ(*ReadCard(support, "support", IdOf(1), "pan.last4"), "1111");
  ASSERT_THAT(StatusOf(StoreCard(support, IdOf(2), kOtherCardNumber)), IsOk());
  const auto digits = ReadCard(support, "support", IdOf(2), "pan.last4");
  ASSERT_THAT(StatusOf(digits), IsOk());
  EXPECT_EQ(*digits, "4444");
  EXPECT_EQ(*ReadCard(support, "support", IdOf(90), "pan.last4"), "1111");
  child.channel().Send('e');
  EXPECT_EQ(child.Join(), 0);
}

}  // namespace
}  // namespace bailee
