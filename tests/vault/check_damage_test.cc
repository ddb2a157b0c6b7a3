// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <unistd.h>

#include "store/damager.h"
#include "store/lmdb_engine.h"
#include "support/campaign.h"
#include "support/child_process.h"
#include "support/sanitized.h"
#include "vault/check_world.h"

// Checks of a vault whose data file was damaged anyhow: none dies, none says that all is well where
// a row is missing, added or changed.
namespace bailee {
namespace {

using store::Damager;
using store::Rows;
using store::StoreImage;
using store::Table;

// What became of a damaged copy.
enum class CheckOutcome : uint8_t {
  kDamage,    // found
  kNotes,     // only that something is odd
  kRefused,   // with a typed error of another code: not a vault, wrong key
  kClean,     // and so it is
  kMissed,    // clean, and rows are others than they were
  kUnopened,  // clean, and it does not open
};
constexpr size_t kCheckOutcomes = 6;

// That of an instance which has ended and whose leaves may be gone: of what name it was, nobody
// knows any longer (FORMAT.md §13.3).
bool IsOfAnEnd(std::string_view key, std::string_view value) {
  return key.starts_with("trail") && key.size() == 5 + 16 && !value.empty() && value[0] == 2;
}

// Rows that nothing speaks of (FORMAT.md §§8, 14.2, 15.3, 16.3, 17.2).
bool MayDiffer(Table table, std::string_view key, std::string_view value) {
  return table == Table::kKeywork || table == Table::kDue ||
         (table == Table::kLedger && key[0] == 2) || (table == Table::kReports && key[0] == 3) ||
         (table == Table::kMeta && (key == "clock" || IsOfAnEnd(key, value)));
}

bool SameRows(const Rows& was, const Rows& is) {
  if (was.size() != is.size()) return false;
  for (const auto& [place, value] : was) {
    const auto now = is.find(place);
    const bool same = now != is.end() && now->second == value;
    if (!same && !MayDiffer(place.first, place.second, value)) return false;
  }
  return true;
}

class CheckDamaged : public CheckTest {
 protected:
  CheckDamaged() {
    sound_image_ = StoreImage::Load(path() + "/data.mdb");
    {
      const RawRows rows(path());
      original_ = *store::ReadRows(rows.engine());
    }
    // What the file was some commits before: those of one more life.
    { Vault vault = Open({"billing"}); }
    later_image_ = StoreImage::Load(path() + "/data.mdb");
    in_use_ = sound_image_.PagesOfAllTrees();
  }

  CheckOutcome Judge(const StoreImage& damaged) {
    const Checked checked = Run({.slices = 1});
    if (!checked.report.ok()) return CheckOutcome::kRefused;
    const Code code = checked.status().code();
    if (code == Code::kDamage) return CheckOutcome::kDamage;
    if (code == Code::kFindings) return CheckOutcome::kNotes;
    // As it was before it was opened.
    damaged.Write(path() + "/data.mdb");
    auto engine = store::OpenLmdb(path(), {.map_bytes = uint64_t{1} << 30});
    if (!engine.ok()) return CheckOutcome::kUnopened;
    const auto rows = store::ReadRows(**engine);
    return rows.ok() && SameRows(original_, *rows) ? CheckOutcome::kClean : CheckOutcome::kMissed;
  }

  StoreImage sound_image_;
  StoreImage later_image_;
  std::vector<uint64_t> in_use_;
  Rows original_;
};

constexpr size_t kCopies = testing::kSanitized ? 48 : 240;
constexpr int kFirst = 100;  // apart from the codes that sanitizers end a process with

TEST_F(CheckDamaged, CopiesNeverEndTheProcessAndAreCleanOnlyIfTheyAreWhole) {
  std::array<size_t, kCheckOutcomes> outcomes{};
  const size_t first = testing::CountFrom("BAILEE_DAMAGE_FIRST", 0);
  const size_t end = first + testing::CountFrom("BAILEE_DAMAGES", kCopies);
  for (size_t n = first; n < end; ++n) {
    CopyAnew();
    const StoreImage damaged =
        Damager(sound_image_, later_image_, in_use_, n).Damage(n % Damager::kKinds);
    damaged.Write(path() + "/data.mdb");
    testing::ChildProcess child([&](const testing::Channel&) {
      alarm(60);
      return kFirst + static_cast<int>(Judge(damaged));
    });
    const int code = child.Join() - kFirst;
    const char* kind = Damager::NameOf(n % Damager::kKinds);
    ASSERT_TRUE(code >= 0 && code < static_cast<int>(kCheckOutcomes))
        << "copy " << n << " (" << kind << ") ended the process: " << code + kFirst;
    ++outcomes[static_cast<size_t>(code)];
    EXPECT_LE(code, static_cast<int>(CheckOutcome::kClean)) << "copy " << n << " (" << kind << ")";
  }
  testing::Tell(end - first, "damaged files");
  std::printf("%zu copies: %zu damaged, %zu odd, %zu refused, %zu clean and whole\n", end - first,
              outcomes[0], outcomes[1], outcomes[2], outcomes[3]);
  EXPECT_GT(outcomes[0], (end - first) / 3);
  EXPECT_GT(outcomes[3], 0u);
}

}  // namespace
}  // namespace bailee
