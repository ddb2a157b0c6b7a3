// SPDX-License-Identifier: Apache-2.0
#include "support/canary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "bailee/inspect.h"
#include "bailee/vault.h"
#include "policy/policy.h"
#include "support/canary_keys.h"
#include "support/canary_values.h"
#include "support/event_recorder.h"
#include "support/must.h"
#include "support/raw_rows.h"
#include "support/temp_vault.h"

// Nothing that was given to a vault, and no key of it, lies anywhere in clear: not in a file, a
// message, an event, a log line, or what a keyless reader is shown.
namespace bailee {
namespace {

using store::Table;
using testing::CanarySearch;
using testing::CanaryValue;
using testing::CanaryValues;
using ::testing::IsEmpty;

// A directory for everything that this process makes temporarily.
class OwnTemporaryFiles {
 public:
  OwnTemporaryFiles() { ::setenv("TMPDIR", directory_.path().c_str(), 1); }
  ~OwnTemporaryFiles() { ::unsetenv("TMPDIR"); }
  const std::string& path() const { return directory_.path(); }

 private:
  TempDirectory directory_;
};

class Canary : public ::testing::TestWithParam<std::string> {
 protected:
  Canary() { vault_.clock().Set(Timestamp{1'467'331'200'000}); }  // both policies are in force

  void Plant(const std::string& name, std::string_view secret) {
    search_.Plant(name, secret);
    ++values_planted_;
  }
  CanaryValue Value(const std::string& name, Kind kind) {
    CanaryValue value = values_.Make(kind);
    for (const std::string& secret : value.secrets) Plant(name, secret);
    return value;
  }
  template <typename T>
  void Say(const Result<T>& result) {
    Say(result.status());
  }
  void Say(const Status& status) {
    if (status.ok()) return;
    ++failures_;
    said_ += std::string(status.name()) + "\n" + std::string(status.message()) + "\n" +
             std::string(status.hint()) + "\n";
    if (const Refusal* refusal = status.refusal(); refusal != nullptr)
      said_ += refusal->clause + "\n" + refusal->rule + "\n" + refusal->offer + "\n";
  }
  Vault Open(const std::vector<std::string>& purposes) {
    return vault_.Open(purposes, {.log =
                                      [this](std::string_view event, std::string_view fields) {
                                        said_ +=
                                            std::string(event) + " " + std::string(fields) + "\n";
                                      },
                                  .events = events_});
  }
  std::vector<std::string> Leaves() const {
    std::vector<std::string> leaves;
    for (const auto& purpose : policy_->purposes()) {
      if (purpose.leaf) leaves.push_back(purpose.id);
    }
    return leaves;
  }
  Who WhoOf(const policy::CategoryInfo& category) const {
    return category.about == policy::About::kBrowser ? Who::Tag(tag_) : Who::Ref(ref_);
  }
  static std::optional<RecordId> IdOf(const policy::CategoryInfo& category) {
    if (category.holds == policy::Holds::kOne) return {};
    RecordId id;
    id.bytes.fill(7);
    return id;
  }

  // A record that is canaries all over.
  std::vector<FieldInput> Fields(const policy::CategoryInfo& category) {
    std::vector<FieldInput> fields;
    for (const policy::FieldInfo& field : category.fields) {
      if (field.is_view()) continue;
      const CanaryValue value = Value(category.id + "." + field.name, field.kind);
      fields.emplace_back(field.name, MakeSecret(value.value));
      given_[category.id + "." + field.name] = value.value;
    }
    return fields;
  }

  // Under the first notice and source that take the category, if any do.
  bool CollectAll(Vault& vault, const policy::CategoryInfo& category) {
    for (const policy::NoticeInfo& notice : policy_->notices()) {
      for (const policy::SourceInfo& source : policy_->sources()) {
        const Result<Collected> stored = vault
                                             .Collect({.who = WhoOf(category),
                                                       .notice = notice.id,
                                                       .source = source.id,
                                                       .on_behalf_of = {}})
                                             .Put(category.id, Fields(category), IdOf(category))
                                             .Commit();
        if (stored.ok()) return true;
        Say(stored);
      }
    }
    return false;
  }

  // What only consent opens is given as well.
  void ConsentToAll(Vault& vault, const Who& who) {
    for (const policy::NoticeInfo& notice : policy_->notices()) {
      for (size_t i = 0; i < policy_->purposes().size(); ++i) {
        if (!notice.purposes[i]) continue;
        Say(vault.Record(who, {.kind = LedgerKind::kGiven,
                               .purpose = policy_->purposes()[i].id,
                               .notice = notice.id}));
      }
    }
  }

  void CollectEverything(const std::vector<std::string>& purposes) {
    Vault vault = Open(purposes);
    ConsentToAll(vault, Who::Ref(ref_));
    for (const policy::CategoryInfo& category : policy_->categories()) {
      if (!CollectAll(vault, category)) not_taken_.insert(category.id);
    }
  }

  void ReadAllAs(Vault& vault, const std::string& purpose) {
    Result<Session> opened = vault.As(purpose);
    if (!opened.ok()) return Say(opened);
    Session& session = *opened;
    for (const policy::CategoryInfo& category : policy_->categories()) {
      Say(session.List(WhoOf(category)));
      for (const policy::FieldInfo& field : category.fields) {
        const std::string name = category.id + "." + field.name;
        const Result<Record> record = session.Read({.who = WhoOf(category),
                                                    .category = category.id,
                                                    .record = IdOf(category),
                                                    .fields = {field.name},
                                                    .case_reference = "2013-CV-17"});
        Say(record);
        if (record.ok() && record->Has(field.name)) ++released_;
        Say(session.Scan({.category = category.id, .fields = {field.name}},
                         [](const Record&) { return true; }));
        const auto value = given_.find(name);
        if (field.is_view() || value == given_.end()) continue;
        const Secret asked = MakeSecret(value->second);
        const auto found = session.Find({.category = category.id,
                                         .field = field.name,
                                         .value = asked,
                                         .case_reference = "C-1"});
        Say(found);
        if (found.ok()) found_ += found->size();
        Say(session.VerifyPassword({.who = WhoOf(category),
                                    .category = category.id,
                                    .field = field.name,
                                    .attempt = asked}));
      }
    }
  }

  // Calls that fail, with canaries wherever somebody might put a value by mistake. Only a case
  // reference of the right form is recorded as it is: that is what it is for.
  void FailEverywhere(Vault& vault) {
    const std::string stray = values_.Letters(48);
    Plant("a value in the wrong place", stray);
    Say(vault.As(stray));
    for (const policy::CategoryInfo& category : policy_->categories()) {
      const auto collect = [&](std::string_view field, const std::string& value,
                               std::string_view notice, std::string_view source) {
        std::vector<FieldInput> fields;
        fields.emplace_back(field, MakeSecret(value));
        Say(vault
                .Collect({.who = WhoOf(category),
                          .notice = notice,
                          .source = source,
                          .on_behalf_of = {}})
                .Put(category.id, std::move(fields), IdOf(category))
                .Commit());
      };
      for (const policy::FieldInfo& field : category.fields) {
        const std::string bad = values_.Bytes(48);
        Plant("bad " + category.id + "." + field.name, bad);
        collect(field.name, bad, policy_->notices()[0].id, policy_->sources()[0].id);
        collect(field.name, stray, policy_->notices()[0].id, policy_->sources()[0].id);
        const std::string large = values_.Letters(field.max_bytes + 1);
        Plant("large " + category.id + "." + field.name,
              std::string_view(large).substr(large.size() / 2, 24));
        collect(field.name, large, policy_->notices()[0].id, policy_->sources()[0].id);
      }
      collect(stray, stray, policy_->notices()[0].id, policy_->sources()[0].id);
      collect(category.fields[0].name, stray, stray, stray);
    }
    Result<Session> session = vault.As(Leaves().front(), {.on_behalf_of = stray});
    Say(session);
    if (!session.ok()) return;
    const Secret secret = MakeSecret(stray);
    for (const Who& who : {Who::Ref(stray), Who::Tag(stray), Who::Ref(ref_)}) {
      Say(session->Read(
          {.who = who, .category = stray, .fields = {stray}, .case_reference = "C-1"}));
      const std::string& category = policy_->categories()[0].id;
      Say(session->Read({.who = who,
                         .category = category,
                         .fields = {stray},
                         .case_reference = stray + " and more"}));
      Say(session->ReadAll({.who = who, .category = category, .fields = {stray}}));
      Say(session->List(who));
      Say(session->Find({.category = category, .field = stray, .value = secret}));
    }
  }

  std::string EventsText() {
    std::string text;
    for (const EventRecorder::Seen& seen : events_->Take()) {
      ++events_seen_;
      text +=
          seen.purpose + " " + seen.on_behalf_of + " " + seen.category + " " + seen.case_reference;
      for (const std::string& field : seen.fields) text += " " + field;
      text += seen.handle.ToHex();
      for (const RecordId& record : seen.records) text += " " + record.ToHex();
      text += "\n";
    }
    return text;
  }

  std::string Inspected() {
    std::string text;
    const Inspection seen =
        Must(Inspect(vault_.path(), {.visit = [&](const InspectedRow& row) {
                       text += row.table + " " + row.kind + " " + std::to_string(row.value_bytes);
                       for (const auto& [name, value] : row.readable)
                         text += " " + name + "=" + value;
                       text += "\n";
                       return true;
                     }}));
    return text + seen.policy_name + seen.id.ToHex();
  }

  OwnTemporaryFiles files_;
  CanarySearch search_;
  CanaryValues values_{20130524};
  TempVault vault_{PolicyText(GetParam())};
  std::shared_ptr<const policy::Policy> policy_ =
      Must(policy::Policy::FromText(PolicyText(GetParam()), GetParam()));
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
  std::string ref_ = values_.Bytes(255);
  std::string tag_ = values_.Bytes(255);
  std::map<std::string, std::string> given_;  // the newest value of a field
  std::set<std::string> not_taken_;
  std::string said_;
  size_t values_planted_ = 0;
  size_t failures_ = 0;
  size_t released_ = 0;
  size_t found_ = 0;
  size_t events_seen_ = 0;
};

TEST_P(Canary, NothingGivenAndNoKeyLiesAnywhereInClear) {
  Plant("a ref", ref_);
  Plant("a tag", tag_);
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  CollectEverything({});  // and once more, over it
  CollectEverything({});
  std::vector<std::string> all = Leaves();
  all.emplace_back("rights");
  {
    Vault vault = Open(all);
    for (const std::string& purpose : all) ReadAllAs(vault, purpose);
    for (const Handle& handle : Must(vault.Subjects({}, 100))) Say(vault.RefOf(handle));
    FailEverywhere(vault);
  }
  CollectEverything(all);  // a holder folds what collectors left
  {
    Vault vault = Open(all);
    for (const std::string& purpose : all) ReadAllAs(vault, purpose);
  }
  const std::string printed =
      ::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr();

  for (const std::string& leaf : Leaves()) testing::PlantKeysOf(search_, vault_.Origin(leaf));
  for (const char* name :
       {"storage", "authority", "log", "auditor", "backup", "rights", "upkeep", "tally"})
    testing::PlantKeysOf(search_, vault_.Origin(name));
  const size_t compartment_keys = testing::PlantInnerKeys(search_, vault_);

  EXPECT_THAT(search_.Find(printed), IsEmpty());
  EXPECT_THAT(search_.Find(said_), IsEmpty());
  EXPECT_THAT(search_.Find(EventsText()), IsEmpty());
  EXPECT_THAT(search_.Find(Inspected()), IsEmpty());
  // The vault, and keyring files as well: even without a passphrase they hold their keys sealed.
  EXPECT_THAT(search_.FindInFiles(files_.path()), IsEmpty());

  // What does lie in clear, the handles, is found.
  CanarySearch handles;
  for (const RawRows::Row& row : RawRows(vault_.path()).All(Table::kRecords))
    handles.Plant("a handle", AsText(row.first).substr(0, 16));
  EXPECT_FALSE(handles.Find(Inspected()).empty());
  EXPECT_FALSE(handles.FindInFiles(vault_.path()).empty());

  // All this was done, so that nothing found says something.
  EXPECT_THAT(not_taken_, IsEmpty());
  EXPECT_GT(values_planted_, 50u);
  EXPECT_GT(released_, 20u);
  EXPECT_GT(failures_, 100u);
  EXPECT_GT(events_seen_, 100u);
  EXPECT_GT(compartment_keys, 3u);
  EXPECT_EQ(found_ > 0, GetParam() == "livelook_2013");  // the other one has no lookups
}

INSTANTIATE_TEST_SUITE_P(Policies, Canary, ::testing::Values("livelook_2013", "liveops_2016"),
                         [](const auto& policy) { return policy.param; });

}  // namespace
}  // namespace bailee
