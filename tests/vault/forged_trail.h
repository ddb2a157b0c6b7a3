// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "audit/drain.h"
#include "audit/journal_format.h"
#include "audit/leaf.h"
#include "audit/tree_rows.h"
#include "audit/tree_store.h"
#include "bailee/audit_trail.h"
#include "base/codec.h"
#include "crypto/checksum.h"
#include "keys/keyring_keys.h"
#include "vault/stories.h"

// What somebody who can write all files of a vault can do to its trail.
namespace bailee::testing {

using audit::LeafType;
using store::Table;

using Leaves = std::vector<Bytes>;

inline Leaves LeavesAt(const std::string& vault) {
  Leaves leaves;
  for (auto& [key, value] : RawRows(vault).All(Table::kAuditLeaf)) leaves.push_back(value);
  return leaves;
}

inline audit::Leaf LeafOf(const Bytes& leaf) { return *audit::ParseLeaf(leaf); }

// The leaf of these parts; the body is copied.
inline Bytes MakeLeaf(LeafType type, const InstanceId& instance, uint64_t number, ByteView body) {
  Bytes leaf;
  audit::AppendLeafHead(type, instance, number, leaf);
  leaf.insert(leaf.end(), body.begin(), body.end());
  return leaf;
}

// The same entry or write under another number and instance, its check made again.
inline Bytes MovedTo(const Bytes& bytes, const InstanceId& instance, uint64_t number) {
  const audit::Leaf leaf = LeafOf(bytes);
  Bytes body(leaf.body.begin(), leaf.body.end());
  if (leaf.type == LeafType::kJournal) {
    constexpr size_t kCheckAt = 16;
    StoreBigEndian(number, body.data() + 4);
    Bytes checked(body.begin(), body.begin() + kCheckAt);
    checked.insert(checked.end(), body.begin() + audit::kEntryHeadBytes, body.end());
    StoreBigEndian(crypto::Checksum(instance.bytes, checked), body.data() + kCheckAt);
  }
  return MakeLeaf(leaf.type, instance, number, body);
}

// The opening with its head's check made again.
inline Bytes WithHeadChecked(Bytes bytes) {
  const InstanceId instance{Reader(ByteView(bytes).subspan(2)).GetArray<16>()};
  uint8_t* const check = bytes.data() + bytes.size() - sizeof(uint64_t);
  const ByteView head = ByteView(bytes).subspan(audit::kLeafHeadBytes);
  StoreBigEndian(crypto::Checksum(instance.bytes, head.first(head.size() - sizeof(uint64_t))),
                 check);
  return bytes;
}

// Every instance as its leaves have it: numbers without gaps and ends where they are.
class Continuity {
 public:
  Bytes Add(const Bytes& bytes) {
    const audit::Leaf leaf = LeafOf(bytes);
    if (leaf.type == LeafType::kOpened) {
      audit::Watermark opened;
      opened.offset = leaf.body.size();
      opened.ends.journal_chain = opened.ends.write_chain = audit::ChainStart(leaf.body);
      open_[leaf.instance] = opened;
      return bytes;
    }
    audit::Watermark& at = open_[leaf.instance];
    if (leaf.type == LeafType::kJournal)
      return AddEntry(at, MovedTo(bytes, leaf.instance, at.ends.journal_number));
    if (leaf.type == LeafType::kWrite) {
      const Bytes moved = MovedTo(bytes, leaf.instance, at.ends.write_number++);
      at.ends.write_chain = audit::ChainStep(at.ends.write_chain, LeafOf(moved).body);
      return moved;
    }
    Bytes ended;
    audit::AppendLeafHead(leaf.type, leaf.instance, 0, ended);
    if (leaf.type == LeafType::kClosed) {
      audit::AppendChainEnds(at.ends, ended);
    } else {
      audit::Adoption adoption = *audit::ParseAdoption(leaf.body);
      adoption.ends = at.ends;
      adoption.first_unproven = at.ends.journal_number;
      audit::AppendAdoption(adoption, ended);
    }
    open_.erase(leaf.instance);
    return ended;
  }
  const std::map<InstanceId, audit::Watermark>& open() const { return open_; }

 private:
  static Bytes AddEntry(audit::Watermark& at, const Bytes& moved) {
    const ByteView body = LeafOf(moved).body;
    at.ends.journal_chain = audit::ChainStep(at.ends.journal_chain, body);
    ++at.ends.journal_number;
    at.offset += body.size();
    return moved;
  }
  std::map<InstanceId, audit::Watermark> open_;
};

// The clever attacker: makes `leaves` the whole trail and everything public anew around them:
// numbers, checks, chain hashes, ends, tree, nodes, head and watermarks.
inline void RewriteTrail(const std::string& vault, const Leaves& leaves) {
  const RawRows rows(vault);
  std::vector<std::pair<Table, Bytes>> old;
  for (const Table table : {Table::kAuditLeaf, Table::kAuditNode}) {
    for (const auto& [key, value] : rows.All(table)) old.emplace_back(table, key);
  }
  for (const auto& [key, value] : rows.All(Table::kMeta, AsBytes("trail"))) {
    old.emplace_back(Table::kMeta, key);
  }
  old.emplace_back(Table::kMeta, Bytes(std::begin(audit::kTreeRow), std::end(audit::kTreeRow)));
  const Status status = rows.engine().Write([&](store::WriteTransaction& transaction) -> Status {
    for (const auto& [table, key] : old) {
      if (Status gone = transaction.Delete(table, key); !gone.ok()) return gone;
    }
    auto tree = audit::TreeWriter::Begin(transaction);
    if (!tree.ok()) return tree.status();
    Continuity continuity;
    for (const Bytes& leaf : leaves) {
      if (auto at = tree->Append(continuity.Add(leaf)); !at.ok()) return at.status();
    }
    for (const auto& [instance, watermark] : continuity.open()) {
      if (Status put = audit::PutWatermark(transaction, instance, watermark); !put.ok()) return put;
    }
    return tree->Finish();
  });
  ASSERT_THAT(status, IsOk());
}

// The index of the `number`-th leaf of that type and instance.
inline size_t IndexOf(const Leaves& leaves, const InstanceId& instance, LeafType type,
                      uint64_t number = 0) {
  for (size_t i = 0; i < leaves.size(); ++i) {
    const audit::Leaf leaf = LeafOf(leaves[i]);
    if (leaf.instance == instance && leaf.type == type && leaf.number == number) return i;
  }
  std::abort();
}

// Instances in the order of their openings.
inline std::vector<InstanceId> InstancesOf(const Leaves& leaves) {
  std::vector<InstanceId> instances;
  for (const Bytes& leaf : leaves) {
    if (LeafOf(leaf).type == LeafType::kOpened) instances.push_back(LeafOf(leaf).instance);
  }
  return instances;
}

// What the memory of a process holds of its journal's chain once it is at `number`.
inline audit::KeyChain ChainKeptAt(TempVault& vault, const Bytes& opening, uint64_t number) {
  const Keyring auditor = vault.Origin("auditor");
  const Secret* secret = auditor.keys().FindRole(keys::Role::kAuditor);
  const crypto::BoxOpener opener(
      *secret->RevealBytes([](ByteView bytes) { return crypto::BoxSecret::FromBytes(bytes); }));
  audit::OpenedHead head = *audit::OpenHead(*audit::ParseHead(LeafOf(opening).body), opener);
  audit::KeyChain chain =
      *audit::KeyChain::Start(audit::ChainKind::kJournal, vault.id(), LeafOf(opening).instance,
                              std::move(head.journal_first));
  if (!chain.AdvanceTo(number).ok()) std::abort();
  return chain;
}

// A vault that was used by three instances and then pinned by its auditor.
class AttackedTrail : public ::testing::Test {
 protected:
  static constexpr size_t kReads = 4;
  // The journal of an instance: "open", which Vault::Open records, then the reads.
  void Use(TempVault& vault, size_t times = 1) {
    for (size_t i = 0; i < times; ++i) {
      Vault open = vault.Open({"billing", "support"});
      ASSERT_THAT(StatusOf(StoreCard(open, IdOf(++cards_))), IsOk());
      for (size_t read = 0; read < kReads; ++read) {
        ASSERT_THAT(StatusOf(ReadCard(open, "billing", IdOf(cards_), "pan")), IsOk());
      }
      EXPECT_EQ(StatusOf(ReadCard(open, "support", IdOf(cards_), "pan")).code(), Code::kRefused);
    }
  }
  void SetUp() override {
    Use(vault_, 3);
    {
      AuditTrail trail = OpenTrail("auditor");
      pin_ = *trail.Pin();
    }
    leaves_ = LeavesAt(vault_.path());
    instances_ = InstancesOf(leaves_);
  }
  Result<AuditTrail> TryOpenTrail(TempVault& vault, std::string_view keyring) {
    return AuditTrail::Open(vault.path(), vault.Origin(keyring),
                            {.clock = &vault.clock(), .map_bytes = uint64_t{1} << 30});
  }
  AuditTrail OpenTrail(std::string_view keyring) {
    Result<AuditTrail> trail = TryOpenTrail(vault_, keyring);
    EXPECT_THAT(StatusOf(trail), IsOk());
    if (!trail.ok()) std::abort();
    return *std::move(trail);
  }
  struct With {
    bool entries = false;
    std::string pin = {};
  };
  TrailReport Verify(const With& with) {
    AuditTrail trail = OpenTrail("auditor");
    auto report = trail.Verify({.entries = with.entries, .pinned = with.pin});
    EXPECT_THAT(StatusOf(report), IsOk());
    return report.ok() ? *report : TrailReport{};
  }
  TrailReport VerifyPublic() { return Verify(With{}); }
  TrailReport VerifyEntries() { return Verify(With{true, {}}); }
  TrailReport VerifyPinned() { return Verify(With{false, pin_}); }
  // Replaces the whole trail by these leaves, as well as it can be done.
  void Rewrite(const Leaves& leaves) { RewriteTrail(vault_.path(), leaves); }

  size_t At(size_t instance, LeafType type, uint64_t number = 0) const {
    return IndexOf(leaves_, instances_[instance], type, number);
  }

  TempVault vault_{PolicyText("livelook_2013")};
  uint8_t cards_ = 0;
  std::string pin_;
  Leaves leaves_;                      // as they were before the attack
  std::vector<InstanceId> instances_;  // three of the vault's and the auditor's
};

// Whether history counts as changed, and a finding of that name points there.
MATCHER_P3(IsBroken, name, leaf, instance, "") {
  for (const TrailFinding& finding : arg.findings) {
    *result_listener << " " << finding.name << " at "
                     << (finding.leaf ? std::to_string(*finding.leaf) : "-");
  }
  if (arg.ToStatus().code() != Code::kAuditBroken) return false;
  for (const TrailFinding& finding : arg.findings) {
    if (finding.weight == TrailFinding::Weight::kBroken && finding.name == name &&
        finding.leaf == std::optional<uint64_t>(leaf) &&
        finding.instance == std::optional<InstanceId>(instance)) {
      return true;
    }
  }
  return false;
}

// The same for what only finds that the end of an instance is unproven.
MATCHER_P2(IsUnproven, name, instance, "") {
  for (const TrailFinding& finding : arg.findings) *result_listener << " " << finding.name;
  if (arg.ToStatus().code() != Code::kFindings) return false;
  for (const TrailFinding& finding : arg.findings) {
    if (finding.name == name && finding.instance == std::optional<InstanceId>(instance)) {
      return true;
    }
  }
  return false;
}

inline constexpr std::nullopt_t kNowhere = std::nullopt;

}  // namespace bailee::testing
