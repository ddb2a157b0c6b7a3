// SPDX-License-Identifier: Apache-2.0
#include "keys/manifest.h"

#include <gtest/gtest.h>

#include <functional>

#include "bailee/v1/manifest.pb.h"
#include "keys/issued.h"
#include "keys/proto_bytes.h"

namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

class Manifests : public ::testing::Test {
 protected:
  Manifests() {
    auto manifest = keys::ManifestOf(issued_.keys);
    EXPECT_TRUE(manifest.ok());
    manifest_ = *std::move(manifest);
    manifest_.number = 7;
    manifest_.policy_in_force = 3;
    manifest_.policies.push_back({3, keys::PolicyDigest(policy_)});
    row_ = keys::SignManifest(manifest_, *issued_.keys.authority);
  }
  Status Parse(ByteView row, uint64_t number_min = 7) const {
    return keys::ParseManifest(row, issued_.keys.vault, authority(), number_min).status();
  }
  const crypto::VerifyKey& authority() const { return issued_.keys.authority->verify_key(); }

  Issued issued_;
  Bytes policy_ = Bytes(200, 'p');
  keys::Manifest manifest_;
  Bytes row_;
};

TEST_F(Manifests, KeepWhatTheySay) {
  const auto read = keys::ParseManifest(row_, issued_.keys.vault, authority(), 7);
  ASSERT_THAT(StatusOf(read), IsOk());
  EXPECT_EQ(read->number, 7u);
  EXPECT_EQ(read->policy_in_force, 3u);
  ASSERT_NE(read->FindPurpose("billing"), nullptr);
  EXPECT_EQ(read->FindPurpose("billing")->box_public, manifest_.FindPurpose("billing")->box_public);
  EXPECT_NE(read->FindIndex("card.pan/billing"), nullptr);
  EXPECT_EQ(read->FindPurpose("marketing"), nullptr);
}

TEST_F(Manifests, RejectEverySingleBitFlip) {
  for (size_t bit = 0; bit < row_.size() * 8; ++bit) {
    Bytes flipped = row_;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << bit % 8));
    EXPECT_THAT(Parse(flipped), ErrorIs(Code::kDamage, "manifest.damaged")) << bit;
  }
}

TEST_F(Manifests, RejectEveryTruncationAndOneByteTooMany) {
  for (size_t size = 0; size < row_.size(); ++size) {
    EXPECT_THAT(Parse(ByteView(row_).first(size)), ErrorIs(Code::kDamage, "manifest.damaged"));
  }
  Bytes longer = row_;
  longer.push_back(0);
  EXPECT_THAT(Parse(longer), ErrorIs(Code::kDamage, "manifest.damaged"));
}

TEST_F(Manifests, RejectAnotherAuthorityAndAnotherVault) {
  const Issued forged(1);
  EXPECT_THAT(Parse(keys::SignManifest(manifest_, *forged.keys.authority)),
              ErrorIs(Code::kDamage, "manifest.damaged"));
  manifest_.vault.bytes.fill(9);
  EXPECT_THAT(Parse(keys::SignManifest(manifest_, *issued_.keys.authority)),
              ErrorIs(Code::kDamage, "manifest.damaged"));
}

TEST_F(Manifests, RejectANumberBelowOneAlreadySeen) {
  EXPECT_THAT(Parse(row_, 7), IsOk());
  EXPECT_THAT(Parse(row_, 8), ErrorIs(Code::kDamage, "manifest.rolled-back"));
}

TEST_F(Manifests, RejectFieldsNobodyKnows) {
  // Field 15, varint 1: unknown to this version, and signed.
  Bytes body(row_.begin() + 64, row_.end());
  body.push_back(0x78);
  body.push_back(0x01);
  Bytes row;
  const auto signature = issued_.keys.authority->Sign(crypto::person::kManifest, {body});
  row.insert(row.end(), signature.begin(), signature.end());
  row.insert(row.end(), body.begin(), body.end());
  EXPECT_THAT(Parse(row), ErrorIs(Code::kDamage, "manifest.damaged"));
}

// Keys that the log had before.
class ManifestLogs : public Manifests {
 protected:
  static crypto::VerifyKey Key(uint8_t fill) {
    crypto::VerifyKey key;
    key.bytes.fill(fill);
    return key;
  }
  static keys::Manifest::EarlierLog Earlier(uint8_t fill, uint64_t size, bool leaked = false) {
    return {Key(fill), keys::Manifest::EarlierLog::Bound{size, {}, leaked}};
  }
  Status Signed(std::vector<keys::Manifest::EarlierLog> logs) {
    manifest_.earlier_logs = std::move(logs);
    return Parse(keys::SignManifest(manifest_, *issued_.keys.authority));
  }
};

TEST_F(ManifestLogs, AreKeptInTheirOrder) {
  EXPECT_THAT(Signed({Earlier(1, 7), Earlier(2, 7, true), {Key(3), std::nullopt}}), IsOk());
  const auto read = keys::ParseManifest(keys::SignManifest(manifest_, *issued_.keys.authority),
                                        issued_.keys.vault, authority(), 7);
  ASSERT_THAT(StatusOf(read), IsOk());
  ASSERT_EQ(read->earlier_logs.size(), 3u);
  EXPECT_EQ(read->earlier_logs[1].log_public, Key(2));
  EXPECT_EQ(read->earlier_logs[1].bound->size, 7u);
  EXPECT_TRUE(read->earlier_logs[1].bound->leaked);
  EXPECT_TRUE(read->log_is_open());
  EXPECT_EQ(read->log_version(), 4);
}

TEST_F(ManifestLogs, OutOfOrderAreRefusedEvenWhenSigned) {
  const auto kDamaged = ErrorIs(Code::kDamage, "manifest.damaged");
  EXPECT_THAT(Signed({Earlier(1, 8), Earlier(2, 7)}), kDamaged);
  EXPECT_THAT(Signed({Earlier(1, 7), Earlier(1, 8)}), kDamaged);
  EXPECT_THAT(Signed({{Key(1), std::nullopt}, Earlier(2, 8)}), kDamaged);
  EXPECT_THAT(Signed({{manifest_.log_public, std::nullopt}}), kDamaged);
  EXPECT_THAT(Signed(std::vector(keys::kEarlierLogsMax + 1, Earlier(1, 1))), kDamaged);
  std::vector<keys::Manifest::EarlierLog> most;
  for (size_t i = 0; i < keys::kEarlierLogsMax; ++i)
    most.push_back(Earlier(static_cast<uint8_t>(i), i));
  EXPECT_THAT(Signed(most), IsOk());
}

TEST_F(Manifests, SayWhichAuthorityIsStillTaken) {
  manifest_.authority_version = 2;
  manifest_.open_authority = authority();
  const auto read = keys::ParseManifest(keys::SignManifest(manifest_, *issued_.keys.authority),
                                        issued_.keys.vault, authority(), 7);
  ASSERT_THAT(StatusOf(read), IsOk());
  EXPECT_EQ(read->authority_version, 2);
  EXPECT_EQ(read->open_authority, authority());
  // The first has none before it.
  manifest_.authority_version = 1;
  EXPECT_THAT(Parse(keys::SignManifest(manifest_, *issued_.keys.authority)),
              ErrorIs(Code::kDamage, "manifest.damaged"));
}

// What an authority gone wrong could sign. Each changes one thing in a manifest that is right.
class SignedNonsense : public Manifests {
 protected:
  using Proto = v1::Manifest;
  using Change = std::function<void(Proto&)>;

  SignedNonsense() {
    // Everything that a manifest may have, so that everything can be wrong.
    manifest_.policies = {{2, keys::PolicyDigest(policy_), {1'000}, "", std::nullopt},
                          {3, keys::PolicyDigest(policy_), {2'000}, "n-3", Timestamp{1'500}}};
    manifest_.authority_version = 2;
    manifest_.open_authority = authority();
    keys::Manifest::Purpose& billing = *manifest_.FindPurpose("billing");
    billing.version = 4;
    billing.open_version = 3;
    billing.open_box_public = billing.box_public;
    keys::Manifest::Index& index = *manifest_.FindIndex("card.pan/billing");
    index.version = 2;
    index.open_version = 1;
    crypto::VerifyKey earlier;
    earlier.bytes.fill(1);
    manifest_.earlier_logs = {{earlier, keys::Manifest::EarlierLog::Bound{7, {}, true}}};
    earlier.bytes.fill(2);
    manifest_.earlier_logs.push_back({earlier, std::nullopt});
  }

  Status Signed(const Change& change) const {
    const Bytes right = keys::SignManifest(manifest_, *issued_.keys.authority);
    Proto proto;
    EXPECT_TRUE(keys::ParseExactly(ByteView(right).subspan(sizeof(crypto::Signature)), proto));
    change(proto);
    const Bytes body = keys::SerializeDeterministically(proto);
    const auto signature = issued_.keys.authority->Sign(crypto::person::kManifest, {body});
    Bytes row(signature.begin(), signature.end());
    row.insert(row.end(), body.begin(), body.end());
    return Parse(row);
  }
  // That each is refused, and for which reason: the words after the colon of the message.
  void ExpectRefused(std::string_view why, const std::vector<Change>& changes) const {
    for (size_t i = 0; i < changes.size(); ++i) {
      const Status status = Signed(changes[i]);
      EXPECT_THAT(status, ErrorIs(Code::kDamage, "manifest.damaged")) << i;
      EXPECT_TRUE(status.message().ends_with(why)) << i << ": " << status.message();
    }
  }

  static Proto::PurposePublic& Billing(Proto& proto) {
    for (auto& purpose : *proto.mutable_purpose()) {
      if (purpose.name() == "billing") return purpose;
    }
    std::abort();
  }
  // A key or digest of a size that none has.
  static std::string Short(const std::string& bytes) { return bytes.substr(1); }
  static std::string Long(const std::string& bytes) { return bytes + "x"; }
  // A field that this version does not know.
  template <typename Message>
  static void AddUnknown(Message& message) {
    message.GetReflection()->MutableUnknownFields(&message)->AddVarint(99, 1);
  }
};

TEST_F(SignedNonsense, IsOtherwiseRight) {
  EXPECT_THAT(Signed([](Proto&) {}), IsOk());
  EXPECT_THAT(Signed([](Proto& proto) { proto.clear_earlier_log(); }), IsOk());
  EXPECT_THAT(Signed([](Proto& proto) { proto.clear_policy(); }), IsOk());
}

TEST_F(SignedNonsense, OfKeysIsRefused) {
  ExpectRefused("a part has the wrong shape",
                {[](Proto& proto) { proto.set_vault_id(Short(proto.vault_id())); },
                 [](Proto& proto) { proto.set_vault_id(Long(proto.vault_id())); },
                 [](Proto& proto) { proto.set_log_public(Short(proto.log_public())); },
                 [](Proto& proto) { proto.set_log_public(""); },
                 [](Proto& proto) { proto.set_auditor_public(Long(proto.auditor_public())); },
                 [](Proto& proto) { proto.set_backup_public(Short(proto.backup_public())); }});
}

TEST_F(SignedNonsense, OfPurposesIsRefused) {
  const auto only = [](uint32_t version) {
    return [version](Proto& proto) {
      Billing(proto).clear_open_version();
      Billing(proto).clear_open_box_public();
      Billing(proto).set_version(version);
    };
  };
  EXPECT_THAT(Signed(only(65'535)), IsOk());
  ExpectRefused(
      "a part has the wrong shape",
      {only(0), only(65'536), only(65'540),  // 4, if it is cut to 16 bits
       [](Proto& proto) { Billing(proto).set_open_version(2); },
       [](Proto& proto) { Billing(proto).set_open_version(4); },
       [](Proto& proto) { Billing(proto).set_box_public(Short(Billing(proto).box_public())); },
       [](Proto& proto) { Billing(proto).clear_open_version(); },
       [](Proto& proto) { Billing(proto).clear_open_box_public(); },
       [](Proto& proto) { Billing(proto).set_open_box_public(Long(Billing(proto).box_public())); },
       [](Proto& proto) { AddUnknown(Billing(proto)); }});
  EXPECT_THAT(Signed([](Proto& proto) {
                Billing(proto).set_version(65'535);
                Billing(proto).set_open_version(65'534);
              }),
              IsOk());
}

TEST_F(SignedNonsense, OfIndexesIsRefused) {
  const auto only = [](uint32_t version) {
    return [version](Proto& proto) {
      proto.mutable_index(0)->clear_open_version();
      proto.mutable_index(0)->set_version(version);
    };
  };
  EXPECT_THAT(Signed(only(65'535)), IsOk());
  ExpectRefused(
      "a part has the wrong shape",
      {only(0), only(65'536), [](Proto& proto) { proto.mutable_index(0)->set_open_version(2); },
       [](Proto& proto) { AddUnknown(*proto.mutable_index(0)); }});
}

TEST_F(SignedNonsense, OfPoliciesIsRefused) {
  ExpectRefused(
      "a part has the wrong shape",
      {[](Proto& proto) { proto.mutable_policy(0)->set_announced_ms(1); },
       [](Proto& proto) { proto.mutable_policy(1)->clear_digest(); },
       [](Proto& proto) { proto.mutable_policy(1)->set_digest(Long(proto.policy(1).digest())); },
       [](Proto& proto) { AddUnknown(*proto.mutable_policy(1)); }});
  ExpectRefused("its policies are not in order",
                {[](Proto& proto) { proto.mutable_policy(0)->set_version(3); },
                 [](Proto& proto) { proto.mutable_policy(0)->set_version(4); },
                 [](Proto& proto) { proto.mutable_policy(0)->set_since_ms(2'001); },
                 [](Proto& proto) { proto.set_policy_in_force(2); },
                 [](Proto& proto) { proto.set_policy_in_force(4); }});
  EXPECT_THAT(Signed([](Proto& proto) { proto.mutable_policy(0)->set_since_ms(2'000); }), IsOk());
}

TEST_F(SignedNonsense, OfItsAuthorityIsRefused) {
  ExpectRefused("its authority makes no sense",
                {[](Proto& proto) { proto.set_authority_version(1); },  // which is said by silence
                 [](Proto& proto) { proto.clear_authority_version(); },
                 [](Proto& proto) { proto.set_authority_version(65'536); },
                 [](Proto& proto) { proto.set_open_authority(Short(proto.open_authority())); },
                 [](Proto& proto) { proto.set_open_authority(Long(proto.open_authority())); }});
  EXPECT_THAT(Signed([](Proto& proto) { proto.set_authority_version(65'535); }), IsOk());
  EXPECT_THAT(Signed([](Proto& proto) { proto.clear_open_authority(); }), IsOk());
}

TEST_F(SignedNonsense, OfEarlierLogsIsRefused) {
  const auto bound = [](Proto& proto) { return proto.mutable_earlier_log(0); };
  const auto open = [](Proto& proto) { return proto.mutable_earlier_log(1); };
  ExpectRefused("a part has the wrong shape",
                {[&](Proto& proto) { bound(proto)->set_log_public(Short(proto.log_public())); },
                 [&](Proto& proto) { bound(proto)->clear_log_public(); },
                 [&](Proto& proto) { bound(proto)->set_root(Short(proto.earlier_log(0).root())); },
                 [&](Proto& proto) { bound(proto)->set_root(Long(proto.earlier_log(0).root())); },
                 [&](Proto& proto) { AddUnknown(*bound(proto)); },
                 [&](Proto& proto) { open(proto)->set_size(7); },
                 [&](Proto& proto) { open(proto)->set_leaked(true); }});
  ExpectRefused("the log's keys are not in order",
                {[&](Proto& proto) {
                   bound(proto)->clear_root();
                   bound(proto)->clear_size();
                   bound(proto)->clear_leaked();
                 },
                 [&](Proto& proto) { open(proto)->set_log_public(bound(proto)->log_public()); },
                 [&](Proto& proto) { open(proto)->set_log_public(proto.log_public()); }});
}

TEST_F(Manifests, SuccessorsAreTakenAsTheyWereSignedAlone) {
  const Issued other(1);
  const crypto::VerifyKey next = other.keys.authority->verify_key();
  const VaultId& vault = issued_.keys.vault;
  const Bytes row = keys::SignSuccessor(vault, {8, next}, *issued_.keys.authority);
  const auto read = keys::ParseSuccessor(row, vault, authority());
  ASSERT_THAT(StatusOf(read), IsOk());
  EXPECT_EQ(read->number, 8u);
  EXPECT_EQ(read->authority, next);
  const auto refused = [&](ByteView bytes) {
    return keys::ParseSuccessor(bytes, vault, authority()).status().name() == "manifest.damaged";
  };
  for (size_t bit = 0; bit < row.size() * 8; ++bit) {
    Bytes flipped = row;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << bit % 8));
    EXPECT_TRUE(refused(flipped)) << bit;
  }
  for (size_t size = 0; size < row.size(); ++size) EXPECT_TRUE(refused(ByteView(row).first(size)));
  Bytes longer = row;
  longer.push_back(0);
  EXPECT_TRUE(refused(longer));
  EXPECT_TRUE(refused(keys::SignSuccessor(vault, {8, next}, *other.keys.authority)));
  VaultId another;
  another.bytes.fill(9);
  EXPECT_TRUE(refused(keys::SignSuccessor(another, {8, next}, *issued_.keys.authority)));
}

TEST_F(Manifests, VouchForPolicies) {
  const Bytes row = keys::SignPolicy(manifest_.vault, 3, policy_, *issued_.keys.authority);
  EXPECT_THAT(StatusOf(keys::VerifyPolicy(row, manifest_, 3, authority())), IsOk());
  for (size_t bit = 0; bit < row.size() * 8; ++bit) {
    Bytes flipped = row;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << bit % 8));
    EXPECT_THAT(StatusOf(keys::VerifyPolicy(flipped, manifest_, 3, authority())),
                ErrorIs(Code::kDamage, "policy.damaged"))
        << bit;
  }
  EXPECT_FALSE(keys::VerifyPolicy(row, manifest_, 4, authority()).ok());
  EXPECT_FALSE(keys::VerifyPolicy(ByteView(), manifest_, 3, authority()).ok());
}

TEST_F(Manifests, DoNotVouchForAPolicyUnderAnotherVersionOrVault) {
  manifest_.policies.push_back({4, keys::PolicyDigest(policy_)});
  const Bytes row = keys::SignPolicy(manifest_.vault, 3, policy_, *issued_.keys.authority);
  EXPECT_FALSE(keys::VerifyPolicy(row, manifest_, 4, authority()).ok());
  VaultId other;
  other.bytes.fill(9);
  const Bytes theirs = keys::SignPolicy(other, 3, policy_, *issued_.keys.authority);
  EXPECT_FALSE(keys::VerifyPolicy(theirs, manifest_, 3, authority()).ok());
}

}  // namespace
}  // namespace bailee
