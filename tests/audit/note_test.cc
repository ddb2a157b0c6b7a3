// SPDX-License-Identifier: Apache-2.0
#include "audit/note.h"

#include <gtest/gtest.h>

#include "audit/signed_log.h"
#include "bailee/checkpoint.h"
#include "base/base64.h"
#include "crypto/sha256.h"
#include "support/error_is.h"
#include "support/vectors.h"

namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::SignedLog;

const auto kMalformedNote = ErrorIs(Code::kInvalidValue, "checkpoint.malformed");
const std::string kDash = "\xE2\x80\x94 ";
const std::string kSignature = "AAAAAAA=";  // a key id and one byte

// The example of golang.org/x/mod/sumdb/note.
const std::string kPublished =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n" +
    kDash +
    "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6K"
    "E6RyyBwJnAM=\n";

std::string WithLine(const std::string& line) { return "text\n\n" + line; }

TEST(Sha256, IsThatOfFips180) {
  EXPECT_EQ(ToHex(crypto::Sha256({AsBytes("abc")})),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(crypto::Sha256({AsBytes("a"), {}, AsBytes("bc")}), crypto::Sha256({AsBytes("abc")}));
}

TEST(Base64, HasTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(ToBase64(AsBytes(plain)), text);
    EXPECT_EQ(AsText(FromBase64(text).value()), plain);
  }
}

TEST(Base64, HasOneFormForEveryValue) {
  for (const char* text : {"Zg",   "Zg=",    "Zg===",    "=",           "==",
                           "===",  "====",   "Zh==",     "Zm9=",        "Zm8",
                           "Z",    "Zm9v\n", " Zm9v",    "Zm9v=",       "Zm9vZg=v",
                           "Z=9v", "Zm-_",   "Zm9v====", "Zm\xC3\xA9v", "Zg==Zg=="}) {
    EXPECT_EQ(FromBase64(text), std::nullopt) << text;
  }
  testing::TestRandom random(7);
  for (size_t size = 0; size < 300; ++size) {
    Bytes bytes(size);
    random.Fill(bytes);
    const std::string text = ToBase64(bytes);
    EXPECT_EQ(FromBase64(text), bytes);
    for (size_t at = 0; at < text.size(); ++at) {
      std::string other = text;
      other[at] = other[at] == 'A' ? 'B' : 'A';
      const auto parsed = FromBase64(other);
      EXPECT_TRUE(!parsed.has_value() || ToBase64(*parsed) == other);
    }
  }
}

TEST(Note, ThePublishedOneVerifies) {
  const crypto::VerifyKey key = [] {
    // A verifier key is name+id+base64(type ‖ public key).
    const Bytes bytes = FromBase64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").value();
    crypto::VerifyKey verify_key;
    std::copy(bytes.begin() + 1, bytes.end(), verify_key.bytes.begin());
    return verify_key;
  }();
  const auto note = ParseNote(kPublished);
  ASSERT_THAT(note.status(), IsOk());
  ASSERT_EQ(note->signatures.size(), 1U);
  const NoteSignature& signature = note->signatures[0];
  EXPECT_EQ(signature.name, "PeterNeumann");
  EXPECT_EQ(ToHex(signature.key_id), "c74f20a3");
  EXPECT_EQ(NoteKeyIdOf("PeterNeumann", NoteSignatureType::kEd25519, key.bytes), signature.key_id);
  EXPECT_THAT(crypto::VerifyNote(key, AsBytes(note->text), signature.bytes), IsOk());
  EXPECT_EQ(NoteSignatureLine(signature.name, signature.key_id, signature.bytes),
            kPublished.substr(note->text.size() + 1));
}

TEST(Note, DividesAtTheLastEmptyLine) {
  const std::string text = "a\n\nb\n\n\n" + kDash + "k " + kSignature + "\n";
  const auto note = ParseNote(text);
  ASSERT_THAT(note.status(), IsOk());
  EXPECT_EQ(note->text, "a\n\nb\n\n");
}

TEST(Note, KeyIdsTellNamesTypesAndKeysApart) {
  const Bytes key(32, 1);
  const NoteKeyId id = NoteKeyIdOf("k", NoteSignatureType::kEd25519, key);
  EXPECT_NE(id, NoteKeyIdOf("l", NoteSignatureType::kEd25519, key));
  EXPECT_NE(id, NoteKeyIdOf("k", NoteSignatureType::kCosignature, key));
  EXPECT_NE(id, NoteKeyIdOf("k", NoteSignatureType::kEd25519, Bytes(32, 2)));
}

TEST(Note, RefusesLinesThatAreNoSignatures) {
  const std::vector<std::string> bad = {"\n",
                                        "- k AAAAAAA=\n",
                                        "k " + kSignature + "\n",
                                        kDash + "\n",
                                        kDash + "k\n",
                                        kDash + "k \n",
                                        kDash + " " + kSignature + "\n",
                                        kDash + "k  " + kSignature + "\n",
                                        kDash + "k " + kSignature + " \n",
                                        kDash + "k " + kSignature + "\nx\n",
                                        kDash + "k AAAAAA==\n",
                                        kDash + "k AAAA\n",
                                        kDash + "k AAAAAAA\n",
                                        kDash + "k+l " + kSignature + "\n",
                                        kDash + "k\xE2\x80\x83l " + kSignature + "\n",
                                        kDash + "k\xE3\x80\x80 " + kSignature + "\n",
                                        kDash + "k " + kSignature,
                                        ""};
  for (const std::string& line : bad) {
    EXPECT_THAT(ParseNote(WithLine(line)).status(), kMalformedNote) << line;
  }
  EXPECT_THAT(ParseNote(WithLine(kDash + "k " + kSignature + "\n")).status(), IsOk());
}

TEST(Note, RefusesWhatIsNoText) {
  const std::string rest = "\n\n" + kDash + "k " + kSignature + "\n";
  for (int c = 0; c < 0x20; ++c) {
    if (c == '\n') continue;
    EXPECT_THAT(ParseNote("te" + std::string(1, static_cast<char>(c)) + "xt" + rest).status(),
                kMalformedNote)
        << c;
  }
  EXPECT_THAT(ParseNote("te\xFFxt" + rest).status(), kMalformedNote);
  EXPECT_THAT(ParseNote("te\xC0\x80xt" + rest).status(), kMalformedNote);
  EXPECT_THAT(ParseNote(rest).status(), kMalformedNote);
  EXPECT_THAT(ParseNote(rest.substr(1)).status(), kMalformedNote);
  EXPECT_THAT(ParseNote("").status(), kMalformedNote);
  EXPECT_THAT(ParseNote("text\n").status(), kMalformedNote);
}

TEST(Note, TakesSoManySignaturesAndNotOneMore) {
  std::string text = "text\n\n";
  for (size_t i = 0; i < limits::kCheckpointSignaturesMax; ++i) {
    text += kDash + "k " + kSignature + "\n";
  }
  ASSERT_THAT(ParseNote(text).status(), IsOk());
  EXPECT_EQ(ParseNote(text)->signatures.size(), limits::kCheckpointSignaturesMax);
  EXPECT_THAT(ParseNote(text + kDash + "k " + kSignature + "\n").status(), kMalformedNote);
}

TEST(Note, IsOfBoundedSize) {
  const std::string rest = "\n\n" + kDash + "k " + kSignature + "\n";
  const std::string text(limits::kCheckpointBytesMax - rest.size(), 't');
  EXPECT_THAT(ParseNote(text + rest).status(), IsOk());
  EXPECT_THAT(ParseNote("t" + text + rest).status(), kMalformedNote);
}

TEST(Note, RandomTextsAndRandomChangesAreParsedOrRefused) {
  testing::TestRandom random(8);
  const SignedLog log(33);
  const std::string good = log.Checkpoint(3, EmptyRoot());
  constexpr std::string_view kAlphabet = "\n\n\n \xE2\x80\x94+=A7k";
  for (int i = 0; i < 20'000; ++i) {
    std::array<uint8_t, 64> bytes;
    random.Fill(bytes);
    std::string text;
    for (size_t at = 0; at < bytes[0] % 60; ++at)
      text += kAlphabet[bytes[at + 1] % kAlphabet.size()];
    const auto note = ParseNote(text);
    if (!note.ok()) {
      EXPECT_THAT(note.status(), kMalformedNote);
    }
    EXPECT_FALSE(VerifyCheckpoint(text, log.origin(), log.key()).ok());
    // Two bytes of a good one changed, or a piece of it left out.
    std::string changed = good;
    changed[bytes[1] % good.size()] = static_cast<char>(bytes[2]);
    changed.erase((bytes[3] * 256U + bytes[4]) % good.size(), bytes[5] % 4);
    const auto checkpoint = VerifyCheckpoint(changed, log.origin(), log.key());
    EXPECT_TRUE(!checkpoint.ok() || (checkpoint->size == 3 && checkpoint->root == EmptyRoot()));
  }
}

TEST(Note, DecimalsHaveOneForm) {
  uint64_t number = 0;
  EXPECT_TRUE(ParseDecimal("0", number) && number == 0);
  EXPECT_TRUE(ParseDecimal("18446744073709551615", number) && number == UINT64_MAX);
  for (const char* text : {"", "00", "01", "-1", "+1", " 1", "1 ", "1.", "1e1", "0x1", "a",
                           "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_FALSE(ParseDecimal(text, number)) << text;
  }
}

TEST(Note, IsSignedBareAndIsNothingElse) {
  testing::TestRandom random(9);
  const auto key = *crypto::SigningKey::FromSeed(*crypto::SigningSeed::Generate(random));
  const ByteView text = AsBytes("origin\n");
  const crypto::Signature signature = key.SignNote(text);
  EXPECT_THAT(crypto::VerifyNote(key.verify_key(), text, signature), IsOk());
  EXPECT_TRUE(crypto::internal::VerifyRaw(key.verify_key(), text, signature));
  const auto bad = ErrorIs(Code::kDamage, "crypto.bad-signature");
  // What was signed with a personalisation is no note, even if the very bytes are shown.
  Bytes manifest(crypto::person::kManifest.bytes.begin(), crypto::person::kManifest.bytes.end());
  manifest.push_back('\n');
  const crypto::Signature personal = key.Sign(crypto::person::kManifest, {AsBytes("\n")});
  ASSERT_TRUE(crypto::internal::VerifyRaw(key.verify_key(), manifest, personal));
  EXPECT_THAT(crypto::VerifyNote(key.verify_key(), manifest, personal), bad);
  for (size_t size = 0; size < signature.size(); ++size) {
    EXPECT_THAT(crypto::VerifyNote(key.verify_key(), text, ByteView(signature).first(size)), bad);
  }
  for (const char* other : {"", "origin", "origin\n\n", "origim\n", "origin\t\n", "origin\r\n"}) {
    EXPECT_THAT(crypto::VerifyNote(key.verify_key(), AsBytes(other), signature), bad);
  }
}

TEST(NoteDeathTest, WhatIsNoNoteIsNotSigned) {
  testing::TestRandom random(9);
  const auto key = *crypto::SigningKey::FromSeed(*crypto::SigningSeed::Generate(random));
  EXPECT_DEATH((void)key.SignNote(AsBytes("no line feed")), "broken invariant");
  EXPECT_DEATH((void)key.Sign(crypto::person::kBoxSecret, {}), "broken invariant");
}

}  // namespace
}  // namespace bailee::audit
