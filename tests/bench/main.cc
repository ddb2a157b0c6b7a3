// SPDX-License-Identifier: Apache-2.0
//
// bailee_bench [GOOGLE BENCHMARK FLAGS]: each figure beside its floor, which does the same work by
// hand, and their ratio.
#include <benchmark/benchmark.h>
#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace {

// Collects the time of every repetition, to print the ratio of each figure to its floor.
class Ratios final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration && !run.error_occurred) {
        times_[run.run_name.function_name].push_back(run.GetAdjustedRealTime());
      }
      failed_ |= run.error_occurred;
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void Print() {
    std::printf("\n%-24s %12s %12s %8s\n", "median", "ours", "floor", "ratio");
    for (auto& [name, times] : times_) {
      const auto floor = times_.find(name + "Floor");
      if (floor == times_.end()) continue;
      const double ours = Median(times);
      const double least = Median(floor->second);
      std::printf("%-24s %12.0f %12.0f %8.2f\n", name.c_str(), ours, least, ours / least);
    }
  }
  bool failed() const { return failed_; }

 private:
  static double Median(std::vector<double>& times) {
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }
  std::map<std::string, std::vector<double>> times_;
  bool failed_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Ratios reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.Print();
  return reporter.failed() ? 1 : 0;
}
