// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "audit/naive_leaves.h"
#include "audit/signed_log.h"
#include "bailee/checkpoint.h"
#include "support/error_is.h"

namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::LeafAt;
using testing::NaiveTree;
using testing::SignedLog;

const auto kMalformedProof = ErrorIs(Code::kInvalidValue, "proof.malformed");

class Proofs : public ::testing::Test {
 protected:
  Result<ProvenLeaf> Verify(const std::string& text) const {
    return VerifyProof(text, LeafAt(4), log_.origin(), log_.key());
  }

  const SignedLog log_{41};
  const NaiveTree tree_{11};
  const InclusionProof proof_{{}, 4, tree_.Path(4, 11), log_.Checkpoint(11, tree_.Root(11))};
  const std::string text_ = *FormatProof(proof_);
};

TEST_F(Proofs, ProveALeafOfASignedTree) {
  const auto proven = Verify(text_);
  ASSERT_THAT(proven.status(), IsOk());
  EXPECT_EQ(proven->index, 4U);
  EXPECT_EQ(proven->checkpoint.size, 11U);
  EXPECT_EQ(proven->checkpoint.root, tree_.Root(11));
  EXPECT_EQ(proven->checkpoint.time, Timestamp{1'370'044'800'000});
}

TEST_F(Proofs, AreTheTextOfTheSpecification) {
  std::string expected = "c2sp.org/tlog-proof@v1\nindex 4\n";
  for (const TreeHash& hash : proof_.hashes) expected += ToBase64(hash) + "\n";
  EXPECT_EQ(text_, expected + "\n" + proof_.checkpoint);
}

TEST_F(Proofs, SurviveTheirText) {
  EXPECT_EQ(*ParseProof(text_), proof_);
  InclusionProof with_extra = proof_;
  with_extra.extra = {0, 255, 10};
  const std::string text = *FormatProof(with_extra);
  EXPECT_EQ(*ParseProof(text), with_extra);
  EXPECT_THAT(Verify(text).status(), IsOk());
}

TEST_F(Proofs, OfTheOnlyLeafHaveNoHashes) {
  const InclusionProof only{{}, 0, {}, log_.Checkpoint(1, LeafAt(4))};
  EXPECT_THAT(Verify(*FormatProof(only)).status(), IsOk());
}

TEST_F(Proofs, OfAnotherLeafLogOrKeyAreRefused) {
  EXPECT_THAT(VerifyProof(text_, LeafAt(5), log_.origin(), log_.key()).status(),
              ErrorIs(Code::kAuditBroken, "proof.inclusion"));
  EXPECT_THAT(VerifyProof(text_, LeafAt(4), "other", log_.key()).status(),
              ErrorIs(Code::kAuditBroken, "checkpoint.other-origin"));
  EXPECT_THAT(VerifyProof(text_, LeafAt(4), log_.origin(), SignedLog(42).key()).status(),
              ErrorIs(Code::kAuditBroken, "checkpoint.not-signed"));
}

TEST_F(Proofs, RejectEveryTruncation) {
  const size_t without_time = text_.rfind("\xE2\x80\x94");
  for (size_t size = 0; size < text_.size(); ++size) {
    if (size != without_time) {
      EXPECT_FALSE(Verify(text_.substr(0, size)).ok()) << size;
    }
  }
}

TEST_F(Proofs, RejectEveryFlippedBitOrProveLess) {
  for (size_t bit = 0; bit < text_.size() * 8; ++bit) {
    std::string flipped = text_;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto proven = Verify(flipped);
    if (!proven.ok()) continue;
    EXPECT_EQ(proven->checkpoint.time, std::nullopt) << bit;
    EXPECT_GE(bit / 8, text_.rfind("\xE2\x80\x94"));
    EXPECT_EQ(proven->index, 4U);
  }
}

TEST_F(Proofs, RejectWhatOnlyLooksAlike) {
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  const std::string hash = ToBase64(LeafAt(0)) + "\n";
  const std::string rest = "\n" + proof_.checkpoint;
  const auto refused = [&](const std::string& text) {
    EXPECT_THAT(ParseProof(text).status(), kMalformedProof) << text;
  };
  const std::vector<std::string> bad = {"index 04\n",
                                        "index -4\n",
                                        "index  4\n",
                                        "index 4 \n",
                                        "index\n",
                                        "Index 4\n",
                                        "index 18446744073709551616\n",
                                        "extra \nindex 4\n",
                                        "extra AA\nindex 4\n",
                                        "extra AB==\nindex 4\n",
                                        "extra AA==\nextra AA==\nindex 4\n",
                                        "index 4\nextra AA==\n",
                                        "extra AA==\n",
                                        "",
                                        "index 4\n " + hash,
                                        "index 4\nAAAA\n",
                                        "index 4\n" + hash.substr(0, 43) + "\n",
                                        "index 4\r\n"};
  for (const std::string& lines : bad) {
    refused(head + lines + rest);
  }
  refused("c2sp.org/tlog-proof@v2\nindex 4\n" + rest);
  refused("\n" + text_);
  refused(proof_.checkpoint);
  EXPECT_THAT(ParseProof(head + "index 4\n\n" + rest).status(),
              ErrorIs(Code::kInvalidValue, "checkpoint.malformed"));
  EXPECT_THAT(ParseProof(head + "index 4\n" + rest).status(), IsOk());
}

TEST_F(Proofs, HaveSoManyHashesAndNotOneMore) {
  InclusionProof proof = proof_;
  proof.hashes.assign(limits::kProofHashesMax, LeafAt(0));
  const auto text = FormatProof(proof);
  ASSERT_THAT(text.status(), IsOk());
  EXPECT_EQ(*ParseProof(*text), proof);
  proof.hashes.push_back(LeafAt(0));
  EXPECT_THAT(FormatProof(proof).status(), kMalformedProof);
}

TEST_F(Proofs, HaveSoMuchExtraDataAndNotOneByteMore) {
  InclusionProof proof = proof_;
  proof.extra.assign(limits::kProofExtraBytesMax, 1);
  EXPECT_THAT(FormatProof(proof).status(), IsOk());
  proof.extra.push_back(1);
  EXPECT_THAT(FormatProof(proof).status(), kMalformedProof);
}

TEST_F(Proofs, AreNotMadeAroundWhatIsNoCheckpoint) {
  for (const char* checkpoint : {"", "\n", "o\n1\n\n"}) {
    InclusionProof proof = proof_;
    proof.checkpoint = checkpoint;
    EXPECT_THAT(FormatProof(proof).status(), ErrorIs(Code::kInvalidValue, "checkpoint.malformed"));
  }
}

TEST_F(Proofs, RandomChangesNeverProveAnythingElse) {
  testing::TestRandom random(43);
  for (int i = 0; i < 20'000; ++i) {
    std::array<uint8_t, 8> bytes;
    random.Fill(bytes);
    std::string changed = text_;
    const size_t at = (bytes[0] * 256U + bytes[1]) % changed.size();
    if (bytes[2] % 3 == 0) {
      changed.erase(at, 1U + bytes[3] % 50U);
    } else if (bytes[2] % 3 == 1) {
      changed.insert(at, changed.substr((bytes[4] * 256U + bytes[5]) % changed.size(), bytes[3]));
    } else {
      changed[at] = static_cast<char>(bytes[6]);
    }
    const auto proven = Verify(changed);
    EXPECT_TRUE(!proven.ok() || (proven->index == 4 && proven->checkpoint.root == tree_.Root(11)));
  }
}

}  // namespace
}  // namespace bailee
