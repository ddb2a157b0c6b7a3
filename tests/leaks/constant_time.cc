// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <sodium.h>
#include <valgrind/memcheck.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "crypto/binding.h"
#include "crypto/box.h"
#include "crypto/hash.h"
#include "crypto/names.h"
#include "crypto/suite1.h"
#include "keys/keyring_keys.h"
#include "keys/lookup.h"
#include "keys/wraps.h"
#include "support/must.h"
#include "support/test_random.h"

// constant_time WHAT: does one thing with secrets that valgrind takes for undefined, so that every
// branch and every index that depends on one is an error. What is no secret any longer is declared
// where it becomes known: the verdict of a comparison, and a tag that becomes a row's key.
// Undefined only for valgrind: without it the program does the same and finds nothing.
namespace bailee {
namespace {

void Poison(ByteView bytes) { VALGRIND_MAKE_MEM_UNDEFINED(bytes.data(), bytes.size()); }
void Publish(ByteView bytes) { VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size()); }
template <typename Key>
Key Poisoned(Key key) {
  key.Reveal(Poison);
  return key;
}
void Require(bool condition) {
  if (!condition) std::abort();
}

testing::TestRandom& Source() {
  static auto* const random = new testing::TestRandom(4711);
  return *random;
}
Bytes RandomBytes(size_t count) {
  Bytes bytes(count);
  Source().Fill(bytes);
  return bytes;
}
crypto::EncodedBinding ABinding() {
  return crypto::Encode(crypto::Binding{.label = crypto::Label::kLookupHandle, .vault = {}});
}

void Compare() {
  const Bytes a = RandomBytes(32);
  const Bytes same = a;
  Bytes other = a;
  other[17] ^= 1;
  for (const ByteView each : {ByteView(a), ByteView(same), ByteView(other)}) Poison(each);
  Require(crypto::ConstantTimeEqual(ByteView(a).first(31), ByteView(same).first(31)));
  Require(crypto::ConstantTimeEqual(a, same));
  Require(!crypto::ConstantTimeEqual(a, other));
}

// Commitment and tag of an envelope: of the right key, of a wrong one, and damaged.
void OpenEnvelopes() {
  const auto key = Must(crypto::PurposeKey::Generate(Source()));
  const auto wrong = Poisoned(Must(crypto::PurposeKey::Generate(Source())));
  const Bytes value = RandomBytes(100);
  const auto binding = ABinding();
  Poison(value);
  key.Reveal(Poison);
  Bytes envelope = crypto::Seal(key, binding, value, Source());
  Publish(envelope);  // it lies in the file
  Require(crypto::Open(key, binding, envelope).ok());
  Require(!crypto::Open(wrong, binding, envelope).ok());
  envelope.back() ^= 1;
  Require(!crypto::Open(key, binding, envelope).ok());
}

void OpenBoxes() {
  const auto key = Poisoned(Must(crypto::PurposeKey::Generate(Source())));
  auto secret = Must(crypto::DeriveBoxSecret(key, 1));
  crypto::BoxPublicKey recipient = crypto::PublicKeyOf(secret);
  Publish(recipient.bytes);
  auto sender = Must(crypto::BoxSender::Create(Source()));
  const Bytes value = RandomBytes(32);
  Poison(value);
  Bytes box = Must(sender.Seal(recipient, {}, value, Source()));
  Publish(box);
  const crypto::BoxOpener opener(std::move(secret));
  Require(opener.Open({}, box).ok());
  box.back() ^= 1;
  Require(!opener.Open({}, box).ok());
}

// From a ref, a browser's tag or a value in its normal form to what it is found under.
void LookUp() {
  const auto ref_key = Poisoned(Must(crypto::RefKey::Generate(Source())));
  const auto tag_key = Poisoned(Must(crypto::TagKey::Generate(Source())));
  const auto index_key = Poisoned(Must(crypto::IndexKey::Generate(Source())));
  const Bytes value = RandomBytes(60);
  Poison(value);
  (void)keys::TagOfRef(ref_key, AsText(value));
  (void)keys::TagOfBrowser(tag_key, AsText(value));
  (void)keys::TagOfValue(index_key, value);
}

// Which key is taken says its name, and nothing of any key.
void SelectPurposeKeys() {
  keys::KeyringKeys keyring;
  std::vector<keys::WrapRecipient> recipients;
  for (const char* name : {"billing", "support", "service"}) {
    for (const uint16_t version : {uint16_t{1}, uint16_t{2}}) {
      keyring.purposes.push_back({name, version, crypto::NameIdOf(name),
                                  Poisoned(Must(crypto::PurposeKey::Generate(Source())))});
    }
  }
  keyring.indexes.push_back({"a.b/billing", 1, crypto::NameIdOf("a.b/billing"),
                             Poisoned(Must(crypto::IndexKey::Generate(Source())))});
  for (const keys::HeldPurpose& held : keyring.purposes)
    recipients.push_back({held.id, held.version, &held.key, {}});
  const keys::WrapPlace place{.vault = {}, .handle = {}};
  // No secret here: a row says of its wraps their names and sizes, by which it is taken apart.
  const auto subject = Must(crypto::SubjectKey::Generate(Source()));
  const auto data = Poisoned(Must(crypto::CompartmentKey::Generate(Source())));
  keys::WrapSet made;
  keys::LazyBoxSender boxes;
  Must(made.Add(place, 1, data, recipients, boxes, Source()));
  for (const keys::Wrap& wrap : made.wraps()) Publish(wrap.sealed);
  const Bytes row = Must(made.Seal(place, subject, Source()));
  const auto opened = Must(keys::WrapSet::Open(place, subject, row));
  const auto* held = keyring.FindPurpose("billing");
  Require(held != nullptr && held->version == 2);
  Require(keyring.FindPurpose(crypto::NameIdOf("nobody"), 1) == nullptr);
  Require(keyring.FindIndex(crypto::NameIdOf("a.b/billing"), 1) != nullptr);
  const auto* wrap = opened.FindHeld(held->id, 1, keyring);
  Require(wrap != nullptr);
  Require(opened.FindFor(keyring) != nullptr);
  const auto* with = keyring.FindPurpose(wrap->purpose, wrap->key_version);
  Require(with != nullptr && keys::OpenWrap(place, *wrap, with->key).ok());
}

// What must be found: a comparison that ends at the first byte that differs.
void PlantedLoop() {
  const Bytes a = RandomBytes(32);
  const Bytes b = a;
  Poison(a);
  size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  Require(same == a.size());
}

// And a table that is looked into by a byte of a secret.
void PlantedIndex() {
  static std::array<uint8_t, 256> table;
  table.fill(1);
  const Bytes secret = RandomBytes(1);
  Poison(secret);
  volatile uint8_t taken = table[secret[0]];
  (void)taken;
}

int Main(int argc, char** argv) {
  const std::map<std::string_view, void (*)()> things = {{"compare", Compare},
                                                         {"envelopes", OpenEnvelopes},
                                                         {"boxes", OpenBoxes},
                                                         {"lookups", LookUp},
                                                         {"purpose-keys", SelectPurposeKeys},
                                                         {"planted-loop", PlantedLoop},
                                                         {"planted-index", PlantedIndex}};
  const auto thing = things.find(argc == 2 ? argv[1] : "");
  if (thing == things.end() || sodium_init() < 0) return 2;
  if (RUNNING_ON_VALGRIND == 0) std::cerr << "constant_time: finds nothing without valgrind\n";
  thing->second();
  return 0;
}

}  // namespace
}  // namespace bailee

// Whether secrets are the same, a tag is right or a public key is weak is known to whoever is
// answered; how it was come to is not.
namespace {

template <typename... Arguments>
int Verdict(const char* name, Arguments... arguments) {
  auto* const real = reinterpret_cast<int (*)(Arguments...)>(dlsym(RTLD_NEXT, name));
  int verdict = real(arguments...);
  VALGRIND_MAKE_MEM_DEFINED(&verdict, sizeof verdict);
  return verdict;
}

}  // namespace

extern "C" {

int sodium_memcmp(const void* a, const void* b, size_t count) {
  return Verdict("sodium_memcmp", a, b, count);
}

int crypto_verify_16(const unsigned char* a, const unsigned char* b) {
  return Verdict("crypto_verify_16", a, b);
}

int crypto_verify_32(const unsigned char* a, const unsigned char* b) {
  return Verdict("crypto_verify_32", a, b);
}

int crypto_scalarmult(unsigned char* out, const unsigned char* secret, const unsigned char* other) {
  return Verdict("crypto_scalarmult", out, secret, other);
}

}  // extern "C"

int main(int argc, char** argv) { return bailee::Main(argc, argv); }
