// SPDX-License-Identifier: Apache-2.0
#include "crypto/init.h"
#include "keys/wraps.h"
#include "record/row.h"
#include "vault/stories.h"

// Rows that are whole and in the wrong place: what somebody does who can write the files and holds
// no key.
namespace bailee {
namespace {

using store::Table;
using testing::IsOk;
using testing::StatusOf;

class Transplants : public ::testing::Test {
 protected:
  void Store(RecordId id, std::string_view pan, std::string_view who = kUser,
             const std::vector<std::string>& purposes = {}) {
    Vault vault = vault_.Open(purposes);
    ASSERT_THAT(StatusOf(StoreCard(vault, id, pan, Who::Ref(who))), IsOk());
  }
  Result<std::string> Read(RecordId id, std::string_view who = kUser) {
    Vault vault = vault_.Open({"billing"});
    return ReadCard(vault, "billing", id, "pan", Who::Ref(who));
  }
  RawRows::Row RecordRow(RecordId id) {
    const RawRows rows(vault_.path());
    for (const RawRows::Row& row : rows.All(Table::kRecords)) {
      if (std::equal(id.bytes.begin(), id.bytes.end(), row.first.end() - 16)) return row;
    }
    std::abort();
  }

  TempVault vault_{PolicyText("livelook_2013")};
};

TEST_F(Transplants, OfARecordRowToAnotherRecordDoNotOpen) {
  Store(IdOf(1), kCardNumber);
  Store(IdOf(2), kOtherCardNumber);
  const RawRows::Row from = RecordRow(IdOf(1));
  const Bytes to = RecordRow(IdOf(2)).first;
  RawRows(vault_.path()).Put(Table::kRecords, to, from.second);
  EXPECT_EQ(Read(IdOf(2)).status().code(), Code::kDamage);
}

// Also under one generation of D, as a holder's records are.
TEST_F(Transplants, OfARecordRowWithinOneGenerationDoNotOpen) {
  Store(IdOf(1), kCardNumber, kUser, {"billing"});
  Store(IdOf(2), kOtherCardNumber, kUser, {"billing"});
  const RawRows::Row from = RecordRow(IdOf(1));
  const Bytes to = RecordRow(IdOf(2)).first;
  RawRows(vault_.path()).Put(Table::kRecords, to, from.second);
  EXPECT_EQ(Read(IdOf(2)).status().code(), Code::kDamage);
}

TEST_F(Transplants, OfARecordRowToAnotherSubjectDoNotOpen) {
  Store(IdOf(1), kCardNumber, "user-1", {"billing"});
  Store(IdOf(2), kOtherCardNumber, "user-2", {"billing"});
  const RawRows::Row from = RecordRow(IdOf(1));
  Bytes key = RecordRow(IdOf(2)).first;
  std::copy(from.first.begin() + 16, from.first.end(), key.begin() + 16);
  RawRows(vault_.path()).Put(Table::kRecords, key, from.second);
  const Result<std::string> read = Read(IdOf(1), "user-2");
  EXPECT_TRUE(read.status().code() == Code::kDamage) << read.status().name();
}

TEST_F(Transplants, OfARecordWithItsWrapsToAnotherSubjectDoNotOpen) {
  Store(IdOf(1), kCardNumber, "user-1", {"billing"});
  Store(IdOf(2), kOtherCardNumber, "user-2", {"billing"});
  const RawRows::Row from = RecordRow(IdOf(1));
  const Bytes to = RecordRow(IdOf(2)).first;
  {
    const RawRows rows(vault_.path());
    for (const RawRows::Row& row : rows.All(Table::kSubjects, ByteView(from.first).first(16))) {
      if (row.first.size() != 43) continue;
      Bytes key = row.first;
      std::copy(to.begin(), to.begin() + 16, key.begin());
      rows.Put(Table::kSubjects, key, row.second);
    }
    Bytes key = to;
    std::copy(from.first.begin() + 16, from.first.end(), key.begin() + 16);
    rows.Put(Table::kRecords, key, from.second);
  }
  EXPECT_EQ(Read(IdOf(1), "user-2").status().code(), Code::kDamage);
  EXPECT_EQ(*Read(IdOf(1), "user-1"), kCardNumber);
}

TEST_F(Transplants, OfASubjectRowToAnotherHandleDoNotOpen) {
  Store(IdOf(1), kCardNumber, "user-1");
  Store(IdOf(2), kOtherCardNumber, "user-2");
  const Bytes one = RecordRow(IdOf(1)).first;
  const Bytes two = RecordRow(IdOf(2)).first;
  {
    const RawRows rows(vault_.path());
    Bytes key(one.begin(), one.begin() + 16);
    key.push_back(0);
    const RawRows::Row row = rows.Only(Table::kSubjects, key);
    std::copy(two.begin(), two.begin() + 16, key.begin());
    rows.Put(Table::kSubjects, key, row.second);
  }
  EXPECT_EQ(Read(IdOf(2), "user-2").status().code(), Code::kDamage);
}

TEST_F(Transplants, OfARefRowToAnotherPersonDoNotLead) {
  Store(IdOf(1), kCardNumber, "user-1");
  Store(IdOf(2), kOtherCardNumber, "user-2");
  {
    const RawRows rows(vault_.path());
    const std::vector<RawRows::Row> refs = rows.All(Table::kLookup, Prefix(0x01));
    ASSERT_EQ(refs.size(), 2u);
    rows.Put(Table::kLookup, refs[0].first, refs[1].second);
    rows.Put(Table::kLookup, refs[1].first, refs[0].second);
  }
  EXPECT_EQ(Read(IdOf(1), "user-1").status().code(), Code::kDamage);
  EXPECT_EQ(Read(IdOf(2), "user-2").status().code(), Code::kDamage);
}

TEST_F(Transplants, OfALookupRowToAnotherNumberDoNotLead) {
  Store(IdOf(1), kCardNumber, "user-1", {"billing"});
  Store(IdOf(2), kOtherCardNumber, "user-2", {"billing"});
  {
    const RawRows rows(vault_.path());
    const std::vector<RawRows::Row> found = rows.All(Table::kLookup, Prefix(0x03));
    ASSERT_EQ(found.size(), 2u);
    rows.Put(Table::kLookup, found[0].first, found[1].second);
  }
  Vault vault = vault_.Open({"billing"});
  const auto one = FindCard(vault, kCardNumber);
  const auto two = FindCard(vault, kOtherCardNumber);
  EXPECT_NE(one.ok(), two.ok());
  EXPECT_EQ((one.ok() ? two : one).status().code(), Code::kDamage);
}

// What is sealed in the first two compartments, exchanged.
TEST_F(Transplants, OfACompartmentToAnotherDoNotOpen) {
  Store(IdOf(1), kCardNumber, kUser, {"billing"});
  const RawRows::Row row = RecordRow(IdOf(1));
  const Result<record::RecordRow> parsed = record::ParseRecordRow(row.second);
  ASSERT_TRUE(parsed.ok());
  std::vector<record::RowEntry> entries;
  for (const record::RowEntry& entry : *parsed) entries.push_back(entry);
  ASSERT_GE(entries.size(), 2u);
  std::swap(entries[0].sealed, entries[1].sealed);
  RawRows(vault_.path())
      .Put(Table::kRecords, row.first, record::EncodeRecordRow(parsed->head(), entries));
  EXPECT_EQ(Read(IdOf(1)).status().code(), Code::kDamage);
}

TEST_F(Transplants, OfATermsIdDoNotOpen) {
  Store(IdOf(1), kCardNumber, kUser, {"billing"});
  vault_.clock().AdvanceDays(60);  // another expiry bucket, so other terms
  Store(IdOf(2), kOtherCardNumber, kUser, {"billing"});
  const RawRows::Row one = RecordRow(IdOf(1));
  RawRows::Row two = RecordRow(IdOf(2));
  ASSERT_FALSE(
      std::equal(one.second.begin() + 13, one.second.begin() + 29, two.second.begin() + 13));
  std::copy(one.second.begin() + 13, one.second.begin() + 29, two.second.begin() + 13);
  RawRows(vault_.path()).Put(Table::kRecords, two.first, two.second);
  EXPECT_EQ(Read(IdOf(2)).status().code(), Code::kDamage);
}

TEST_F(Transplants, OfAnOlderRowAfterItWasOverwrittenAreFound) {
  for (const std::vector<std::string>& purposes :
       {std::vector<std::string>{}, std::vector<std::string>{"billing"}}) {
    const RecordId id = IdOf(purposes.empty() ? 1 : 2);
    Store(id, kCardNumber, kUser, purposes);
    const RawRows::Row old = RecordRow(id);
    Store(id, kOtherCardNumber, kUser, purposes);
    EXPECT_EQ(*Read(id), kOtherCardNumber);
    RawRows(vault_.path()).Put(Table::kRecords, old.first, old.second);
    EXPECT_EQ(Read(id).status().code(), Code::kDamage);
  }
}

// The next write must not number on from the older row: two contents would share a revision.
TEST_F(Transplants, OfAnOlderRowDoNotSurviveTheNextWrite) {
  Store(IdOf(1), kCardNumber);
  const RawRows::Row old = RecordRow(IdOf(1));
  Store(IdOf(1), kOtherCardNumber);
  const RawRows::Row newer = RecordRow(IdOf(1));
  RawRows(vault_.path()).Put(Table::kRecords, old.first, old.second);
  {
    Vault vault = vault_.Open({});
    EXPECT_EQ(StoreCard(vault, IdOf(1), "378282246310005").status().code(), Code::kDamage);
  }
  RawRows(vault_.path()).Delete(Table::kRecords, old.first);
  Store(IdOf(1), "378282246310005");
  EXPECT_EQ(*Read(IdOf(1)), "378282246310005");
  RawRows(vault_.path()).Put(Table::kRecords, newer.first, newer.second);
  EXPECT_EQ(Read(IdOf(1)).status().code(), Code::kDamage);
}

TEST_F(Transplants, IntoAnotherVaultDoNotOpen) {
  Store(IdOf(1), kCardNumber, kUser, {"billing"});
  TempVault other(PolicyText("livelook_2013"));
  std::vector<std::pair<Table, RawRows::Row>> all;
  {
    const RawRows rows(vault_.path());
    for (const Table table : {Table::kSubjects, Table::kRecords, Table::kTerms, Table::kLookup}) {
      for (const RawRows::Row& row : rows.All(table)) all.emplace_back(table, row);
    }
  }
  const Handle handle{[&] {
    std::array<uint8_t, 16> bytes{};
    std::copy_n(RecordRow(IdOf(1)).first.begin(), 16, bytes.begin());
    return bytes;
  }()};
  for (const auto& [table, row] : all) RawRows(other.path()).Put(table, row.first, row.second);
  Vault vault = other.Open({"billing"});
  EXPECT_EQ(ReadCard(vault, "billing", IdOf(1), "pan", Who::ByHandle(handle)).status().code(),
            Code::kDamage);
  EXPECT_EQ(ReadCard(vault, "billing", IdOf(1), "pan").status().code(), Code::kNotFound);
}

// A wrap for billing relabelled for support: S is known to every holder of the storage key, so the
// inner layer alone must refuse.
TEST_F(Transplants, OfAWrapToAnotherPurposeDoNotOpen) {
  if (!crypto::Init().ok()) std::abort();
  crypto::Random& random = crypto::SystemRandom();
  const auto billing = crypto::PurposeKey::Generate(random);
  const auto support = crypto::PurposeKey::Generate(random);
  const auto d = crypto::CompartmentKey::Generate(random);
  ASSERT_TRUE(billing.ok() && support.ok() && d.ok());
  const keys::WrapPlace place{.vault = vault_.id(), .handle = {}, .category = {}, .terms = {}};
  keys::LazyBoxSender boxes;
  keys::WrapSet set;
  const keys::WrapRecipient to{crypto::NameIdOf("billing"), 1, &*billing, {}};
  ASSERT_TRUE(set.Add(place, 1, *d, {&to, 1}, boxes, random).ok());
  keys::Wrap wrap = set.wraps().front();
  EXPECT_TRUE(keys::OpenWrap(place, wrap, *billing).ok());
  EXPECT_EQ(keys::OpenWrap(place, wrap, *support).status().code(), Code::kDamage);
  wrap.purpose = crypto::NameIdOf("support");
  EXPECT_EQ(keys::OpenWrap(place, wrap, *support).status().code(), Code::kDamage);
  EXPECT_EQ(keys::OpenWrap(place, wrap, *billing).status().code(), Code::kDamage);
  wrap.purpose = crypto::NameIdOf("billing");
  keys::Wrap version = wrap;
  version.key_version = 2;
  keys::Wrap generation = wrap;
  generation.generation = 2;
  keys::Wrap type = wrap;
  type.write_only = true;
  for (const keys::Wrap& changed : {version, generation, type}) {
    EXPECT_EQ(keys::OpenWrap(place, changed, *billing).status().code(), Code::kDamage);
  }
}

}  // namespace
}  // namespace bailee
