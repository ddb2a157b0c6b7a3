// SPDX-License-Identifier: Apache-2.0
#include "bench/floor.h"

#include <sodium.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/codec.h"
#include "bench/must.h"
#include "crypto/names.h"
#include "keys/epoch_file.h"
#include "keys/keyring_keys.h"

namespace bailee::bench {
namespace {

constexpr size_t kHeadBytes = 17;      // of a subject row
constexpr size_t kWrapHeadBytes = 15;  // type, purpose, key version, generation
constexpr size_t kWrapBytes = kWrapHeadBytes + 104;
constexpr size_t kBoxBytes = kWrapHeadBytes + 136;

// Suite 1 by hand.
void Open(const RawKey& key, const uint8_t* aad, size_t aad_size, ByteView envelope, uint8_t* out) {
  uint8_t input[24 + 104];
  std::memcpy(input, envelope.data(), 24);
  std::memcpy(input + 24, aad, aad_size);
  uint8_t derived[64];
  crypto_generichash(derived, sizeof(derived), input, 24 + aad_size, key.data(), key.size());
  Must(crypto_verify_32(derived + 32, envelope.data() + 24) == 0);
  constexpr uint8_t kNonce[12] = {};
  Must(crypto_aead_chacha20poly1305_ietf_decrypt(out, nullptr, nullptr, envelope.data() + 56,
                                                 envelope.size() - 56, nullptr, 0, kNonce,
                                                 derived) == 0);
}

RawKey Copy(const crypto::Key& key) {
  RawKey copy;
  key.Reveal([&](ByteView bytes) { std::memcpy(copy.data(), bytes.data(), copy.size()); });
  return copy;
}

}  // namespace

// The 104 bytes of FORMAT.md §4.1; the first 94 are the record layout.
struct ReadFloor::Binding {
  uint8_t bytes[104] = {1, 1};
  void Label(uint8_t layer, uint8_t label) { bytes[2] = layer, bytes[3] = label; }
  template <typename Bytes>
  void Put(size_t at, const Bytes& from) {
    std::memcpy(bytes + at, from.data(), from.size());
  }
};

ReadFloor::ReadFloor(TempVault& vault, const std::vector<Note>& notes, Keys keys)
    : notes_(notes), vault_(vault.id()) {
  category_ = crypto::NameIdOf("note").bytes;
  purpose_ = crypto::NameIdOf("read").bytes;
  const Keyring keyring = vault.Granted("floor", {"read"});
  purpose_key_ = Copy(keyring.keys().FindPurpose("read")->key);
  const keys::EpochFile file(vault.path() + "/epoch", vault.id());
  auto first =
      file.Get(keys::kFirstEpoch, {keyring.keys().header.storage_version, keyring.keys().storage});
  Must(first.ok());
  const RawKey epoch = Copy(*first);

  Must(mdb_env_create(&environment_) == 0);
  Must(mdb_env_set_maxdbs(environment_, 16) == 0);
  Must(mdb_env_set_mapsize(environment_, size_t{64} << 30) == 0);
  Must(mdb_env_open(environment_, vault.path().c_str(), MDB_RDONLY | MDB_NOTLS, 0600) == 0);
  Must(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction_) == 0);
  MDB_dbi meta = 0;
  Must(mdb_dbi_open(transaction_, "meta", 0, &meta) == 0);
  Must(mdb_dbi_open(transaction_, "subjects", 0, &subjects_) == 0);
  Must(mdb_dbi_open(transaction_, "records", 0, &records_) == 0);
  for (uint32_t group = 0; group < 256; ++group) {
    const auto row = [&](const char* name, uint32_t number) {
      uint8_t key[7];
      std::memcpy(key, name, 6);
      key[6] = static_cast<uint8_t>(number);
      return Get(meta, key, sizeof(key));
    };
    Binding binding;
    binding.Label(1, 30);
    binding.Put(4, vault_.bytes);
    StoreBigEndian(group / 16, binding.bytes + 82);
    RawKey groups[16];
    // Behind version and epoch.
    Open(epoch, binding.bytes, 94, row("groups", group / 16).subspan(9), groups[0].data());
    binding.Label(1, 6);
    StoreBigEndian(group, binding.bytes + 82);
    uint8_t shards[64][41];  // of each its count, 1, id 8, key
    const ByteView sealed = row("shards", group).subspan(1);
    Must(sealed.size() == sizeof(shards) + 72);
    Open(groups[group % 16], binding.bytes, 94, sealed, shards[0]);
    for (const auto& shard : shards)
      std::memcpy(shard_keys_.emplace_back().data(), shard + 9, sizeof(RawKey));
  }
  mdb_txn_commit(transaction_);
  Must(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction_) == 0);
  for (size_t i = 0; keys == Keys::kAtHand && i < notes_.size(); ++i)
    warm_keys_.push_back(OpenD(notes_[i], SubjectRow(notes_[i]), RecordRow(notes_[i])));
  mdb_txn_reset(transaction_);
}

ReadFloor::~ReadFloor() {
  mdb_txn_abort(transaction_);
  mdb_env_close(environment_);
}

ByteView ReadFloor::Get(MDB_dbi table, const void* key, size_t size) {
  MDB_val k{size, const_cast<void*>(key)};
  MDB_val v{};
  Must(mdb_get(transaction_, table, &k, &v) == 0);
  return {static_cast<const uint8_t*>(v.mv_data), v.mv_size};
}

ByteView ReadFloor::SubjectRow(const Note& note) {
  uint8_t key[17] = {};
  std::memcpy(key, note.handle.bytes.data(), 16);
  return Get(subjects_, key, sizeof(key));
}

ByteView ReadFloor::RecordRow(const Note& note) {
  uint8_t key[40];
  std::memcpy(key, note.handle.bytes.data(), 16);
  std::memcpy(key + 16, category_.data(), 8);
  std::memcpy(key + 24, note.record.bytes.data(), 16);
  return Get(records_, key, sizeof(key));
}

RawKey ReadFloor::OpenD(const Note& note, ByteView subject_row, ByteView record_row) {
  uint8_t plain[4096];
  Binding binding;
  binding.Label(1, 2);
  binding.Put(4, vault_.bytes);
  binding.Put(20, note.handle.bytes);
  std::memcpy(binding.bytes + 78, subject_row.data() + 1, 4);
  std::memcpy(binding.bytes + 82, subject_row.data() + 13, 4);
  std::memcpy(binding.bytes + 86, subject_row.data() + 5, 8);
  const size_t shard = static_cast<size_t>(note.handle.bytes[0]) << 6 | note.handle.bytes[1] >> 2;
  Open(shard_keys_[shard], binding.bytes, 94, subject_row.subspan(kHeadBytes), plain);
  RawKey s;
  std::memcpy(s.data(), plain + 1, s.size());

  uint8_t key[43] = {};
  std::memcpy(key, note.handle.bytes.data(), 16);
  key[16] = 1;
  std::memcpy(key + 17, category_.data(), 8);
  std::memcpy(key + 27, record_row.data() + 13, 16);
  const ByteView wraps = Get(subjects_, key, sizeof(key));
  Binding outer;
  outer.Label(1, 3);
  outer.Put(4, vault_.bytes);
  outer.Put(20, note.handle.bytes);
  outer.Put(36, category_);
  std::memcpy(outer.bytes + 62, record_row.data() + 13, 16);
  std::memcpy(outer.bytes + 78, subject_row.data() + 1, 4);
  Must(wraps.size() < sizeof(plain));
  Open(s, outer.bytes, 94, wraps.subspan(1), plain);
  const uint8_t* wrap = plain + 2;
  while (std::memcmp(wrap + 1, purpose_.data(), 8) != 0)
    wrap += wrap[0] == 4 ? kWrapBytes : kBoxBytes;
  Binding inner = outer;
  inner.Label(2, 4);
  std::memcpy(inner.bytes + 78, wrap + 11, 4);
  std::memcpy(inner.bytes + 94, wrap + 1, 10);
  RawKey d;
  Open(purpose_key_, inner.bytes, 104, {wrap + kWrapHeadBytes, 104}, d.data());
  return d;
}

uint8_t ReadFloor::OpenBody(const Note& note, ByteView record_row, const RawKey& d) {
  Binding binding;
  binding.Label(1, 1);
  binding.Put(4, vault_.bytes);
  binding.Put(20, note.handle.bytes);
  binding.Put(36, category_);
  binding.Put(44, note.record.bytes);
  std::memcpy(binding.bytes + 62, record_row.data() + 13, 16);
  const uint8_t* entry = record_row.data() + 30;  // compartment 0
  std::memcpy(binding.bytes + 78, entry + 2, 4);
  std::memcpy(binding.bytes + 82, record_row.data() + 1, 4);
  std::memcpy(binding.bytes + 86, record_row.data() + 5, 8);
  const uint32_t size = LoadBigEndian<uint32_t>(entry + 8);
  uint8_t plain[1024];
  Must(size < sizeof(plain));
  Open(d, binding.bytes, 94, {entry + 12, size}, plain);
  uint8_t value[512];
  const uint32_t length = LoadBigEndian<uint32_t>(plain + 4);
  Must(length < sizeof(value));
  std::memcpy(value, plain + 8, length);
  sodium_memzero(plain, sizeof(plain));
  return value[length - 1];
}

uint8_t ReadFloor::Warm(size_t note) {
  Must(mdb_txn_renew(transaction_) == 0);
  const Note& at = notes_[note];
  const ByteView subject_row = SubjectRow(at);
  Must(subject_row.size() > kHeadBytes);
  const uint8_t last = OpenBody(at, RecordRow(at), warm_keys_[note]);
  mdb_txn_reset(transaction_);
  return last;
}

void ReadFloor::Journal(int journal) {
  constexpr size_t kEventBytes = 192;  // of a read of one field, padded (FORMAT.md §13.4)
  static constexpr uint8_t kPerson[16] = {'b', 'a', 'i', 'l', 'e', 'e',
                                          '.', 't', 'r', 'a', 'i', 'l'};
  uint8_t hashed[41] = {1};
  uint8_t keys[64];
  uint8_t frame[24 + kEventBytes + 16] = {};
  StoreBigEndian(entries_, hashed + 33);
  Must(crypto_generichash_blake2b_salt_personal(keys, sizeof keys, hashed, sizeof hashed,
                                                chain_.data(), chain_.size(), nullptr,
                                                kPerson) == 0);
  StoreBigEndian(static_cast<uint32_t>(kEventBytes + 16), frame);
  StoreBigEndian(entries_, frame + 4);
  const uint8_t nonce[12] = {};
  crypto_aead_chacha20poly1305_ietf_encrypt(frame + 24, nullptr, frame + 24, kEventBytes, nullptr,
                                            0, nullptr, nonce, keys);
  crypto_shorthash_siphash24(frame + 16, frame, sizeof frame, kPerson);
  const auto offset = static_cast<off_t>(entries_ % (uint64_t{1} << 20) * sizeof frame);
  Must(pwrite(journal, frame, sizeof frame, offset) == ssize_t{sizeof frame});
  std::memcpy(chain_.data(), keys + 32, chain_.size());
  sodium_memzero(keys, sizeof keys);
  ++entries_;
}

uint8_t ReadFloor::Cold(size_t note) {
  Must(mdb_txn_renew(transaction_) == 0);
  const Note& at = notes_[note];
  const ByteView record_row = RecordRow(at);
  const RawKey d = OpenD(at, SubjectRow(at), record_row);
  const uint8_t last = OpenBody(at, record_row, d);
  mdb_txn_reset(transaction_);
  return last;
}

size_t ReadFloor::Scan() {
  Must(mdb_txn_renew(transaction_) == 0);
  MDB_cursor* cursor = nullptr;
  Must(mdb_cursor_open(transaction_, records_, &cursor) == 0);
  size_t count = 0;
  Note note{};
  RawKey d{};
  MDB_val key, value;
  while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
    const auto* bytes = static_cast<const uint8_t*>(key.mv_data);
    const ByteView row{static_cast<const uint8_t*>(value.mv_data), value.mv_size};
    const bool same = std::memcmp(note.handle.bytes.data(), bytes, 16) == 0;
    std::memcpy(note.handle.bytes.data(), bytes, 16);
    std::memcpy(note.record.bytes.data(), bytes + 24, 16);
    if (!same) d = OpenD(note, SubjectRow(note), row);
    OpenBody(note, row, d);
    ++count;
  }
  mdb_cursor_close(cursor);
  mdb_txn_reset(transaction_);
  return count;
}

}  // namespace bailee::bench
