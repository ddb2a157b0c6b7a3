// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <functional>

#include "store_test_util.h"
#include "support/fail_nth.h"

// Writing a store anew, where the copy is not what was copied, or a step fails.
namespace bailee::store {
namespace {

namespace fs = std::filesystem;
using testing::FailNth;
using testing::IoFaults;
using Operation = IoFaults::Operation;
using Verdict = IoFaults::Verdict;

class CompactFaults : public ::testing::Test {
 protected:
  using Rows = std::vector<std::pair<std::string, std::string>>;
  static constexpr size_t kRows = 40;

  CompactFaults() : engine_(Made(vault_, Right())) {}

  static Rows Right() {
    Rows rows;
    for (size_t i = 10; i < 10 + kRows; ++i)
      rows.emplace_back("row " + std::to_string(i), std::string(500, 'x'));
    return rows;
  }
  std::unique_ptr<Engine> Made(const std::string& at, const Rows& rows) const {
    auto engine = Must(CreateLmdb(at, SmallOptions()));
    for (const auto& [key, value] : rows) EXPECT_THAT(PutRow(*engine, key, value), IsOk());
    return engine;
  }
  // A file of another store that has these rows.
  std::string Another(const std::string& name, const Rows& rows) const {
    const std::string at = directory_.path() + "/" + name;
    (void)Made(at, rows);
    return at + "/data.mdb";
  }
  Status CompactWith(const std::string& below, IoFaults::Judge judge) {
    const IoFaults faults(IoFaults::Below{.directory = below, .looks = true}, std::move(judge));
    return engine_->Compact();
  }
  // All rows are there, it can be written to, and nothing is left of a copy.
  void ExpectHealthy() {
    for (const auto& [key, value] : Right()) EXPECT_EQ(GetText(*engine_, key), value);
    EXPECT_THAT(PutRow(*engine_, "after", "v"), IsOk());
    EXPECT_THAT(engine_->Write([](WriteTransaction& write) {
      return write.Delete(Table::kRecords, AsBytes("after"));
    }),
                IsOk());
    EXPECT_FALSE(fs::exists(copy_));
  }

  testing::TemporaryDirectory directory_;
  const std::string vault_ = directory_ / "vault";
  const std::string copy_ = vault_ + "/compact";
  const std::unique_ptr<Engine> engine_;
};

// Somebody, or a broken disk, puts something else in the place of the copy before it is compared.
TEST_F(CompactFaults, ACopyThatDiffersIsNotTaken) {
  Rows lacks = Right();
  lacks.pop_back();
  Rows has_more = Right();
  has_more.emplace_back("row 99", "x");
  Rows other_key = Right();
  other_key[7].first = "row 17b";
  Rows other_value = Right();
  other_value[20].second[250] = 'y';
  Rows shorter_value = Right();
  shorter_value[20].second.pop_back();
  size_t number = 0;
  for (const Rows& rows : {lacks, has_more, other_key, other_value, shorter_value, Rows{}}) {
    const std::string other = Another("other" + std::to_string(number++), rows);
    size_t opened = 0;
    const auto swap = [&](Operation operation, size_t) {
      // The first opening writes it, through as many descriptors as LMDB likes; its map comes last.
      if (operation != Operation::kMap || ++opened != 2) return Verdict{};
      fs::copy_file(other, copy_ + "/data.mdb", fs::copy_options::overwrite_existing);
      return Verdict{};
    };
    EXPECT_THAT(CompactWith(copy_, swap), Fails(Code::kDamage, "store.copy-differs")) << number;
    EXPECT_EQ(opened, 2u);
    ExpectHealthy();
  }
  EXPECT_THAT(engine_->Compact(), IsOk());
  ExpectHealthy();
}

TEST_F(CompactFaults, AStepThatFailsLeavesTheStoreAsItWas) {
  EXPECT_THAT(CompactWith(copy_, FailNth(Operation::kMake, EROFS)),
              Fails(Code::kFailed, "store.read-only"));
  ExpectHealthy();
  EXPECT_THAT(CompactWith(copy_, FailNth(Operation::kMake, ENOSPC)),
              Fails(Code::kFull, "store.disk-full"));
  ExpectHealthy();
  for (const Operation operation : {Operation::kOpen, Operation::kMap}) {
    for (const size_t nth : {size_t{0}, size_t{1}}) {
      EXPECT_THAT(CompactWith(copy_, FailNth(operation, ENOMEM, nth)),
                  Fails(Code::kFailed, "store.memory"));
      ExpectHealthy();
    }
  }
  EXPECT_THAT(CompactWith(copy_, FailNth(Operation::kSync, EIO)), Fails(Code::kFailed, "store.io"));
  ExpectHealthy();
  EXPECT_THAT(CompactWith(vault_ + "/data.mdb", FailNth(Operation::kName, EXDEV)),
              Fails(Code::kFailed, "store.failed"));
  ExpectHealthy();
  EXPECT_THAT(engine_->Compact(), IsOk());
  ExpectHealthy();
}

// The list of openers is asked first: nobody's map may be swapped under them.
TEST_F(CompactFaults, WithoutKnowingWhoHasItOpenNothingIsDone) {
  const auto openers = vault_ + "/openers";
  EXPECT_THAT(CompactWith(openers, FailNth(Operation::kControl, EIO)),
              Fails(Code::kFailed, "store.io"));
  EXPECT_THAT(CompactWith(openers, FailNth(Operation::kRead, EIO)),
              Fails(Code::kFailed, "store.io"));
  ExpectHealthy();
}

TEST_F(CompactFaults, AStoreThatHasToReopenDoesSoFirst) {
  {
    const IoFaults faults(vault_ + "/data.mdb",
                          [broken = false](Operation operation, size_t) mutable {
                            broken = broken || operation == Operation::kMeta;
                            return Verdict{.error = broken ? EIO : 0};
                          });
    EXPECT_THAT(PutRow(*engine_, "k", "v"), Fails(Code::kFailed, "store.commit-unclear"));
    EXPECT_THAT(engine_->Compact(), Fails(Code::kFailed, "store.reopen"));
  }
  EXPECT_EQ(GetText(*engine_, "k"), "(none)");
  ExpectHealthy();
  EXPECT_THAT(engine_->Compact(), IsOk());
}

// More than is copied in one transaction.
TEST(LmdbCompactMuch, IsCopiedInMoreThanOneTransaction) {
  const testing::TemporaryDirectory directory;
  LmdbOptions options;
  options.map_bytes = uint64_t{128} << 20;
  const auto engine = Must(CreateLmdb(directory / "vault", options));
  const auto value = [](size_t i) {
    return std::to_string(i) + std::string((size_t{3} << 20) / 2, 'm');
  };
  for (size_t i = 0; i < 30; ++i) {
    ASSERT_THAT(PutRow(*engine, "row " + std::to_string(i), value(i)), IsOk());
  }
  ASSERT_THAT(engine->Compact(), IsOk());
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(GetText(*engine, "row " + std::to_string(i)), value(i));
}

}  // namespace
}  // namespace bailee::store
