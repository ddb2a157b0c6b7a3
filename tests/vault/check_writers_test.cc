// SPDX-License-Identifier: Apache-2.0
#include "support/campaign.h"
#include "support/child_process.h"
#include "vault/check_world.h"

// Checks while other processes write, each in its own way: nothing may look damaged for that. How
// much they write in a round is bounded: a check looks at all there is, so that each would
// otherwise take longer than the one before.
namespace bailee {
namespace {

using testing::Channel;
using testing::ChildProcess;
using testing::IsOk;

constexpr uint64_t kStepsPerRound = 40;
constexpr useconds_t kPaceMicros = 1'000;

constexpr const char* kComesAndGoes = "user-comes-and-goes";

class CheckAmongWriters : public CheckTest {
 protected:
  // Before each step: a while, and now and then until another round begins.
  static void Wait(const Channel& channel, uint64_t step) {
    if (step % kStepsPerRound == 0) (void)channel.Receive();
    usleep(kPaceMicros);
  }
  // Stores and overwrites, under different people.
  int Collect(const Channel& channel) {
    Vault vault = Open({"billing"});
    channel.Send('o');
    for (uint64_t step = 0;; ++step) {
      Wait(channel, step);
      const std::string name = "user-" + std::to_string(step % 7);
      const auto pan = step % 2 == 0 ? kCardNumber : kOtherCardNumber;
      if (!StoreCard(vault, IdOf(static_cast<uint8_t>(step % 3 + 1)), pan, Who::Ref(name)).ok())
        return 1;
      if (!ReadCard(vault, "billing", IdOf(static_cast<uint8_t>(step % 3 + 1)), "pan",
                    Who::Ref(name))
               .ok())
        return 2;
    }
  }
  // Says yes and no, so that generations and keys change.
  int ChangeMinds(const Channel& channel) {
    Vault vault = Open({"upkeep", "service"});
    channel.Send('o');
    for (uint64_t step = 0;; ++step) {
      Wait(channel, step);
      const LedgerEvent yes{
          .kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"};
      const LedgerEvent no{.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"};
      if (!vault.Record(kCheckedAda, step % 2 == 0 ? yes : no).ok()) return 1;
      if (step % 5 == 4 && !vault.Upkeep({.shred = {.wait = std::chrono::milliseconds(0)}}).ok())
        return 2;
    }
  }
  // Somebody comes and is erased, and epochs step.
  int Erase(const Channel& channel) {
    Vault vault = Open({"rights", "billing"});
    channel.Send('o');
    for (uint64_t step = 0;; ++step) {
      Wait(channel, step);
      if (!StoreCard(vault, IdOf(1), kCardNumber, Who::Ref(kComesAndGoes)).ok()) return 1;
      if (!DiscloseCard(vault, IdOf(1), Who::Ref(kComesAndGoes)).ok()) return 2;
      if (!vault.Erase(Who::Ref(kComesAndGoes), {.shred = {.wait = std::chrono::milliseconds(0)}})
               .ok())
        return 3;
    }
  }
};

TEST_F(CheckAmongWriters, NothingIsFoundThatIsNotThere) {
  const size_t rounds = testing::CountFrom("BAILEE_ROUNDS", 12);
  size_t rows = 0;
  const Keyring auditor = sound_->Origin("auditor");
  {
    ChildProcess collector([&](const Channel& channel) { return Collect(channel); });
    ChildProcess minds([&](const Channel& channel) { return ChangeMinds(channel); });
    ChildProcess eraser([&](const Channel& channel) { return Erase(channel); });
    for (ChildProcess* each : {&collector, &minds, &eraser})
      ASSERT_EQ(each->channel().Receive(), 'o') << "its exit code: " << each->Join();
    uint64_t transactions = 0;
    for (size_t round = 0; round < rounds; ++round) {
      for (const ChildProcess* each : {&collector, &minds, &eraser}) each->channel().Send('w');
      // Waits between looks, so that much is written during one check.
      const Checked checked = Run({.slices = 2,
                                   .auditor = &auditor,
                                   .told_max = round % 2 == 0 ? 500'000u : 6u,
                                   .progress = [](uint64_t, uint64_t) {
                                     usleep(3'000);
                                     return true;
                                   }});
      if (checked.status().code() == Code::kBusy) continue;
      ASSERT_THAT(checked.status(), IsOk()) << ::testing::PrintToString(checked);
      for (const CheckedTable& table : checked.report->tables) rows += table.rows;
      transactions = checked.Table("audit_leaf").rows;
    }
    EXPECT_GT(transactions, 500u) << "they did write";
  }
  testing::Tell(rows, "inputs");
  EXPECT_GT(rows, 1'000u * rounds);
}

}  // namespace
}  // namespace bailee
