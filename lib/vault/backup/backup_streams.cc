// SPDX-License-Identifier: Apache-2.0
#include "vault/backup/backup_streams.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "base/codec.h"
#include "base/file_errors.h"
#include "base/try.h"
#include "crypto/suite1.h"

namespace bailee::vault {
namespace {

// Reads until `out` is full or the file ends; how much.
Result<size_t> ReadSome(int fd, std::span<uint8_t> out, const std::string& path) {
  size_t got = 0;
  while (got < out.size()) {
    const ssize_t count = ::read(fd, out.data() + got, out.size() - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, path, "read");
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  return got;
}

struct OpenStream {
  UniqueFd fd;
  uint64_t bytes = 0;
};

Result<OpenStream> OpenForRead(const std::string& path) {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat info {};
  if (!fd.ok() || ::fstat(fd.get(), &info) != 0) return FileError(errno, path, "read");
  if (!S_ISREG(info.st_mode)) return FileError(EISDIR, path, "read");
  return OpenStream{std::move(fd), static_cast<uint64_t>(info.st_size)};
}

Result<Bytes> ReadHead(int fd, const std::string& path) {
  Bytes bytes(kStreamHeadBytes);
  BAILEE_TRY(const size_t got, ReadSome(fd, bytes, path));
  bytes.resize(got);
  return bytes;
}

Status CutShort() { return DamagedStream("it ends before its end"); }

}  // namespace

Result<StreamWriter> StreamWriter::Begin(const std::string& path, const StreamHead& head,
                                         const crypto::RefKey& ref_key, crypto::Random& random) {
  BAILEE_TRY(const crypto::StreamKey key, crypto::StreamKey::Generate(random));
  BAILEE_TRY(crypto::BoxSender sender, crypto::BoxSender::Create(random));
  Bytes bytes = EncodeStreamHead(head);
  BAILEE_RETURN_IF_ERROR(key.Reveal([&](ByteView plain) {
    return sender.SealAppend(head.recipient, StreamKeyBinding(head), plain, random, bytes);
  }));
  BAILEE_TRY(crypto::StreamSealer sealer, crypto::StreamSealer::Begin(key, bytes));
  const StreamHash maker = MakerOf(ref_key, bytes, sealer.start().commitment);
  Writer(bytes).Put(ByteView(sealer.start().commitment)).Put(ByteView(sealer.start().start));
  BAILEE_TRY(NewFile file, NewFile::Create(path));
  StreamWriter writer(head.kind, std::move(file), std::move(sealer), maker);
  BAILEE_RETURN_IF_ERROR(writer.Write(bytes));
  return writer;
}

StreamWriter::StreamWriter(BackupKind kind, NewFile file, crypto::StreamSealer sealer,
                           const StreamHash& maker)
    : file_(std::move(file)), sealer_(std::move(sealer)), maker_(maker) {
  if (kind == BackupKind::kKeys) sha256_.emplace();
}

Status StreamWriter::Write(ByteView bytes) {
  if (sha256_) sha256_->Put(bytes);
  return file_.Write(bytes);
}

std::optional<crypto::Sha256Digest> StreamWriter::Sha256() {
  if (!sha256_) return std::nullopt;
  return sha256_->Finish();
}

Status StreamWriter::Put(ByteView message, bool last) {
  frame_.clear();
  Writer(frame_).Put(static_cast<uint32_t>(message.size() + crypto::kStreamMessageOverhead));
  sealer_.SealAppend(message, last, frame_);
  return Write(frame_);
}

Result<StreamHead> ReadStreamHead(const std::string& path) {
  BAILEE_TRY(const OpenStream file, OpenForRead(path));
  BAILEE_TRY(const Bytes bytes, ReadHead(file.fd.get(), path));
  BAILEE_TRY(const ParsedHead parsed, ParseStreamHead(bytes));
  return parsed.head;
}

Result<std::vector<RangeInfo>> ReadIndex(const std::string& path, const StreamHead& head,
                                         const crypto::RefKey& ref_key) {
  BAILEE_TRY(const OpenStream file, OpenForRead(path));
  const auto read_at = [&](uint64_t at, Bytes& out) -> Status {
    if (::lseek(file.fd.get(), static_cast<off_t>(at), SEEK_SET) < 0)
      return FileError(errno, path, "read");
    BAILEE_TRY(const size_t got, ReadSome(file.fd.get(), out, path));
    return got == out.size() ? Status() : CutShort();
  };
  if (file.bytes < kStreamHeadBytes + sizeof(uint32_t)) return CutShort();
  Bytes length(sizeof(uint32_t));
  BAILEE_RETURN_IF_ERROR(read_at(file.bytes - length.size(), length));
  const auto size = LoadBigEndian<uint32_t>(length.data());
  if (size > file.bytes - kStreamHeadBytes - length.size())
    return DamagedStream("its index is longer than it");
  Bytes trailer(size + length.size());
  BAILEE_RETURN_IF_ERROR(read_at(file.bytes - trailer.size(), trailer));
  return OpenTrailer(head, ref_key, trailer);
}

Result<StreamReader> StreamReader::Open(const std::string& path, const crypto::BoxOpener& backup) {
  BAILEE_TRY(OpenStream file, OpenForRead(path));
  BAILEE_TRY(const Bytes bytes, ReadHead(file.fd.get(), path));
  BAILEE_TRY(const ParsedHead parsed, ParseStreamHead(bytes));
  if (parsed.head.recipient != backup.public_key()) {
    return Status(Code::kKey, "backup.other-keyring",
                  "the stream is sealed for another backup keyring",
                  "load the backup keyring that was the vault's when the stream was taken");
  }
  Result<Secret> opened = backup.Open(StreamKeyBinding(parsed.head), parsed.box);
  if (!opened.ok())
    return crypto::DamageUnlessFull(opened.status(), DamagedStream("its key does not open"));
  BAILEE_TRY(const crypto::StreamKey key, crypto::StreamKey::FromSecret(*std::move(opened)));
  Result<crypto::StreamOpener> opener =
      crypto::StreamOpener::Begin(key, parsed.bound, parsed.start);
  if (!opener.ok()) {
    return crypto::DamageUnlessFull(opener.status(),
                                    DamagedStream("it is committed to another key"));
  }
  return StreamReader(path, std::move(file.fd), parsed, *std::move(opener));
}

StreamReader::StreamReader(std::string path, UniqueFd fd, const ParsedHead& parsed,
                           crypto::StreamOpener opener)
    : path_(std::move(path)),
      fd_(std::move(fd)),
      head_(parsed.head),
      bound_(parsed.bound.begin(), parsed.bound.end()),
      commitment_(parsed.start.commitment),
      opener_(std::move(opener)) {}

StreamHash StreamReader::MakerFor(const crypto::RefKey& ref_key) const {
  return MakerOf(ref_key, bound_, commitment_);
}

Result<bool> StreamReader::ReadFrame() {
  if (ended_) return false;
  std::array<uint8_t, 4> length{};
  BAILEE_TRY(const size_t got, ReadSome(fd_.get(), length, path_));
  if (got != length.size()) return CutShort();
  const auto size = LoadBigEndian<uint32_t>(length.data());
  if (size < crypto::kStreamMessageOverhead || size > kStreamFrameBytesMax)
    return DamagedStream("a message has no length that one can have");
  frame_.resize(size);
  BAILEE_TRY(const size_t read, ReadSome(fd_.get(), frame_, path_));
  if (read != frame_.size()) return CutShort();
  bytes_ += length.size() + frame_.size();
  return true;
}

Result<bool> StreamReader::Next(Bytes& message) {
  BAILEE_TRY(const bool any, ReadFrame());
  if (!any) return false;
  message.resize(frame_.size() - crypto::kStreamMessageOverhead);
  const Result<bool> last = opener_.OpenInto(frame_, message);
  if (!last.ok()) return DamagedStream("a message is not authentic, or not in its place");
  ended_ = *last;
  return true;
}

Result<bool> StreamReader::Next(Secret& message) {
  BAILEE_TRY(const bool any, ReadFrame());
  if (!any) return false;
  BAILEE_TRY(message, Secret::Allocate(frame_.size() - crypto::kStreamMessageOverhead));
  const Result<bool> last =
      message.RevealMutable([&](std::span<uint8_t> out) { return opener_.OpenInto(frame_, out); });
  if (!last.ok()) return DamagedStream("a message is not authentic, or not in its place");
  ended_ = *last;
  return true;
}

Result<Bytes> StreamReader::Trailer(size_t bytes_max) {
  Bytes trailer(bytes_max + 1);
  BAILEE_TRY(const size_t got, ReadSome(fd_.get(), trailer, path_));
  if (got > bytes_max) return DamagedStream("it has bytes left over");
  trailer.resize(got);
  bytes_ += got;
  return trailer;
}

}  // namespace bailee::vault
