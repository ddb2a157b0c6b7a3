// SPDX-License-Identifier: Apache-2.0
#include "keys/keyring_file.h"

#include <array>

#include "bailee/limits.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "crypto/suite1.h"
#include "keys/key_file.h"
#include "keys/keyring_header.h"

namespace bailee::keys {
namespace {

constexpr std::string_view kMagic = "BAILEEKR";
constexpr uint8_t kVersion = 1;
constexpr size_t kChecksumBytes = 32;
constexpr crypto::PasswordCost kPassphraseCost = {3, 256 * 1024};

struct Lock {
  uint8_t kind = 0;
  crypto::PasswordCost cost = {0, 0};
  crypto::PasswordSalt salt{};
};

// The parts of a file whose checksum holds. Borrows it.
struct Frame {
  Lock lock;
  ByteView header;
  ByteView signature;
  ByteView before_envelope;  // bound into the envelope
  ByteView envelope;
};

Status DamagedKeyring(const char* what) {
  return Status(Code::kDamage, "key.damaged", std::string("the keyring is damaged: ") + what,
                "restore the keyring from its safe copy or grant a new one");
}

// The checksum has no key: whoever made the file may have put anything here.
bool IsLock(const Lock& lock) {
  if (lock.kind == static_cast<uint8_t>(Unlock::Kind::kPassphrase))
    return crypto::CheckCost(lock.cost).ok();
  const bool known = lock.kind == static_cast<uint8_t>(Unlock::Kind::kNothing) ||
                     lock.kind == static_cast<uint8_t>(Unlock::Kind::kKeyFile);
  return known && lock.cost.ops == 0 && lock.cost.mem_kib == 0 &&
         lock.salt == crypto::PasswordSalt{};
}

Result<Frame> ParseFrame(ByteView file) {
  if (file.size() < kMagic.size() || AsText(file.first(kMagic.size())) != kMagic) {
    return Status(Code::kKey, "key.not-a-keyring", "the file is not a keyring",
                  "name a file that ends in .keyring");
  }
  if (file.size() > limits::kKeyringBytesMax || file.size() < kMagic.size() + 1 + kChecksumBytes) {
    return DamagedKeyring("wrong size");
  }
  if (file[kMagic.size()] != kVersion) {
    return Status(Code::kTooNew, "key.too-new", "the keyring's format is newer than this library",
                  "upgrade the library or grant a new keyring with this one");
  }
  const ByteView body = file.first(file.size() - kChecksumBytes);
  const auto checksum = crypto::Hash<kChecksumBytes>(crypto::person::kKeyring, {body});
  if (!crypto::ConstantTimeEqual(checksum, file.last(kChecksumBytes)))
    return DamagedKeyring("its checksum does not hold");

  Reader reader(body.subspan(kMagic.size() + 1));
  Frame frame;
  frame.lock.kind = reader.Get<uint8_t>();
  frame.lock.cost = {reader.Get<uint32_t>(), reader.Get<uint32_t>()};
  frame.lock.salt = reader.GetArray<16>();
  frame.header = reader.GetPrefixed<uint32_t>();
  frame.signature = reader.GetBytes(sizeof(crypto::Signature));
  frame.before_envelope = body.first(body.size() - reader.rest().size());
  frame.envelope = reader.GetPrefixed<uint32_t>();
  if (!reader.complete()) return DamagedKeyring("its parts do not fit");
  if (!IsLock(frame.lock)) return DamagedKeyring("its lock makes no sense");
  return frame;
}

Result<KeyringHeader> VerifiedHeader(const Frame& frame) {
  BAILEE_TRY(KeyringHeader header, ParseKeyringHeader(frame.header));
  if (!crypto::Verify(header.authority, crypto::person::kKeyring, {frame.header}, frame.signature)
           .ok()) {
    return DamagedKeyring("its signature does not hold");
  }
  return header;
}

Result<crypto::UnlockKey> UnlockingKey(const Lock& lock, const Unlock& unlock) {
  if (lock.kind != static_cast<uint8_t>(unlock.kind())) {
    const bool needs_passphrase = lock.kind == static_cast<uint8_t>(Unlock::Kind::kPassphrase);
    const bool needs_file = lock.kind == static_cast<uint8_t>(Unlock::Kind::kKeyFile);
    return Status(Code::kKey, "key.locked",
                  needs_passphrase ? "the keyring needs a passphrase"
                  : needs_file
                      ? "the keyring needs a key file"
                      : "the keyring is not locked, but a passphrase or key file was given",
                  needs_passphrase ? "give its passphrase"
                  : needs_file     ? "name its key file"
                                   : "leave the passphrase or key file out");
  }
  switch (unlock.kind()) {
    case Unlock::Kind::kNothing:
      return crypto::UnlockKey::FromBytes(std::array<uint8_t, 32>{});
    case Unlock::Kind::kPassphrase:
      return crypto::DeriveUnlockKey(unlock.passphrase(), lock.salt, lock.cost);
    case Unlock::Kind::kKeyFile:
      return ReadKeyFile(unlock.key_file());
  }
  return DamagedKeyring("unknown lock");
}

// What the envelope is bound to: its prefix and everything before it in the file.
Bytes EnvelopeBinding(ByteView before_envelope) {
  Bytes binding(crypto::kKeyringBindingPrefix.begin(), crypto::kKeyringBindingPrefix.end());
  binding.insert(binding.end(), before_envelope.begin(), before_envelope.end());
  return binding;
}

// Walks the 32-byte keys of the sealed part in the order of the header.
class KeySlots {
 public:
  explicit KeySlots(ByteView bytes) : reader_(bytes) {}
  ByteView Next() { return reader_.GetBytes(crypto::kKeyBytes); }
  bool complete() const { return reader_.complete(); }

 private:
  Reader reader_;
};

size_t SlotCount(const KeyringHeader& header) {
  return (header.storage_version != 0 ? 1 : 0) + header.purposes.size() + header.indexes.size() +
         header.roles.size();
}

Result<KeyringKeys> DecodeKeys(KeyringHeader header, ByteView secrets) {
  if (secrets.size() != SlotCount(header) * crypto::kKeyBytes)
    return DamagedKeyring("wrong number of keys");
  KeySlots slots(secrets);
  KeyringKeys keys;
  if (header.storage_version != 0) {
    BAILEE_TRY(keys.storage, crypto::StorageKey::FromBytes(slots.Next()));
  }
  for (const auto& [name, version] : header.purposes) {
    BAILEE_TRY(crypto::PurposeKey key, crypto::PurposeKey::FromBytes(slots.Next()));
    keys.purposes.push_back({name, version, crypto::NameIdOf(name), std::move(key)});
  }
  for (const auto& [name, version] : header.indexes) {
    BAILEE_TRY(crypto::IndexKey key, crypto::IndexKey::FromBytes(slots.Next()));
    keys.indexes.push_back({name, version, crypto::NameIdOf(name), std::move(key)});
  }
  for (const Role role : header.roles) {
    BAILEE_TRY(Secret secret, Secret::From(slots.Next()));
    keys.roles.push_back({role, std::move(secret)});
  }
  BAILEE_CHECK(slots.complete());
  keys.header = std::move(header);
  return keys;
}

Result<Secret> EncodeKeys(const KeyringKeys& keys) {
  BAILEE_TRY(Secret secrets, Secret::Allocate(SlotCount(keys.header) * crypto::kKeyBytes));
  secrets.RevealMutable([&](std::span<uint8_t> out) {
    const auto put = [&](ByteView key) {
      BAILEE_CHECK(out.size() >= key.size() && key.size() == crypto::kKeyBytes);
      std::copy(key.begin(), key.end(), out.begin());
      out = out.subspan(key.size());
    };
    if (keys.header.storage_version != 0) keys.storage.Reveal(put);
    for (const HeldPurpose& purpose : keys.purposes) purpose.key.Reveal(put);
    for (const HeldIndex& index : keys.indexes) index.key.Reveal(put);
    for (const HeldRole& role : keys.roles) role.secret.RevealBytes(put);
    BAILEE_CHECK(out.empty());
  });
  return secrets;
}

}  // namespace

Result<Secret> EncodeKeyring(const KeyringKeys& keys, const crypto::SigningKey& authority,
                             const Unlock& lock, crypto::Random& random) {
  Lock stored{.kind = static_cast<uint8_t>(lock.kind())};
  if (lock.kind() == Unlock::Kind::kPassphrase) {
    stored.cost = kPassphraseCost;
    random.Fill(stored.salt);
  }
  const Bytes header = EncodeKeyringHeader(keys.header);
  Bytes file;
  Writer writer(file);
  writer.Put(AsBytes(kMagic)).Put(kVersion).Put(stored.kind);
  writer.Put(stored.cost.ops).Put(stored.cost.mem_kib).Put(ByteView(stored.salt));
  writer.PutPrefixed<uint32_t>(header);
  writer.Put(ByteView(authority.Sign(crypto::person::kKeyring, {header})));

  BAILEE_TRY(crypto::UnlockKey unlocking, UnlockingKey(stored, lock));
  BAILEE_TRY(Secret secrets, EncodeKeys(keys));
  const Bytes binding = EnvelopeBinding(file);
  const Bytes envelope = secrets.RevealBytes(
      [&](ByteView bytes) { return crypto::Seal(unlocking, binding, bytes, random); });
  writer.PutPrefixed<uint32_t>(envelope);
  writer.Put(ByteView(crypto::Hash<kChecksumBytes>(crypto::person::kKeyring, {file})));
  if (file.size() > limits::kKeyringBytesMax) {
    return Status(Code::kInvalidValue, "key.too-many", "the keyring would be larger than its limit",
                  "grant fewer purposes to one holder");
  }
  return Secret::From(ByteView(file));
}

Result<KeyringHeader> InspectKeyring(ByteView file) {
  BAILEE_TRY(const Frame frame, ParseFrame(file));
  return VerifiedHeader(frame);
}

Result<KeyringKeys> ParseKeyring(ByteView file, const Unlock& unlock) {
  BAILEE_TRY(const Frame frame, ParseFrame(file));
  BAILEE_TRY(KeyringHeader header, VerifiedHeader(frame));
  BAILEE_TRY(const crypto::UnlockKey unlocking, UnlockingKey(frame.lock, unlock));
  const Bytes binding = EnvelopeBinding(frame.before_envelope);
  Result<Secret> secrets = crypto::Open(unlocking, binding, frame.envelope);
  if (!secrets.ok()) {
    if (secrets.status().code() == Code::kFull) return secrets.status();
    // The checksum holds, so the bytes are those that were written: it is the key that is wrong.
    return Status(Code::kKey, "key.wrong", "the passphrase or key file does not open this keyring",
                  "this is not damage: the file's checksum holds");
  }
  return secrets->RevealBytes([&](ByteView bytes) { return DecodeKeys(std::move(header), bytes); });
}

}  // namespace bailee::keys
