// SPDX-License-Identifier: Apache-2.0
// Keyring files, manifests and stored policies: what an authority signs. The targets have the
// authority's key, so that what lies behind the signature is reached.
#include <algorithm>
#include <string>

#include "bailee/keyring.h"
#include "base/codec.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/suite1.h"
#include "fuzz/keys.h"
#include "fuzz/target.h"
#include "keys/issue.h"
#include "keys/keyring_file.h"
#include "keys/keyring_header.h"
#include "keys/manifest.h"

namespace bailee::fuzz {
namespace {

const keys::VaultKeys& SomeKeys() {
  static const keys::VaultKeys keys = [] {
    Must(crypto::Init());
    return Must(
        keys::GenerateVaultKeys(kVault, {"billing", "support"}, {"card.pan/billing"}, Random()));
  }();
  return keys;
}

// --- Keyring files

// Magic, version, lock, and everything up to the header as Encode makes it of a file without a
// lock.
Bytes KeyringOf(ByteView lock, ByteView header, ByteView signature, ByteView secrets) {
  Bytes file;
  Writer writer(file);
  writer.Put(AsBytes("BAILEEKR")).Put(uint8_t{1}).Put(lock);
  writer.PutPrefixed<uint32_t>(header).Put(signature);
  Bytes binding(crypto::kKeyringBindingPrefix.begin(), crypto::kKeyringBindingPrefix.end());
  binding.insert(binding.end(), file.begin(), file.end());
  writer.PutPrefixed<uint32_t>(
      crypto::Seal(FixedKey<crypto::UnlockKey>(0), binding, secrets, Random()));
  writer.Put(ByteView(crypto::Hash<32>(crypto::person::kKeyring, {file})));
  return file;
}

constexpr std::array<uint8_t, 1 + 4 + 4 + 16> kNoLock = {};

void CheckKeyring(ByteView file) {
  const auto header = keys::InspectKeyring(file);
  const auto opened = keys::ParseKeyring(file, Unlock::Nothing());
  const auto check = [](const Status& status) {
    CheckFailure(status, {Code::kKey, Code::kDamage, Code::kTooNew});
  };
  if (!header.ok()) check(header.status());
  if (!opened.ok()) return check(opened.status());
  FUZZ_CHECK(header.ok());
  FUZZ_CHECK(opened->purposes.size() == header->purposes.size());
  FUZZ_CHECK(opened->indexes.size() == header->indexes.size());
  FUZZ_CHECK(opened->roles.size() == header->roles.size());
  FUZZ_CHECK(opened->storage.empty() == (header->storage_version == 0));
}

// The file as it is; the file with a checksum that holds; a header of this authority's with
// secrets.
void RunKeyring(ByteView input) {
  CheckKeyring(input);
  if (input.size() > 32) {
    Bytes checked = ToBytes(input);
    const auto sum =
        crypto::Hash<32>(crypto::person::kKeyring, {ByteView(checked).first(input.size() - 32)});
    std::copy(sum.begin(), sum.end(), checked.end() - 32);
    // A passphrase is asked for before it costs anything.
    CheckKeyring(checked);
  }
}

std::vector<Bytes> KeyringSeeds() {
  std::vector<Bytes> seeds;
  const auto issued = Must(keys::IssueKeyrings(SomeKeys(), {1'000}, Random()));
  for (const auto* kind : {&issued.reserved, &issued.origins}) {
    for (const KeyringFile& file : *kind) {
      file.bytes.RevealBytes([&](ByteView bytes) { seeds.push_back(ToBytes(bytes)); });
    }
  }
  return seeds;
}

const Registered registered_keyring({"keyring", RunKeyring, KeyringSeeds});

// --- The signed header of a keyring, signed by whoever it names

void RunKeyringHeader(ByteView input) {
  Choices choices(input);
  const size_t secrets_bytes = choices.Below(16) * crypto::kKeyBytes;
  const ByteView bytes = choices.Rest();
  const auto header = keys::ParseKeyringHeader(bytes);
  const crypto::Signature signature = Signer().Sign(crypto::person::kKeyring, {bytes});
  CheckKeyring(KeyringOf(kNoLock, bytes, signature, Bytes(secrets_bytes, 0x77)));
  if (!header.ok()) return CheckFailure(header, {Code::kDamage});
  const Bytes again = keys::EncodeKeyringHeader(*header);
  const auto reread = keys::ParseKeyringHeader(again);
  FUZZ_CHECK(reread.ok());
  FUZZ_CHECK(keys::EncodeKeyringHeader(*reread) == again);
  FUZZ_CHECK(reread->purposes == header->purposes && reread->actor == header->actor);
}

std::vector<Bytes> KeyringHeaderSeeds() {
  keys::KeyringHeader header{.vault = kVault,
                             .actor = "web",
                             .issued_at = {1'000},
                             .authority = Signer().verify_key(),
                             .manifest_min = 1,
                             .storage_version = 1,
                             .purposes = {{"billing", 1}, {"billing", 2}},
                             .indexes = {{"card.pan/billing", 1}},
                             .roles = {keys::Role::kLog}};
  Bytes seed = {5};
  const Bytes encoded = keys::EncodeKeyringHeader(header);
  seed.insert(seed.end(), encoded.begin(), encoded.end());
  header.storage_version = 0;
  header.purposes.clear();
  Bytes small = {2};
  const Bytes less = keys::EncodeKeyringHeader(header);
  small.insert(small.end(), less.begin(), less.end());
  return {seed, small};
}

const Registered registered_keyring_header({"keyring_header", RunKeyringHeader,
                                            KeyringHeaderSeeds});

// --- Manifests

Bytes Signed(ByteView body) {
  Bytes row;
  Writer(row).Put(ByteView(Signer().Sign(crypto::person::kManifest, {body}))).Put(body);
  return row;
}

void CheckOpenVersions(const keys::Manifest& manifest) {
  for (const auto& purpose : manifest.purposes) {
    FUZZ_CHECK(purpose.version > 0 && purpose.open_version < purpose.version);
    FUZZ_CHECK(purpose.id == crypto::NameIdOf(purpose.name));
    FUZZ_CHECK(manifest.FindPurpose(purpose.name) != nullptr);
  }
  for (const auto& index : manifest.indexes) {
    FUZZ_CHECK(index.version > 0 && index.open_version < index.version);
  }
  FUZZ_CHECK(manifest.policies.empty() ||
             manifest.FindPolicy(manifest.policy_in_force) == &manifest.policies.back());
}

void RunManifest(ByteView input) {
  const crypto::VerifyKey& authority = Signer().verify_key();
  CheckFailure(keys::ParseManifest(input, kVault, authority, 0), {Code::kDamage});
  const auto manifest = keys::ParseManifest(Signed(input), kVault, authority, 3);
  if (!manifest.ok()) return CheckFailure(manifest, {Code::kDamage});
  FUZZ_CHECK(manifest->vault == kVault && manifest->number >= 3);
  CheckOpenVersions(*manifest);
  const Bytes again = keys::SignManifest(*manifest, Signer());
  const auto reread = keys::ParseManifest(again, kVault, authority, manifest->number);
  FUZZ_CHECK(reread.ok());
  FUZZ_CHECK(keys::SignManifest(*reread, Signer()) == again);
}

std::vector<Bytes> ManifestSeeds() {
  keys::Manifest manifest = Must(keys::ManifestOf(SomeKeys()));
  manifest.number = 7;
  manifest.log_origin = "bailee/test";
  manifest.policies = {{.version = 1, .digest = KeyBytes(1), .since = {1}},
                       {.version = 3,
                        .digest = KeyBytes(3),
                        .since = {2},
                        .notice = "n",
                        .announced_at = Timestamp{1}}};
  manifest.policy_in_force = 3;
  manifest.purposes[0].version = 2;
  manifest.purposes[0].open_version = 1;
  manifest.purposes[0].open_box_public = {KeyBytes(8)};
  const Bytes row = keys::SignManifest(manifest, Signer());
  return {Bytes(row.begin() + sizeof(crypto::Signature), row.end())};
}

const Registered registered_manifest({"manifest", RunManifest, ManifestSeeds});

// --- Rows of policies: only what the manifest names and the authority signed

void RunPolicyRow(ByteView input) {
  Choices choices(input);
  const auto version = static_cast<uint32_t>(choices.Below(3) + 1);
  const ByteView policy = choices.Short();
  keys::Manifest manifest{.vault = kVault, .number = 1, .policy_in_force = 2};
  manifest.policies = {{.version = 2, .digest = keys::PolicyDigest(policy)}};
  Bytes row = keys::SignPolicy(kVault, 2, policy, Signer());
  const Bytes whole = row;
  const uint8_t bits = choices.Byte();
  row[choices.Number<uint16_t>() % row.size()] ^= bits;
  const ByteView more = choices.Rest();
  row.insert(row.end(), more.begin(), more.end());
  const auto verified = keys::VerifyPolicy(row, manifest, version, Signer().verify_key());
  FUZZ_CHECK(verified.ok() == (row == whole && version == 2));
  if (!verified.ok()) return CheckFailure(verified.status(), {Code::kDamage});
  FUZZ_CHECK(Same(*verified, policy));
}

std::vector<Bytes> PolicyRowSeeds() { return {ToBytes("\1\4text"), ToBytes("\0\4text\1")}; }

const Registered registered_policy_row({"policy_row", RunPolicyRow, PolicyRowSeeds});

// --- Who follows an authority: only whom it named, for this vault

void RunSuccessor(ByteView input) {
  const crypto::VerifyKey authority = Signer().verify_key();
  CheckFailure(keys::ParseSuccessor(input, kVault, authority), {Code::kDamage});
  Choices choices(input);
  const keys::Successor next{choices.Number<uint64_t>(), {KeyBytes(choices.Byte())}};
  Bytes row = keys::SignSuccessor(kVault, next, Signer());
  const Bytes whole = row;
  const uint8_t bits = choices.Byte();
  row[choices.Number<uint16_t>() % row.size()] ^= bits;
  const ByteView more = choices.Rest();
  row.insert(row.end(), more.begin(), more.end());
  const auto read = keys::ParseSuccessor(row, kVault, authority);
  FUZZ_CHECK(read.ok() == (row == whole));
  if (!read.ok()) return CheckFailure(read, {Code::kDamage});
  FUZZ_CHECK(read->number == next.number && read->authority == next.authority);
}

std::vector<Bytes> SuccessorSeeds() { return {Bytes(), ToBytes("\1more"), Bytes(14, 0xff)}; }

const Registered registered_successor({"successor", RunSuccessor, SuccessorSeeds});

// --- Where a keyring comes from

void RunKeySource(ByteView input) {
  const auto source = KeySource::Parse(AsText(input));
  if (!source.ok()) return CheckFailure(source, {Code::kUsage});
  FUZZ_CHECK(AsText(input).ends_with(source->target()));
}

std::vector<Bytes> KeySourceSeeds() {
  return {ToBytes("file:/a/b"), ToBytes("cred:billing"), ToBytes("fd:3"), ToBytes("cmd:/bin/x"),
          ToBytes("a.keyring")};
}

const Registered registered_key_source({"key_source", RunKeySource, KeySourceSeeds});

}  // namespace
}  // namespace bailee::fuzz
