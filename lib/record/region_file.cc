// SPDX-License-Identifier: Apache-2.0
#include "record/region_file.h"

#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/ascii.h"
#include "base/try.h"
#include "base/unique_fd.h"
#include "record/canonical.h"
#include "record/region_nodes.h"

namespace bailee::record {
namespace {

constexpr off_t kFileBytesMax = off_t{1} << 30;

Status Malformed() {
  return Status(Code::kInvalidValue, "regions.malformed",
                "the file of regions is no MaxMind DB that can be read",
                "give a country or city database in the MaxMind DB format, version 2");
}

Status Io() {
  return Status(Code::kFailed, "regions.io", "the file of regions could not be read",
                "check who may read it, and that there is memory for it");
}

bool WriteAll(int to, const char* data, size_t count) {
  while (count > 0) {
    const ssize_t written = write(to, data, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    count -= static_cast<size_t>(written);
  }
  return true;
}

// False on errors, and if it is longer than `bytes_max`.
bool CopyAll(int from, int to, off_t bytes_max) {
  char buffer[1 << 16];
  off_t copied = 0;
  while (true) {
    const ssize_t got = read(from, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    copied += got;
    if (copied > bytes_max || !WriteAll(to, buffer, static_cast<size_t>(got))) return false;
  }
}

// The library trusts these where it reads.
bool IsSound(const MMDB_metadata_s& meta) {
  return meta.binary_format_major_version == 2 && (meta.ip_version == 4 || meta.ip_version == 6) &&
         meta.database_type != nullptr;
}

// Of a file that nobody can change. Errors: no memory.
Status CheckNodes(int file, size_t bytes) {
  if (bytes == 0) return Malformed();  // nobody can map nothing
  void* const mapped = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
  if (mapped == MAP_FAILED) return Io();
  const bool fit = RegionNodesFit({static_cast<const uint8_t*>(mapped), bytes});
  munmap(mapped, bytes);
  return fit ? Status() : Malformed();
}

struct AddressOf {
  sockaddr_storage storage{};
  bool ok = false;
  explicit AddressOf(std::string_view text) {
    IpBytes ip;
    if (!ParseIp(text, ip)) return;
    ok = true;
    if (ip.v6) {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      std::memcpy(&address.sin6_addr, ip.bytes, 16);
      std::memcpy(&storage, &address, sizeof address);
    } else {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      std::memcpy(&address.sin_addr, ip.bytes, 4);
      std::memcpy(&storage, &address, sizeof address);
    }
  }
  AddressOf(const AddressOf&) = delete;
  AddressOf& operator=(const AddressOf&) = delete;
  ~AddressOf() { explicit_bzero(&storage, sizeof storage); }
};

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

// A text of the record at that path, if it is of 1 to `size_max` letters A to Z and digits.
std::string_view CodeAt(MMDB_entry_s& entry, const char* const* path, size_t size_max) {
  MMDB_entry_data_s data{};
  if (MMDB_aget_value(&entry, &data, path) != MMDB_SUCCESS) return {};
  if (!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING) return {};
  const std::string_view text(data.utf8_string, data.data_size);
  const auto is_code = [](char c) { return IsUpper(c) || IsDigit(c); };
  if (text.empty() || text.size() > size_max || !AllOf(text, is_code)) return {};
  return text;
}

}  // namespace

struct RegionFile::Database {
  MMDB_s mmdb{};
  const int opened;
  explicit Database(const std::string& path)
      : opened(MMDB_open(path.c_str(), MMDB_MODE_MMAP, &mmdb)) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    // The library itself has closed what it could not open.
    if (opened == MMDB_SUCCESS) MMDB_close(&mmdb);
  }
};

RegionFile::RegionFile(std::unique_ptr<Database> database) : database_(std::move(database)) {}
RegionFile::~RegionFile() = default;

Result<std::unique_ptr<RegionFile>> RegionFile::Open(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.get() < 0 && (errno == ENOENT || errno == ENOTDIR)) {
    return Status(Code::kNotFound, "regions.not-found", "there is no such file of regions",
                  "check the path; without a file every region is unknown");
  }
  struct stat facts = {};
  if (file.get() < 0 || fstat(file.get(), &facts) != 0) return Io();
  if (!S_ISREG(facts.st_mode) || facts.st_size > kFileBytesMax) return Malformed();
  // The library maps what it is given: a file cut while it is mapped would kill the process.
  const UniqueFd copy(memfd_create("regions", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (copy.get() < 0 || !CopyAll(file.get(), copy.get(), kFileBytesMax)) return Io();
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0) return Io();
  if (fstat(copy.get(), &facts) != 0) return Io();
  BAILEE_RETURN_IF_ERROR(CheckNodes(copy.get(), static_cast<size_t>(facts.st_size)));
  auto database = std::make_unique<Database>("/proc/self/fd/" + std::to_string(copy.get()));
  switch (database->opened) {
    case MMDB_SUCCESS:
      break;
    case MMDB_FILE_OPEN_ERROR:
    case MMDB_IO_ERROR:
    case MMDB_OUT_OF_MEMORY_ERROR:
      return Io();
    default:
      return Malformed();
  }
  if (!IsSound(database->mmdb.metadata)) return Malformed();
  return std::unique_ptr<RegionFile>(new RegionFile(std::move(database)));
}

size_t RegionFile::RegionOf(std::string_view ip, std::span<char> out) const {
  const AddressOf address(ip);
  if (!address.ok) return 0;
  int error = MMDB_SUCCESS;
  MMDB_lookup_result_s found = MMDB_lookup_sockaddr(
      &database_->mmdb, reinterpret_cast<const sockaddr*>(&address.storage), &error);
  if (error != MMDB_SUCCESS || !found.found_entry) return 0;
  const char* const country_path[] = {"country", "iso_code", nullptr};
  const char* const part_path[] = {"subdivisions", "0", "iso_code", nullptr};
  const std::string_view country = CodeAt(found.entry, country_path, 2);
  if (country.size() != 2 || !AllOf(country, IsUpper)) return 0;
  const std::string_view part = CodeAt(found.entry, part_path, 3);
  const size_t size = country.size() + (part.empty() ? 0 : 1 + part.size());
  if (size > out.size()) return 0;
  char* at = std::copy(country.begin(), country.end(), out.data());
  if (!part.empty()) {
    *at++ = '-';
    std::copy(part.begin(), part.end(), at);
  }
  return size;
}

}  // namespace bailee::record
