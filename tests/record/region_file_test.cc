// SPDX-License-Identifier: Apache-2.0
#include "record/region_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cctype>
#include <fstream>
#include <iterator>

#include "record/region_nodes.h"
#include "support/error_is.h"
#include "support/mmdb_file.h"
#include "support/temp_vault.h"

namespace bailee::record {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

MmdbFile Places(const MmdbFile::Format& format = {}) {
  MmdbFile file(format);
  file.Add({83, 149, 0, 0}, 16, "RU");
  file.Add({192, 0, 2, 0}, 24, "DE", "BE");
  file.Add({198, 51, 100, 0}, 25, "de");         // no country's letters
  file.Add({203, 0, 113, 0}, 24, "FR", "ID\n");  // nor a part's
  return file;
}

std::string RegionOf(const RegionFile& file, std::string_view ip) {
  std::array<char, 64> out{};
  return {out.data(), file.RegionOf(ip, out)};
}

class Regions : public ::testing::Test {
 protected:
  TempDirectory directory_;
  const std::string path_ = directory_ / "regions.mmdb";
};

TEST_F(Regions, AreCountriesWithTheirFirstPart) {
  Places().Write(path_);
  const auto file = RegionFile::Open(path_);
  ASSERT_THAT(StatusOf(file), IsOk());
  EXPECT_EQ(RegionOf(**file, "83.149.9.216"), "RU");
  EXPECT_EQ(RegionOf(**file, "192.0.2.7"), "DE-BE");
  EXPECT_EQ(RegionOf(**file, "203.0.113.1"), "FR");
  for (const std::string_view ip : {"198.51.100.1", "8.8.8.8", "2001:db8::1", "no address", ""}) {
    EXPECT_EQ(RegionOf(**file, ip), "") << ip;
  }
  std::array<char, 4> narrow{};
  EXPECT_EQ((*file)->RegionOf("192.0.2.7", narrow), 0u);
}

TEST_F(Regions, AreReadFromTreesOfEverySort) {
  for (const uint32_t ip_version : {4u, 6u}) {
    for (const uint32_t bits : {24u, 28u, 32u}) {
      Places({.record_bits = bits, .ip_version = ip_version}).Write(path_);
      const auto file = RegionFile::Open(path_);
      ASSERT_THAT(StatusOf(file), IsOk()) << bits;
      EXPECT_EQ(RegionOf(**file, "83.149.9.216"), "RU") << bits;
      EXPECT_EQ(RegionOf(**file, "192.0.2.7"), "DE-BE") << bits;
      EXPECT_EQ(RegionOf(**file, "8.8.8.8"), "") << bits;
      EXPECT_EQ(RegionOf(**file, "2001:db8::1"), "") << bits;
    }
  }
}

TEST_F(Regions, AreLettersAndPartsMayHaveDigits) {
  MmdbFile file;
  file.Add({1, 0, 0, 0}, 8, "FR", "75");
  file.Add({2, 0, 0, 0}, 8, "AT", "9A");
  file.Add({3, 0, 0, 0}, 8, "12");
  file.Add({4, 0, 0, 0}, 8, "A");
  file.Add({5, 0, 0, 0}, 8, "ABC");
  file.Add({6, 0, 0, 0}, 8, "");
  file.Add({7, 0, 0, 0}, 8, "ES", "LONG");
  file.Add({9, 0, 0, 0}, 8, "ES", "a");
  file.Write(path_);
  const auto regions = RegionFile::Open(path_);
  ASSERT_THAT(StatusOf(regions), IsOk());
  EXPECT_EQ(RegionOf(**regions, "1.2.3.4"), "FR-75");
  EXPECT_EQ(RegionOf(**regions, "2.2.3.4"), "AT-9A");
  for (const char* none : {"3.2.3.4", "4.2.3.4", "5.2.3.4", "6.2.3.4"}) {
    EXPECT_EQ(RegionOf(**regions, none), "") << none;
  }
  EXPECT_EQ(RegionOf(**regions, "7.2.3.4"), "ES") << "a part that is none is left out";
  EXPECT_EQ(RegionOf(**regions, "9.2.3.4"), "ES");
}

TEST_F(Regions, RefuseADatabaseThatSaysWhatCannotBe) {
  using Format = MmdbFile::Format;
  for (const Format& format :
       {Format{.record_bits = 0}, Format{.record_bits = 16}, Format{.record_bits = 27},
        Format{.record_bits = 48}, Format{.ip_version = 0}, Format{.ip_version = 5},
        Format{.major_version = 1}, Format{.major_version = 3}, Format{.type = ""},
        Format{.nodes = false}}) {
    Places(format).Write(path_);
    EXPECT_THAT(StatusOf(RegionFile::Open(path_)),
                ErrorIs(Code::kInvalidValue, "regions.malformed"))
        << format.record_bits << ' ' << format.ip_version << ' ' << format.major_version;
  }
}

TEST_F(Regions, RefuseAFileThatIsTooLargeBeforeItIsRead) {
  Places().Write(path_);
  ASSERT_EQ(truncate(path_.c_str(), (off_t{1} << 30) + 1), 0);
  EXPECT_THAT(StatusOf(RegionFile::Open(path_)), ErrorIs(Code::kInvalidValue, "regions.malformed"));
  EXPECT_THAT(StatusOf(RegionFile::Open(path_ + "/below")),
              ErrorIs(Code::kNotFound, "regions.not-found"));
}

TEST_F(Regions, StayWhenTheFileIsCutOrGone) {
  Places().Write(path_);
  const auto file = RegionFile::Open(path_);
  ASSERT_THAT(StatusOf(file), IsOk());
  ASSERT_EQ(truncate(path_.c_str(), 0), 0);
  EXPECT_EQ(RegionOf(**file, "83.149.9.216"), "RU");
  unlink(path_.c_str());
  EXPECT_EQ(RegionOf(**file, "192.0.2.7"), "DE-BE");
}

TEST_F(Regions, LeaveNoMemoryOfTheFileBehind) {
  const auto mapped = [] {
    std::ifstream maps("/proc/self/maps");
    const std::string all(std::istreambuf_iterator<char>(maps), {});
    return all.find("memfd:regions") != std::string::npos;
  };
  Places().Write(path_);
  {
    const auto file = RegionFile::Open(path_);
    ASSERT_THAT(StatusOf(file), IsOk());
    EXPECT_TRUE(mapped());
  }
  EXPECT_FALSE(mapped());
}

TEST_F(Regions, RefuseWhatIsNoDatabase) {
  EXPECT_THAT(StatusOf(RegionFile::Open(path_)), ErrorIs(Code::kNotFound, "regions.not-found"));
  EXPECT_THAT(StatusOf(RegionFile::Open(directory_.path())),
              ErrorIs(Code::kInvalidValue, "regions.malformed"));
  for (const std::string_view bytes : {std::string_view(), std::string_view("not a database"),
                                       std::string_view("\xab\xcd\xefMaxMind.com")}) {
    MmdbFile::WriteText(path_, bytes);
    EXPECT_THAT(StatusOf(RegionFile::Open(path_)),
                ErrorIs(Code::kInvalidValue, "regions.malformed"));
  }
}

// The library counts their bytes in 32 bits: these come out as few.
TEST_F(Regions, RefuseMoreNodesThanTheFileHasBytes) {
  const std::string bytes = Places().Bytes();
  const std::string name = "node_count\xc4";
  const size_t at = bytes.find(name) + name.size();
  ASSERT_LT(at, bytes.size());
  for (const char* count : {"\xff\xff\xff\xff", "\x2a\xaa\xaa\xaa", "\x80\x00\x00\x01"}) {
    std::string changed = bytes;
    changed.replace(at, 4, count, 4);
    MmdbFile::WriteText(path_, changed);
    EXPECT_THAT(StatusOf(RegionFile::Open(path_)),
                ErrorIs(Code::kInvalidValue, "regions.malformed"));
  }
}

// A file of `nodes` times 6 bytes and of a description.
bool NodesFit(size_t nodes, std::string_view description) {
  const std::string file = std::string(nodes * 6 + 16, '\0') + "\xab\xcd\xefMaxMind.com";
  return RegionNodesFit(AsBytes(file + std::string(description)));
}

TEST(RegionNodes, AreAsManyAsTheDescriptionSays) {
  using std::string_view_literals::operator""sv;
  constexpr auto kThree = "\xe2Jnode_count\xc1\x03Krecord_size\xa1\x18"sv;
  EXPECT_TRUE(NodesFit(3, kThree));
  EXPECT_FALSE(NodesFit(2, kThree));
  EXPECT_FALSE(RegionNodesFit({}));
  for (size_t size = 0; size < kThree.size(); ++size)
    EXPECT_FALSE(NodesFit(3, kThree.substr(0, size))) << size;
  // Whatever is beside them: a map in a list, a text of 30 letters, a pointer, true.
  EXPECT_TRUE(NodesFit(3,
                       "\xe6"
                       "A1\x01\x04\xe1"
                       "AaA1"
                       "A2\x5d\x01"
                       "123456789012345678901234567890"
                       "A3\x28\x00\x00"
                       "A4\x01\x07"
                       "Jnode_count\xc1\x03Krecord_size\xa1\x18"sv));
  // Texts whose lengths are written in two and in three bytes.
  constexpr auto kTwo = "Jnode_count\xc1\x03Krecord_size\xa1\x18"sv;
  for (const auto& [length, size] :
       {std::pair{"\x5e\x00\x00"sv, size_t{285}}, std::pair{"\x5e\x01\x02"sv, size_t{285 + 258}},
        std::pair{"\x5f\x00\x00\x00"sv, size_t{65'821}},
        std::pair{"\x5f\x00\x01\x02"sv, size_t{65'821 + 258}}}) {
    std::string description =
        "\xe3"
        "A1";
    description.append(length).append(size, 'x').append(kTwo);
    EXPECT_TRUE(NodesFit(3, description)) << size;
    EXPECT_FALSE(NodesFit(2, description)) << size;
  }
  // No number, two of them, a name that is elsewhere, bits that no record has, no map.
  for (const std::string_view description :
       {"\xe2Jnode_count\x41\x03Krecord_size\xa1\x18"sv,
        "\xe3Jnode_count\xc1\x03Jnode_count\xc1\x03Krecord_size\xa1\x18"sv,
        "\xe2\x20\x00\xc1\x03Krecord_size\xa1\x18"sv,
        "\xe2Jnode_count\xc1\x03Krecord_size\xa1\x19"sv,
        "\xe2Jnode_count\xc1\x00Krecord_size\xa1\x18"sv,
        "\xe2Jnode_count\xc5\x00\x00\x00\x00\x03Krecord_size\xa1\x18"sv,
        "\xe1Jnode_count\xc1\x03"sv, "\xc1\x03"sv}) {
    EXPECT_FALSE(NodesFit(3, description)) << ::testing::PrintToString(description);
  }
}

// Whatever it says of an address is a region's name or nothing.
void ExpectHarmless(const std::string& path, const std::string& bytes) {
  MmdbFile::WriteText(path, bytes);
  const auto file = RegionFile::Open(path);
  if (!file.ok()) {
    ASSERT_EQ(file.status().code(), Code::kInvalidValue);
    return;
  }
  for (const std::string_view ip : {"83.149.9.216", "192.0.2.7", "8.8.8.8", "::", "ffff::1"}) {
    for (const char c : RegionOf(**file, ip)) {
      ASSERT_TRUE(std::isupper(static_cast<unsigned char>(c)) || c == '-' ||
                  std::isdigit(static_cast<unsigned char>(c)));
    }
  }
}

TEST_F(Regions, SurviveEveryTruncation) {
  const std::string bytes = Places().Bytes();
  for (size_t size = 0; size < bytes.size(); ++size) ExpectHarmless(path_, bytes.substr(0, size));
  ExpectHarmless(path_, bytes + std::string(1, '\0'));
}

TEST_F(Regions, SurviveFlippedBits) {
  const std::string bytes = Places().Bytes();
  // Every bit of what is said of places and of the file, and in the tree one of every byte.
  const size_t tree = bytes.find(std::string(16, '\0'), bytes.size() / 2);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    if (bit / 8 < tree && bit % 8 != bit / 8 % 8) continue;
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ExpectHarmless(path_, flipped);
  }
}

}  // namespace
}  // namespace bailee::record
