// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "bailee/inspect.h"
#include "bailee/vault.h"
#include "support/error_is.h"
#include "support/temp_vault.h"

// Exactly what somebody without a key learns from the files (FORMAT.md §12), by a small scenario: a
// list to be read beside what was stored.
namespace bailee {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::IsOk;
using ::testing::Pair;
using testing::StatusOf;

// Ids are random: each is shown by its kind and the order in which it first appears, terms by their
// notice.
class Ids {
 public:
  // The row that says what the terms are comes before those that are held under them.
  void Learn(const InspectedRow& row) {
    std::string terms;
    for (const auto& [name, value] : row.readable) {
      if (name == "terms") terms = value;
      if (name == "notice") notices_[terms] = "of " + value;
    }
  }
  std::string Shown(const std::string& name, const std::string& value) {
    static const std::map<std::string, std::string> kKinds = {
        {"handle", "handle"}, {"record", "record"}, {"terms", ""},
        {"tag", "tag"},       {"shard_key", "key"}, {"instance", "instance"}};
    const auto kind = kKinds.find(name);
    if (kind == kKinds.end()) return value;
    if (name == "terms") return notices_[value];
    auto [it, added] = known_.emplace(value, "");
    if (added) it->second = kind->second + " " + std::to_string(++count_[kind->second]);
    return it->second;
  }

 private:
  std::map<std::string, std::string> known_;
  std::map<std::string, int> count_;
  std::map<std::string, std::string> notices_;
};

class Keyless : public ::testing::Test {
 protected:
  Result<Collected> Store(Vault& vault, std::string_view notice, const Who& who,
                          std::string_view category, std::vector<FieldInput> fields,
                          std::optional<RecordId> record = {}) {
    return vault.Collect({.who = who, .notice = notice, .source = "web", .on_behalf_of = {}})
        .Put(category, std::move(fields), record)
        .Commit();
  }

  // One customer with an account and a card that was overwritten once, by a process that may read
  // nothing.
  void Collect() {
    Vault vault = vault_.Open({});
    const Who ada = Who::Ref("user-4711");
    std::vector<FieldInput> account;
    account.emplace_back("email", MakeSecret("ada@analytical.example"));
    ASSERT_THAT(StatusOf(Store(vault, "signup-1", ada, "account", std::move(account))), IsOk());
    RecordId id;
    id.bytes.fill(7);
    for (const std::string_view pan : {"4111111111111111", "5555555555554444"}) {
      std::vector<FieldInput> card;
      card.emplace_back("pan", MakeSecret(pan));
      card.emplace_back("expiry", MakeSecret("12/15"));
      ASSERT_THAT(StatusOf(Store(vault, "checkout-1", ada, "payment_card", std::move(card), id)),
                  IsOk());
    }
  }

  // Every row but those of shards, as one line each, sorted.
  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    Ids ids;
    const auto seen =
        Inspect(vault_.path(), {.visit = [&](const InspectedRow& row) {
                  if (row.kind == "shard keys" || row.kind == "group keys") {
                    EXPECT_TRUE(row.readable.empty());
                    ++(row.kind == "shard keys" ? shard_rows_ : group_rows_)[row.value_bytes];
                    return true;
                  }
                  ids.Learn(row);
                  std::string line = row.table + ": " + row.kind;
                  for (const auto& [name, value] : row.readable)
                    line += ", " + name + " " + ids.Shown(name, value);
                  // Signed texts of the policy's own making have sizes of their own.
                  // So has where a process runs, which is sealed in a head.
                  if (row.table != "meta" && row.table != "policies" && row.kind != "opened")
                    line += ", " + std::to_string(row.value_bytes) + " bytes";
                  lines.push_back(std::move(line));
                  return true;
                }});
    EXPECT_THAT(StatusOf(seen), IsOk());
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  TempVault vault_{PolicyText("livelook_2013")};
  std::map<size_t, size_t> shard_rows_, group_rows_;  // how many of which size
};

TEST_F(Keyless, LearnsExactlyThis) {
  Collect();
  const std::vector<std::string> expected = {
      "audit_leaf: closed, index 6, instance instance 1, journal_entries 1, writes 4, 106 bytes",
      "audit_leaf: journal entry, index 1, instance instance 1, number 0, 130 bytes",
      "audit_leaf: opened, index 0, instance instance 1, opened_at_ms 1370044800000",
      "audit_leaf: write event, index 2, instance instance 1, number 0, transaction 4, 266 bytes",
      "audit_leaf: write event, index 3, instance instance 1, number 1, transaction 5, 266 bytes",
      "audit_leaf: write event, index 4, instance instance 1, number 2, transaction 6, 266 bytes",
      "audit_leaf: write event, index 5, instance instance 1, number 3, transaction 7, 202 bytes",
      "lookup: pending index, index account.email/service, version 1, handle handle 1, 266 bytes",
      "lookup: pending index, index account.email/support, version 1, handle handle 1, 266 bytes",
      "lookup: pending index, index payment_card.pan/billing, version 1, handle handle 1, 266 "
      "bytes",
      "lookup: pending index, index payment_card.pan/billing, version 1, handle handle 1, 266 "
      "bytes",
      "lookup: ref index, tag tag 1, 96 bytes",
      "meta: meta, name clock",
      "meta: meta, name epoch, epoch 1",
      "meta: meta, name manifest",
      "meta: meta, name secrets",
      "meta: meta, name tree",
      "meta: meta, name vault",
      "meta: watermark, instance instance 1, state ended, journal_entries 1, writes 4",
      "policies: policy, version 1",
      "records: record, handle handle 1, category account, record record 1, revision 0, "
      "collected_at_ms 1370044800000, terms of signup-1, generations 1 1 1 1, sealed_bytes 104 104 "
      "104 "
      "104, 494 bytes",
      "records: record, handle handle 1, category payment_card, record record 2, revision 1, "
      "collected_at_ms 1370044800000, terms of checkout-1, generations 2 2 2, sealed_bytes 104 104 "
      "104, "
      "378 bytes",
      "subjects: subject, handle handle 1, generation 1, shard_key key 1, revision 2, 217 bytes",
      "subjects: wraps, handle handle 1, category account, compartment 0, terms of signup-1, 1225 "
      "bytes",
      "subjects: wraps, handle handle 1, category account, compartment 1, terms of signup-1, 1481 "
      "bytes",
      "subjects: wraps, handle handle 1, category account, compartment 2, terms of signup-1, 1225 "
      "bytes",
      "subjects: wraps, handle handle 1, category account, compartment 3, terms of signup-1, 393 "
      "bytes",
      "subjects: wraps, handle handle 1, category payment_card, compartment 0, terms of "
      "checkout-1, 1353 "
      "bytes",
      "subjects: wraps, handle handle 1, category payment_card, compartment 1, terms of "
      "checkout-1, 1609 "
      "bytes",
      "subjects: wraps, handle handle 1, category payment_card, compartment 2, terms of "
      "checkout-1, 1033 "
      "bytes",
      "terms: terms, terms of checkout-1, policy_version 1, expiry_bucket 1409, notice checkout-1, "
      "source web, controller , 29 bytes",
      "terms: terms, terms of signup-1, policy_version 1, expiry_bucket 4228, notice signup-1, "
      "source "
      "web, controller , 27 bytes",
  };
  EXPECT_THAT(Lines(), ElementsAreArray(expected));
  EXPECT_THAT(shard_rows_, ElementsAre(Pair(2697u, 256u)));
  EXPECT_THAT(group_rows_, ElementsAre(Pair(593u, 16u)));
}

}  // namespace
}  // namespace bailee
