// SPDX-License-Identifier: Apache-2.0
// Values: what each kind accepts, in which form, and what its views show of it.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "base/kind.h"
#include "fuzz/memory_file.h"
#include "fuzz/target.h"
#include "record/canonical.h"
#include "record/kind.h"
#include "record/region_file.h"
#include "record/view.h"
#include "support/mmdb_file.h"

namespace bailee::fuzz {
namespace {

std::string Revealed(const Secret& secret) {
  return secret.Reveal([](std::string_view text) { return std::string(text); });
}

size_t DigitsIn(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return std::isdigit(static_cast<uint8_t>(c)) != 0; }));
}

// Any file may say any region: it is a short text that the file's reader allowed.
class OneRegion final : public record::RegionLookup {
 public:
  size_t RegionOf(std::string_view, std::span<char> out) const override {
    constexpr std::string_view kRegion = "DE-BE";
    if (out.size() < kRegion.size()) return 0;
    std::copy(kRegion.begin(), kRegion.end(), out.begin());
    return kRegion.size();
  }
};

// What a view may show of a number that is to stay hidden.
void CheckHides(Transform transform, Kind kind, std::string_view canonical, std::string_view view) {
  const size_t digits = DigitsIn(view);
  if (transform == Transform::kLast4 && kind != Kind::kIban) FUZZ_CHECK(view.size() == 4);
  if (transform == Transform::kLast2) FUZZ_CHECK(view.size() == 2);
  if (transform == Transform::kBinLast4) {
    FUZZ_CHECK(digits == (canonical.size() >= 15 ? 10u : 4u) && view.find("******") != view.npos);
  }
  if (transform == Transform::kFirst1Domain) FUZZ_CHECK(view.find("***@") <= 4);
  if (transform == Transform::kPath) FUZZ_CHECK(view.find_first_of("?#") == view.npos);
  if (transform == Transform::kDay) FUZZ_CHECK(view.size() == 10 && digits == 8);
  if (transform == Transform::kLength) FUZZ_CHECK(digits == view.size());
}

void CheckViews(Kind kind, std::string_view canonical, bool from_us) {
  const OneRegion regions;
  for (const Transform transform : kTransforms) {
    for (const bool has_regions : {false, true}) {
      const auto view = record::ComputeView(transform, kind, canonical,
                                            {.regions = has_regions ? &regions : nullptr});
      if (!HasView(kind, transform)) {
        CheckFailure(view.status(), {Code::kUsage});
      } else if (!view.ok()) {
        FUZZ_CHECK(!from_us);
        CheckFailure(view.status(), {Code::kInvalidValue});
      } else {
        FUZZ_CHECK(!view->empty());
        if (from_us) CheckHides(transform, kind, canonical, Revealed(*view));
      }
    }
  }
}

void RunKind(ByteView input) {
  if (input.empty()) return;
  const Kind kind = kKinds[input[0] % kKinds.size()];
  const std::string_view raw = AsText(input.subspan(1));
  CheckViews(kind, raw, false);
  const auto canonical = record::Normalise(kind, raw, record::KindBytesMax(kind));
  if (!canonical.ok()) return CheckFailure(canonical.status(), {Code::kInvalidValue});
  const std::string text = Revealed(*canonical);
  FUZZ_CHECK(!text.empty());
  const auto again = record::Normalise(kind, text, text.size());
  FUZZ_CHECK(again.ok() && Revealed(*again) == text);
  const auto cut = record::Normalise(kind, text, text.size() - 1);
  CheckFailure(cut.status(), {Code::kInvalidValue});
  CheckViews(kind, text, true);
  const auto index = record::IndexForm(kind, text);
  if (!HasIndexForm(kind)) return CheckFailure(index.status(), {Code::kUsage});
  FUZZ_CHECK(index.ok());
  const auto index_again = record::IndexForm(kind, Revealed(*index));
  FUZZ_CHECK(index_again.ok() && Revealed(*index_again) == Revealed(*index));
}

std::vector<Bytes> KindSeeds() {
  constexpr std::array kValues = {"Ana M\xc3\xbcller\nLeo",
                                  "ana@Example.org",
                                  "+49 (30) 1234-567",
                                  "4111 1111 1111 1111",
                                  "12/27",
                                  "GB82 WEST 1234 5698 7654 32",
                                  "secret",
                                  "::ffff:203.0.113.7",
                                  "2013-05-24T10:11:12.345+02:00",
                                  "https://Example.org:8080/a/b?c=d#e",
                                  "Mozilla/5.0 (X11)",
                                  "de-DE,de;q=0.8",
                                  "at",
                                  "-12.3 EUR",
                                  "-0042",
                                  "blob"};
  std::vector<Bytes> seeds;
  for (uint8_t i = 0; i < kValues.size(); ++i) {
    Bytes seed = {i};
    const Bytes value = ToBytes(std::string_view(kValues[i]));
    seed.insert(seed.end(), value.begin(), value.end());
    seeds.push_back(std::move(seed));
  }
  for (const char* more : {"\x07"
                           "2001:db8::1",
                           "\x07"
                           "203.0.113.7",
                           "\x09/a?b",
                           "\x04"
                           "2027-12"}) {
    seeds.push_back(ToBytes(std::string_view(more)));
  }
  return seeds;
}

const Registered registered_kind({"kind", RunKind, KindSeeds});

// --- Words, addresses and URLs

void RunWords(ByteView input) {
  const std::string_view text = AsText(input);
  if (const auto kind = ParseKind(text)) FUZZ_CHECK(KindWord(*kind) == text);
  if (const auto transform = ParseTransform(text)) FUZZ_CHECK(TransformWord(*transform) == text);
  record::IpBytes ip;
  if (record::ParseIp(text, ip)) {
    record::Form form;
    record::FormatIp(ip, form);
    record::IpBytes again;
    FUZZ_CHECK(!form.overflow() && record::ParseIp(form.text(), again));
    FUZZ_CHECK(std::equal(std::begin(ip.bytes), std::end(ip.bytes), again.bytes) || !ip.v6);
  }
  if (const auto parts = record::SplitUrl(text)) {
    const std::string whole =
        std::string(parts->origin) + std::string(parts->path) + std::string(parts->rest);
    FUZZ_CHECK(whole == text);
    FUZZ_CHECK(parts->origin.find(parts->host) != std::string_view::npos);
  }
}

std::vector<Bytes> WordsSeeds() {
  return {ToBytes("USER_AGENT"), ToBytes("BIN_LAST4"), ToBytes("1:2::3.4.5.6"),
          ToBytes("http://[::1]:80/x?y#z")};
}

const Registered registered_words({"words", RunWords, WordsSeeds});

// --- Files of regions

void RunRegions(ByteView input) {
  const MemoryFile file(input);
  const auto regions = record::RegionFile::Open(file.path());
  if (!regions.ok()) return CheckFailure(regions.status(), {Code::kInvalidValue, Code::kFailed});
  for (const char* ip : {"203.0.113.7", "2001:db8::1", "0.0.0.0", "not an address", ""}) {
    std::array<char, 16> out{};
    const size_t size = (*regions)->RegionOf(ip, out);
    FUZZ_CHECK(size == 0 || (size >= 2 && size <= 6));
    for (size_t i = 0; i < size; ++i) {
      FUZZ_CHECK(out[i] == '-' || std::isdigit(out[i]) != 0 || std::isupper(out[i]) != 0);
    }
  }
}

std::vector<Bytes> RegionsSeeds() {
  MmdbFile file;
  file.Add({203, 0, 113, 0}, 24, "DE", "BE");
  file.Add({198, 51, 100, 0}, 24, "AT");
  return {ToBytes(file.Bytes())};
}

const Registered registered_regions({"regions", RunRegions, RegionsSeeds});

}  // namespace
}  // namespace bailee::fuzz
