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
        times_[run.run_name.function_name].push_back(
            {run.GetAdjustedRealTime(), run.GetAdjustedCPUTime()});
      }
      failed_ |= run.error_occurred;
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void Print() {
    std::printf("\n%-16s %12s %12s %8s %12s %12s %8s\n", "median", "ours", "floor", "ratio",
                "ours, cpu", "floor, cpu", "ratio");
    for (const auto& [name, times] : times_) {
      const auto floor = times_.find(name + "Floor");
      if (floor == times_.end()) continue;
      const Time ours = Median(times);
      const Time least = Median(floor->second);
      std::printf("%-16s %12.2f %12.2f %8.2f %12.2f %12.2f %8.2f\n", name.c_str(), ours.wall,
                  least.wall, ours.wall / least.wall, ours.cpu, least.cpu, ours.cpu / least.cpu);
    }
  }
  bool failed() const { return failed_; }

 private:
  struct Time {
    double wall = 0;
    double cpu = 0;
  };

  // Of each by itself: a run that was interrupted is long on the wall and not on the processor.
  static Time Median(const std::vector<Time>& times) {
    std::vector<double> wall;
    std::vector<double> cpu;
    for (const Time& time : times) {
      wall.push_back(time.wall);
      cpu.push_back(time.cpu);
    }
    std::sort(wall.begin(), wall.end());
    std::sort(cpu.begin(), cpu.end());
    return {wall[wall.size() / 2], cpu[cpu.size() / 2]};
  }

  std::map<std::string, std::vector<Time>> times_;
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
