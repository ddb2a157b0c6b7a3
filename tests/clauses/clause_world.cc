// SPDX-License-Identifier: Apache-2.0
#include "clauses/clause_world.h"

#include "crypto/names.h"
#include "support/must.h"
#include "support/raw_reader.h"

namespace bailee {

using store::Table;

ClauseWorld::ClauseWorld(std::string_view policy_name, Timestamp now)
    : vault_(PolicyText(policy_name)),
      policy_(Must(policy::Policy::FromText(PolicyText(policy_name), policy_name))) {
  clock().Set(now);
}

std::vector<std::string> ClauseWorld::Leaves() const {
  std::vector<std::string> leaves;
  for (const policy::PurposeInfo& purpose : policy_->purposes()) {
    if (purpose.leaf) leaves.push_back(purpose.id);
  }
  return leaves;
}

Vault ClauseWorld::Open(const std::vector<std::string>& purposes) {
  return vault_.Open(purposes, {.events = events_});
}

Result<Collected> ClauseWorld::Collect(const CollectRequest& request, std::string_view category,
                                       std::vector<FieldInput> fields) {
  Vault vault = Open({});
  return vault.Collect(request).Put(category, std::move(fields)).Commit();
}

Result<std::string> ClauseWorld::Read(const Question& question) {
  Vault vault = Open({std::string(question.purpose)});
  Result<Session> session =
      vault.As(question.purpose, {.on_behalf_of = std::string(question.on_behalf_of)});
  if (!session.ok()) return session.status();
  const Result<Record> record = session->Read({.who = question.who,
                                               .category = question.category,
                                               .record = question.record,
                                               .fields = {question.field},
                                               .case_reference = question.case_reference});
  if (!record.ok()) return record.status();
  return TextOf(record->At(question.field));
}

Result<Rectified> ClauseWorld::Rectify(std::string_view purpose, Who who, std::string_view category,
                                       std::vector<FieldInput> fields,
                                       std::optional<RecordId> record) {
  Vault vault = Open({std::string(purpose)});
  Result<Session> session = vault.As(purpose);
  if (!session.ok()) return session.status();
  return session->Rectify(
      {.who = who, .category = category, .record = record, .fields = std::move(fields)});
}

Result<bool> ClauseWorld::Verify(std::string_view purpose, const Who& who,
                                 std::string_view attempt) {
  Vault vault = Open({std::string(purpose)});
  Result<Session> session = vault.As(purpose);
  if (!session.ok()) return session.status();
  const Secret tried = MakeSecret(attempt);
  return session->VerifyPassword(
      {.who = who, .category = "account", .field = "password", .attempt = tried});
}

Result<Recorded> ClauseWorld::Say(const Who& who, const LedgerEvent& event) {
  Vault vault = Open({});
  return vault.Record(who, event);
}

UpkeepResult ClauseWorld::Upkeep() {
  Vault vault = Open({"upkeep"});
  const Result<UpkeepResult> done = vault.Upkeep();
  EXPECT_THAT(testing::StatusOf(done), testing::IsOk());
  return done.ok() ? *done : UpkeepResult{};
}

Status ClauseWorld::TryAs(std::string_view purpose) {
  Vault vault = Open({});
  return vault.As(purpose).status();
}

std::vector<EventRecorder::Seen> ClauseWorld::Events(audit::EventKind kind) {
  std::vector<EventRecorder::Seen> seen = events_->Take();
  std::erase_if(seen, [kind](const EventRecorder::Seen& each) { return each.kind != kind; });
  return seen;
}

void ClauseWorld::ExpectAllowed(audit::EventKind kind, std::string_view purpose,
                                std::string_view field) {
  const std::vector<EventRecorder::Seen> seen = Events(kind);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome, audit::Outcome::kAllowed);
  EXPECT_EQ(seen[0].purpose, purpose);
  EXPECT_THAT(seen[0].fields, ::testing::ElementsAre(std::string(field)));
  EXPECT_THAT(seen[0].reasons, ::testing::IsEmpty());
  EXPECT_EQ(seen[0].records.size(), 1u);
}

void ClauseWorld::ExpectRefused(audit::EventKind kind, std::string_view purpose, Reason primary) {
  const std::vector<EventRecorder::Seen> seen = Events(kind);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome, audit::Outcome::kRefused);
  EXPECT_EQ(seen[0].purpose, purpose);
  ASSERT_FALSE(seen[0].reasons.empty());
  EXPECT_EQ(ReasonWord(seen[0].reasons.front()), ReasonWord(primary));
  EXPECT_THAT(seen[0].records, ::testing::IsEmpty());
}

ClauseWorld::Opened ClauseWorld::Raw(const Handle& handle, std::string_view category) {
  Opened opened;
  const RawRows rows(vault_.path());
  Bytes prefix(handle.bytes.begin(), handle.bytes.end());
  const crypto::NameId category_id = crypto::NameIdOf(category);
  prefix.insert(prefix.end(), category_id.bytes.begin(), category_id.bytes.end());
  const std::vector<RawRows::Row> records = rows.All(Table::kRecords, prefix);
  if (records.empty()) std::abort();  // otherwise "nothing opens" would say nothing
  const policy::CategoryInfo& info = policy_->category(policy_->FindCategory(category));
  std::vector<std::string> purposes = Leaves();
  for (const char* reserved : {"rights", "upkeep", "tally"}) purposes.emplace_back(reserved);
  for (const std::string& purpose : purposes) {
    const Keyring keyring = vault_.Granted("thief", {purpose});
    RawReader reader(rows, vault_.id(), keyring.keys());
    for (const RawRows::Row& row : records) {
      for (auto& [field, value] : reader.Values(row.first, row.second))
        opened[info.fields[field].name][purpose] = std::move(value);
    }
  }
  return opened;
}

std::set<std::string> ClauseWorld::RawReaders(const Handle& handle, std::string_view category,
                                              std::string_view field) {
  std::set<std::string> readers;
  Opened opened = Raw(handle, category);
  for (const auto& [purpose, value] : opened[std::string(field)]) readers.insert(purpose);
  return readers;
}

CollectRequest ClauseTest::Under(std::string_view notice, std::string_view source,
                                 std::optional<Who> who) const {
  return {.who = who.value_or(who_), .notice = notice, .source = source, .on_behalf_of = {}};
}

Collected ClauseTest::Store(const CollectRequest& request, std::string_view category,
                            std::vector<FieldInput> fields) {
  Result<Collected> stored = world_.Collect(request, category, std::move(fields));
  EXPECT_THAT(testing::StatusOf(stored), testing::IsOk());
  if (!stored.ok()) return {.handle = {}, .records = {RecordId{}}};
  world_.Events(audit::EventKind::kCollect);
  return *std::move(stored);
}

std::optional<Reason> WhyNot(const Status& status) {
  if (status.refusal() == nullptr) return std::nullopt;
  return status.refusal()->reasons.front();
}

std::string TextOf(const Secret& secret) {
  return secret.Reveal([](std::string_view text) { return std::string(text); });
}

}  // namespace bailee
