// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "audit/journal.h"
#include "audit/journal_directory.h"
#include "audit/journal_format.h"
#include "base/codec.h"
#include "bench/must.h"
#include "crypto/random.h"
#include "support/temporary_directory.h"

namespace bailee::audit {
namespace {

using bench::Must;

constexpr size_t kPaddedBytes = 256;
constexpr size_t kRestartAtBytes = size_t{256} << 20;  // so that a long run fills no disk

// A read of two records, of the size that the floor seals.
Event ReadEvent() {
  static constexpr std::array<std::string_view, 3> kFields = {"pan", "expiry", "holder"};
  static const std::array<EventRecord, 2> records = {};
  return {.kind = EventKind::kRead,
          .outcome = Outcome::kAllowed,
          .at = {1'700'000'000'000},
          .purpose = "billing.invoice",
          .on_behalf_of = "acme",
          .category = "payment_card",
          .fields = kFields,
          .case_reference = "CASE-2026-11-4711",
          .records = records,
          .policy_version = 3,
          .transaction = 99};
}

void AppendEntry(benchmark::State& state) {
  const testing::TemporaryDirectory directory;
  auto& random = crypto::SystemRandom();
  const auto journals = *JournalDirectory::Open(directory.path());
  const crypto::BoxOpener auditor(*crypto::BoxSecret::Generate(random));
  const VaultId vault{crypto::RandomArray<16>(random)};
  std::unique_ptr<Journal> journal;
  const auto restart = [&] {
    const InstanceId instance{crypto::RandomArray<16>(random)};
    NewHead head = *BuildHead(vault, instance, {}, {}, auditor.public_key(), random);
    if (journal != nullptr) journal->file().Release(0, journal->written().offset);
    journal = *Journal::Start(
        *journals->Create(instance, head.bytes), head.bytes.size(), instance,
        *KeyChain::Start(ChainKind::kJournal, vault, instance, std::move(head.journal_first)));
  };
  restart();
  const Event event = ReadEvent();
  Must(journal->Append(event).ok());
  const uint64_t first = journal->written().offset;
  Must(journal->Append(event).ok());
  Must(journal->written().offset - first ==
       kEntryHeadBytes + kPaddedBytes + crypto_aead_chacha20poly1305_ietf_ABYTES);
  for (auto _ : state) {
    if (!journal->Append(event).ok()) state.SkipWithError("not recorded");
    if (journal->written().offset > kRestartAtBytes) {
      state.PauseTiming();
      restart();
      state.ResumeTiming();
    }
  }
}
BENCHMARK(AppendEntry)->Name("Append")->Unit(benchmark::kMicrosecond);

// The same bytes by hand: one hash for the keys, one cipher, one checksum, one write.
void AppendEntryFloor(benchmark::State& state) {
  const testing::TemporaryDirectory directory;
  const int fd = ::open((directory / "floor").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  Must(fd >= 0);
  uint8_t key[32] = {1};
  uint8_t person[16] = "bailee.trail";
  uint8_t hashed[41] = {1};
  uint8_t keys[64];
  uint8_t frame[24 + kPaddedBytes + 16] = {};
  const uint8_t nonce[12] = {};
  uint64_t number = 0;
  off_t offset = 0;
  Must(::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, kRestartAtBytes) == 0);
  for (auto _ : state) {
    StoreBigEndian(number, hashed + 33);
    crypto_generichash_blake2b_salt_personal(keys, sizeof keys, hashed, sizeof hashed, key,
                                             sizeof key, nullptr, person);
    std::memset(frame + 24, 'x', kPaddedBytes);
    StoreBigEndian(uint32_t{kPaddedBytes + 16}, frame + 8);
    StoreBigEndian(number, frame + 12);
    crypto_aead_chacha20poly1305_ietf_encrypt(frame + 24, nullptr, frame + 24, kPaddedBytes,
                                              nullptr, 0, nullptr, nonce, keys);
    crypto_shorthash_siphash24(frame, frame + 8, sizeof frame - 8, person);
    Must(::pwrite(fd, frame, sizeof frame, offset) == ssize_t{sizeof frame});
    std::memcpy(key, keys + 32, sizeof key);
    sodium_memzero(keys, sizeof keys);
    ++number;
    offset += sizeof frame;
    if (static_cast<size_t>(offset) > kRestartAtBytes) offset = 0;
  }
  ::close(fd);
}
BENCHMARK(AppendEntryFloor)->Name("AppendFloor")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bailee::audit
