// SPDX-License-Identifier: Apache-2.0
// Makes a vault that reports were asked of: make_reports OUT. In OUT: vault/, tally.keyring, and
// what the library says of it (expected.json).
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bailee/report.h"
#include "support/must.h"
#include "support/temp_vault.h"
#include "vault/report_world.h"

namespace bailee {
namespace {

using Json = nlohmann::json;

struct Group {
  std::string_view country;
  int people = 0;
};

// People who came the day before yesterday, and orders of today, whose bucket has not ended.
void Fill(Vault& vault) {
  Batch batch = vault.CollectBatch();
  const auto under = [](const std::string& ref) {
    return CollectRequest{.who = Who::Ref(ref), .notice = "n", .source = "web", .on_behalf_of = {}};
  };
  std::vector<std::string> refs;
  for (const Group& group : {Group{"DE", kSurely}, Group{"AT", kSurely + 40}, Group{"FR", 1}}) {
    for (int i = 0; i < group.people; ++i) {
      refs.push_back(std::string(group.country) + std::to_string(i));
    }
  }
  for (const std::string& ref : refs) {
    batch.Add(under(ref))
        .Put(
            "visit",
            Fields({{"country", ref.substr(0, 2)}, {"at", "2013-05-30T10:00:00Z"}, {"page", ref}}));
  }
  for (int i = 0; i < 7; ++i) {
    batch.Add(under(refs[static_cast<size_t>(i)]))
        .Put("order", Fields({{"number", "1"},
                              {"country", i < 5 ? "DE" : "AT"},
                              {"at", "2013-06-01T00:00:00Z"}}));
  }
  const Who nobody = Who::Nobody();
  for (int i = 0; i < 3; ++i) {
    batch.Add({.who = nobody, .notice = "n", .source = "web", .on_behalf_of = {}})
        .Put("ping", Fields({{"country", "DE"}, {"at", "2013-06-01T00:00:00Z"}}));
  }
  for (auto& each : Must(batch.Commit(), "fill")) (void)Must(std::move(each), "each");
}

Json BucketsOf(const ReportResult& result) {
  Json buckets = Json::array();
  for (const ReportCells& bucket : result.buckets) {
    Json cells = Json::array();
    for (const ReportCell& cell : bucket.cells) cells.push_back({cell.keys, cell.count});
    buckets.push_back({{"from", bucket.from.unix_ms},
                       {"computed_at", bucket.computed_at.unix_ms},
                       {"policy_version", bucket.policy_version},
                       {"min_subjects", bucket.min_subjects},
                       {"by", bucket.by},
                       {"counts_records", bucket.counts_records},
                       {"cells", cells}});
  }
  return buckets;
}

void Make(const std::string& out) {
  TempVault temp{std::string(kReportPolicy)};
  Json expected;
  {
    Vault vault = temp.Open({"tally"});
    Fill(vault);
    const ReportRequest request{.id = "visits",
                                .from = {kJune2013.unix_ms - 2 * kMillisPerDay},
                                .until = {kJune2013.unix_ms},
                                .recipient = "public"};
    expected["visits"] = BucketsOf(Must(vault.Report(request), "visits"));
    expected["disregarded"] = Json::object();
    for (const Disregarded& each : Must(vault.Disregards(), "disregarded")) {
      expected["disregarded"][each.what] = each.count;
    }
    expected["today"] = kJune2013.unix_ms;
  }
  std::filesystem::create_directories(out + "/vault");
  std::filesystem::copy_file(temp.path() + "/data.mdb", out + "/vault/data.mdb");
  std::filesystem::copy_file(temp.path() + "/epoch", out + "/vault/epoch");
  std::filesystem::copy_file(temp.directory() / "tally.keyring", out + "/tally.keyring");
  std::ofstream(out + "/expected.json") << expected.dump(1) << "\n";
}

}  // namespace
}  // namespace bailee

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  bailee::Make(argv[1]);
  return 0;
}
