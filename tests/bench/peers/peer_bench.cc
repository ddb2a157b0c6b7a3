// SPDX-License-Identifier: Apache-2.0
//
// The figures of one peer, with the same names in each peer's program.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/must.h"
#include "bench/peers/peer.h"
#include "bench/peers/peer_records.h"
#include "support/temporary_directory.h"

namespace bailee::bench {
namespace {

// A peer that keeps what it was given in the clear is no peer: looks at the beginning of each file.
void MustBeEncrypted(const std::string& directory) {
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    std::string bytes(std::min<size_t>(size_t{64} << 20, file.file_size()), '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const PeerRecord record = PeerRecordAt(0);
    Must(bytes.find(record.address) == std::string::npos, "an address lies in the clear");
    Must(bytes.find(record.value) == std::string::npos, "a value lies in the clear");
  }
}

// The peer with all records, opened as a figure needs it.
class PeerWorld {
 public:
  // Null if it cannot be; then the figure says why.
  Peer* Open(benchmark::State& state, PeerCache cache) {
    if (!loaded_ && why_not_.empty()) Load();
    if (why_not_.empty() && (peer_ == nullptr || cache_ != cache)) {
      peer_.reset();
      peer_ = OpenPeer({.directory = directory_.path(), .cache = cache}, &why_not_);
      cache_ = cache;
    }
    if (peer_ == nullptr) state.SkipWithError((kAbsent + why_not_).c_str());
    return peer_.get();
  }
  // Bytes for each byte of plaintext, of the people that were stored first.
  double bytes_ratio() const { return bytes_ratio_; }
  uint64_t next_spare = 0;  // person to erase
  uint64_t next_record = 0;

  static PeerWorld& Get() {
    static PeerWorld world;
    return world;
  }

 private:
  void Load() {
    peer_ = OpenPeer({.directory = directory_.path(), .cache = PeerCache::kAll}, &why_not_);
    if (peer_ == nullptr) return;
    cache_ = PeerCache::kAll;
    const size_t all = RecordsRead() + kSpareSubjects * kRecordsEach;
    while (next_record < all) Put(std::min<size_t>(kBatchRecords, all - next_record));
    bytes_ratio_ = static_cast<double>(peer_->Bytes()) /
                   static_cast<double>(all * (kValueBytes + kAddressBytes));
    MustBeEncrypted(directory_.path());
    next_spare = SubjectsRead();
    loaded_ = true;
  }

 public:
  void Put(size_t count) {
    std::vector<PeerRecord> records;
    for (size_t i = 0; i < count; ++i) records.push_back(PeerRecordAt(next_record++));
    peer_->PutBatch(records);
  }

 private:
  testing::TemporaryDirectory directory_;
  std::unique_ptr<Peer> peer_;
  PeerCache cache_ = PeerCache::kAll;
  bool loaded_ = false;
  double bytes_ratio_ = 0;
  std::string why_not_;
};

void Read(benchmark::State& state, PeerCache cache) {
  Peer* peer = PeerWorld::Get().Open(state, cache);
  if (peer == nullptr) return;
  const bool warm = cache == PeerCache::kAll;
  for (size_t i = 0; warm && i < HotRecords(); ++i) peer->Get(HotRecord(i) + 1);
  Round round(warm ? HotRecords() : RecordsRead());
  const uint64_t before = peer->AuditRows();
  for ([[maybe_unused]] auto _ : state) {
    const size_t at = round.Next();
    const std::string value = peer->Get((warm ? HotRecord(at) : at) + 1);
    Must(value.size() == kValueBytes);
  }
  Must(peer->AuditRows() - before == static_cast<uint64_t>(state.iterations()),
       "a read left no audit row");
}
void ReadAudited(benchmark::State& state) { Read(state, PeerCache::kAll); }
void ReadColdAudited(benchmark::State& state) { Read(state, PeerCache::kNone); }

void CollectBatch(benchmark::State& state) {
  PeerWorld& world = PeerWorld::Get();
  if (world.Open(state, PeerCache::kAll) == nullptr) return;
  while (state.KeepRunningBatch(kBatchRecords)) world.Put(kBatchRecords);
}

void Find(benchmark::State& state) {
  Peer* peer = PeerWorld::Get().Open(state, PeerCache::kAll);
  if (peer == nullptr) return;
  Round round(HotRecords());
  for ([[maybe_unused]] auto _ : state) {
    const size_t record = HotRecord(round.Next());
    uint64_t id = 0;
    Must(peer->Find(AddressOf(record / kRecordsEach, record % kRecordsEach), &id) == 1);
    Must(id == record + 1);
  }
}

void Erase(benchmark::State& state) {
  PeerWorld& world = PeerWorld::Get();
  Peer* peer = world.Open(state, PeerCache::kAll);
  if (peer == nullptr) return;
  for ([[maybe_unused]] auto _ : state) {
    if (world.next_spare == SubjectsRead() + kSpareSubjects) {
      return state.SkipWithError("nobody is left to erase");
    }
    Must(peer->Erase(world.next_spare++) == kRecordsEach);
  }
}

void FileBytes(benchmark::State& state) {
  PeerWorld& world = PeerWorld::Get();
  if (world.Open(state, PeerCache::kAll) == nullptr) return;
  for ([[maybe_unused]] auto _ : state) {
  }
  state.counters["value"] = world.bytes_ratio();
}

BENCHMARK(ReadAudited)->UseRealTime();
BENCHMARK(ReadColdAudited)->UseRealTime();
BENCHMARK(CollectBatch)->UseRealTime();
BENCHMARK(Find)->UseRealTime();
BENCHMARK(Erase)->UseRealTime()->Iterations(4);
BENCHMARK(FileBytes)->Iterations(1);

}  // namespace
}  // namespace bailee::bench
