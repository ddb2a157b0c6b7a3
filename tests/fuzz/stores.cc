// SPDX-License-Identifier: Apache-2.0
// Files that LMDB would trust: heads, and whole files that are walked and then opened.
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/memory_file.h"
#include "fuzz/target.h"
#include "store/lmdb_engine.h"
#include "store/lmdb_header.h"
#include "store/lmdb_layout.h"
#include "store/lmdb_preflight.h"

namespace bailee::fuzz {
namespace {

using store::Table;

constexpr size_t kPageBytes = 4096;

// A directory of this process, with a store in it that has rows of every sort.
class SomeStore {
 public:
  SomeStore() {
    const char* const where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    directory_ = std::string(where) + "/bailee_fuzz_store_" + std::to_string(getpid());
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    {
      const auto engine = Must(store::CreateLmdb(directory_, Options()));
      for (size_t commit = 0; commit < 3; ++commit) Must(engine->Write(SomeRows(commit)));
    }
    std::ifstream file(DataFile(), std::ios::binary);
    image_ = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  ~SomeStore() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  const Bytes& image() const { return image_; }
  const std::string& directory() const { return directory_; }
  std::string DataFile() const { return directory_ + "/data.mdb"; }

  void Replace(ByteView image) const {
    std::ofstream file(DataFile(), std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(image.data()),
               static_cast<std::streamsize>(image.size()));
    FUZZ_CHECK(file.good());
  }

  static store::LmdbOptions Options() {
    store::LmdbOptions options;
    options.map_bytes = uint64_t{1} << 20;
    options.map_bytes_max = uint64_t{1} << 26;
    options.busy_wait = std::chrono::milliseconds(0);
    return options;
  }

 private:
  static store::Engine::Job SomeRows(size_t commit) {
    return [commit](store::WriteTransaction& write) -> Status {
      for (uint8_t table = 0; table < store::kTableCount; ++table) {
        for (size_t row = 0; row < (table == 4 ? 60 : 2); ++row) {
          const std::string key = std::to_string(row * 7 % 61) + std::string(commit * 5, 'k');
          const size_t size = row == 1 ? 5000 : 40;
          const Status put = write.Put(static_cast<Table>(table), AsBytes(key), Bytes(size, 0x61));
          if (!put.ok()) return put;
        }
      }
      return write.Delete(Table::kRecords, AsBytes("7"));
    };
  }

  std::string directory_;
  Bytes image_;
};

const SomeStore& Store() {
  static const SomeStore some;
  return some;
}

// --- The head of a file

void RunLmdbHead(ByteView input) {
  Choices choices(input);
  const uint64_t more = choices.Number<uint32_t>();
  const ByteView head = choices.Rest();
  const ByteView read = head.first(std::min(head.size(), store::kHeadBytesMax));
  const auto meta = store::ParseMetaPages(
      read, read.size() < head.size()
                ? head.size()
                : read.size() + (read.size() == store::kHeadBytesMax ? more : 0));
  if (!meta.ok()) {
    return CheckFailure(meta.status(), {Code::kNoVault, Code::kTooNew, Code::kDamage});
  }
  FUZZ_CHECK(meta->page_bytes >= 256 && (meta->page_bytes & (meta->page_bytes - 1)) == 0);
  for (const store::TreeRecord* tree : {&meta->free_tree, &meta->main_tree}) {
    FUZZ_CHECK(tree->root == store::kNoPage || tree->root <= meta->last_page);
  }
}

std::vector<Bytes> LmdbHeadSeeds() {
  Bytes seed(4);
  seed.insert(seed.end(), Store().image().begin(), Store().image().begin() + 2 * kPageBytes);
  return {seed};
}

const Registered registered_lmdb_head({"lmdb_head", RunLmdbHead, LmdbHeadSeeds});

void RunTreeRecord(ByteView input) {
  if (input.size() < store::kTreeRecordBytes + 8) return;
  const auto last_page = store::LoadNative<uint64_t>(input, store::kTreeRecordBytes);
  const auto record = store::ParseTreeRecord(input, last_page);
  if (!record) return;
  FUZZ_CHECK(record->root == store::kNoPage || record->root <= last_page);
}

std::vector<Bytes> TreeRecordSeeds() {
  Bytes seed(store::kTreeRecordBytes + 8);
  seed[6] = 1;
  seed[16] = seed[32] = 1;
  seed[40] = 5;
  seed[store::kTreeRecordBytes] = 9;
  return {seed};
}

const Registered registered_tree_record({"tree_record", RunTreeRecord, TreeRecordSeeds});

// --- A whole file, changed by the input: what the walk accepts, LMDB reads and writes without
// falling over, and has as many rows as the walk counted

Bytes Edited(ByteView input) {
  Bytes image = Store().image();
  Choices choices(input);
  while (!choices.empty()) {
    const uint8_t what = choices.Byte();
    const size_t page = choices.Byte() % (image.size() / kPageBytes);
    // Offsets near the begin of a page are where its own numbers are.
    const size_t at = page * kPageBytes + choices.Number<uint16_t>() % kPageBytes;
    switch (what % 6) {
      case 0:
        image[at] = choices.Byte();
        break;
      case 1:
        image[at] ^= static_cast<uint8_t>(1 << choices.Below(8));
        break;
      case 2: {  // a number of two bytes, in the order of this machine
        const auto number = choices.Number<uint16_t>();
        std::memcpy(image.data() + at / 2 * 2, &number, sizeof number);
        break;
      }
      case 3: {  // of eight: a page or a count
        const auto number = uint64_t{choices.Number<uint16_t>()};
        std::memcpy(image.data() + at / 8 * 8, &number, sizeof number);
        break;
      }
      case 4: {  // a page over another
        const size_t from = choices.Byte() % (image.size() / kPageBytes);
        std::copy_n(image.begin() + static_cast<std::ptrdiff_t>(from * kPageBytes), kPageBytes,
                    image.begin() + static_cast<std::ptrdiff_t>(page * kPageBytes));
        break;
      }
      default:
        image.resize(std::max(at, kPageBytes));
        return image;
    }
  }
  return image;
}

void UseAccepted(uint64_t rows_walked) {
  auto opened = store::OpenLmdb(Store().directory(), SomeStore::Options());
  if (!opened.ok()) return CheckFailure(opened.status());
  uint64_t rows = 0;
  for (uint8_t table = 0; table < store::kTableCount; ++table) {
    const auto snapshot = Must((*opened)->Read());
    Must(snapshot->Scan(static_cast<Table>(table), {}, {}, [&](ByteView key, ByteView value) {
      FUZZ_CHECK(!key.empty() && key.size() <= 511);
      ++rows;
      return value.size() < size_t{1} << 30;
    }));
  }
  FUZZ_CHECK(rows == rows_walked);
  const Status written = (*opened)->Write([](store::WriteTransaction& write) -> Status {
    const Status put = write.Put(Table::kRecords, AsBytes("new"), Bytes(300, 0x62));
    return put.ok() ? write.Delete(Table::kRecords, AsBytes("14")) : put;
  });
  if (!written.ok()) CheckFailure(written);
}

void RunLmdbImage(ByteView input) {
  if (input.size() > 512) return;
  Store().Replace(Edited(input));
  // Every opening is one after an unclean shutdown: the file of openers says nothing.
  store::PreflightRequest request{.data_file = Store().DataFile(), .unclean_shutdown = true};
  const Status walked = store::PreflightDataFile(request);
  const auto trees = store::SurveyDataFile(request);
  if (!trees.ok()) {
    FUZZ_CHECK(!walked.ok());
    CheckFailure(trees.status(), {Code::kDamage, Code::kNoVault, Code::kTooNew});
  }
  if (!walked.ok()) return CheckFailure(walked, {Code::kDamage, Code::kNoVault, Code::kTooNew});
  FUZZ_CHECK(trees.ok());
  uint64_t rows = 0;
  for (const store::WalkedTree& tree : *trees) {
    FUZZ_CHECK(tree.status.ok());
    if (tree.name != "tables" && tree.name != "free list") rows += tree.rows;
  }
  UseAccepted(rows);
}

std::vector<Bytes> LmdbImageSeeds() {
  return {{},          {0, 2, 0, 12, 7}, {2, 3, 0, 12, 0, 40}, {3, 0, 0, 88, 0, 5}, {4, 4, 0, 0, 5},
          {5, 9, 0, 0}};
}

const Registered registered_lmdb_image({"lmdb_image", RunLmdbImage, LmdbImageSeeds});

}  // namespace
}  // namespace bailee::fuzz
