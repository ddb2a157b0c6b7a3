// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "keys/back_rows.h"
#include "keys/lookup.h"
#include "keys/shards.h"
#include "keys/subject.h"
#include "keys/wraps.h"
#include "store/store_image.h"
#include "vault/check_world.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/frame/due.h"
#include "vault/frame/vault_impl.h"
#include "vault/frame/writable_subject.h"
#include "vault/ledger/ledger_entry.h"

// Every kind of damage that check knows of, planted in a vault that is whole but for it.
namespace bailee {
namespace {

using store::StoreImage;
using store::Table;
using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

Bytes HandlePrefix(const Handle& handle) { return {handle.bytes.begin(), handle.bytes.end()}; }

Bytes KeyOf(ByteView key) { return {key.begin(), key.end()}; }

// Where a planted damage is to be named.
struct Planted {
  std::string table;
  std::optional<Handle> handle = {};
  std::string at = {};         // part of it
  std::set<std::string> also;  // kinds of findings that follow from it
};

class CheckAttack : public CheckTest {
 protected:
  using Plant = std::function<Planted()>;

  Handle ada() const { return life_->ada; }

  void Flip(Table table, ByteView prefix, size_t from_end = 1) const {
    const RawRows rows(path());
    RawRows::Row row = rows.All(table, prefix).front();
    row.second[row.second.size() - from_end] ^= 1;
    rows.Put(table, row.first, row.second);
  }
  void Put(Table table, const Bytes& key, const Bytes& value) const {
    RawRows(path()).Put(table, key, value);
  }
  // All rows behind a prefix; returns how many.
  size_t Delete(Table table, ByteView prefix, size_t at_most = 1'000) const {
    const RawRows rows(path());
    size_t gone = 0;
    for (const RawRows::Row& row : rows.All(table, prefix)) {
      if (gone == at_most) break;
      rows.Delete(table, row.first);
      ++gone;
    }
    return gone;
  }
  // A write by somebody who has every key and means no good.
  void Forge(const std::function<Status(vault::VaultImpl&, vault::Frame&)>& job) const {
    auto opened =
        vault::VaultImpl::Open(path(), sound_->Granted("forger", kEveryPurpose),
                               {.clock = &sound_->clock(), .map_bytes = uint64_t{1} << 30});
    ASSERT_THAT(StatusOf(opened), IsOk());
    vault::VaultImpl& vault = **opened;
    ASSERT_THAT(vault.Write([&](vault::Frame& frame) { return job(vault, frame); }), IsOk());
  }
  Bytes WrapsPrefix(const Handle& handle, std::string_view category) const {
    Bytes prefix = HandlePrefix(handle);
    Writer(prefix).Put(uint8_t{1}).Put(crypto::NameIdOf(category).view());
    return prefix;
  }
  Bytes RecordPrefix(const Handle& handle, std::string_view category) const {
    Bytes prefix = HandlePrefix(handle);
    Writer(prefix).Put(crypto::NameIdOf(category).view());
    return prefix;
  }
  // A group of shards in which nothing is.
  uint16_t EmptyGroup() const {
    const RawRows rows(path());
    std::set<uint16_t> used;
    const auto use = [&](const std::array<uint8_t, 16>& id) {
      used.insert(keys::ShardOf(id) / keys::kShardsPerGroup);
    };
    for (const auto& row : rows.All(Table::kSubjects)) use(Reader(row.first).GetArray<16>());
    for (const auto& row : rows.All(Table::kLookup)) {
      if (row.first[0] == 3) use(*keys::TagOfField(row.first));
      if (row.first[0] <= 2) use(Reader(ByteView(row.first).subspan(1)).GetArray<16>());
    }
    uint16_t group = 0;
    while (used.contains(group)) ++group;
    EXPECT_LT(group, keys::kGroupCount);
    return group;
  }

  static Planted At(std::string table, std::string where) {
    return {.table = std::move(table), .at = std::move(where), .also = {}};
  }
  Planted OfAda(std::string table, std::string where = {}, std::set<std::string> also = {}) const {
    return {.table = std::move(table),
            .handle = ada(),
            .at = std::move(where),
            .also = std::move(also)};
  }

  using Attacks = std::map<std::string, Plant>;
  Attacks FileAttacks();
  Attacks EpochAttacks();
  Attacks MetaAttacks();
  Attacks RotationAttacks();
  Attacks PeopleAttacks();
  Attacks WrapsAttacks();
  Attacks RecordAttacks();
  Attacks LookupAttacks();
  Attacks HistoryAttacks();
  Attacks OtherAttacks();
  Attacks All() {
    Attacks all;
    for (const auto part :
         {&CheckAttack::FileAttacks, &CheckAttack::EpochAttacks, &CheckAttack::MetaAttacks,
          &CheckAttack::RotationAttacks, &CheckAttack::PeopleAttacks, &CheckAttack::WrapsAttacks,
          &CheckAttack::RecordAttacks, &CheckAttack::LookupAttacks, &CheckAttack::HistoryAttacks,
          &CheckAttack::OtherAttacks}) {
      all.merge((this->*part)());
    }
    return all;
  }
};

std::map<std::string, CheckAttack::Plant> CheckAttack::FileAttacks() {
  return {
      {"file.pages",
       [=, this] {
         StoreImage image = StoreImage::Load(path() + "/data.mdb");
         const uint64_t page = image.LeavesOf(image.Record(Table::kRecords)).front();
         std::memset(image.bytes.data() + StoreImage::At(page), 0, StoreImage::kPageBytes);
         image.Write(path() + "/data.mdb");
         return At("records", "page " + std::to_string(page));
       }},
      {"file.head",
       [=, this] {
         StoreImage image = StoreImage::Load(path() + "/data.mdb");
         for (uint64_t meta : {0u, 1u})
           image.Set<uint64_t>(StoreImage::At(meta) + 128, uint64_t{1} << 40);
         image.Write(path() + "/data.mdb");
         return At("file", "");
       }},
      {"vault.does-not-open",
       [=, this] {
         Flip(Table::kMeta, AsBytes("manifest"));
         return At("meta", "manifest.damaged");
       }},
  };
}

std::map<std::string, CheckAttack::Plant> CheckAttack::EpochAttacks() {
  return {
      {"epoch.damaged",
       [=, this] {
         std::ofstream(path() + "/epoch", std::ios::binary) << std::string(8192, '\0');
         return At("epoch", "epoch.missing");
       }},
      {"epoch.not-wiped",
       [=, this] {
         const std::string now = ReadFile(path() + "/epoch");
         for (const std::string& before : life_->epochs) {
           for (const size_t block : {size_t{0}, size_t{4096}}) {
             const bool was = before.size() > block && before[block] != 0;
             if (!was || (now.size() > block && now[block] != 0)) continue;
             std::string both = now;
             both.resize(8192, '\0');
             both.replace(block, 4096, before.substr(block, 4096));
             std::ofstream(path() + "/epoch", std::ios::binary) << both;
             return At("epoch", "epoch ");
           }
         }
         std::abort();
       }},
      {"epoch.block",
       [=, this] {
         std::string both = ReadFile(path() + "/epoch");
         both.resize(8192, '\0');
         for (const size_t block : {size_t{0}, size_t{4096}}) {
           if (both[block] == 0) both.replace(block + 100, 7, "garbage");
         }
         std::ofstream(path() + "/epoch", std::ios::binary) << both;
         return At("epoch", "epoch ");
       }},
  };
}

std::map<std::string, CheckAttack::Plant> CheckAttack::MetaAttacks() {
  return {
      {"meta.unknown",
       [=, this] {
         Put(Table::kMeta, KeyOf(AsBytes("surprise")), {1});
         return At("meta", "");
       }},
      {"shard.damaged",
       [=, this] {
         const uint16_t group = EmptyGroup();
         Flip(Table::kMeta, keys::ShardsRowKeyOf(group));
         return At("meta", "shards " + std::to_string(group * keys::kShardsPerGroup) + " to ");
       }},
      {"shard.two-keys",
       [=, this] {
         const uint16_t shard = 4'711;
         Forge([&](vault::VaultImpl& vault, vault::Frame& frame) {
           return frame.shards()->BeginRenewal(*frame.transaction, shard, vault.random()).status();
         });
         return At("meta", "shard " + std::to_string(shard));
       }},
      {"policy.unknown",
       [=, this] {
         Put(Table::kPolicies, {0, 0, 0, 9}, Bytes(100, 7));
         return At("policies", "version 9");
       }},
  };
}

std::map<std::string, CheckAttack::Plant> CheckAttack::RotationAttacks() {
  const auto rotation_of_billing = [this](const Bytes& row) {
    Put(Table::kMeta, KeyOf(AsBytes("rotatepurpose/billing")), row);
    return At("meta", "purpose/billing");
  };
  return {
      {"rotate.damaged", [=] { return rotation_of_billing({1}); }},
      {"rotate.stray",
       [=] {
         Bytes row;
         Writer(row).Put(uint8_t{1}).Put(uint8_t{1}).Put(uint16_t{1}).Put(uint16_t{2});
         Writer(row).Put(uint8_t{0}).Put(int64_t{0}).Put(uint64_t{0}).Put(uint32_t{0});
         return rotation_of_billing(row);
       }},
      {"retired.damaged",
       [=, this] {
         Bytes key;
         Writer(key).Put(AsBytes("retired")).Put(crypto::NameIdOf("billing").view());
         Writer(key).Put(uint16_t{1});
         Put(Table::kMeta, key, Bytes(136, 7));
         return At("meta", "billing, version 1");
       }},
  };
}

std::map<std::string, CheckAttack::Plant> CheckAttack::PeopleAttacks() {
  return {
      {"terms.damaged",
       [=, this] {
         Flip(Table::kTerms, {});
         return Planted{.table = "terms", .at = "terms ", .also = {}};
       }},
      {"terms.missing",
       [=, this] {
         Delete(Table::kTerms, {});
         return OfAda("records", "terms ");
       }},
      {"subject.damaged",
       [=, this] {
         Flip(Table::kSubjects, keys::SubjectRowKeyOf(ada()));
         return OfAda("subjects");
       }},
      {"subject.missing",
       [=, this] {
         Delete(Table::kSubjects, keys::SubjectRowKeyOf(ada()));
         return OfAda("records", {}, {"lookup.ref", "disclosure.damaged", "keywork.stray"});
       }},
      {"subject.unlisted",
       [=, this] {
         Delete(Table::kLookup, Prefix(1));
         return OfAda("subjects");
       }},
      {"subject.standing",
       [=, this] {
         Forge([&](vault::VaultImpl& vault, vault::Frame& frame) -> Status {
           auto subject = vault::FindForWrite(vault, frame, ada());
           if (!subject.ok()) return subject.status();
           (*subject)->ledger.standing.restricted = true;
           (*subject)->changed = true;
           return vault::PutSubject(vault, frame, **subject);
         });
         return OfAda("subjects");
       }},
  };
}

std::map<std::string, CheckAttack::Plant> CheckAttack::WrapsAttacks() {
  return {
      {"wraps.damaged",
       [=, this] {
         Flip(Table::kSubjects, WrapsPrefix(ada(), "payment_card"));
         return OfAda("subjects", "compartment 0");
       }},
      {"wraps.missing",
       [=, this] {
         Delete(Table::kSubjects, WrapsPrefix(ada(), "payment_card"));
         return OfAda("records", "compartment 0");
       }},
      {"wrap.damaged",
       [=, this] {
         Forge([&](vault::VaultImpl& vault, vault::Frame& frame) -> Status {
           const auto subject = vault.LoadSubject(frame, ada());
           std::vector<Bytes> wraps_keys;
           (void)frame.snapshot->Scan(Table::kSubjects, WrapsPrefix(ada(), "account"), {},
                                      [&](ByteView key, ByteView) {
                                        wraps_keys.push_back(KeyOf(key));
                                        return true;
                                      });
           Reader key(ByteView(wraps_keys.front()).subspan(25));
           const auto compartment = key.Get<uint16_t>();
           const keys::WrapPlace place =
               (*subject)->Place(crypto::NameIdOf("account"), compartment, {key.GetArray<16>()});
           const crypto::SubjectKey& s = (*subject)->subject().key;
           auto wraps = keys::WrapSet::Open(
               place, s, **frame.snapshot->Get(Table::kSubjects, wraps_keys.front()));
           wraps->RemoveIf([](keys::Wrap& wrap) {
             wrap.sealed.back() ^= 1;
             return false;
           });
           return frame.transaction->Put(Table::kSubjects, wraps_keys.front(),
                                         *wraps->Seal(place, s, vault.random()));
         });
         return OfAda("subjects", "purpose ");
       }},
  };
}

std::map<std::string, CheckAttack::Plant> CheckAttack::RecordAttacks() {
  return {
      {"record.damaged",
       [=, this] {
         const RawRows rows(path());
         RawRows::Row row = rows.Only(Table::kRecords, RecordPrefix(ada(), "account"));
         row.second.pop_back();
         rows.Put(Table::kRecords, row.first, row.second);
         return OfAda("records");
       }},
      {"record.old",
       [=, this] {
         const RawRows rows(path());
         RawRows::Row row = rows.Only(Table::kRecords, RecordPrefix(ada(), "account"));
         row.second[4] ^= 1;
         rows.Put(Table::kRecords, row.first, row.second);
         return OfAda("records");
       }},
      {"record.data",
       [=, this] {
         Flip(Table::kRecords, RecordPrefix(ada(), "payment_card"));
         return OfAda("records", "compartment ");
       }},
  };
}

std::map<std::string, CheckAttack::Plant> CheckAttack::LookupAttacks() {
  return {
      {"lookup.damaged",
       [=, this] {
         Flip(Table::kLookup, keys::BackPrefix(ada()));
         return OfAda("lookup");
       }},
      {"lookup.dead",
       [=, this] {
         Delete(Table::kRecords, RecordPrefix(ada(), "payment_card"));
         return OfAda("lookup");
       }},
      {"lookup.no-back",
       [=, this] {
         Delete(Table::kLookup, keys::BackPrefix(ada()));
         return OfAda("lookup");
       }},
      {"lookup.missing",
       [=, this] {
         Delete(Table::kLookup, Prefix(3));
         return OfAda("lookup");
       }},
      {"lookup.ref",
       [=, this] {
         Forge([&](vault::VaultImpl& vault, vault::Frame& frame) -> Status {
           return keys::PutRef(vault.LookupOf(frame), *frame.transaction, keys::RefDomain::kSubject,
                               keys::LookupTag{1, 2, 3}, ada(), vault.random());
         });
         return OfAda("lookup");
       }},
  };
}

std::map<std::string, CheckAttack::Plant> CheckAttack::HistoryAttacks() {
  return {
      {"ledger.damaged",
       [=, this] {
         Flip(Table::kLedger, vault::EntryKeyOf(ada(), 2));
         return OfAda("ledger", "entry 2");
       }},
      {"ledger.length",
       [=, this] {
         Delete(Table::kLedger, vault::EntryKeyOf(ada(), 1));
         return OfAda("ledger", "entry 2");
       }},
      {"disclosure.damaged",
       [=, this] {
         Flip(Table::kDisclosures, vault::DisclosureKeyOf(ada(), 1));
         return OfAda("disclosures", "row 1");
       }},
      {"disclosure.gap",
       [=, this] {
         Delete(Table::kDisclosures, vault::DisclosureKeyOf(ada(), 1));
         return OfAda("disclosures", "row 2");
       }},
      {"due.stray",
       [=, this] {
         Put(Table::kDue, vault::DueKeyOf(vault::Due::kRows, ada().view()), {1});
         return OfAda("due");
       }},
  };
}

std::map<std::string, CheckAttack::Plant> CheckAttack::OtherAttacks() {
  const Handle nobody{{1, 2, 3}};
  return {
      {"due.damaged",
       [=, this] {
         Put(Table::kDue, {9}, {1});
         return Planted{.table = "due", .also = {}};
       }},
      {"report.damaged",
       [=, this] {
         Flip(Table::kReports, {});
         return Planted{.table = "reports", .also = {}};
       }},
      {"keywork.damaged",
       [=, this] {
         const RawRows rows(path());
         const RawRows::Row row = rows.All(Table::kKeywork, HandlePrefix(ada())).front();
         rows.Put(Table::kKeywork, row.first, Bytes{1, 0});
         return Planted{.table = "keywork", .also = {}};
       }},
      {"keywork.stray",
       [=, this] {
         const RawRows rows(path());
         const RawRows::Row row = rows.All(Table::kKeywork, HandlePrefix(ada())).front();
         Bytes key = row.first;
         std::copy(nobody.bytes.begin(), nobody.bytes.end(), key.begin());
         rows.Put(Table::kKeywork, key, row.second);
         return Planted{.table = "keywork", .handle = nobody, .also = {}};
       }},
      {"row.unknown",
       [=, this] {
         Put(Table::kLookup, {9, 9}, {1});
         return Planted{.table = "lookup", .also = {}};
       }},
  };
}

TEST_F(CheckAttack, EveryKindOfDamageIsNamedWhereItIs) {
  const std::map<std::string, Plant> attacks = All();
  for (const CheckKind& kind : CheckKinds()) {
    const std::string name(kind.kind);
    // Planted where those are tested.
    if (name.starts_with("events.") || name == "retired.missing") continue;
    SCOPED_TRACE(name);
    const auto attack = attacks.find(name);
    ASSERT_NE(attack, attacks.end()) << "no attack plants it";
    CopyAnew();
    const Planted planted = attack->second();
    const Checked checked = Run({.slices = 1});
    const bool damage = kind.weight == CheckFinding::Weight::kDamage;
    EXPECT_EQ(checked.status().code(), damage ? Code::kDamage : Code::kFindings)
        << ::testing::PrintToString(checked);
    bool named = false;
    for (const CheckFinding& each : checked.findings) {
      EXPECT_TRUE(each.kind == name || planted.also.contains(each.kind))
          << ::testing::PrintToString(checked);
      named = named || (each.kind == name && each.table == planted.table &&
                        (!planted.handle || each.handle == planted.handle) &&
                        each.at.find(planted.at) != std::string::npos);
      EXPECT_FALSE(each.means.empty() || each.hint.empty());
    }
    EXPECT_TRUE(named) << ::testing::PrintToString(checked);
  }
  EXPECT_EQ(attacks.size() + 15, CheckKinds().size());
}

TEST_F(CheckAttack, RowsOfShardsThatAreGoneOrDoNotOpenAreNamed) {
  const auto named = [&] {
    std::set<std::string> at;
    for (const CheckFinding& each : Run({.slices = 1}).findings) {
      EXPECT_TRUE(each.kind == "shard.damaged" || each.kind == "meta.unknown") << each.kind;
      at.insert(each.at);
    }
    return at;
  };
  CopyAnew();
  Delete(Table::kMeta, keys::ShardsRowKeyOf(EmptyGroup()));
  EXPECT_EQ(named().size(), 1u);
  CopyAnew();
  Flip(Table::kMeta, keys::GroupsRowKeyOf(3));
  EXPECT_EQ(named().size(), keys::kGroupsPerRow);
  CopyAnew();
  Delete(Table::kMeta, keys::GroupsRowKeyOf(15));
  const std::set<std::string> last = named();
  EXPECT_EQ(last.size(), keys::kGroupsPerRow);
  EXPECT_TRUE(last.contains("shards 16320 to 16383"));
  CopyAnew();
  Put(Table::kMeta, KeyOf(keys::GroupsRowKeyOf(16)), {1});
  Put(Table::kMeta, KeyOf(AsBytes("shard")), {1});
  EXPECT_EQ(named(), std::set<std::string>{""});
}

// What names a key version that nobody has opens for nobody, whoever looks.
TEST_F(CheckAttack, ARowUnderAVersionThatIsNotOpenIsDamage) {
  constexpr size_t kVersionAt = 2;  // the lower byte, in both (FORMAT.md §§15.1, 16.1)
  for (const Table table : {Table::kReports, Table::kDisclosures}) {
    CopyAnew();
    size_t changed = 0;
    {
      const RawRows rows(path());
      for (RawRows::Row row : rows.All(table, {})) {
        const bool sealed_for_a_purpose =
            table == Table::kReports ? row.first[0] == 1 : vault::IsKeptDisclosure(row.second);
        if (!sealed_for_a_purpose) continue;
        row.second[kVersionAt] ^= 3;
        rows.Put(table, row.first, row.second);
        ++changed;
      }
    }
    EXPECT_GT(changed, 0u);
    for (const std::vector<std::string>& purposes : {kEveryPurpose, {}}) {
      const Checked checked = Run({}, purposes);
      EXPECT_EQ(checked.status().code(), Code::kDamage) << ::testing::PrintToString(checked);
    }
  }
}

}  // namespace
}  // namespace bailee
