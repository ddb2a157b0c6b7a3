// SPDX-License-Identifier: Apache-2.0
#include "bailee/checkpoint.h"

#include <gtest/gtest.h>

#include "audit/signed_log.h"
#include "support/error_is.h"
#include "support/vectors.h"

namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::SignedLog;

const auto kMalformedCheckpoint = ErrorIs(Code::kInvalidValue, "checkpoint.malformed");
const auto kBadSignature = ErrorIs(Code::kAuditBroken, "checkpoint.bad-signature");
const auto kNotSigned = ErrorIs(Code::kAuditBroken, "checkpoint.not-signed");
const auto kTwice = ErrorIs(Code::kAuditBroken, "checkpoint.signed-twice");

class Checkpoints : public ::testing::Test {
 protected:
  Result<Checkpoint> Verify(const std::string& text) const {
    return VerifyCheckpoint(text, log_.origin(), log_.key());
  }

  const SignedLog log_{31};
  const SignedLog other_{32};
  const TreeHash root_ = LeafHash({});
  const std::string good_ = log_.Checkpoint(7, root_);
  const std::string text_ = good_.substr(0, good_.find("\n\n") + 1);
};

TEST_F(Checkpoints, SayWhatWasSignedAndWhenToTheSecond) {
  const auto checkpoint = Verify(good_);
  ASSERT_THAT(checkpoint.status(), IsOk());
  EXPECT_EQ(*checkpoint, (Checkpoint{"example.com/log", 7, root_, Timestamp{1'370'044'800'000}}));
}

TEST_F(Checkpoints, AreThreeLinesAnEmptyOneAndTwoSignatures) {
  EXPECT_EQ(text_, "example.com/log\n7\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n");
  const std::string rest = good_.substr(text_.size());
  EXPECT_EQ(rest.rfind("\n\xE2\x80\x94 example.com/log ", 0), 0U);
  EXPECT_NE(rest.find("\n\xE2\x80\x94 example.com/log/time "), std::string::npos);
  EXPECT_EQ(std::count(rest.begin(), rest.end(), '\n'), 3);
}

TEST_F(Checkpoints, OfTheEmptyTreeAreGood) {
  const auto checkpoint = Verify(log_.Checkpoint(0, EmptyRoot()));
  ASSERT_THAT(checkpoint.status(), IsOk());
  EXPECT_EQ(checkpoint->size, 0U);
  EXPECT_THAT(Verify(log_.Checkpoint(0, root_)).status(), kMalformedCheckpoint);
}

TEST_F(Checkpoints, ParsedAloneProveNoTime) {
  const auto checkpoint = ParseCheckpoint(good_);
  ASSERT_THAT(checkpoint.status(), IsOk());
  EXPECT_EQ(*checkpoint, (Checkpoint{"example.com/log", 7, root_, std::nullopt}));
}

TEST_F(Checkpoints, WithoutTheCosignatureProveNoTime) {
  const auto checkpoint = Verify(log_.Note(text_));
  ASSERT_THAT(checkpoint.status(), IsOk());
  EXPECT_EQ(checkpoint->time, std::nullopt);
}

TEST_F(Checkpoints, WithTheCosignatureAloneAreNotSigned) {
  EXPECT_THAT(Verify(text_ + "\n" + log_.TimeLine(text_, 5)).status(), kNotSigned);
}

TEST_F(Checkpoints, ArePinnedToOriginAndKey) {
  EXPECT_THAT(VerifyCheckpoint(good_, "example.com/lo", log_.key()).status(),
              ErrorIs(Code::kAuditBroken, "checkpoint.other-origin"));
  EXPECT_THAT(VerifyCheckpoint(good_, log_.origin(), other_.key()).status(), kNotSigned);
  EXPECT_THAT(Verify(other_.Checkpoint(7, root_)).status(), kNotSigned);
}

TEST_F(Checkpoints, OfAnotherLogWithTheSameKeyAreRefused) {
  const SignedLog twin(31, "example.com/twin");
  ASSERT_EQ(twin.key(), log_.key());
  EXPECT_THAT(Verify(twin.Checkpoint(7, root_)).status(),
              ErrorIs(Code::kAuditBroken, "checkpoint.other-origin"));
  EXPECT_THAT(Verify(text_ + "\n" + twin.Line(text_, "example.com/twin")).status(), kNotSigned);
}

TEST_F(Checkpoints, IgnoreSignaturesOfOthers) {
  EXPECT_THAT(Verify(good_ + other_.Line(text_, log_.origin())).status(), IsOk());
  EXPECT_THAT(Verify(good_ + other_.Line("else\n", "witness.example/w")).status(), IsOk());
  EXPECT_THAT(Verify(good_ + log_.Line(text_, "another.example")).status(), IsOk());
  EXPECT_THAT(
      Verify(text_ + "\n" + other_.Line(text_, "w") + good_.substr(text_.size() + 1)).status(),
      IsOk());
}

TEST_F(Checkpoints, ASignatureThatClaimsToBeOursMustHold) {
  EXPECT_THAT(Verify(text_ + "\n" + log_.Line("else\n", log_.origin())).status(), kBadSignature);
  const std::string signed_text = log_.Note(text_);
  EXPECT_THAT(Verify(signed_text + log_.TimeLine("else\n", 5)).status(), kBadSignature);
  const auto claimed = [&](const std::string& name, audit::NoteSignatureType type, size_t bytes) {
    return audit::NoteSignatureLine(name, audit::NoteKeyIdOf(name, type, log_.key().bytes),
                                    Bytes(bytes));
  };
  for (const size_t bytes : std::initializer_list<size_t>{1, 7, 8, 63, 64, 65, 71, 72, 73}) {
    EXPECT_THAT(
        Verify(text_ + "\n" + claimed(log_.origin(), audit::NoteSignatureType::kEd25519, bytes))
            .status(),
        kBadSignature);
    EXPECT_THAT(Verify(signed_text + claimed(log_.origin() + "/time",
                                             audit::NoteSignatureType::kCosignature, bytes))
                    .status(),
                kBadSignature);
  }
}

TEST_F(Checkpoints, ATimeThatNoTimestampHoldsIsRefused) {
  const std::string signed_text = log_.Note(text_);
  EXPECT_THAT(Verify(signed_text + log_.TimeLine(text_, 9'223'372'036'854'775)).status(), IsOk());
  EXPECT_THAT(Verify(signed_text + log_.TimeLine(text_, 9'223'372'036'854'776)).status(),
              kBadSignature);
  EXPECT_THAT(Verify(signed_text + log_.TimeLine(text_, UINT64_MAX)).status(), kBadSignature);
}

TEST_F(Checkpoints, SignedTwiceByOneKeyAreRefused) {
  EXPECT_THAT(Verify(good_ + log_.Line(text_, log_.origin())).status(), kTwice);
  EXPECT_THAT(Verify(good_ + log_.TimeLine(text_, 5)).status(), kTwice);
}

TEST_F(Checkpoints, RejectEveryTruncation) {
  const size_t one_signature = log_.Note(text_).size();
  for (size_t size = 0; size < good_.size(); ++size) {
    if (size == one_signature) continue;  // a whole checkpoint, without a time
    EXPECT_FALSE(Verify(good_.substr(0, size)).ok()) << size;
  }
  EXPECT_EQ(Verify(good_.substr(0, one_signature))->time, std::nullopt);
}

TEST_F(Checkpoints, RejectEveryFlippedBitOrProveLess) {
  const Checkpoint right = *Verify(good_);
  for (size_t bit = 0; bit < good_.size() * 8; ++bit) {
    std::string flipped = good_;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto checkpoint = Verify(flipped);
    if (!checkpoint.ok()) continue;
    // Only the name or id of the cosignature can have changed: it is a stranger's now.
    Checkpoint less = right;
    less.time.reset();
    EXPECT_EQ(*checkpoint, less) << bit;
    EXPECT_GE(bit / 8, log_.Note(text_).size());
  }
}

TEST_F(Checkpoints, RejectAnythingThatFollows) {
  for (const char* more : {"\n", " ", "x", "x\n", "\n\n", "\r\n"}) {
    EXPECT_THAT(Verify(good_ + more).status(), kMalformedCheckpoint) << more;
  }
}

TEST_F(Checkpoints, RejectTextsThatOnlyLookAlike) {
  const std::string root = ToBase64(root_);
  const std::string origin = log_.origin() + "\n";
  for (const std::string& text : {origin + "07\n" + root + "\n",
                                  origin + "+7\n" + root + "\n",
                                  origin + " 7\n" + root + "\n",
                                  origin + "7 \n" + root + "\n",
                                  origin + "-7\n" + root + "\n",
                                  origin + "0x7\n" + root + "\n",
                                  origin + "\n" + root + "\n",
                                  origin + "18446744073709551616\n" + root + "\n",
                                  origin + "7\n" + root + "=\n",
                                  origin + "7\n" + root.substr(4) + "\n",
                                  origin + "7\n" + root + " \n",
                                  origin + "7\n" + root + "\nextension\n",
                                  origin + "7\n",
                                  origin,
                                  origin + "\n7\n" + root + "\n",
                                  "\n7\n" + root + "\n",
                                  "a b\n7\n" + root + "\n",
                                  "a+b\n7\n" + root + "\n",
                                  "a\xC2\xA0"
                                  "b\n7\n" +
                                      root + "\n",
                                  "cosignature/v1\n7\n" + root + "\n"}) {
    EXPECT_THAT(ParseCheckpoint(log_.Note(text)).status(), kMalformedCheckpoint) << text;
  }
  // Another last digit whose unused bits are not zero says the same hash.
  std::string loose = root;
  ASSERT_EQ(loose[42], '0');
  loose[42] = '1';
  EXPECT_THAT(ParseCheckpoint(log_.Note(origin + "7\n" + loose + "\n")).status(),
              kMalformedCheckpoint);
}

TEST_F(Checkpoints, AcceptTheLargestSizeThatIsANumber) {
  const std::string text = log_.origin() + "\n18446744073709551615\n" + ToBase64(root_) + "\n";
  EXPECT_EQ(Verify(log_.Note(text))->size, UINT64_MAX);
}

TEST_F(Checkpoints, WithCarriageReturnsAreRefused) {
  std::string crlf;
  for (const char c : good_) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_THAT(Verify(crlf).status(), kMalformedCheckpoint);
}

TEST_F(Checkpoints, OriginsAreBounded) {
  const SignedLog longest(31, std::string(limits::kOriginBytesMax, 'o'));
  EXPECT_THAT(ParseCheckpoint(longest.Checkpoint(7, root_)).status(), IsOk());
  const SignedLog longer(31, std::string(limits::kOriginBytesMax + 1, 'o'));
  EXPECT_THAT(
      ParseCheckpoint(longer.Note(longer.origin() + "\n7\n" + ToBase64(root_) + "\n")).status(),
      kMalformedCheckpoint);
}

TEST_F(Checkpoints, AreNotSignedForAnOriginOrTimeThatCannotBe) {
  testing::TestRandom random(1);
  const auto key = *crypto::SigningKey::FromSeed(*crypto::SigningSeed::Generate(random));
  const std::string too_long(limits::kOriginBytesMax + 1, 'o');
  for (const std::string& origin :
       {std::string(), std::string("a b"), std::string("a\nb"), std::string("a+b"),
        std::string("\xFF"), std::string("a\0", 2), std::string("cosignature/v1"), too_long}) {
    EXPECT_THAT(audit::SignCheckpoint(key, origin, {7, root_}, {0}).status(),
                ErrorIs(Code::kInvalidValue, "checkpoint.origin"));
  }
  EXPECT_THAT(audit::SignCheckpoint(key, "o", {7, root_}, {-1}).status(),
              ErrorIs(Code::kInvalidValue, "checkpoint.time"));
}

// Its keys are not published: nothing but the form can be checked.
TEST(PublishedCheckpoint, OfTheSpecificationParses) {
  const std::string text =
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
      "\xE2\x80\x94 example.com/behind-the-sofa "
      "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
      "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
      "\xE2\x80\x94 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/"
      "zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
  const auto checkpoint = ParseCheckpoint(text);
  ASSERT_THAT(checkpoint.status(), IsOk());
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->size, 20852163U);
}

}  // namespace
}  // namespace bailee
