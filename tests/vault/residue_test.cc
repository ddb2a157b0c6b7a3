// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <random>
#include <set>
#include <unordered_set>

#include "base/hex.h"
#include "support/campaign.h"
#include "support/raw_reader.h"
#include "support/raw_rows.h"
#include "vault/stories.h"

// What the files say of people who were erased, among many who were not.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

constexpr size_t kWindow = 12;
constexpr size_t kPerBatch = 1'000;

class Residue : public ::testing::Test {
 protected:
  Residue() {
    Vault vault = vault_.Open({"service", "support", "contact.news"});
    for (size_t from = 0; from < people_; from += kPerBatch) {
      Batch batch = vault.CollectBatch();
      for (size_t i = from; i < std::min(people_, from + kPerBatch); ++i) {
        canaries_.push_back(Canary());
        batch.Add({.who = Who::Ref(RefOf(i)), .notice = "signup-1", .source = "web"})
            .Put("account",
                 {{"name", MakeSecret(canaries_[i])},
                  {"email", MakeSecret("p" + canaries_[i].substr(0, 32) + "@example.org")}});
      }
      const auto all = batch.Commit();
      EXPECT_THAT(StatusOf(all), IsOk());
      for (const auto& each : *all) handles_.push_back(each->handle);
    }
  }

  // 48 random bytes, in hex because a name is text.
  std::string Canary() {
    std::array<uint8_t, 48> bytes;
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_());
    return ToHex(bytes);
  }
  std::string RefOf(size_t i) const { return "ref-" + canaries_[i].substr(40, 40); }
  // Every so-manieth person goes.
  bool Goes(size_t i) const { return i % (people_ / erased_) == 0; }

  // Pieces of every row that only those who go have: wraps, subject rows, lookup tags and values.
  std::vector<std::string> PiecesOfThoseWhoGo() const {
    std::set<Handle> going;
    for (size_t i = 0; i < people_; ++i) {
      if (Goes(i)) going.insert(handles_[i]);
    }
    const RawRows rows(vault_.path());
    std::vector<std::string> pieces;
    for (const store::Table table :
         {store::Table::kSubjects, store::Table::kRecords, store::Table::kLedger}) {
      for (const auto& [key, value] : rows.All(table)) {
        if (key.size() < 17) continue;
        Handle handle;
        const size_t at = table == store::Table::kLedger ? 1 : 0;
        std::copy_n(key.begin() + static_cast<ptrdiff_t>(at), 16, handle.bytes.begin());
        if (!going.contains(handle)) continue;
        pieces.emplace_back(AsText(value).substr(value.size() / 2, kWindow));
      }
    }
    return pieces;
  }
  // The tags of lookup rows, to compare those of before with those of after.
  std::set<std::string> Tags() const {
    std::set<std::string> tags;
    for (const auto& [key, value] : RawRows(vault_.path()).All(store::Table::kLookup)) {
      if (key[0] == 1) tags.insert(std::string(AsText(key).substr(1, 16)));
      if (key[0] == 3) tags.insert(std::string(AsText(key).substr(11, 16)));
    }
    return tags;
  }

  void EraseThem() {
    std::vector<Who> whos;
    std::vector<std::string> refs;
    for (size_t i = 0; i < people_; ++i) {
      if (Goes(i)) refs.push_back(RefOf(i));
    }
    for (const std::string& ref : refs) whos.push_back(Who::Ref(ref));
    Vault vault = vault_.Open({"rights"});
    const auto erased = vault.Erase(whos);
    ASSERT_THAT(StatusOf(erased), IsOk());
    EXPECT_EQ(erased->subjects, erased_);
    EXPECT_EQ(erased->suppressed, erased_);
    EXPECT_EQ(erased->shredded.grade, ErasureGrade::kShredded);
    std::cout << "sealed again: " << erased->shredded.rows << " rows of " << erased->shredded.shards
              << " shards\n";
  }

  // Every file of the vault's directory.
  std::string AllFiles() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(vault_.path())) {
      if (entry.is_regular_file()) all += ReadFile(entry.path());
    }
    return all;
  }
  static size_t CountFound(const std::string& file, const std::vector<std::string>& pieces) {
    std::unordered_set<std::string_view> windows;
    for (const std::string& piece : pieces)
      windows.insert(std::string_view(piece).substr(0, kWindow));
    std::unordered_set<std::string_view> found;
    for (size_t at = 0; at + kWindow <= file.size(); ++at) {
      const std::string_view window = std::string_view(file).substr(at, kWindow);
      if (windows.contains(window)) found.insert(window);
    }
    return found.size();
  }

  // The people of whom a holder of everything opens something in a database.
  std::set<Handle> OpenedIn(const std::string& directory) const {
    std::set<Handle> opened;
    const RawRows rows(directory);
    for (const char* purpose : {"service", "support", "contact.news", "rights", "upkeep"}) {
      const Keyring keyring = vault_.Granted("thief", {purpose});
      RawReader reader(rows, vault_.id(), keyring.keys(), vault_.path() + "/epoch");
      if (!reader.has_epoch()) continue;
      for (const auto& [key, value] : rows.All(store::Table::kRecords)) {
        Handle handle;
        std::copy_n(key.begin(), 16, handle.bytes.begin());
        if (!reader.Values(key, value).empty()) opened.insert(handle);
      }
    }
    return opened;
  }

  const size_t people_ = testing::CountFrom("BAILEE_RECORDS", 200);
  const size_t erased_ = std::min<size_t>(200, people_ / 4);
  std::mt19937_64 random_{7};
  TempVault vault_{PolicyText("livelook_2013")};
  std::vector<std::string> canaries_;
  std::vector<Handle> handles_;
};

TEST_F(Residue, OfThoseWhoWereErasedIsOpenToNobodyAndInNoCompactedFile) {
  const TempDirectory earlier;
  std::filesystem::copy_file(vault_.path() + "/data.mdb", earlier / "data.mdb");
  EXPECT_EQ(OpenedIn(earlier.path()).size(), people_) << "this would see them";
  const std::vector<std::string> pieces = PiecesOfThoseWhoGo();
  ASSERT_GE(pieces.size(), 2 * erased_);
  const std::set<std::string> tags_before = Tags();
  EXPECT_EQ(CountFound(AllFiles(), pieces), pieces.size());

  EraseThem();

  // With every keyring, every file and an earlier copy of the database.
  EXPECT_TRUE(OpenedIn(earlier.path()).empty());
  const std::set<Handle> opened = OpenedIn(vault_.path());
  EXPECT_EQ(opened.size(), people_ - erased_);
  for (size_t i = 0; i < people_; ++i) EXPECT_NE(opened.contains(handles_[i]), Goes(i));
  EXPECT_GT(CountFound(AllFiles(), pieces), 0u) << "free pages still have their bytes";

  {
    Vault vault = vault_.Open({"upkeep"});
    const auto compacted = vault.Compact();
    ASSERT_THAT(StatusOf(compacted), IsOk());
    EXPECT_LT(compacted->bytes_after, compacted->bytes_before);
  }
  std::vector<std::string> tags_gone;
  const std::set<std::string> tags_after = Tags();
  std::set_difference(tags_before.begin(), tags_before.end(), tags_after.begin(), tags_after.end(),
                      std::back_inserter(tags_gone));
  EXPECT_GE(tags_gone.size(), erased_);
  const std::string files = AllFiles();
  EXPECT_EQ(CountFound(files, pieces), 0u);
  EXPECT_EQ(CountFound(files, tags_gone), 0u);
  for (size_t i = 0; i < people_; ++i) {
    EXPECT_TRUE(!Goes(i) || files.find(canaries_[i].substr(0, kWindow)) == std::string::npos);
  }
  Vault vault = vault_.Open({"service"});
  Result<Session> session = vault.As("service");
  const auto stays =
      session->Read({.who = Who::ByHandle(handles_[1]), .category = "account", .fields = {"name"}});
  ASSERT_THAT(StatusOf(stays), IsOk());
  EXPECT_EQ(TextOf(stays->At("name")), canaries_[1]);
}

}  // namespace
}  // namespace bailee
