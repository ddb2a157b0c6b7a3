// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "base/arena.h"
#include "base/file.h"
#include "leaks/holder_process.h"
#include "leaks/memory_image.h"
#include "support/canary_keys.h"
#include "support/canary_values.h"
#include "support/checked.h"
#include "support/must.h"
#include "support/sanitized.h"

// A program that uses a vault, looked at from outside: its memory and cores of it at four moments,
// and everything that it wrote and left behind. Each thing that must not be found is also planted
// once, and is found then.
namespace bailee {
namespace {

using testing::CanarySearch;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::HolderProcess;
using ::testing::IsEmpty;
using testing::MemoryImage;

// Opened and written; while a value is looked at; after it and everything else that the
// application had is destroyed; after the vault is closed.
constexpr std::string_view kMoments = "orfc";
constexpr char kFreed = 'f';
constexpr char kClosed = 'c';

class MemoryTest : public ::testing::Test {
 protected:
  MemoryTest() {
    std::filesystem::create_directory(directory_ + "/said");
    Plant("passphrase", values_.Bytes(48));
    given_["wrong passphrase"] = values_.Bytes(48);
    WriteKeyring();
    Plant("ref", values_.Bytes(48));
    const std::string local = values_.Letters(40);
    Plant("name", values_.Letters(48));
    given_["email"] = local + "@example.org";
    values_search_.Plant("email", local);
    Plant("password", values_.Bytes(48));
    Plant("pan", values_.Make(Kind::kPan).value);
    Plant("holder", values_.Letters(48));
    Plant("body", values_.Bytes(48));
    values_search_.Plant("wrong passphrase", given_["wrong passphrase"]);
    given_["stray"] = values_.Letters(48);
  }

  void Plant(const std::string& name, const std::string& value) {
    given_[name] = value;
    values_search_.Plant(name, value);
  }

  // With every purpose, sealed by the passphrase.
  void WriteKeyring() {
    const Keyring authority = vault_.Origin("authority");
    std::vector<Keyring> origins;
    origins.push_back(vault_.Origin("storage"));
    for (const std::string& purpose : kEveryPurpose) origins.push_back(vault_.Origin(purpose));
    std::vector<const Keyring*> sources;
    for (const Keyring& origin : origins) sources.push_back(&origin);
    const KeyringFile granted =
        Must(Grant(authority, sources, {"holder", kEveryPurpose},
                   Unlock::Passphrase(MakeSecret(given_["passphrase"])), Clock::System()));
    Must(SystemFiles().WriteNewSecret(directory_ + "/holder.keyring", granted.bytes), "a keyring");
    testing::PlantKeysOf(
        keys_search_,
        Must(Keyring::Open(granted, Unlock::Passphrase(MakeSecret(given_["passphrase"])))));
  }

  // Runs a holder up to its end, or as far as `at` says; true is to go on.
  int Run(std::string_view plant, const std::function<bool(HolderProcess&, char moment)>& at) {
    std::filesystem::remove(directory_ + "/data.stream");  // it takes no name away from a file
    HolderProcess holder(directory_, cores_.path(), plant);
    for (const char* name : {"passphrase", "wrong passphrase", "ref", "name", "email", "password",
                             "pan", "holder", "body", "stray"})
      holder.Give(given_[name]);
    for (const char moment : kMoments) {
      const char reached = holder.NextMoment();
      EXPECT_EQ(reached, moment);
      if (reached != moment) break;
      if (!at(holder, moment)) break;
      holder.GoOn();
    }
    return holder.Join();
  }

  // What a file holds, by name.
  static std::set<std::string> Held(const CanarySearch& search, const std::string& file) {
    return search.Find(ReadFile(file));
  }
  std::string ImageAt(char moment) const { return images_ / (std::string("memory-") + moment); }
  bool CopyAt(const HolderProcess& holder, char moment) {
    // What everybody sees of a process.
    for (const char* of : {"/cmdline", "/environ"}) {
      const std::string shown = ReadFile("/proc/" + std::to_string(holder.pid()) + of);
      EXPECT_NE(shown, "");
      EXPECT_THAT(values_search_.Find(shown), IsEmpty()) << of;
    }
    copied_[moment] = testing::CopyMemory(holder.pid(), ImageAt(moment));
    return true;
  }
  std::string CoreIn(const std::string& directory) const {
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
      if (file.path().filename().string().starts_with("core")) return file.path().string();
    }
    return {};
  }
  void ExpectNothingInCore(const std::string& core, char moment) const {
    ASSERT_NE(core, "") << "there is no core";
    EXPECT_GT(std::filesystem::file_size(core), size_t{100} << 10);
    // Also not the address space that the arena reserves.
    EXPECT_LT(std::filesystem::file_size(core), testing::kImageBytesMax);
    EXPECT_THAT(Held(keys_search_, core), IsEmpty()) << "keys at " << moment;
    EXPECT_THAT(Held(values_search_, core), IsEmpty()) << "values at " << moment;
  }

  TempVault vault_{PolicyText("livelook_2013")};
  const std::string directory_ = vault_.directory().path();
  const TempDirectory cores_;
  const TempDirectory images_;
  testing::CanaryValues values_{static_cast<uint64_t>(randombytes_random())};
  std::map<std::string, std::string> given_;
  CanarySearch values_search_;
  CanarySearch keys_search_;
  std::map<char, MemoryImage> copied_;
};

TEST_F(MemoryTest, HasNoKeyAfterClosingAndNoValueAfterItIsDestroyed) {
  if (testing::kSanitized) GTEST_SKIP() << "a sanitizer keeps copies of its own";
  ASSERT_EQ(Run("none", [&](HolderProcess& holder, char moment) { return CopyAt(holder, moment); }),
            0);
  if (copied_[kClosed].bytes == 0)
    GTEST_SKIP() << "the system does not let a process read the memory of its child";
  EXPECT_GT(testing::PlantInnerKeys(keys_search_, vault_), 3u);
  const bool hidden = arena::Health().kind == ArenaKind::kMemfdSecret;
  for (const char moment : kMoments) {
    const std::string image = ImageAt(moment);
    EXPECT_GT(copied_[moment].bytes, size_t{1} << 20) << moment;
    if (hidden || moment == kClosed) {
      EXPECT_THAT(Held(keys_search_, image), IsEmpty()) << "keys at " << moment;
    }
    if (hidden || moment == kFreed || moment == kClosed) {
      EXPECT_THAT(Held(values_search_, image), IsEmpty()) << "values at " << moment;
    }
    // That secrets are kept where nobody can read them, and not somewhere else.
    if (hidden && moment != kClosed) {
      EXPECT_GT(copied_[moment].unreadable_bytes, 0u) << moment;
    }
  }
  if (!hidden) std::printf("no memfd_secret here: before closing, keys are not searched for\n");
}

TEST_F(MemoryTest, HasNothingInACoreOfTheKernel) {
  if (testing::kSanitized) GTEST_SKIP() << "a sanitizer keeps copies of its own";
  if (const std::string why = testing::WhyNoKernelCores(); !why.empty()) GTEST_SKIP() << why;
  for (const char last : kMoments) {
    EXPECT_EQ(Run("none",
                  [&](HolderProcess& holder, char moment) {
                    if (moment != last) return true;
                    holder.Abort();
                    return false;
                  }),
              -SIGABRT);
    const std::string core = CoreIn(cores_.path());
    ExpectNothingInCore(core, last);
    std::filesystem::remove(core);
  }
}

TEST_F(MemoryTest, HasNothingInACoreOfADebugger) {
  if (testing::kSanitized) GTEST_SKIP() << "a sanitizer keeps copies of its own";
  if (const std::string why = testing::WhyNoDebuggerCores(); !why.empty()) GTEST_SKIP() << why;
  EXPECT_EQ(Run("none",
                [&](HolderProcess& holder, char moment) {
                  EXPECT_TRUE(testing::WriteDebuggerCore(holder.pid(), cores_.path()));
                  std::filesystem::rename(CoreIn(cores_.path()), ImageAt(moment));
                  return true;
                }),
            0);
  testing::PlantInnerKeys(keys_search_, vault_);
  for (const char moment : kMoments) ExpectNothingInCore(ImageAt(moment), moment);
}

TEST_F(MemoryTest, LeavesNothingInWhatItWroteAndSaid) {
  const auto go_on = [](HolderProcess&, char) { return true; };
  ASSERT_EQ(Run("none", go_on), 0);
  testing::PlantInnerKeys(keys_search_, vault_);
  // What stood where names stand: never said or written, but not wiped either, for it is no value.
  values_search_.Plant("stray", given_["stray"]);
  EXPECT_THAT(values_search_.FindInFiles(directory_), IsEmpty());
  EXPECT_THAT(keys_search_.FindInFiles(directory_), IsEmpty());
  // All this is there to be searched.
  EXPECT_GT(std::filesystem::file_size(directory_ + "/written"), size_t{1} << 20);
  for (const char* file : {"/said/errors", "/said/json", "/data.stream", "/keys.stream"})
    EXPECT_GT(std::filesystem::file_size(directory_ + file), 5u) << file;
}

// One of each sort.
TEST_F(MemoryTest, APlantedLeakInWordsIsFound) {
  const std::map<std::string, std::string> leaks = {{"file", "/vault/lost"},
                                                    {"log line", "/said/log"},
                                                    {"error text", "/said/errors"},
                                                    {"JSON", "/said/json"}};
  ASSERT_EQ(Run("words", [](HolderProcess&, char) { return true; }), 0);
  const std::set<std::string> found = values_search_.FindInFiles(directory_);
  for (const auto& [leak, file] : leaks)
    EXPECT_THAT(found, Contains(HasSubstr(" in " + directory_ + file))) << leak;
  EXPECT_THAT(found, Contains(HasSubstr(" in " + directory_ + "/written")));
  EXPECT_EQ(found.size(), 2 * leaks.size()) << ::testing::PrintToString(found);
}

TEST_F(MemoryTest, APlantedLeakInMemoryIsFound) {
  if (testing::kSanitized) GTEST_SKIP() << "a sanitizer keeps copies of its own";
  ASSERT_EQ(Run("memory",
                [&](HolderProcess& holder, char moment) {
                  if (testing::WhyNoDebuggerCores().empty() && moment == kFreed)
                    testing::WriteDebuggerCore(holder.pid(), cores_.path());
                  return CopyAt(holder, moment);
                }),
            0);
  if (copied_[kClosed].bytes == 0)
    GTEST_SKIP() << "the system does not let a process read the memory of its child";
  EXPECT_THAT(Held(values_search_, ImageAt(kFreed)), Contains("body"));
  EXPECT_THAT(Held(keys_search_, ImageAt(kClosed)), Contains(HasSubstr("purpose key of")));
  const std::string core = CoreIn(cores_.path());
  if (core.empty()) return;
  EXPECT_THAT(Held(values_search_, core), Contains("body"));
  EXPECT_THAT(Held(keys_search_, core), Contains(HasSubstr("purpose key of")));
}

}  // namespace
}  // namespace bailee
