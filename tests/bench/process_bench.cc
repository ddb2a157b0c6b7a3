// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "bench/world.h"
#include "support/child_process.h"

// Processes that read from one vault at the same time, each with keys of its own.
namespace bailee::bench {
namespace {

const size_t kReadsOfEach = std::min<size_t>(20'000, 2 * RecordsRead());

int ReadWhenTold(const testing::Channel& channel) {
  const std::vector<Note>& notes = World().hot();
  Vault vault = World().vault().Open({"read"}, {.cached_subjects_max = 2 * notes.size()});
  Session session = Done(vault.As("read"));
  const auto read = [&](size_t at) {
    Done(session.Read({.who = Who::ByHandle(notes[at].handle),
                       .category = "note",
                       .record = notes[at].record,
                       .fields = {"body"}}));
  };
  for (size_t i = 0; i < notes.size(); ++i) read(i);
  channel.Send('r');
  if (channel.Receive() != 'g') return 1;
  Round round(notes.size());
  for (size_t i = 0; i < kReadsOfEach; ++i) read(round.Next());
  channel.Send('d');
  return channel.Receive() == 'e' ? 0 : 1;
}

// The time is that of one read of any of them.
void ReadInProcesses(benchmark::State& state, size_t count) {
  World();  // before there is anybody
  for ([[maybe_unused]] auto _ : state) {
    std::vector<std::unique_ptr<testing::ChildProcess>> readers;
    const auto all = [&](char heard) {
      for (const auto& reader : readers) Must(reader->channel().Receive() == heard);
    };
    const auto tell = [&](char word) {
      for (const auto& reader : readers) reader->channel().Send(word);
    };
    for (size_t i = 0; i < count; ++i)
      readers.push_back(std::make_unique<testing::ChildProcess>(ReadWhenTold));
    all('r');
    const auto begin = std::chrono::steady_clock::now();
    tell('g');
    all('d');
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    tell('e');
    for (const auto& reader : readers) Must(reader->Join() == 0);
    state.SetIterationTime(took.count() / static_cast<double>(count * kReadsOfEach));
  }
}
void ReadOneProcess(benchmark::State& state) { ReadInProcesses(state, 1); }
void ReadThreeProcesses(benchmark::State& state) { ReadInProcesses(state, 3); }

BENCHMARK(ReadOneProcess)->UseManualTime()->Iterations(1);
BENCHMARK(ReadThreeProcesses)->UseManualTime()->Iterations(1);

}  // namespace
}  // namespace bailee::bench
