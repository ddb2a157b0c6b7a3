// SPDX-License-Identifier: Apache-2.0
#include "vault/inner.h"
#include "vault/stories.h"

// Rows with single bits flipped, as a failing disk or a clumsy attacker leaves them. Headers and
// the ends of rows are tried bit by bit, the ciphertext between them with one bit of every byte.
namespace bailee {
namespace {

using store::Table;
using testing::IsOk;
using testing::StatusOf;

constexpr size_t kEdgeBytes = 40;

class Damage : public ::testing::Test {
 protected:
  Damage() {
    Vault collector = vault_.Open({});
    EXPECT_THAT(StatusOf(StoreCard(collector, IdOf(1))), IsOk());
  }

  // Every flip of the row, with `read` giving a value or an error.
  void ExpectNoValue(Table table, const RawRows::Row& row, size_t edge_bytes, size_t stride,
                     const std::function<Result<std::string>(const InnerVault&)>& read,
                     bool may_be_nothing = false) {
    const InnerVault inner(vault_, {"billing"});
    EXPECT_THAT(StatusOf(read(inner)), IsOk());
    size_t tried = 0;
    ForEachBitFlip(row.second, edge_bytes, stride, [&](const Bytes& flipped, size_t bit) {
      inner.Put(table, row.first, flipped);
      const Result<std::string> got = read(inner);
      EXPECT_FALSE(got.ok()) << "bit " << bit;
      const bool nothing = may_be_nothing && got.status().code() == Code::kNotFound;
      const bool typed =
          got.status().code() == Code::kDamage || got.status().code() == Code::kRefused || nothing;
      EXPECT_TRUE(typed) << "bit " << bit << " " << got.status().name();
      ++tried;
    });
    inner.Put(table, row.first, row.second);
    EXPECT_THAT(StatusOf(read(inner)), IsOk());
    EXPECT_GE(tried, edge_bytes * 8);
  }

  static Result<std::string> Pan(const InnerVault& inner) {
    Session session = inner.As("billing");
    Result<Record> record = session.Read(
        {.who = Who::Ref(kUser), .category = "payment_card", .record = IdOf(1), .fields = {"pan"}});
    if (!record.ok()) return record.status();
    return TextOf(record->At("pan"));
  }

  static Result<std::string> FoundPan(const InnerVault& inner) {
    Session session = inner.As("billing");
    const Secret number = MakeSecret(kCardNumber);
    Result<std::vector<Found>> found =
        session.Find({.category = "payment_card", .field = "pan", .value = number});
    if (!found.ok()) return found.status();
    if (found->empty()) return Status(Code::kNotFound, "test.nothing", "nothing found", "none");
    return std::string("found");
  }

  TempVault vault_{PolicyText("livelook_2013")};
};

TEST_F(Damage, OfASubjectRowGivesNoValue) {
  const RawRows::Row row = [&] {
    const RawRows rows(vault_.path());
    return rows.All(Table::kSubjects).front();
  }();
  ASSERT_EQ(row.first.size(), 17u);
  ExpectNoValue(Table::kSubjects, row, kEdgeBytes, 1, Pan);
}

TEST_F(Damage, OfAWrapsRowGivesNoValue) {
  const RawRows::Row row = [&] {
    const RawRows rows(vault_.path());
    // The compartment of pan is the first of its category.
    for (const RawRows::Row& each : rows.All(Table::kSubjects)) {
      if (each.first.size() == 43 && each.first[25] == 0 && each.first[26] == 0) return each;
    }
    std::abort();
  }();
  ExpectNoValue(Table::kSubjects, row, kEdgeBytes, 4, Pan);
}

TEST_F(Damage, OfARecordRowGivesNoValue) {
  const RawRows::Row row = [&] { return RawRows(vault_.path()).Only(Table::kRecords); }();
  // What lies in other compartments than the one that is read cannot show: the first entry ends
  // after its envelope.
  const InnerVault inner(vault_, {"billing"});
  size_t unseen = 0;
  ForEachBitFlip(row.second, kEdgeBytes, 3, [&](const Bytes& flipped, size_t bit) {
    inner.Put(Table::kRecords, row.first, flipped);
    const Result<std::string> got = Pan(inner);
    if (got.ok()) {
      EXPECT_EQ(*got, kCardNumber) << "bit " << bit;
      EXPECT_GE(bit / 8, size_t{44} + 72 + 32) << "bit " << bit;
      ++unseen;
      return;
    }
    EXPECT_TRUE(got.status().code() == Code::kDamage || got.status().code() == Code::kRefused)
        << "bit " << bit << " " << got.status().name();
  });
  EXPECT_GT(unseen, 0u);
}

TEST_F(Damage, OfTheClearHeadOfARecordIsNeverListed) {
  const RawRows::Row row = [&] { return RawRows(vault_.path()).Only(Table::kRecords); }();
  const InnerVault inner(vault_, {"billing"});
  Session session = inner.As("billing");
  ASSERT_THAT(StatusOf(session.List(Who::Ref(kUser))), IsOk());
  // Version, revision, time of collection, terms, count.
  for (size_t bit = 0; bit < 30 * 8; ++bit) {
    Bytes flipped = row.second;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << bit % 8));
    inner.Put(Table::kRecords, row.first, flipped);
    const auto listed = session.List(Who::Ref(kUser));
    EXPECT_FALSE(listed.ok()) << "bit " << bit;
  }
}

TEST_F(Damage, OfALookupRowGivesNothingWrong) {
  (void)vault_.Open({"billing"});  // folds
  const RawRows::Row row = [&] {
    return RawRows(vault_.path()).Only(Table::kLookup, Prefix(0x03));
  }();
  ExpectNoValue(Table::kLookup, row, kEdgeBytes, 1, FoundPan, true);
}

TEST_F(Damage, OfARefRowGivesNothingWrong) {
  const RawRows::Row row = [&] {
    return RawRows(vault_.path()).Only(Table::kLookup, Prefix(0x01));
  }();
  ExpectNoValue(Table::kLookup, row, kEdgeBytes, 1, Pan, true);
}

TEST_F(Damage, OfALookupKeyGivesNothingWrong) {
  (void)vault_.Open({"billing"});
  const RawRows::Row row = [&] {
    const RawRows rows(vault_.path());
    const RawRows::Row found = rows.Only(Table::kLookup, Prefix(0x03));
    rows.Delete(Table::kLookup, found.first);
    return found;
  }();
  const InnerVault inner(vault_, {"billing"});
  // Its tag and its nonce; the row's own key is 0x03, index 8, version 2, tag 16, nonce 8.
  ForEachBitFlip(row.first, 0, 1, [&](const Bytes& key, size_t bit) {
    if (bit / 8 < 11) return;
    inner.Put(Table::kLookup, key, row.second);
    const Result<std::string> got = FoundPan(inner);
    EXPECT_FALSE(got.ok()) << "bit " << bit;
    const Status gone = inner.impl().engine().Write([&](store::WriteTransaction& transaction) {
      return transaction.Delete(Table::kLookup, key);
    });
    EXPECT_THAT(gone, IsOk());
  });
  inner.Put(Table::kLookup, row.first, row.second);
  EXPECT_THAT(StatusOf(FoundPan(inner)), IsOk());
}

TEST_F(Damage, OfAPendingEntryIsSaidByFindAndDoesNotShutTheVault) {
  const RawRows::Row row = [&] {
    return RawRows(vault_.path()).Only(Table::kLookup, Prefix(0x04));
  }();
  const InnerVault inner(vault_, {"billing"});
  ForEachBitFlip(row.second, 8, 2, [&](const Bytes& flipped, size_t bit) {
    inner.Put(Table::kLookup, row.first, flipped);
    const Result<std::string> got = FoundPan(inner);
    EXPECT_EQ(got.status().code(), Code::kDamage) << "bit " << bit;
  });
}

TEST_F(Damage, OfOnePendingEntryLeavesTheOthersToBeFound) {
  {
    Vault collector = vault_.Open({});
    for (uint8_t i = 2; i < 6; ++i) {
      ASSERT_THAT(StatusOf(StoreCard(collector, IdOf(i), kOtherCardNumber)), IsOk());
    }
  }
  {
    const RawRows rows(vault_.path());
    const std::vector<RawRows::Row> pending = rows.All(Table::kLookup, Prefix(0x04));
    ASSERT_EQ(pending.size(), 5u);
    Bytes broken = pending[2].second;
    broken[30] ^= 1;
    rows.Put(Table::kLookup, pending[2].first, broken);
  }
  Vault billing = vault_.Open({"billing"});
  EXPECT_EQ(ReadCard(billing, "billing", IdOf(1), "pan").ok(), true);
  EXPECT_EQ(FindCard(billing).status().code(), Code::kDamage);
  EXPECT_EQ(billing.Info()->lookups_pending, 1u);
}

// Rows that are read once and kept: each flip needs an opening of its own, so fewer are tried.
TEST_F(Damage, OfTermsShardAndSecretsIsFoundAtOpenOrRead) {
  struct Case {
    Table table;
    RawRows::Row row;
  };
  std::vector<Case> cases;
  {
    const RawRows rows(vault_.path());
    cases.push_back({Table::kTerms, rows.Only(Table::kTerms)});
    cases.push_back({Table::kMeta, rows.Only(Table::kMeta, AsBytes("secrets"))});
    const Bytes handle = rows.All(Table::kSubjects).front().first;
    for (const auto& key : {keys::ShardsRowKeyOf(handle[0]), keys::GroupsRowKeyOf(handle[0] / 16)})
      cases.push_back({Table::kMeta, rows.Only(Table::kMeta, key)});
  }
  const auto attempt = [&]() -> Result<std::string> {
    Result<Vault> vault = vault_.TryOpen(vault_.Granted("t", {"billing"}));
    if (!vault.ok()) return vault.status();
    return ReadCard(*vault, "billing", IdOf(1), "pan");
  };
  for (const Case& each : cases) {
    const size_t stride = std::max<size_t>(3, each.row.second.size() / 50);
    ForEachBitFlip(each.row.second, 1, stride, [&](const Bytes& flipped, size_t bit) {
      RawRows(vault_.path()).Put(each.table, each.row.first, flipped);
      const Result<std::string> got = attempt();
      EXPECT_TRUE(got.status().code() == Code::kDamage || got.status().code() == Code::kKey)
          << AsText(each.row.first) << " bit " << bit << " " << got.status().name();
    });
    RawRows(vault_.path()).Put(each.table, each.row.first, each.row.second);
  }
  EXPECT_THAT(StatusOf(attempt()), IsOk());
}

TEST_F(Damage, OfARowThatIsGoneIsTyped) {
  const std::vector<std::pair<Table, RawRows::Row>> all = [&] {
    const RawRows rows(vault_.path());
    std::vector<std::pair<Table, RawRows::Row>> found;
    for (const RawRows::Row& row : rows.All(Table::kSubjects))
      found.push_back({Table::kSubjects, row});
    found.push_back({Table::kRecords, rows.Only(Table::kRecords)});
    found.push_back({Table::kTerms, rows.Only(Table::kTerms)});
    found.push_back({Table::kPolicies, rows.Only(Table::kPolicies)});
    for (const char* key : {"manifest", "secrets", "clock", "vault"})
      found.push_back({Table::kMeta, rows.Only(Table::kMeta, AsBytes(key))});
    return found;
  }();
  size_t refused = 0;
  for (const auto& [table, row] : all) {
    RawRows(vault_.path()).Delete(table, row.first);
    Result<Vault> vault = vault_.TryOpen(vault_.Granted("t", {"billing"}));
    const Status status =
        vault.ok() ? ReadCard(*vault, "billing", IdOf(1), "pan").status() : vault.status();
    if (!status.ok()) {
      EXPECT_TRUE(IsTyped(status)) << status.name();
      ++refused;
    }
    if (vault.ok()) vault = Status(Code::kFailed, "test.closed", "closed", "");
    RawRows(vault_.path()).Put(table, row.first, row.second);
  }
  // All but the wraps of the two compartments that were not read.
  EXPECT_GE(refused, all.size() - 3);
}

TEST_F(Damage, OfARecordWithoutSomeOfItsCompartmentsIsNotUnchanged) {
  {
    const RawRows rows(vault_.path());
    const RawRows::Row row = rows.Only(Table::kRecords);
    Bytes cut(row.second.begin(), row.second.begin() + 30);
    cut.back() = 0;
    rows.Put(Table::kRecords, row.first, cut);
  }
  Vault billing = vault_.Open({"billing"});
  EXPECT_EQ(ReadCard(billing, "billing", IdOf(1), "pan").status().code(), Code::kDamage);
  const Result<Collected> again = StoreCard(billing, IdOf(1));
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_EQ(again->unchanged, 0u);
  EXPECT_EQ(*ReadCard(billing, "billing", IdOf(1), "pan"), kCardNumber);
}

}  // namespace
}  // namespace bailee
