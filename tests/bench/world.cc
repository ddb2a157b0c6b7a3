// SPDX-License-Identifier: Apache-2.0
#include "bench/world.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace bailee::bench {
namespace {

constexpr size_t kBatchSubjects = 500;

}  // namespace

std::string NotePolicy() {
  return R"(
    name: "notes"  version: 1  effective: "2013-01-01"
    purpose { id: "read"  says: "Read notes" }
    notice { id: "n1"  purpose: "read" }
    source { id: "web"  role: OWN }
    category {
      id: "note"  says: "A note"  about: SUBJECT  holds: MANY
      field { id: "body"  kind: TEXT  required: true }
      allow { purpose: "read"  basis: NECESSARY }
      retain { purpose: "read"  days: 3650  from: COLLECTION }
    })";
}

void AddNotes(Batch& batch, size_t round, size_t subjects, size_t records_each) {
  const std::string value(kValueBytes, 'v');
  for (size_t s = 0; s < subjects; ++s) {
    const std::string ref = "subject-" + std::to_string(round) + "-" + std::to_string(s);
    Collection& collection =
        batch.Add({.who = Who::Ref(ref), .notice = "n1", .source = "web", .on_behalf_of = {}});
    for (size_t r = 0; r < records_each; ++r) collection.Put("note", {{"body", MakeSecret(value)}});
  }
}

NoteWorld::NoteWorld(size_t subjects, size_t records_each) : vault_(NotePolicy()) {
  Vault vault = vault_.Open({"read"});
  for (size_t round = 0; round * kBatchSubjects < subjects; ++round) {
    Batch batch = vault.CollectBatch();
    const size_t rest = subjects - round * kBatchSubjects;
    AddNotes(batch, round, std::min(kBatchSubjects, rest), records_each);
    const auto stored = batch.Commit();
    if (!stored.ok()) std::abort();
    for (const Result<Collected>& each : *stored) {
      if (!each.ok()) {
        std::cerr << each.status().name() << ": " << each.status().message() << "\n";
        std::abort();
      }
      for (const RecordId& record : each->records) notes_.push_back({each->handle, record});
    }
  }
}

}  // namespace bailee::bench
