// SPDX-License-Identifier: Apache-2.0
#include "bailee/disclose.h"

#include <thread>

#include "bailee/ledger.h"
#include "stories.h"
#include "support/event_recorder.h"
#include "vault/disclose/disclosure_row.h"

// What leaves is accounted for before it does.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

// The recipient "acquirer" with a key of its own.
std::string WithKey(std::string_view hex) {
  std::string text = PolicyText("livelook_2013");
  const std::string_view role = "role: ON_OUR_BEHALF";
  text.insert(text.find(role), "public_key: \"" + std::string(hex) + "\"  ");
  return text;
}

DiscloseRequest ToAcquirer(std::vector<RecordId> records) {
  return {.who = Who::Ref(kUser),
          .category = "payment_card",
          .records = std::move(records),
          .fields = {"pan", "expiry"},
          .recipient = "acquirer",
          .ground = "ON_OUR_BEHALF"};
}

Result<Disclosure> Give(Vault& vault, const DiscloseRequest& request,
                        std::string_view purpose = "billing") {
  Result<Session> session = vault.As(purpose);
  if (!session.ok()) return session.status();
  return session->Disclose(request);
}

Result<std::vector<DisclosureInfo>> AccountOf(Vault& vault, Who who = Who::Ref(kUser)) {
  Result<Session> session = vault.As("rights");
  if (!session.ok()) return session.status();
  return session->Disclosures(who);
}

size_t Rows(const TempVault& temp) {
  return RawRows(temp.path()).Count(store::Table::kDisclosures);
}

class DiscloseTest : public ::testing::Test {
 protected:
  TempVault temp{PolicyText("livelook_2013")};
};

TEST_F(DiscloseTest, SeveralRecordsLeaveTogetherAndAreOneRow) {
  Vault vault = temp.Open({"billing", "rights"});
  ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
  ASSERT_TRUE(StoreCard(vault, IdOf(2), kOtherCardNumber).ok());
  DiscloseRequest request = ToAcquirer({IdOf(2), IdOf(1)});
  request.until = Timestamp{kJune2013.unix_ms + kMillisPerDay};
  const auto given = Give(vault, request);
  ASSERT_THAT(StatusOf(given), IsOk());
  EXPECT_EQ(TextOf(given->records[0].At("pan")), kOtherCardNumber);
  EXPECT_EQ(TextOf(given->records[1].At("pan")), kCardNumber);
  EXPECT_TRUE(given->parcel.empty());

  const auto list = AccountOf(vault);
  ASSERT_EQ(list->size(), 1U);
  const DisclosureInfo& row = list->front();
  EXPECT_EQ(row.records, (std::vector<RecordId>{IdOf(2), IdOf(1)}));
  EXPECT_EQ(row.fields, (std::vector<std::string>{"pan", "expiry"}));
  EXPECT_EQ(row.ground, "ON_OUR_BEHALF");
  EXPECT_EQ(row.purpose, "billing");
  EXPECT_EQ(row.decision, given->decision.ToText());
  EXPECT_EQ(row.until, request.until);
  EXPECT_FALSE(row.sealed);
}

TEST_F(DiscloseTest, OneRecordThatMayNotLeaveKeepsAllOfThem) {
  Vault vault = temp.Open({"billing", "rights"});
  ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
  EXPECT_THAT(StatusOf(Give(vault, ToAcquirer({IdOf(1), IdOf(9)}))),
              ErrorIs(Code::kNotFound, "vault.not-found"));
  EXPECT_TRUE(AccountOf(vault)->empty());
}

TEST_F(DiscloseTest, WhatCannotBeRecordedDoesNotLeave) {
  auto events = std::make_shared<EventRecorder>();
  {
    Vault vault = temp.Open({"billing"}, {.events = events});
    ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
    events->Fail(true);
    EXPECT_THAT(StatusOf(Give(vault, ToAcquirer({IdOf(1)}))),
                ErrorIs(Code::kAuditDown, "audit.down"));
    events->Fail(false);
  }
  EXPECT_EQ(Rows(temp), 0U);
}

TEST_F(DiscloseTest, TheAccountingIsForRightsAlone) {
  Vault vault = temp.Open({"billing", "rights"});
  ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
  ASSERT_TRUE(Give(vault, ToAcquirer({IdOf(1)})).ok());
  const Status refused = vault.As("billing")->Disclosures(Who::Ref(kUser)).status();
  EXPECT_EQ(refused.code(), Code::kRefused);
  EXPECT_EQ(vault.As("billing")->EndedShares([](const auto&) { return true; }).code(),
            Code::kRefused);
  EXPECT_EQ(AccountOf(vault, Who::Ref("nobody")).status().code(), Code::kNotFound);
  EXPECT_EQ(Give(vault, ToAcquirer({IdOf(1)}), "rights").status().code(), Code::kRefused)
      << "and rights gives nothing away";
}

TEST_F(DiscloseTest, BadRequestsAreRefusedBeforeAnythingIsLookedUp) {
  Vault vault = temp.Open({"billing"});
  ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
  DiscloseRequest request = ToAcquirer({IdOf(1)});
  request.fields.clear();
  EXPECT_EQ(Give(vault, request).status().code(), Code::kUsage);
  request = ToAcquirer({IdOf(1)});
  request.until = Timestamp{kJune2013.unix_ms - 1};
  EXPECT_THAT(StatusOf(Give(vault, request)), ErrorIs(Code::kInvalidValue, "disclose.until-past"));
  request = ToAcquirer(std::vector<RecordId>(kDisclosedRecordsMax + 1, IdOf(1)));
  EXPECT_THAT(StatusOf(Give(vault, request)), ErrorIs(Code::kInvalidValue, "disclose.too-many"));
  for (const std::string_view bad : {"", "nobody", "acquirer ", "ACQUIRER"}) {
    request = ToAcquirer({IdOf(1)});
    request.recipient = bad;
    const Status status = Give(vault, request).status();
    ASSERT_NE(status.refusal(), nullptr);
    EXPECT_EQ(status.refusal()->reasons.front(), Reason::kUnknownRecipient);
  }
  for (const std::string_view bad : {"", "law", "LAW ", "NONE", "BECAUSE"}) {
    request = ToAcquirer({IdOf(1)});
    request.ground = bad;
    const Status status = Give(vault, request).status();
    ASSERT_NE(status.refusal(), nullptr);
    EXPECT_EQ(status.refusal()->reasons.front(), Reason::kGroundNotMet);
    EXPECT_EQ(status.refusal()->offer, "name the ground ON_OUR_BEHALF");
  }
}

TEST_F(DiscloseTest, WhatTheCallerSaidInTheWrongPlaceIsNotKept) {
  Vault vault = temp.Open({"billing", "rights"});
  ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
  DiscloseRequest request = ToAcquirer({IdOf(1)});
  request.case_reference = "for ada@example.org";
  ASSERT_TRUE(Give(vault, request).ok());
  EXPECT_EQ(AccountOf(vault)->front().case_reference, "");
}

TEST_F(DiscloseTest, SharesThatEndedAreNamed) {
  Vault vault = temp.Open({"billing", "rights"});
  for (uint8_t day = 1; day <= 3; ++day) {
    ASSERT_TRUE(StoreCard(vault, IdOf(day)).ok());
    DiscloseRequest request = ToAcquirer({IdOf(day)});
    if (day < 3) request.until = Timestamp{kJune2013.unix_ms + day * kMillisPerDay};
    ASSERT_TRUE(Give(vault, request).ok());
  }
  std::vector<uint64_t> ended;
  Result<Session> rights = vault.As("rights");
  const auto look = [&] {
    ended.clear();
    return rights->EndedShares([&](const DisclosureInfo& info) {
      ended.push_back(info.sequence);
      return true;
    });
  };
  ASSERT_THAT(look(), IsOk());
  EXPECT_TRUE(ended.empty());
  temp.clock().AdvanceDays(1);
  ASSERT_THAT(look(), IsOk());
  EXPECT_EQ(ended, std::vector<uint64_t>{1}) << "on the day itself";
  temp.clock().AdvanceDays(100);
  ASSERT_THAT(look(), IsOk());
  EXPECT_EQ(ended, (std::vector<uint64_t>{1, 2}));
}

TEST_F(DiscloseTest, AWithdrawalThatCommitsFirstCounts) {
  auto open = std::make_unique<Vault>(temp.Open({"share.partner", "service"}));
  Vault& vault = *open;
  ASSERT_TRUE(
      vault
          .Collect(
              {.who = Who::Ref(kUser), .notice = "signup-1", .source = "web", .on_behalf_of = {}})
          .Put("account", {{"email", MakeSecret("ada@example.org")}})
          .Commit()
          .ok());
  ASSERT_TRUE(
      vault
          .Record(Who::Ref(kUser),
                  {.kind = LedgerKind::kGiven, .purpose = "share.partner", .notice = "share-1"})
          .ok());
  // Whatever the order: a disclosure has its row before the withdrawal, or there is none.
  std::thread withdraw([&] {
    EXPECT_TRUE(
        vault.Record(Who::Ref(kUser), {.kind = LedgerKind::kWithdrawn, .purpose = "share.partner"})
            .ok());
  });
  const DiscloseRequest request{.who = Who::Ref(kUser),
                                .category = "account",
                                .fields = {"email"},
                                .recipient = "partner",
                                .ground = "CONSENT"};
  size_t given = 0;
  for (int i = 0; i < 20; ++i) given += Give(vault, request, "share.partner").ok() ? 1 : 0;
  withdraw.join();
  EXPECT_EQ(Give(vault, request, "share.partner").status().code(), Code::kNotFound);
  open.reset();
  EXPECT_EQ(Rows(temp), given);
}

TEST_F(DiscloseTest, AMissingRowIsFound) {
  {
    Vault vault = temp.Open({"billing"});
    ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(Give(vault, ToAcquirer({IdOf(1)})).ok());
  }
  const auto put = [&](bool gap) {
    const RawRows raw(temp.path());
    const auto rows = raw.All(store::Table::kDisclosures);
    if (gap) {
      raw.Delete(store::Table::kDisclosures, rows[1].first);
    } else {  // the third in the place of the second
      raw.Put(store::Table::kDisclosures, rows[1].first, rows[2].second);
    }
  };
  put(false);
  {
    Vault vault = temp.Open({"rights"});
    EXPECT_THAT(StatusOf(AccountOf(vault)), ErrorIs(Code::kDamage, "disclosure.damaged"));
  }
  put(true);
  Vault vault = temp.Open({"rights"});
  EXPECT_THAT(StatusOf(AccountOf(vault)), ErrorIs(Code::kDamage, "disclosure.missing"));
}

TEST(DisclosureRow, IsRefusedIfAnythingOfItIsChanged) {
  crypto::Random& random = crypto::SystemRandom();
  const crypto::HistoryKey key = *crypto::HistoryKey::Generate(random);
  const VaultId vault{{1}};
  const Handle handle{{2}};
  DisclosureInfo info{.handle = handle, .sequence = 7, .recipient = "r", .ground = "LAW"};
  info.fields = {"pan"};
  info.records = {IdOf(1)};
  const Bytes row = *vault::SealDisclosure(vault, info, {}, key, random);
  EXPECT_EQ(vault::OpenDisclosure(vault, handle, 7, key, row)->recipient, "r");
  EXPECT_FALSE(vault::OpenDisclosure(vault, handle, 8, key, row).ok());
  EXPECT_FALSE(vault::OpenDisclosure(vault, Handle{{3}}, 7, key, row).ok());
  for (size_t i = 0; i < row.size(); ++i) {
    EXPECT_FALSE(vault::OpenDisclosure(vault, handle, 7, key, ByteView(row).first(i)).ok());
    Bytes flipped = row;
    flipped[i] ^= 1;
    EXPECT_EQ(vault::OpenDisclosure(vault, handle, 7, key, flipped).status().code(), Code::kDamage);
  }
  Bytes longer = row;
  longer.push_back(0);
  EXPECT_FALSE(vault::OpenDisclosure(vault, handle, 7, key, longer).ok());
}

TEST(Parcels, TakeTheValuesAndLeaveNoneToTheCaller) {
  // The key of RFC 7748 §6.1, Alice's.
  TempVault temp(WithKey("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
  Vault vault = temp.Open({"billing", "rights"});
  ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
  const auto given = Give(vault, ToAcquirer({IdOf(1)}));
  ASSERT_THAT(StatusOf(given), IsOk());
  EXPECT_TRUE(given->records.empty());
  ASSERT_GT(given->parcel.size(), 100U);
  const std::string_view text = AsText(given->parcel);
  EXPECT_TRUE(text.starts_with("BAILEEPC"));
  EXPECT_EQ(text.find(kCardNumber), std::string_view::npos);
  EXPECT_TRUE(AccountOf(vault)->front().sealed);
}

TEST(Parcels, AreNotSealedToAKeyThatEverybodyCanOpen) {
  TempVault temp(WithKey(std::string(64, '0')));
  {
    Vault vault = temp.Open({"billing"});
    ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
    EXPECT_THAT(StatusOf(Give(vault, ToAcquirer({IdOf(1)}))),
                ErrorIs(Code::kKey, "disclose.recipient-key"));
  }
  EXPECT_EQ(Rows(temp), 0U) << "and nothing is accounted for that did not leave";
}

}  // namespace
}  // namespace bailee
