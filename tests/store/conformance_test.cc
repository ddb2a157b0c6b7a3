// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "bailee/limits.h"
#include "store/scan.h"
#include "store_test_util.h"
#include "support/memory_engine.h"

// What every engine promises, held against the one on LMDB and its twin in memory.
namespace bailee::store {
namespace {

struct OnLmdb {
  testing::TemporaryDirectory directory;
  std::unique_ptr<Engine> engine = Must(CreateLmdb(directory / "vault", SmallOptions()));
};
struct InMemory {
  std::unique_ptr<Engine> engine = testing::MakeMemoryEngine();
};

template <typename Kind>
class EngineConformance : public ::testing::Test {
 protected:
  Engine& engine() { return *kind_.engine; }
  std::vector<std::string> ScanKeys(std::string_view prefix, std::string_view from) {
    std::vector<std::string> keys;
    auto snapshot = engine().Read();
    EXPECT_THAT((*snapshot)->Scan(Table::kDue, AsBytes(prefix), AsBytes(from),
                                  [&](ByteView key, ByteView) {
                                    keys.emplace_back(AsText(key));
                                    return true;
                                  }),
                IsOk());
    return keys;
  }

 private:
  Kind kind_;
};
using Kinds = ::testing::Types<OnLmdb, InMemory>;
TYPED_TEST_SUITE(EngineConformance, Kinds);

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TYPED_TEST(EngineConformance, ReadsBackWhatWasWritten) {
  ASSERT_THAT(PutRow(this->engine(), "k", "v"), IsOk());
  EXPECT_EQ(GetText(this->engine(), "k"), "v");
  EXPECT_EQ(GetText(this->engine(), "other"), "(none)");
}

TYPED_TEST(EngineConformance, TellsASnapshotThatSomethingWasCommittedSince) {
  ASSERT_THAT(PutRow(this->engine(), "k", "v"), IsOk());
  auto before = this->engine().Read();
  EXPECT_TRUE((*before)->current());
  ASSERT_THAT(PutRow(this->engine(), "k", "w"), IsOk());
  EXPECT_FALSE((*before)->current());
  auto after = this->engine().Read();
  EXPECT_TRUE((*after)->current());
}

TYPED_TEST(EngineConformance, KeepsTablesApart) {
  for (uint8_t i = 0; i < kTableCount; ++i) {
    const auto table = static_cast<Table>(i);
    ASSERT_THAT(PutRow(this->engine(), "k", TableName(table), table), IsOk());
  }
  for (uint8_t i = 0; i < kTableCount; ++i) {
    const auto table = static_cast<Table>(i);
    EXPECT_EQ(GetText(this->engine(), "k", table), TableName(table));
  }
}

TYPED_TEST(EngineConformance, KeepsEmptyAndMebibyteValues) {
  const std::string large(size_t{1} << 20, 'x');
  ASSERT_THAT(PutRow(this->engine(), "empty", ""), IsOk());
  ASSERT_THAT(PutRow(this->engine(), "large", large), IsOk());
  EXPECT_EQ(GetText(this->engine(), "empty"), "");
  EXPECT_EQ(GetText(this->engine(), "large"), large);
}

TYPED_TEST(EngineConformance, TakesKeysOf1To511BytesAndNoOthers) {
  const std::string longest(511, 'k');
  EXPECT_THAT(PutRow(this->engine(), "k", "v"), IsOk());
  EXPECT_THAT(PutRow(this->engine(), longest, "v"), IsOk());
  EXPECT_EQ(GetText(this->engine(), longest), "v");
  EXPECT_THAT(PutRow(this->engine(), "", "v"), Fails(Code::kInvalidValue, "store.key-size"));
  EXPECT_THAT(PutRow(this->engine(), longest + "k", "v"),
              Fails(Code::kInvalidValue, "store.key-size"));
}

TYPED_TEST(EngineConformance, ASnapshotStaysAsItWas) {
  ASSERT_THAT(PutRow(this->engine(), "k", "old"), IsOk());
  auto before = this->engine().Read();
  ASSERT_TRUE(before.ok());
  ASSERT_THAT(PutRow(this->engine(), "k", "new"), IsOk());
  EXPECT_EQ(GetText(**before, "k"), "old");
  EXPECT_EQ(GetText(this->engine(), "k"), "new");
}

TYPED_TEST(EngineConformance, TheTransactionNumberMovesOnlyWithAChange) {
  auto number = [&] { return (*this->engine().Read())->transaction_id(); };
  ASSERT_THAT(PutRow(this->engine(), "k", "v"), IsOk());
  const uint64_t before = number();
  ASSERT_THAT(this->engine().Write([](WriteTransaction& write) {
    return write.Delete(Table::kRecords, AsBytes("absent"));
  }),
              IsOk());
  EXPECT_EQ(number(), before);
  uint64_t inside = 0;
  ASSERT_THAT(this->engine().Write([&](WriteTransaction& write) {
    inside = write.transaction_id();
    return write.Put(Table::kRecords, AsBytes("k"), AsBytes("w"));
  }),
              IsOk());
  EXPECT_GT(number(), before);
  EXPECT_EQ(number(), inside);
}

TYPED_TEST(EngineConformance, AWriterSeesItsOwnChanges) {
  EXPECT_THAT(this->engine().Write([](WriteTransaction& write) -> Status {
    EXPECT_THAT(write.Put(Table::kRecords, AsBytes("k"), AsBytes("v")), IsOk());
    EXPECT_EQ(GetText(write, "k"), "v");
    EXPECT_THAT(write.Delete(Table::kRecords, AsBytes("k")), IsOk());
    EXPECT_EQ(GetText(write, "k"), "(none)");
    return {};
  }),
              IsOk());
}

TYPED_TEST(EngineConformance, AFailedJobLeavesNothingAndGetsItsErrorBack) {
  EXPECT_THAT(this->engine().Write([](WriteTransaction& write) -> Status {
    EXPECT_THAT(write.Put(Table::kRecords, AsBytes("k"), AsBytes("v")), IsOk());
    return {Code::kUsage, "test.no", "no"};
  }),
              Fails(Code::kUsage, "test.no"));
  EXPECT_EQ(GetText(this->engine(), "k"), "(none)");
}

TYPED_TEST(EngineConformance, AThrowingJobLeavesNothingAndTheWriterGoesOn) {
  EXPECT_THAT(this->engine().Write([](WriteTransaction& write) -> Status {
    (void)write.Put(Table::kRecords, AsBytes("k"), AsBytes("v"));
    throw std::bad_alloc();
  }),
              Fails(Code::kFailed, "store.memory"));
  EXPECT_THAT(this->engine().Write([](WriteTransaction&) -> Status { throw 7; }),
              Fails(Code::kFailed, "store.job-threw"));
  EXPECT_EQ(GetText(this->engine(), "k"), "(none)");
  EXPECT_THAT(PutRow(this->engine(), "k", "v"), IsOk());
}

TYPED_TEST(EngineConformance, InsertRefusesAKeyThatIsThereAndMayGoOn) {
  ASSERT_THAT(PutRow(this->engine(), "k", "v"), IsOk());
  EXPECT_THAT(this->engine().Write([](WriteTransaction& write) -> Status {
    EXPECT_THAT(write.Insert(Table::kRecords, AsBytes("k"), AsBytes("w")),
                Fails(Code::kConflict, "store.exists"));
    return write.Insert(Table::kRecords, AsBytes("l"), AsBytes("w"));
  }),
              IsOk());
  EXPECT_EQ(GetText(this->engine(), "k"), "v");
  EXPECT_EQ(GetText(this->engine(), "l"), "w");
}

TYPED_TEST(EngineConformance, GetManyAnswersInOrderWithGaps) {
  ASSERT_THAT(PutRow(this->engine(), "a", "1"), IsOk());
  ASSERT_THAT(PutRow(this->engine(), "c", "3"), IsOk());
  auto snapshot = this->engine().Read();
  const ByteView keys[] = {AsBytes("c"), AsBytes("b"), AsBytes("a")};
  std::optional<ByteView> values[3] = {AsBytes("x"), AsBytes("x"), AsBytes("x")};
  ASSERT_THAT((*snapshot)->GetMany(Table::kRecords, keys, values), IsOk());
  EXPECT_EQ(AsText(*values[0]), "3");
  EXPECT_FALSE(values[1].has_value());
  EXPECT_EQ(AsText(*values[2]), "1");
}

TYPED_TEST(EngineConformance, ScansInByteOrderWithinPrefixAndFrom) {
  for (const char* key : {"b", "a\xff", "a", "a\x7f", "c", "ab"}) {
    ASSERT_THAT(PutRow(this->engine(), key, "v", Table::kDue), IsOk());
  }
  EXPECT_THAT(this->ScanKeys("", ""), ElementsAre("a", "ab", "a\x7f", "a\xff", "b", "c"));
  EXPECT_THAT(this->ScanKeys("a", ""), ElementsAre("a", "ab", "a\x7f", "a\xff"));
  EXPECT_THAT(this->ScanKeys("a", "ac"), ElementsAre("a\x7f", "a\xff"));
  EXPECT_THAT(this->ScanKeys("b", "a"), ElementsAre("b"));
  EXPECT_THAT(this->ScanKeys("a", "b"), IsEmpty());
  EXPECT_THAT(this->ScanKeys("zz", ""), IsEmpty());
}

TYPED_TEST(EngineConformance, AScanStopsWhenTold) {
  for (const char* key : {"a", "b", "c"}) ASSERT_THAT(PutRow(this->engine(), key, "v"), IsOk());
  int seen = 0;
  auto snapshot = this->engine().Read();
  ASSERT_THAT(
      (*snapshot)->Scan(Table::kRecords, {}, {}, [&](ByteView, ByteView) { return ++seen < 2; }),
      IsOk());
  EXPECT_EQ(seen, 2);
}

TYPED_TEST(EngineConformance, AChunkedScanSeesEachRowOnceWhateverTheChunk) {
  std::vector<std::string> all;
  ASSERT_THAT(this->engine().Write([&](WriteTransaction& write) -> Status {
    for (int i = 100; i < 125; ++i) {
      all.push_back(std::to_string(i) + std::string(508, 'k'));
      const Status put = write.Put(Table::kLedger, AsBytes(all.back()), AsBytes("v"));
      if (!put.ok()) return put;
    }
    return {};
  }),
              IsOk());
  for (size_t chunk = 1; chunk <= 26; ++chunk) {
    std::vector<std::string> seen;
    ASSERT_THAT(ScanInChunks(this->engine(), Table::kLedger, AsBytes("1"), AsBytes("101"), chunk,
                             [&](ByteView key, ByteView) {
                               seen.emplace_back(AsText(key));
                               return true;
                             }),
                IsOk());
    EXPECT_EQ(seen, std::vector<std::string>(all.begin() + 1, all.end())) << chunk;
  }
}

TYPED_TEST(EngineConformance, AChunkedScanStopsWhenTold) {
  for (const char* key : {"a", "b", "c", "d"}) {
    ASSERT_THAT(PutRow(this->engine(), key, "v"), IsOk());
  }
  int seen = 0;
  ASSERT_THAT(ScanInChunks(this->engine(), Table::kRecords, {}, {}, 2,
                           [&](ByteView, ByteView) { return ++seen < 2; }),
              IsOk());
  EXPECT_EQ(seen, 2);
}

TYPED_TEST(EngineConformance, TakesTheMostRowsOfATransactionAndNotOneMore) {
  auto put_rows = [&](size_t count) {
    return this->engine().Write([&](WriteTransaction& write) -> Status {
      for (size_t i = 0; i < count; ++i) {
        // Swallows every error: the engine must not.
        (void)write.Put(Table::kDue, AsBytes(std::to_string(i)), AsBytes("v"));
      }
      return {};
    });
  };
  EXPECT_THAT(put_rows(limits::kTransactionRowsMax + 1),
              Fails(Code::kInvalidValue, "store.transaction-too-large"));
  EXPECT_EQ(GetText(this->engine(), "0", Table::kDue), "(none)");
  EXPECT_THAT(put_rows(limits::kTransactionRowsMax), IsOk());
  EXPECT_EQ(this->engine().Measure()->rows[static_cast<size_t>(Table::kDue)],
            limits::kTransactionRowsMax);
}

TYPED_TEST(EngineConformance, ManyThreadsLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kWrites = 40;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string key = std::to_string(t) + "." + std::to_string(i);
        const bool should_fail = i % 5 == 4;
        const Status status = this->engine().Write([&](WriteTransaction& write) -> Status {
          const Status put = write.Put(Table::kRecords, AsBytes(key), AsBytes(key));
          if (!put.ok() || !should_fail) return put;
          return {Code::kUsage, "test.no", "no"};
        });
        if (status.ok() == should_fail) ++failures;
        if (GetText(this->engine(), key) != (should_fail ? "(none)" : key)) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures.load(), 0);
  EXPECT_EQ(this->engine().Measure()->rows[static_cast<size_t>(Table::kRecords)],
            size_t{kThreads} * kWrites * 4 / 5);
}

TYPED_TEST(EngineConformance, BehavesLikeAMapUnderRandomJobs) {
  std::mt19937 random(20130524);
  std::map<std::string, std::string> model;
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, std::string> next = model;
    const bool keep = random() % 4 != 0;
    const Status status = this->engine().Write([&](WriteTransaction& write) -> Status {
      next = model;
      for (size_t n = random() % 20; n > 0; --n) {
        const std::string key = std::to_string(random() % 300);
        if (random() % 3 == 0) {
          next.erase(key);
          EXPECT_THAT(write.Delete(Table::kRecords, AsBytes(key)), IsOk());
        } else {
          next[key] = std::string(random() % 3000, 'v');
          EXPECT_THAT(write.Put(Table::kRecords, AsBytes(key), AsBytes(next[key])), IsOk());
        }
      }
      if (keep) return {};
      return {Code::kUsage, "test.no", "no"};
    });
    ASSERT_EQ(status.ok(), keep);
    if (keep) model = next;
    std::map<std::string, std::string> stored;
    ASSERT_THAT((*this->engine().Read())
                    ->Scan(Table::kRecords, {}, {},
                           [&](ByteView key, ByteView value) {
                             stored.emplace(AsText(key), AsText(value));
                             return true;
                           }),
                IsOk());
    ASSERT_EQ(stored, model) << "round " << round;
  }
}

}  // namespace
}  // namespace bailee::store
