// SPDX-License-Identifier: Apache-2.0
#include "vault/backup_world.h"

namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;
using ::testing::ElementsAre;

Status Withdraw(Vault& vault, std::string_view ref, std::string_view purpose) {
  return vault
      .Record(Who::Ref(ref), LedgerEvent{.kind = LedgerKind::kObjected, .purpose = purpose})
      .status();
}

TEST(Backup, OfAVaultIsRestoredAsItWas) {
  BackupWorld world;
  {
    Vault vault = world.vault.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(2), kOtherCardNumber, Who::Ref("user-2"))), IsOk());
  }
  const auto data = world.Data("data");
  ASSERT_THAT(StatusOf(data), IsOk());
  const auto keys = world.Keys();
  ASSERT_THAT(StatusOf(keys), IsOk());
  EXPECT_EQ(keys->stream.subjects, 2u);
  EXPECT_EQ(data->stream.rows, data->stream.rows_carried);
  const auto restored = world.Restore({"data", "keys"});
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->subjects, 2u);
  EXPECT_EQ(restored->records, 2u);
  EXPECT_EQ(restored->subjects_lacking, 0u);
  EXPECT_EQ(restored->records_outdated + restored->records_of_erased, 0u);
  auto vault = world.Open({"billing"});
  ASSERT_THAT(StatusOf(vault), IsOk());
  EXPECT_EQ(*ReadCard(*vault, "billing", IdOf(1), "pan"), kCardNumber);
  const auto found = FindCard(*vault, kOtherCardNumber);
  ASSERT_THAT(StatusOf(found), IsOk());
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(*ReadCard(*vault, "billing", IdOf(2), "pan", Who::Ref("user-2")), kOtherCardNumber);
  // And it goes on.
  ASSERT_THAT(StatusOf(StoreCard(*vault, IdOf(3))), IsOk());
  EXPECT_EQ(*ReadCard(*vault, "billing", IdOf(3), "pan"), kCardNumber);
}

}  // namespace
}  // namespace bailee
