// SPDX-License-Identifier: Apache-2.0
#include "record/view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "record/kind.h"
#include "shown.h"

namespace bailee::record {
namespace {

std::string View(Transform transform, Kind kind, std::string_view canonical) {
  return Shown(ComputeView(transform, kind, canonical, {}));
}

struct Case {
  Transform transform;
  Kind kind;
  std::string canonical;
  std::string view;
};

TEST(ComputeView, ShowsWhatItPromises) {
  const std::vector<Case> cases = {
      {Transform::kLast4, Kind::kPan, "4111111111111111", "1111"},
      {Transform::kLast4, Kind::kPan, "000000000018", "0018"},
      {Transform::kLast4, Kind::kPhone, "+49301234567", "4567"},
      {Transform::kLast4, Kind::kIban, "DE89370400440532013000", "3000"},
      {Transform::kLast2, Kind::kPan, "4111111111111111", "11"},
      {Transform::kLast2, Kind::kPhone, "+49301234567", "67"},
      {Transform::kLast2, Kind::kIban, "GB82WEST12345698765432", "32"},
      {Transform::kBinLast4, Kind::kPan, "4111111111111111", "411111******1111"},
      {Transform::kBinLast4, Kind::kPan, "378282246310005", "378282******0005"},
      {Transform::kBinLast4, Kind::kPan, "30569309025904", "******5904"},
      {Transform::kBinLast4, Kind::kPan, "000000000018", "******0018"},
      {Transform::kFirst1Domain, Kind::kEmail, "ada@example.org", "a***@example.org"},
      {Transform::kFirst1Domain, Kind::kEmail, "a@example.org", "a***@example.org"},
      {Transform::kInitials, Kind::kText, "Ada Maria Lovelace", "AML"},
      {Transform::kInitials, Kind::kText, "  ada\t\r\nmaria ", "am"},
      {Transform::kInitials, Kind::kText, "a b c d e f", "abcd"},
      {Transform::kInitials, Kind::kText, "\xC3\x85sa \xE6\x9D\x8E", "\xC3\x85\xE6\x9D\x8E"},
      {Transform::kInitials, Kind::kText, "\xF0\x9F\x98\x80x", "\xF0\x9F\x98\x80"},
      {Transform::kInitials, Kind::kText, "\xE0\xA4\x85\xE0\xA4\xAD b",
       "\xE0\xA4\x85"
       "b"},
      {Transform::kInitials, Kind::kText, " \n ", "unknown"},
      {Transform::kPrefix, Kind::kIp, "203.0.113.255", "203.0.113.0/24"},
      {Transform::kPrefix, Kind::kIp, "2001:db8:1:ffff::1", "2001:db8:1::/48"},
      {Transform::kPrefix, Kind::kIp, "::1", "::/48"},
      {Transform::kRegion, Kind::kIp, "203.0.113.255", "unknown"},
      {Transform::kDay, Kind::kTime, "2013-05-24T23:59:59.999Z", "2013-05-24"},
      {Transform::kHost, Kind::kUrl, "https://www.example.org:8443/a?b#c", "www.example.org"},
      {Transform::kHost, Kind::kUrl, "http://[2001:db8::1]:80/", "[2001:db8::1]"},
      {Transform::kHost, Kind::kUrl, "/a/b?c=http://example.org/", "unknown"},
      {Transform::kPath, Kind::kUrl, "https://www.example.org/a/b?token=1#c", "/a/b"},
      {Transform::kPath, Kind::kUrl, "https://www.example.org#token", "/"},
      {Transform::kPath, Kind::kUrl, "https://www.example.org?token", "/"},
      {Transform::kPath, Kind::kUrl, "/a#token?x", "/a"},
      {Transform::kDomain, Kind::kEmail, "ada@mail.example.org", "mail.example.org"},
      {Transform::kDomain, Kind::kUrl, "https://a.b.example.org/x", "example.org"},
      {Transform::kDomain, Kind::kUrl, "https://example.org./x", "example.org"},
      {Transform::kDomain, Kind::kUrl, "http://localhost/x", "localhost"},
      {Transform::kDomain, Kind::kUrl, "http://192.0.2.1/x", "unknown"},
      {Transform::kDomain, Kind::kUrl, "http://[::1]/x", "unknown"},
      {Transform::kDomain, Kind::kUrl, "/x", "unknown"},
      {Transform::kLength, Kind::kText, "x", "16"},
      {Transform::kLength, Kind::kText, std::string(16, 'x'), "16"},
      {Transform::kLength, Kind::kText, std::string(17, 'x'), "32"},
      {Transform::kLength, Kind::kBlob, std::string(limits::kBlobBytesMax, 'x'), "1048576"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(View(c.transform, c.kind, c.canonical), c.view) << TransformWord(c.transform);
  }
}

TEST(ComputeView, PassesOnALongPathWhole) {
  const std::string path = "/" + std::string(limits::kFieldBytesMax - 3, 'a');
  EXPECT_EQ(View(Transform::kPath, Kind::kUrl, path + "?b"), path);
}

class FixedRegion final : public RegionLookup {
 public:
  explicit FixedRegion(std::string region, size_t claims = 0)
      : region_(std::move(region)), claims_(claims) {}
  size_t RegionOf(std::string_view ip, std::span<char> out) const override {
    asked_ = ip;
    std::copy_n(region_.begin(), std::min(region_.size(), out.size()), out.begin());
    return claims_ != 0 ? claims_ : region_.size();
  }
  const std::string& asked() const { return asked_; }

 private:
  std::string region_;
  size_t claims_;
  mutable std::string asked_;
};

TEST(ComputeView, AsksTheLookupForARegion) {
  const FixedRegion regions("DE-BE");
  EXPECT_EQ(Shown(ComputeView(Transform::kRegion, Kind::kIp, "192.0.2.1", {&regions})), "DE-BE");
  EXPECT_EQ(regions.asked(), "192.0.2.1");
}

TEST(ComputeView, CallsARegionUnknownThatTheLookupDoesNotKnow) {
  const FixedRegion regions("");
  EXPECT_EQ(Shown(ComputeView(Transform::kRegion, Kind::kIp, "192.0.2.1", {&regions})), "unknown");
}

TEST(ComputeView, TakesARegionThatJustFits) {
  const FixedRegion longest(std::string(64, 'R'));
  EXPECT_EQ(Shown(ComputeView(Transform::kRegion, Kind::kIp, "192.0.2.1", {&longest})),
            std::string(64, 'R'));
  const FixedRegion longer(std::string(64, 'R'), 65);
  EXPECT_EQ(Shown(ComputeView(Transform::kRegion, Kind::kIp, "192.0.2.1", {&longer})), "unknown");
}

TEST(ComputeView, CallsARegionUnknownThatDoesNotFit) {
  const FixedRegion regions("DE", 100'000);
  EXPECT_EQ(Shown(ComputeView(Transform::kRegion, Kind::kIp, "192.0.2.1", {&regions})), "unknown");
}

TEST(ComputeView, RefusesEveryPairThatIsNotDeclared) {
  for (const Kind kind : kKinds) {
    for (int number = 0; number < 256; ++number) {
      const auto transform = static_cast<Transform>(number);
      if (HasView(kind, transform)) continue;
      EXPECT_EQ(View(transform, kind, "4111111111111111"), "<view.not-of-kind>")
          << KindWord(kind) << " " << number;
    }
  }
}

TEST(ComputeView, HidesTheRestOfAPan) {
  std::mt19937 random(3);
  for (size_t size = 12; size <= 19; ++size) {
    for (int round = 0; round < 200; ++round) {
      std::string pan(size, '0');
      for (char& c : pan) c = static_cast<char>('0' + random() % 10);
      const std::string last4 = View(Transform::kLast4, Kind::kPan, pan);
      EXPECT_EQ(last4.size(), 4u);
      const std::string bin = View(Transform::kBinLast4, Kind::kPan, pan);
      const auto digits = static_cast<size_t>(
          std::count_if(bin.begin(), bin.end(), [](char c) { return c >= '0' && c <= '9'; }));
      EXPECT_EQ(digits, size >= 15 ? 10u : 4u);
      EXPECT_EQ(View(Transform::kLast2, Kind::kPan, pan).size(), 2u);
    }
  }
}

TEST(ComputeView, DoesNotShowAValueTooShortToHideAnythingOf) {
  const std::vector<Case> cases = {
      {Transform::kLast4, Kind::kPan, "1111", ""},
      {Transform::kLast4, Kind::kPan, "11111111111", ""},
      {Transform::kLast4, Kind::kPan, "411111111111111X", ""},
      {Transform::kBinLast4, Kind::kPan, "4111111111", ""},
      {Transform::kLast4, Kind::kPhone, "+123", ""},
      {Transform::kLast4, Kind::kPhone, "493012345678", ""},
      {Transform::kLast2, Kind::kIban, "DE", ""},
      {Transform::kFirst1Domain, Kind::kEmail, "a", ""},
      {Transform::kFirst1Domain, Kind::kEmail, "@", ""},
      {Transform::kDomain, Kind::kEmail, "a@b@c.d", ""},
      {Transform::kPrefix, Kind::kIp, "nonsense", ""},
      {Transform::kRegion, Kind::kIp, "nonsense", ""},
      {Transform::kDay, Kind::kTime, "2013", ""},
      {Transform::kDay, Kind::kTime, "2013-05-24T23:59:59Z", ""},
      {Transform::kPath, Kind::kUrl, "secret", ""},
      {Transform::kHost, Kind::kUrl, "http://user:secret@a/", ""},
      {Transform::kInitials, Kind::kText, "\xE2\x82", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(View(c.transform, c.kind, c.canonical), "<view.malformed>") << c.canonical;
  }
}

TEST(ComputeView, ShowsOnlyOfValuesAsLongAsTheirKindMayBe) {
  struct Lengths {
    Kind kind;
    std::string begins;
    size_t min;
    size_t max;
  };
  for (const Lengths& of : {Lengths{Kind::kPan, "4", 12, 19}, Lengths{Kind::kPhone, "+", 8, 16},
                            Lengths{Kind::kIban, "D", 15, 34}}) {
    const auto view_of = [&](size_t size) {
      return View(Transform::kLast2, of.kind, of.begins + std::string(size - 1, '7'));
    };
    EXPECT_EQ(view_of(of.min - 1), "<view.malformed>") << KindWord(of.kind);
    EXPECT_EQ(view_of(of.min), "77") << KindWord(of.kind);
    EXPECT_EQ(view_of(of.max), "77") << KindWord(of.kind);
    EXPECT_EQ(view_of(of.max + 1), "<view.malformed>") << KindWord(of.kind);
  }
}

TEST(ComputeView, RefusesAnEmptyValueForEveryPair) {
  for (const Kind kind : kKinds) {
    for (const Transform transform : kTransforms) {
      if (!HasView(kind, transform)) continue;
      EXPECT_EQ(View(transform, kind, ""), "<view.malformed>") << TransformWord(transform);
    }
  }
}

TEST(ComputeView, NeverCrashesOnRandomBytes) {
  std::mt19937 random(4);
  for (int round = 0; round < 10'000; ++round) {
    std::string bytes(random() % 24, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    for (const Kind kind : kKinds) {
      for (const Transform transform : kTransforms) {
        if (!HasView(kind, transform)) continue;
        const Result<Secret> view = ComputeView(transform, kind, bytes, {});
        ASSERT_TRUE(!view.ok() || !view->empty());
      }
    }
  }
}

}  // namespace
}  // namespace bailee::record
