// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/run.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "bench/gdpr/model_store.h"

namespace bailee::bench::gdpr {
namespace {

constexpr size_t kRowsPerLoad = 1'000;
constexpr uint64_t kLogEntriesMax = 1'000;
constexpr size_t kWrongToldMax = 10;
constexpr uint64_t kShortTtlSeconds = 30;

// One run: the store, its model, and what came of it.
class Run {
 public:
  Run(Store& store, const RunOptions& options)
      : store_(store),
        options_(options),
        profile_(*options.profile),
        random_(options.seed),
        last_(options.records - 1) {
    double sum = 0;
    double inserted = 0;
    for (const Query& query : profile_.Of(options.role)) {
      weights_.push_back(query.weight);
      sum += query.weight;
      if (query.verb == Verb::kCreate) inserted += query.weight;
    }
    const double share = sum > 0 ? inserted / sum : 0;
    for (const Chooser chooser : {Chooser::kUniform, Chooser::kZipfian})
      choosers_.emplace_back(chooser, options.records, options.operations, share);
  }

  Outcome Do() {
    Load();
    if (profile_.checks_first) CheckFirst();
    outcome_.first_seconds = std::exchange(outcome_.seconds, 0);
    const std::vector<Query>& queries = profile_.Of(options_.role);
    for (uint64_t i = 0; i < options_.operations && !queries.empty(); ++i)
      Ask(queries[Weighted(weights_, random_.Unit())]);
    Finish("finish-deleting");
    CheckWhatIsLeft();
    return std::move(outcome_);
  }

 private:
  template <typename Call>
  static double Timed(const Call& call) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  void Load() {
    std::vector<Row> rows;
    for (uint64_t next = 0; next < options_.records;) {
      rows.clear();
      for (; next < options_.records && rows.size() < kRowsPerLoad; ++next)
        rows.push_back({next, FieldsOf(profile_, next)});
      outcome_.load_seconds += Timed([&] { store_.Load(rows); });
      model_.Load(rows);
    }
    store_.Loaded();
    outcome_.bytes = store_.Bytes();
    log_before_ = store_.LogSize();
    outcome_.data_bytes = model_.Bytes();
  }

  // Asks the store and the model, and compares.
  template <typename Call>
  void Compare(const std::string& name, const Call& call) {
    Answer answer;
    const double seconds = Timed([&] { answer = call(store_); });
    const Answer expected = call(static_cast<Store&>(model_));
    Count(name, seconds, expected.count);
    Check(answer == expected, name + ": " + std::to_string(answer.count) + " records instead of " +
                                  std::to_string(expected.count) +
                                  (answer.count == expected.count ? ", other values" : ""));
  }

  void Count(const std::string& name, double seconds, uint64_t records) {
    ++asked_;
    Asked& asked = outcome_.queries[name];
    ++asked.times;
    asked.records += records;
    asked.seconds += seconds;
    outcome_.seconds += seconds;
  }

  void Check(bool right, const std::string& words) {
    ++outcome_.answers;
    if (right) return;
    ++outcome_.wrong;
    if (outcome_.wrong_first.size() < kWrongToldMax) outcome_.wrong_first.push_back(words);
  }

  void Finish(const std::string& name) {
    const double seconds = Timed([&] { store_.Finish(); });
    Asked& asked = outcome_.queries[name];
    ++asked.times;
    asked.seconds += seconds;
    outcome_.seconds += seconds;
  }

  // Upstream waits until the tenth of the records that live for half a minute is gone.
  void CheckFirst() {
    store_.AdvanceSeconds(kShortTtlSeconds + 1);
    const Fields shortest = FieldsOf(profile_, 0);
    Compare("verify-ttl", [&](Store& store) {
      return Answer{.count = store.Delete({.by = By::kTtl, .value = shortest[kTtl], .purpose = {}}),
                    .digest = 0};
    });
    Finish("verify-ttl-finish");
    ReadLog();
  }

  void ReadLog() {
    const uint64_t count = 1 + random_.Below(kLogEntriesMax);
    uint64_t read = 0;
    const double seconds = Timed([&] { read = store_.ReadLog(count); });
    const uint64_t asked_before = asked_;
    Count("get-system-logs", seconds, read);
    // Fewer where there are no more: but one for each query.
    Check(read == count || (read < count && read >= asked_before),
          "get-system-logs: some are missing");
  }

  void Ask(const Query& query) {
    if (query.verb == Verb::kLog) return ReadLog();
    if (query.verb == Verb::kCreate) return Create(query);
    const uint64_t number = choosers_[static_cast<size_t>(query.chooser)].Next(random_, last_);
    Selection selection{.by = query.by, .number = number, .value = {}, .purpose = {}};
    if (query.by != By::kKey) selection.value = ValueOf(profile_, number, FieldOf(query.by));
    if (options_.role == Role::kProcessor) selection.purpose = ValueOf(profile_, number, kPurpose);
    switch (query.verb) {
      case Verb::kRead:
        return Compare(QueryName(query),
                       [&](Store& store) { return store.Read(selection, query.part); });
      case Verb::kUpdate:
        return Update(query, selection, number);
      case Verb::kDelete:
        return Compare(QueryName(query), [&](Store& store) {
          return Answer{store.Delete(selection), 0};
        });
      case Verb::kVerifyDeletion:
        return Compare(QueryName(query), [&](Store& store) {
          return Answer{store.IsDeleted(number), 0};
        });
      default:
        break;
    }
  }

  void Create(const Query& query) {
    const Row row{last_ + 1, FieldsOf(profile_, last_ + 1)};
    Compare(QueryName(query), [&](Store& store) {
      store.Create(row);
      return Answer{1, 0};
    });
    ++last_;
  }

  void Update(const Query& query, const Selection& selection, uint64_t number) {
    const std::string name = QueryName(query);
    if (query.part == Part::kAll) {
      const Row row{number, FieldsOf(profile_, number)};
      return Compare(name, [&](Store& store) { return Answer{store.UpdateAll(row), 0}; });
    }
    if (query.part == Part::kData) {
      const std::string value = UpdatedData(profile_, number, ++version_);
      return Compare(name, [&](Store& store) {
        return Answer{store.UpdateData(number, value), 0};
      });
    }
    const Field field = MetadataField();
    // Where updates are to change something, what another record was generated with.
    const uint64_t from = profile_.updates_change ? number + ++version_ : number;
    const std::string value = ValueOf(profile_, from, field);
    Compare(name, [&](Store& store) {
      return Answer{store.UpdateMetadata(selection, field, value), 0};
    });
  }

  // Evenly among all but the purpose, and those that the profile lets change.
  Field MetadataField() {
    for (;;) {
      const auto field = static_cast<Field>(kTtl + random_.Below(kMetadataFields - 1));
      const bool fixed = profile_.shape.shares_with_ten && (field == kUser || field == kSource);
      if (!profile_.shape.names[field].empty() && !fixed) return field;
    }
  }

  // Not timed. Every query left an entry, and all that should be there is, as it should be.
  void CheckWhatIsLeft() {
    Check(store_.LogSize() >= log_before_ + asked_, "the log lacks queries");
    for (const std::string& purpose : PurposesOf(profile_)) {
      const Selection all{.by = By::kPurpose, .value = purpose, .purpose = purpose};
      const Answer answer = store_.Read(all, Part::kAll);
      Check(answer == model_.Read(all, Part::kAll), "what is left of " + purpose + " is not right");
    }
  }

  Store& store_;
  const RunOptions& options_;
  const Profile& profile_;
  Random random_;
  uint64_t last_;
  ModelStore model_;
  std::vector<double> weights_;
  std::vector<KeyChooser> choosers_;
  Outcome outcome_;
  uint64_t asked_ = 0;
  uint64_t log_before_ = 0;  // entries that loading left
  uint64_t version_ = 0;
};

}  // namespace

Outcome RunRole(Store& store, const RunOptions& options) { return Run(store, options).Do(); }

std::string ToJson(const Outcome& outcome, const RunOptions& options, const std::string& store) {
  nlohmann::ordered_json told = {
      {"profile", options.profile->name},
      {"role", RoleName(options.role)},
      {"store", store},
      {"records", options.records},
      {"operations", options.operations},
      {"seed", options.seed},
      {"load_seconds", outcome.load_seconds},
      {"first_seconds", outcome.first_seconds},
      {"seconds", outcome.seconds},
      {"answers", outcome.answers},
      {"wrong", outcome.wrong},
      {"wrong_first", outcome.wrong_first},
      {"bytes", outcome.bytes},
      {"data_bytes", outcome.data_bytes},
      {"queries", nlohmann::ordered_json::object()},
  };
  for (const auto& [name, asked] : outcome.queries)
    told["queries"][name] = {
        {"times", asked.times}, {"records", asked.records}, {"seconds", asked.seconds}};
  return told.dump();
}

}  // namespace bailee::bench::gdpr
