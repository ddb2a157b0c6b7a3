// SPDX-License-Identifier: Apache-2.0
#include "keys/epoch_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/codec.h"
#include "base/file.h"
#include "base/try.h"
#include "base/unique_fd.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"

namespace bailee::keys {
namespace {

constexpr size_t kBlock = 4096;
constexpr std::string_view kEpochMagic = "BAILEEEP";
constexpr uint16_t kEpochFormat = 1;
constexpr uint8_t kSealedMax = 2;  // versions of the storage key
constexpr size_t kSealedEpochBytes = crypto::kKeyBytes + crypto::kEnvelopeOverhead;
using Block = std::array<uint8_t, kBlock>;

off_t BlockAt(uint64_t epoch) { return static_cast<off_t>((epoch % 2) * kBlock); }

Status EpochError(const char* doing) {
  const int error = errno;
  if (error == ENOSPC || error == EDQUOT) {
    return Status(Code::kFull, "epoch.disk-full",
                  std::string("the disk is full: cannot ") + doing + " the epoch file",
                  "free some space and try again");
  }
  return Status(
      Code::kFailed, "epoch.io",
      std::string("cannot ") + doing + " the epoch file: " + std::strerror(error),
      "see that the file `epoch` is there, or named where it is (--epoch), and that this user may "
      "write it");
}

UniqueFd OpenFile(const std::string& path, int flags) {
  return UniqueFd(open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
}

Status WriteBlock(int fd, uint64_t epoch, const Block& block) {
  const ssize_t put = pwrite(fd, block.data(), block.size(), BlockAt(epoch));
  if (put != static_cast<ssize_t>(block.size())) {
    if (put >= 0) errno = ENOSPC;
    return EpochError("write");
  }
  return fdatasync(fd) == 0 ? Status() : EpochError("sync");
}

// What is beyond the end of the file is zero.
Result<Block> ReadBlock(int fd, uint64_t epoch) {
  Block block{};
  if (pread(fd, block.data(), block.size(), BlockAt(epoch)) < 0) return EpochError("read");
  return block;
}

crypto::EncodedBinding EpochBinding(const VaultId& vault, uint16_t version, uint64_t epoch) {
  return crypto::Encode(crypto::Binding{
      .label = crypto::Label::kEpochKey, .vault = vault, .generation = version, .context = epoch});
}

// The number in a block that is whole; nothing of any other. Sets `rest` to its sealed keys.
std::optional<uint64_t> EpochOf(const Block& block, const VaultId& vault, Reader* rest = nullptr) {
  Reader reader{ByteView(block)};
  const ByteView magic = reader.GetBytes(kEpochMagic.size());
  const auto format = reader.Get<uint16_t>();
  const VaultId id{reader.GetArray<16>()};
  const auto epoch = reader.Get<uint64_t>();
  if (AsText(magic) != kEpochMagic || format != kEpochFormat || id != vault) return std::nullopt;
  if (rest != nullptr) *rest = reader;
  return epoch;
}

bool IsZero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

Status Passed() {
  return Status(Code::kNotFound, "epoch.passed", "the epoch of this snapshot is over", "try again");
}

Result<crypto::EpochKey> OpenBlock(const Block& block, const VaultId& vault, uint64_t epoch,
                                   const StorageKeyRef& storage) {
  Reader reader{ByteView()};
  if (EpochOf(block, vault, &reader) != epoch) return Passed();
  const auto count = reader.Get<uint8_t>();
  if (count < 1 || count > kSealedMax) return Passed();
  std::optional<ByteView> mine;
  uint16_t before = 0;
  for (uint8_t i = 0; i < count; ++i) {
    const auto version = reader.Get<uint16_t>();
    const ByteView sealed = reader.GetBytes(kSealedEpochBytes);
    if (version <= before) return Passed();
    before = version;
    if (version == storage.version) mine = sealed;
  }
  if (!IsZero(reader.rest())) return Passed();
  if (!mine) {
    return Status(Code::kKey, "key.retired",
                  "the keyring's storage key is of a version that was rotated out",
                  "ask for a keyring that was made after the rotation");
  }
  Result<Secret> opened =
      crypto::Open(storage.key, EpochBinding(vault, storage.version, epoch), *mine);
  if (!opened.ok()) return crypto::DamageUnlessFull(opened.status(), Passed());
  return crypto::EpochKey::FromSecret(*std::move(opened));
}

Block MakeBlock(const VaultId& vault, uint64_t epoch, std::span<const StorageKeyRef> keys,
                const crypto::EpochKey& key, crypto::Random& random) {
  Bytes bytes;
  Writer writer(bytes);
  writer.Put(AsBytes(kEpochMagic)).Put(kEpochFormat).Put(vault.view()).Put(epoch);
  writer.Put(static_cast<uint8_t>(keys.size()));
  for (const StorageKeyRef& storage : keys) {
    writer.Put(storage.version);
    key.Reveal([&](ByteView plain) {
      crypto::SealAppend(storage.key, EpochBinding(vault, storage.version, epoch), plain, random,
                         bytes);
    });
  }
  Block block{};
  std::copy(bytes.begin(), bytes.end(), block.begin());
  return block;
}

// Whether E is there for each of these keys and for nobody else.
bool IsFor(const Block& block, const VaultId& vault, uint64_t epoch,
           std::span<const StorageKeyRef> keys) {
  Reader reader{ByteView()};
  if (EpochOf(block, vault, &reader) != epoch) return false;
  if (reader.Get<uint8_t>() != keys.size()) return false;
  return std::all_of(keys.begin(), keys.end(), [&](const StorageKeyRef& storage) {
    return OpenBlock(block, vault, epoch, storage).ok();
  });
}

}  // namespace

Result<crypto::EpochKey> EpochFile::Create(const StorageKeyRef& storage, crypto::Random& random,
                                           uint64_t epoch) const {
  BAILEE_TRY(crypto::EpochKey key, crypto::EpochKey::Generate(random));
  const Block block = MakeBlock(vault_, epoch, {&storage, 1}, key, random);
  Bytes content(2 * kBlock);
  std::copy(block.begin(), block.end(), content.begin() + BlockAt(epoch));
  BAILEE_RETURN_IF_ERROR(SystemFiles().WriteNew(path_, content));
  return key;
}

Result<crypto::EpochKey> EpochFile::Get(uint64_t epoch, const StorageKeyRef& storage) const {
  const UniqueFd file = OpenFile(path_, O_RDONLY);
  if (!file.ok()) return EpochError("open");
  BAILEE_TRY(const Block block, ReadBlock(file.get(), epoch));
  return OpenBlock(block, vault_, epoch, storage);
}

Result<crypto::EpochKey> EpochFile::Prepare(uint64_t epoch, std::span<const StorageKeyRef> keys,
                                            crypto::Random& random) const {
  const UniqueFd file = OpenFile(path_, O_RDWR);
  if (!file.ok()) return EpochError("open");
  BAILEE_TRY(Block block, ReadBlock(file.get(), epoch));
  Result<crypto::EpochKey> there = Passed();
  for (const StorageKeyRef& storage : keys) {
    there = OpenBlock(block, vault_, epoch, storage);
    if (there.ok()) break;
    const Code code = there.status().code();
    if (code != Code::kNotFound && code != Code::kKey) return there.status();
  }
  if (!there.ok()) {
    there = crypto::EpochKey::Generate(random);
    if (!there.ok()) return there.status();
  }
  if (!IsFor(block, vault_, epoch, keys)) block = MakeBlock(vault_, epoch, keys, *there, random);
  // Also what was there: nobody knows whether it ever reached the disk.
  BAILEE_RETURN_IF_ERROR(WriteBlock(file.get(), epoch, block));
  return there;
}

Result<bool> EpochFile::Holds(uint64_t epoch) const {
  const UniqueFd file = OpenFile(path_, O_RDONLY);
  if (!file.ok()) return EpochError("open");
  BAILEE_TRY(const Block block, ReadBlock(file.get(), epoch));
  const std::optional<uint64_t> held = EpochOf(block, vault_);
  return held ? *held <= epoch : !IsZero(block);
}

Result<EpochFile::Content> EpochFile::Look(uint64_t epoch, const StorageKeyRef& storage) const {
  const UniqueFd file = OpenFile(path_, O_RDONLY);
  if (!file.ok()) return EpochError("open");
  BAILEE_TRY(const Block block, ReadBlock(file.get(), epoch));
  if (IsZero(block)) return Content{};
  Reader rest{ByteView()};
  const std::optional<uint64_t> said = EpochOf(block, vault_, &rest);
  if (!said || *said % 2 != epoch % 2) return Content{Content::State::kDamaged, 0};
  rest.GetBytes(rest.Get<uint8_t>() * (sizeof(uint16_t) + kSealedEpochBytes));
  const ByteView after = rest.rest();
  const bool zeros =
      std::all_of(after.begin(), after.end(), [](uint8_t each) { return each == 0; });
  if (rest.failed() || !zeros) return Content{Content::State::kDamaged, *said};
  const Status opened = OpenBlock(block, vault_, *said, storage).status();
  if (opened.ok()) return Content{Content::State::kOpens, *said};
  if (opened.code() == Code::kKey) return Content{Content::State::kClosed, *said};
  if (opened.code() == Code::kNotFound) return Content{Content::State::kDamaged, *said};
  return opened;
}

Status EpochFile::Wipe(uint64_t epoch) const {
  const UniqueFd file = OpenFile(path_, O_RDWR);
  if (!file.ok()) return EpochError("open");
  BAILEE_TRY(Block block, ReadBlock(file.get(), epoch));
  const std::optional<uint64_t> held = EpochOf(block, vault_);
  if (!held || *held <= epoch) block = Block{};
  // Also what was there: after a sync that failed, zeros that are read may be nowhere but in
  // memory, and the key on the disk.
  return WriteBlock(file.get(), epoch, block);
}

}  // namespace bailee::keys
