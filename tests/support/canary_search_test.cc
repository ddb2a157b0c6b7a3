// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cstdint>
#include <fstream>

#include "support/canary.h"
#include "support/temp_vault.h"
#include "support/test_random.h"

// The search itself: what it would not find, no test of leaks would.
namespace bailee::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string RandomText(uint64_t seed, size_t bytes) {
  std::string text(bytes, '\0');
  TestRandom(seed).Fill({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return text;
}

class CanarySearchTest : public ::testing::Test {
 protected:
  CanarySearchTest() { search_.Plant("secret", secret_); }
  // Every window in this form is found, with other bytes around it; with its last one gone it is
  // not.
  template <typename Form>
  void FindsEveryWindow(const Form& form) {
    for (size_t i = 0; i + CanarySearch::kWindowBytes <= secret_.size(); ++i) {
      const std::string shown = form(secret_.substr(i, CanarySearch::kWindowBytes));
      EXPECT_THAT(search_.Find("before " + shown + " after"), ElementsAre("secret")) << i;
      EXPECT_THAT(search_.Find(shown), ElementsAre("secret")) << i;
      EXPECT_THAT(search_.Find(shown.substr(0, shown.size() - 1)), IsEmpty()) << i;
    }
  }

  const std::string secret_ = RandomText(1, 48);
  CanarySearch search_;
};

TEST_F(CanarySearchTest, FindsEveryWindowRaw) {
  FindsEveryWindow([](std::string window) { return window; });
}

TEST_F(CanarySearchTest, FindsEveryWindowInHex) {
  for (const bool upper : {false, true})
    FindsEveryWindow([&](const std::string& window) { return ToHexForm(window, upper); });
}

TEST_F(CanarySearchTest, FindsEveryWindowInUtf16) {
  for (const bool big : {false, true})
    FindsEveryWindow([&](const std::string& window) { return ToUtf16Form(window, big); });
}

TEST_F(CanarySearchTest, FindsEveryWindowPercentEncoded) {
  for (const bool upper : {false, true}) {
    for (const bool all : {false, true})
      FindsEveryWindow([&](std::string window) { return ToPercentForm(window, upper, all); });
  }
  EXPECT_EQ(ToPercentForm("a/\xfe~", true, false), "a%2F%FE~");
  EXPECT_EQ(ToPercentForm("a/\xfe~", false, true), "%61%2f%fe%7e");
}

TEST_F(CanarySearchTest, FindsEveryWindowInBase64) {
  for (const bool url : {false, true}) {
    for (size_t shift = 0; shift < 3; ++shift)
      FindsEveryWindow([&](const std::string& window) { return ToBase64Form(window, shift, url); });
  }
}

TEST_F(CanarySearchTest, KnowsBase64) {
  EXPECT_EQ(ToBase64Form("Man", 0, false), "TWFu");
  EXPECT_EQ(ToBase64Form("any carnal p", 0, false), "YW55IGNhcm5hbCBw");
  // "xany carnal pleas" is eGFueSBjYXJuYWwgcGxlYXM=; the first and last characters depend on more.
  EXPECT_EQ(ToBase64Form("any carnal p", 1, false), "FueSBjYXJuYWwgc");
  EXPECT_EQ(ToBase64Form("\xff\xff\xfe", 0, true), "___-");
  EXPECT_EQ(ToBase64Form("\xff\xff\xfe", 0, false), "///+");
}

TEST_F(CanarySearchTest, FindsASecretWithinLongerBase64) {
  // The whole secret after one, two and three other bytes, as an encoder would write it.
  for (const size_t before : {1u, 2u, 3u}) {
    const std::string all = std::string(before, 'x') + secret_ + std::string(3, 'y');
    const std::string text = ToBase64Form(all.substr(0, all.size() / 3 * 3), 0, false);
    EXPECT_THAT(search_.Find(text), ElementsAre("secret")) << before;
  }
}

TEST_F(CanarySearchTest, FindsNothingInOtherBytes) {
  EXPECT_THAT(search_.Find(RandomText(2, size_t{1} << 20)), IsEmpty());
  EXPECT_THAT(search_.Find(""), IsEmpty());
  EXPECT_THAT(search_.Find(secret_.substr(3, CanarySearch::kWindowBytes - 1)), IsEmpty());
}

TEST_F(CanarySearchTest, FindsInFilesAndTheirNames) {
  const TempDirectory directory;
  EXPECT_THAT(search_.FindInFiles(directory.path()), IsEmpty());
  std::ofstream(directory / "a", std::ios::binary) << RandomText(3, 5000) << secret_;
  std::ofstream(directory / ToHexForm(secret_, false), std::ios::binary) << "nothing";
  EXPECT_EQ(search_.FindInFiles(directory.path()).size(), 2u);
}

}  // namespace
}  // namespace bailee::testing
