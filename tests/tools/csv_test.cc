// SPDX-License-Identifier: Apache-2.0
#include "csv.h"

#include <gtest/gtest.h>

namespace bailee::tool {
namespace {

TEST(Csv, QuotesWhatWouldEndACell) {
  EXPECT_EQ(CsvLine({"a", "b c", ""}), "a,b c,\r\n");
  EXPECT_EQ(CsvLine({"a,b"}), "\"a,b\"\r\n");
  EXPECT_EQ(CsvLine({"a\"b"}), "\"a\"\"b\"\r\n");
  EXPECT_EQ(CsvLine({"a\nb", "c\rd"}), "\"a\nb\",\"c\rd\"\r\n");
  EXPECT_EQ(CsvLine({"a;b"}), "\"a;b\"\r\n") << "some spreadsheets part cells there";
}

TEST(Csv, LetsNoCellBeAFormula) {
  for (const std::string evil : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1",
                                 "\"=1", "'=1", ";=1", ",=1"}) {
    const std::string line = CsvLine({evil});
    const size_t first = line[0] == '"' ? 1 : 0;
    EXPECT_EQ(line[first], '\'') << line;
  }
  EXPECT_EQ(CsvLine({"a=1", "1-2", "a@b"}), "a=1,1-2,a@b\r\n");
}

}  // namespace
}  // namespace bailee::tool
