// SPDX-License-Identifier: Apache-2.0
//
// A bench program: figures of one library, and floors that do the same work by hand.
//   PROGRAM [GOOGLE BENCHMARK FLAGS]           runs everything
//   PROGRAM --serve [GOOGLE BENCHMARK FLAGS]   runs the figures named on standard input as they are
//                                              named, so that tools/bench can have programs take
//                                              turns; a line of JSON for each, and an empty one
// BAILEE_RECORDS says how many records there are. Exits with 77 where a peer cannot be on this
// machine.
#include <benchmark/benchmark.h>
#include <sodium.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/must.h"

namespace {

// Says what a run came to, in nanoseconds of one operation.
class JsonLines final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration) Report(run);
    }
  }

 private:
  static void Report(const Run& run) {
    if (run.error_occurred) {
      // Ours to write: no quotes in it.
      std::printf("{\"failed\": \"%s\"}\n", run.error_message.c_str());
      return;
    }
    const auto iterations = static_cast<double>(run.iterations);
    std::printf("{\"ns\": %.3f, \"cpu_ns\": %.3f, \"iterations\": %.0f",
                run.real_accumulated_time / iterations * 1e9,
                run.cpu_accumulated_time / iterations * 1e9, iterations);
    for (const auto& [name, counter] : run.counters) {
      std::printf(", \"%s\": %.6f", name.c_str(), counter.value);
    }
    std::printf("}\n");
  }
};

void Serve() {
  JsonLines reporter;
  for (std::string figure; std::getline(std::cin, figure);) {
    if (benchmark::RunSpecifiedBenchmarks(&reporter, "^" + figure + "(/|$)") == 0) {
      std::printf("{\"failed\": \"there is no such figure\"}\n");
    }
    std::printf("\n");
    std::fflush(stdout);
  }
}

// Prints as usual and remembers what went wrong.
class Console final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (!run.error_occurred) continue;
      const bool absent = run.error_message.starts_with(bailee::bench::kAbsent);
      exit_code_ = absent && exit_code_ != 1 ? kSkipped : 1;
    }
    ConsoleReporter::ReportRuns(runs);
  }
  int exit_code() const { return exit_code_; }

 private:
  static constexpr int kSkipped = 77;
  int exit_code_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  const bool serve = argc > 1 && std::string_view(argv[1]) == "--serve";
  if (serve) {
    argv[1] = argv[0];
    ++argv, --argc;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  if (serve) {
    Serve();
    return 0;
  }
  Console reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return reporter.exit_code();
}
