// SPDX-License-Identifier: Apache-2.0
#include "audit/verify_world.h"

// Every rule of the leaves (proto/FORMAT.md §13.4), broken once in a tree that is otherwise whole.
namespace bailee::testing {
namespace {

using ::testing::IsEmpty;

class ReplayTest : public ::testing::Test, protected VerifyWorld {
 protected:
  // One instance that has ended and one that is open, both with entries and writes.
  void SetUp() override {
    for (std::shared_ptr<audit::Trail>* trail : {&ended_, &open_}) {
      *trail = Start();
      EXPECT_TRUE((*trail)->Append(EventAt(1)).ok());
      WriteOne(**trail, 7);
      EXPECT_TRUE((*trail)->Append(EventAt(2)).ok());
      WriteOne(**trail, 7);
      EXPECT_TRUE((*trail)->Append(EventAt(3)).ok());
      EXPECT_TRUE((*trail)->Drain().ok());
      if (trail == &ended_) {
        EXPECT_TRUE(ended_->Close().ok());
      }
    }
  }

  std::shared_ptr<audit::Trail> ended_;
  std::shared_ptr<audit::Trail> open_;
};

TEST_F(ReplayTest, FindsNothingInAWholeTrail) {
  EXPECT_THAT(Verify(false), IsEmpty());
  EXPECT_EQ(last.size, RawLeaves().size());
  EXPECT_EQ(last.instances, 2u);
  EXPECT_EQ(last.open, 1u);
  EXPECT_EQ(last.entries, 11u);  // five each, and that of the closing
}

TEST_F(ReplayTest, FindsALostEntry) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    leaves.erase(leaves.begin() + static_cast<ptrdiff_t>(IndexOf(leaves, LeafType::kJournal, 0)));
    at = IndexOf(leaves, LeafType::kJournal, 0);
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.entry-missing", at));
}

TEST_F(ReplayTest, FindsALostWrite) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    leaves.erase(leaves.begin() + static_cast<ptrdiff_t>(IndexOf(leaves, LeafType::kWrite, 0)));
    at = IndexOf(leaves, LeafType::kWrite, 0);
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.entry-missing", at));
}

TEST_F(ReplayTest, FindsARepeatedEntry) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    const size_t first = IndexOf(leaves, LeafType::kJournal, 0);
    at = first + 1;
    leaves.insert(leaves.begin() + static_cast<ptrdiff_t>(at), Bytes(leaves[first]));
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.entry-repeated", at));
}

TEST_F(ReplayTest, FindsARepeatedWrite) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    const size_t first = IndexOf(leaves, LeafType::kWrite, 0);
    at = first + 1;
    leaves.insert(leaves.begin() + static_cast<ptrdiff_t>(at), Bytes(leaves[first]));
  });
  const auto findings = Verify(false);
  EXPECT_TRUE(Finds(findings, "trail.entry-repeated", at));
  EXPECT_EQ(findings.size(), 1u) << "what follows it is still what follows the first";
}

TEST_F(ReplayTest, FindsALeafAfterTheEnd) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    at = leaves.size();
    leaves.push_back(Bytes(leaves[IndexOf(leaves, LeafType::kJournal, 0)]));
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.not-open", at));
}

TEST_F(ReplayTest, FindsALeafBeforeTheOpening) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    const size_t opened = IndexOf(leaves, LeafType::kOpened, 0);
    std::swap(leaves[opened], leaves[opened + 1]);
    at = opened;
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.not-open", at));
}

TEST_F(ReplayTest, FindsASecondOpeningOfAnOpenInstance) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    at = leaves.size();
    leaves.push_back(Bytes(leaves[IndexOf(leaves, LeafType::kOpened, 1)]));
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.opened-twice", at));
}

TEST_F(ReplayTest, FindsASecondOpeningOfAnEndedInstance) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    at = leaves.size();
    leaves.push_back(Bytes(leaves[IndexOf(leaves, LeafType::kOpened, 0)]));
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.opened-twice", at));
}

TEST_F(ReplayTest, FindsAnEndThatIsNotWhereTheInstanceWas) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    at = IndexOf(leaves, LeafType::kClosed);
    leaves[at].back() ^= 1;
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.ends-differ", at));
}

TEST_F(ReplayTest, FindsAnAdoptionThatClaimsMoreToBeProvenThanThereWas) {
  Dead(3, Bytes{});
  const auto adopter = Start();
  ASSERT_EQ(Verify(false).size(), 1u);
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    at = IndexOf(leaves, LeafType::kAdopted);
    audit::Adoption adoption = *audit::ParseAdoption(audit::ParseLeaf(leaves[at])->body);
    adoption.first_unproven = adoption.ends.journal_number + 1;
    leaves[at].resize(audit::kLeafHeadBytes);
    audit::AppendAdoption(adoption, leaves[at]);
  });
  const auto findings = Verify(false);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(Finds(findings, "trail.ends-differ", at));
}

TEST_F(ReplayTest, FindsAnEntryThatWasExchanged) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    Bytes& leaf = leaves[IndexOf(leaves, LeafType::kWrite, 0)];
    leaf.back() ^= 1;
    at = IndexOf(leaves, LeafType::kClosed);
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.ends-differ", at));
}

TEST_F(ReplayTest, FindsAnOpeningOfAnotherVault) {
  vault.bytes[0] ^= 1;
  EXPECT_TRUE(Finds(Verify(false), "trail.other-vault", 0));
}

TEST_F(ReplayTest, FindsWritesOutOfOrder) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    leaves[IndexOf(leaves, LeafType::kWrite, 0)][audit::kLeafHeadBytes] = 0xff;
    at = IndexOf(leaves, LeafType::kWrite, 1);
  });
  EXPECT_TRUE(Finds(Verify(false), "trail.transaction-order", at));
}

TEST_F(ReplayTest, FindsALeafThatMakesNoSense) {
  Rewrite([&](auto& leaves) { leaves[2][1] = 9; });
  EXPECT_TRUE(Finds(Verify(false), "trail.leaf-malformed", 2));
}

TEST_F(ReplayTest, FindsALostWatermark) {
  Delete(Table::kMeta, audit::WatermarkKey(open_->instance()));
  EXPECT_TRUE(Finds(Verify(false), "trail.watermark-missing"));
}

TEST_F(ReplayTest, FindsEachPartOfAWatermarkThatSaysSomethingElse) {
  const Bytes key = audit::WatermarkKey(open_->instance());
  audit::Watermark watermark;
  {
    const auto snapshot = *engine->Read();
    watermark = **audit::ReadWatermark(*snapshot, open_->instance());
  }
  const auto change = [&](const std::function<void(audit::Watermark&)>& edit) {
    audit::Watermark other = watermark;
    edit(other);
    Put(Table::kMeta, key, audit::EncodeWatermark(other));
    return Verify(false);
  };
  using audit::Watermark;
  for (const auto& edit : std::vector<std::function<void(Watermark&)>>{
           [](Watermark& each) { each.state = audit::InstanceState::kEnded; },
           [](Watermark& each) { each.offset -= 1; },
           [](Watermark& each) { each.ends.journal_number -= 1; },
           [](Watermark& each) { each.ends.journal_chain[0] ^= 1; },
           [](Watermark& each) { each.ends.write_number += 1; },
           [](Watermark& each) { each.ends.write_chain[31] ^= 1; }}) {
    EXPECT_TRUE(Finds(change(edit), "trail.watermark-differs"));
  }
  EXPECT_THAT(change([](Watermark&) {}), IsEmpty());
}

TEST_F(ReplayTest, FindsAWatermarkOfNobodyAndOneOfAnEndedInstanceThatIsSaidToBeOpen) {
  const InstanceId nobody{crypto::RandomArray<16>(random)};
  for (const InstanceId& instance : {nobody, ended_->instance()}) {
    Put(Table::kMeta, audit::WatermarkKey(instance), audit::EncodeWatermark({}));
    EXPECT_TRUE(Finds(Verify(false), "trail.watermark-stray"));
    Delete(Table::kMeta, audit::WatermarkKey(instance));
  }
}

// Ids before and after every other: an instance that never was is not taken for its neighbour.
TEST_F(ReplayTest, FindsAWatermarkOfAnInstanceThatIsSaidToHaveEndedAndNeverWas) {
  const auto ended = audit::EncodeWatermark({.state = audit::InstanceState::kEnded});
  Put(Table::kMeta, audit::WatermarkKey(ended_->instance()), ended);
  EXPECT_THAT(Verify(false), IsEmpty());
  InstanceId above;
  above.bytes.fill(0xff);
  for (const InstanceId& never : {InstanceId{}, above}) {
    Put(Table::kMeta, audit::WatermarkKey(never), ended);
    EXPECT_TRUE(Finds(Verify(false), "trail.watermark-stray"));
    Delete(Table::kMeta, audit::WatermarkKey(never));
  }
}

// It may be among the leaves that are not there.
TEST_F(ReplayTest, BesideLostLeavesSaysNothingOfAnInstanceThatMayHaveEndedAmongThem) {
  const Bytes key = audit::WatermarkKey(InstanceId{});
  Delete(Table::kAuditLeaf, audit::LeafKey(2));
  Put(Table::kMeta, key, audit::EncodeWatermark({.state = audit::InstanceState::kEnded}));
  auto findings = Verify(false);
  EXPECT_TRUE(Finds(findings, "trail.leaf-missing", 2));
  EXPECT_FALSE(Finds(findings, "trail.watermark-stray"));
  Put(Table::kMeta, key, audit::EncodeWatermark({.state = audit::InstanceState::kOpen}));
  EXPECT_TRUE(Finds(Verify(false), "trail.watermark-stray")) << "what is open is at hand";
}

TEST_F(ReplayTest, FindsAWatermarkThatMakesNoSense) {
  Put(Table::kMeta, audit::WatermarkKey(open_->instance()), Bytes{1, 2});
  EXPECT_TRUE(Finds(Verify(false), "trail.watermark-malformed"));
}

TEST_F(ReplayTest, FindsAWatermarkOfWhatIsNoInstance) {
  const auto good = audit::EncodeWatermark({.state = audit::InstanceState::kEnded});
  for (const size_t bytes : {size_t{0}, size_t{15}, size_t{17}}) {
    Bytes key = audit::WatermarkKey(ended_->instance());
    key.resize(key.size() - 16 + bytes);
    Put(Table::kMeta, key, good);
    EXPECT_TRUE(Finds(Verify(false), "trail.watermark-malformed")) << bytes;
    Delete(Table::kMeta, key);
  }
  EXPECT_THAT(Verify(false), IsEmpty());
}

TEST_F(ReplayTest, OpensEveryEntryWithTheAuditorsKey) { EXPECT_THAT(Verify(), IsEmpty()); }

// A leaf in the place of `leaf`, as somebody without its key can make one.
Bytes Forged(const Bytes& leaf) {
  const auto parsed = audit::ParseLeaf(leaf);
  Bytes frame(audit::kEntryHeadBytes);
  EXPECT_TRUE(audit::AppendEvent(EventAt(9), frame).ok());
  audit::SealEntry(Bytes(32, 1), parsed->instance, parsed->number, 0, frame);
  Bytes forged(leaf.begin(), leaf.begin() + audit::kLeafHeadBytes);
  forged.insert(forged.end(), frame.begin(), frame.end());
  return forged;
}

TEST_F(ReplayTest, FindsAnEntryThatItsInstanceDidNotWrite) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    at = IndexOf(leaves, LeafType::kJournal, 0);
    leaves[at] = Forged(leaves[at]);
  });
  EXPECT_TRUE(Finds(Verify(), "trail.forged-entry", at));
}

// Of two leaves with one number neither is read as what happened.
TEST_F(ReplayTest, BelievesNoEntryThatComesAfterAForgedOneOfItsNumber) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    at = IndexOf(leaves, LeafType::kJournal, 0);
    const Bytes forged = Forged(leaves[at]);
    leaves.insert(leaves.begin() + static_cast<std::ptrdiff_t>(at), forged);
  });
  const auto findings = Verify();
  EXPECT_TRUE(Finds(findings, "trail.forged-entry", at));
  EXPECT_TRUE(Finds(findings, "trail.forged-entry", at + 1));
}

TEST_F(ReplayTest, FindsAWriteThatWasChanged) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    at = IndexOf(leaves, LeafType::kWrite, 1);
    leaves[at].back() ^= 1;
  });
  EXPECT_TRUE(Finds(Verify(), "trail.forged-entry", at));
}

TEST_F(ReplayTest, FindsAWriteThatSaysItWasMadeInAnotherTransaction) {
  size_t at = 0;
  Rewrite([&](auto& leaves) {
    at = IndexOf(leaves, LeafType::kWrite, 0);
    leaves[at][audit::kLeafHeadBytes + 7] ^= 1;
  });
  EXPECT_TRUE(Finds(Verify(), "trail.transaction-differs", at));
}

TEST_F(ReplayTest, FindsAnOpeningSealedToAnotherAuditor) {
  auditor = crypto::BoxOpener(*crypto::BoxSecret::Generate(random));
  EXPECT_TRUE(Finds(Verify(), "trail.forged-head", 1));
}

TEST_F(ReplayTest, RepeatsWhatAnInstanceSaysOfEntriesThatMayNotHaveReachedTheDisk) {
  audit::Event event = EventAt(9);
  event.kind = audit::EventKind::kClose;
  const std::array details = {audit::Detail{audit::What::kFirst, "3"},
                              audit::Detail{audit::What::kLast, "8"}};
  event.details = details;
  WriteThis(*open_, event);
  const auto findings = Verify();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(Finds(findings, "trail.doubtful", RawLeaves().size() - 1, kUnproven));
  EXPECT_THAT(findings[0].message, ::testing::HasSubstr("3 to 8"));
}

}  // namespace
}  // namespace bailee::testing
