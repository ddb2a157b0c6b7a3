// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "damager.h"
#include "store/lmdb_preflight.h"
#include "store_image.h"
#include "support/campaign.h"
#include "support/sanitized.h"

namespace bailee::store {
namespace {

// What became of a damaged copy.
enum class Outcome : uint8_t {
  kRefused,       // by the open
  kUnnoticed,     // every row is as it was
  kBytesDiffer,   // as many rows, but keys or values have other bytes: for the vault to find
  kWrongRows,     // accepted, and rows are missing or too many
  kReadFailed,    // accepted, and LMDB then found damage
  kWriteFailed,   // as above, while writing
  kWriteLost,     // what was written is not there, or what was not is changed
  kUnsoundAfter,  // what LMDB made of it is damaged
  kStrangeError,  // an error other than damage
};
constexpr size_t kOutcomes = 9;

bool IsDamage(const Status& status) {
  return status.code() == Code::kDamage || status.code() == Code::kNoVault ||
         status.code() == Code::kTooNew;
}

// Puts and deletes rows in one commit, in `rows` too.
Status WriteSome(Engine& engine, Random& random, Rows& rows) {
  Rows put;
  for (size_t i = 0; i < 25; ++i) {
    const auto table = static_cast<Table>(random() % kTableCount);
    const std::string key = std::to_string(random() % 1'000'000) + std::string(random() % 200, 'w');
    put[{table, key}] = std::string(random() % 20 == 0 ? random() % 20'000 : random() % 400, 'n');
  }
  auto first = rows.begin();
  std::advance(first, random() % rows.size());
  auto last = first;
  for (size_t i = 0; i < 60 && last != rows.end(); ++i) ++last;
  const Status written = engine.Write([&](WriteTransaction& write) -> Status {
    for (const auto& [name, value] : put) {
      const Status done = write.Put(name.first, AsBytes(name.second), AsBytes(value));
      if (!done.ok()) return done;
    }
    for (auto row = first; row != last; ++row) {
      if (put.contains(row->first)) continue;
      const Status done = write.Delete(row->first.first, AsBytes(row->first.second));
      if (!done.ok()) return done;
    }
    return {};
  });
  if (!written.ok()) return written;
  rows.erase(first, last);
  for (auto& [name, value] : put) rows[name] = std::move(value);
  return {};
}

// Opens a copy as any host would, after an unclean shutdown, and uses all of it. What is thrown
// ends the process, too.
Outcome UseCopy(const std::string& vault, const LmdbOptions& options, const Rows& original,
                uint64_t seed) noexcept {
  Rows rows;
  {
    auto engine = OpenLmdb(vault, options);
    if (!engine.ok()) {
      return IsDamage(engine.status()) ? Outcome::kRefused : Outcome::kStrangeError;
    }
    auto found = ReadRows(**engine);
    if (!found.ok()) return Outcome::kReadFailed;
    rows = *std::move(found);
    if (rows.size() != original.size()) return Outcome::kWrongRows;
    Random random(seed);
    Rows expected = rows;
    for (int i = 0; i < 4; ++i) {
      if (!WriteSome(**engine, random, expected).ok()) return Outcome::kWriteFailed;
    }
    found = ReadRows(**engine);
    if (!found.ok()) return Outcome::kReadFailed;
    if (*found != expected) return Outcome::kWriteLost;
  }
  if (!PreflightDataFile({.data_file = vault + "/data.mdb"}).ok()) return Outcome::kUnsoundAfter;
  return rows == original ? Outcome::kUnnoticed : Outcome::kBytesDiffer;
}

// For a process that is meant to die: of lists as long as a damaged number says, too.
void BeQuiet() {
  const rlimit no_core = {0, 0};
  const rlimit memory = {size_t{1} << 30, size_t{1} << 30};
  (void)setrlimit(RLIMIT_CORE, &no_core);
  (void)setrlimit(RLIMIT_AS, &memory);
  if (std::freopen("/dev/null", "w", stderr) == nullptr) std::abort();
}

class DamageCampaign : public ::testing::Test {
 protected:
  DamageCampaign() {
    MakeVariedStore(vault_);
    earlier_ = StoreImage::Load(vault_ + "/data.mdb");
    const auto engine = Must(OpenLmdb(vault_, SmallOptions()));
    Random random(1);
    original_ = *ReadRows(*engine);
    for (int i = 0; i < 6; ++i) EXPECT_THAT(WriteSome(*engine, random, original_), IsOk());
    // So that the commit before the last shows the same rows.
    original_[{Table::kMeta, "same"}] = "same";
    for (int i = 0; i < 2; ++i) EXPECT_THAT(PutRow(*engine, "same", "same", Table::kMeta), IsOk());
    sound_ = StoreImage::Load(vault_ + "/data.mdb");
    in_use_ = sound_.PagesOfAllTrees();
    std::filesystem::create_directory(copy_);
  }

  // What became of copy `n`: its Outcome, or -1 and how the process ended in `end`.
  int Try(size_t n, const LmdbOptions& options, bool quiet, int& end) {
    Damager(sound_, earlier_, in_use_, n).Damage(n % Damager::kKinds).Write(copy_ + "/data.mdb");
    LeaveUnclean(copy_);
    testing::ChildProcess child([&](const testing::Channel&) {
      if (quiet) BeQuiet();
      alarm(60);
      return kFirstCode + static_cast<int>(UseCopy(copy_, options, original_, n));
    });
    end = child.Join();
    const int outcome = end - kFirstCode;
    return outcome >= 0 && outcome < static_cast<int>(kOutcomes) ? outcome : -1;
  }

  // Apart from the codes that sanitizers end a process with.
  static constexpr int kFirstCode = 100;

  const testing::TemporaryDirectory directory_ = MemoryDirectory();
  const std::string vault_ = directory_ / "vault";
  const std::string copy_ = directory_ / "copy";
  StoreImage earlier_;
  StoreImage sound_;
  std::vector<uint64_t> in_use_;
  Rows original_;
};

// A sanitizer makes each fork slow.
constexpr size_t kShortForm = testing::kSanitized ? 300 : 1'500;

TEST_F(DamageCampaign, NoDamageOfTheFileEverKillsOrHangsTheHostOrChangesWhichRowsThereAre) {
  std::array<size_t, kOutcomes> outcomes{};
  const size_t first = testing::CountFrom("BAILEE_DAMAGE_FIRST", 0);
  const size_t end = first + testing::CountFrom("BAILEE_DAMAGES", kShortForm);
  for (size_t n = first; n < end; ++n) {
    int ended = 0;
    const int outcome = Try(n, SmallOptions(), false, ended);
    const char* kind = Damager::NameOf(n % Damager::kKinds);
    ASSERT_GE(outcome, 0) << "copy " << n << " (" << kind << ") ended the process: " << ended;
    ++outcomes[static_cast<size_t>(outcome)];
    EXPECT_LE(outcome, static_cast<int>(Outcome::kBytesDiffer))
        << "copy " << n << " (" << kind << ")";
  }
  testing::Tell(end - first, "damaged files");
  std::printf("%zu copies: %zu refused, %zu with all rows as they were, %zu with other bytes\n",
              end - first, outcomes[0], outcomes[1], outcomes[2]);
  EXPECT_GT(outcomes[0], (end - first) / 3);
  EXPECT_GT(outcomes[1], 0u);
}

// Without this the test above would prove nothing.
TEST_F(DamageCampaign, WithoutTheWalkTheSameDamageEndsTheProcess) {
  if (testing::kSanitized) GTEST_SKIP() << "each death takes a sanitizer seconds to describe";
  LmdbOptions trusting = SmallOptions();
  trusting.preflight = [](const PreflightRequest&) { return Status(); };
  constexpr size_t kCopies = 4 * Damager::kKinds;
  size_t deaths = 0;
  for (size_t n = 0; n < kCopies; ++n) {
    int ended = 0;
    if (Try(n, trusting, true, ended) < 0) ++deaths;
  }
  std::printf("%zu copies, not walked: %zu ended the process\n", kCopies, deaths);
  EXPECT_GT(deaths, 0u);
}

}  // namespace
}  // namespace bailee::store
