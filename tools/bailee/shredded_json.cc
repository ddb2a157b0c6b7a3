// SPDX-License-Identifier: Apache-2.0
#include "shredded_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bailee::tool {

Json ShreddedJson(const Shredded& shredded) {
  return {{"grade", ErasureGradeWord(shredded.grade)},
          {"epoch", shredded.epoch},
          {"shards", shredded.shards},
          {"rows", shredded.rows},
          {"waiting_for", shredded.waiting_for}};
}

void AddShredded(const Shredded& shredded, Table& table) {
  table.rows.push_back({"grade", std::string(ErasureGradeWord(shredded.grade))});
  table.rows.push_back({"epoch", std::to_string(shredded.epoch)});
}

Status UnlessShredded(const Shredded& shredded) {
  if (shredded.grade == ErasureGrade::kShredded) return {};
  if (shredded.waiting_for.empty()) {
    return {Code::kPartial, "erase.unfinished", "earlier copies of the database may still open it",
            "run bailee upkeep"};
  }
  return {Code::kPartial, "erase.waiting",
          fmt::format("processes that may hold keys of what was taken away: {}",
                      fmt::join(shredded.waiting_for, ", ")),
          "let them go on or end them, then run bailee upkeep"};
}

}  // namespace bailee::tool
