// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/event_recorder.h"
#include "vault/stories.h"

// A person whose data are wrong, and processes that put them right.
namespace bailee {

inline constexpr std::string_view kWrong = "ada@wrong.example";
inline constexpr std::string_view kRight = "ada@right.example";
inline constexpr std::string_view kPassword = "correct horse";

using Texts = std::vector<std::pair<std::string_view, std::string_view>>;

inline std::vector<FieldInput> Inputs(const Texts& texts) {
  std::vector<FieldInput> fields;
  for (const auto& [name, value] : texts) fields.emplace_back(name, MakeSecret(value));
  return fields;
}

// Dates whose days only research may read, so that they are sealed together; one is used by its day
// alone.
inline constexpr std::string_view kDays = R"(
name: "days"  version: 1  effective: "2013-05-01"
purpose { id: "support"  says: "Answer"  may_know_existence: true }
purpose { id: "research"  says: "Look" }
purpose { id: "history"  says: "Look later" }
source { id: "web"  role: OWN }
notice { id: "form-1"  purpose: ["support", "research", "history"] }
category {
  id: "dates"  says: "When it happened"  about: SUBJECT  holds: ONE
  field { id: "born"  kind: TIME  required: true  view { id: "day"  coarsen: DAY } }
  field { id: "moved"  kind: TIME  view { id: "day"  coarsen: DAY } }
  field { id: "seen"  kind: TIME  view { id: "day"  coarsen: DAY } }
  allow { purpose: "support"  basis: NECESSARY  field: ["born", "moved"] }
  allow { purpose: "research"  basis: NECESSARY  field: ["born.day", "moved.day"] }
  allow { purpose: "history"  basis: NECESSARY  field: "seen.day" }
  retain { purpose: ["support", "research", "history"]  days: 365  from: COLLECTION }
}
)";

class RectifyTest : public ::testing::Test {
 protected:
  explicit RectifyTest(const std::string& policy = PolicyText("livelook_2013")) : temp_(policy) {}

  Vault Open(const std::vector<std::string>& purposes) {
    return temp_.Open(purposes, {.events = events_});
  }
  void Register(Vault& vault, Who who = Who::Ref(kUser)) {
    const CollectRequest request{
        .who = who, .notice = "signup-1", .source = "web", .on_behalf_of = {}};
    const Texts texts = {{"name", "Ada"}, {"email", kWrong}, {"password", kPassword}};
    ASSERT_THAT(testing::StatusOf(vault.Collect(request).Put("account", Inputs(texts)).Commit()),
                testing::IsOk());
  }
  void Register() {
    Vault vault = Open({});
    Register(vault);
  }
  static Result<Rectified> Rectify(Vault& vault, std::string_view purpose, const Texts& texts,
                                   Who who = Who::Ref(kUser),
                                   std::string_view category = "account") {
    Result<Session> session = vault.As(purpose);
    if (!session.ok()) return session.status();
    return session->Rectify({.who = who, .category = category, .fields = Inputs(texts)});
  }
  // By a process that holds this purpose and no other.
  Result<Rectified> RectifyAlone(std::string_view purpose, const Texts& texts) {
    Vault vault = Open({std::string(purpose)});
    return Rectify(vault, purpose, texts);
  }
  static Result<std::string> Read(Vault& vault, std::string_view purpose, std::string_view field,
                                  std::string_view category = "account") {
    Result<Session> session = vault.As(purpose);
    if (!session.ok()) return session.status();
    const Result<Record> record =
        session->Read({.who = Who::Ref(kUser), .category = category, .fields = {field}});
    if (!record.ok()) return record.status();
    return TextOf(record->At(field));
  }
  Result<std::string> ReadAlone(std::string_view purpose, std::string_view field) {
    Vault vault = Open({std::string(purpose)});
    return Read(vault, purpose, field);
  }
  static size_t Found(Vault& vault, std::string_view email) {
    Result<Session> session = vault.As("service");
    const Secret value = MakeSecret(email);
    const auto found = session->Find({.category = "account", .field = "email", .value = value});
    EXPECT_THAT(testing::StatusOf(found), testing::IsOk());
    return found.ok() ? found->size() : 0;
  }
  static bool IsPassword(Vault& vault, std::string_view attempt) {
    Result<Session> session = vault.As("service");
    const Secret tried = MakeSecret(attempt);
    return *session->VerifyPassword(
        {.who = Who::Ref(kUser), .category = "account", .field = "password", .attempt = tried});
  }
  static Status Say(Vault& vault, const LedgerEvent& event) {
    return vault.Record(Who::Ref(kUser), event).status();
  }
  RawRows::Row Row() const { return RawRows(temp_.path()).Only(store::Table::kRecords); }
  std::vector<EventRecorder::Seen> Events(audit::EventKind kind) {
    std::vector<EventRecorder::Seen> seen = events_->Take();
    std::erase_if(seen, [&](const auto& each) { return each.kind != kind; });
    return seen;
  }

  TempVault temp_;
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
};

}  // namespace bailee
