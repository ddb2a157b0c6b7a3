// SPDX-License-Identifier: Apache-2.0
#include "bench/world.h"

#include <algorithm>

#include "bench/file_bytes.h"

namespace bailee::bench {

std::string BenchPolicy() {
  return R"(
    name: "bench"  version: 1  effective: "2013-01-01"
    purpose { id: "read"  says: "Read notes" }
    purpose { id: "support"  says: "Answer" }
    purpose { id: "news"  says: "Send news" }
    purpose { id: "research"  says: "Count" }
    notice { id: "n1"  purpose: ["read", "support", "news", "research"]  source: "web" }
    source { id: "web"  role: OWN }
    category {
      id: "note"  says: "A note"  about: SUBJECT  holds: MANY
      field { id: "body"  kind: TEXT  required: true }
      field { id: "address"  kind: TEXT  lookup { purpose: "read" } }
      allow { purpose: "read"  basis: NECESSARY }
      retain { purpose: "read"  days: 3650  from: COLLECTION }
    }
    category {
      id: "card"  says: "A card"  about: SUBJECT  holds: MANY
      field { id: "pan"  kind: PAN  required: true  view { id: "last4"  mask: LAST4 } }
      allow { purpose: "read"  basis: NECESSARY }
      allow { purpose: "support"  basis: NECESSARY  field: "pan.last4" }
      retain { purpose: ["read", "support"]  days: 365  from: COLLECTION }
    }
    category {
      id: "account"  says: "An account"  about: SUBJECT  holds: ONE
      field { id: "name"  kind: TEXT }
      allow { purpose: "read"  basis: NECESSARY }
      allow { purpose: "news"  basis: OPT_IN }
      retain { purpose: ["read", "news"]  days: 365  from: COLLECTION }
    }
    category {
      id: "visit"  says: "A visit"  about: SUBJECT  holds: MANY
      field { id: "country"  kind: COUNTRY }
      field { id: "at"  kind: TIME }
      retain { purpose: "research"  days: 365  from: COLLECTION }
    }
    recipient { id: "public"  role: PUBLIC }
    report { id: "visits"  category: "visit"  count: SUBJECTS  by: "country"  bucket: DAY  of: "at"
             min_subjects: 20  purpose: "research"  recipient: "public" })";
}

std::string RefOf(uint64_t subject) { return "subject-" + std::to_string(subject); }

void AddNotes(Batch& batch, uint64_t first, size_t subjects, size_t records_each) {
  const std::string value(kValueBytes, 'v');
  for (uint64_t s = first; s < first + subjects; ++s) {
    const std::string ref = RefOf(s);
    Collection& collection =
        batch.Add({.who = Who::Ref(ref), .notice = "n1", .source = "web", .on_behalf_of = {}});
    for (size_t r = 0; r < records_each; ++r)
      collection.Put("note",
                     {{"body", MakeSecret(value)}, {"address", MakeSecret(AddressOf(s, r))}});
  }
}

NoteWorld::NoteWorld(size_t subjects, size_t records_each, size_t spare_subjects)
    : vault_(BenchPolicy()) {
  {
    Vault vault = vault_.Open({"read"});
    notes_.reserve(subjects * records_each);
    Store(vault, subjects, records_each, &notes_);
    next_spare = subjects;
    Store(vault, spare_subjects, records_each, nullptr);
  }
  const size_t records = (subjects + spare_subjects) * records_each;
  bytes_ratio_ = static_cast<double>(BytesWithoutTrail(vault_.path())) /
                 static_cast<double>(records * (kValueBytes + kAddressBytes));
  const size_t hot = std::min(kHotRecords, notes_.size());
  for (size_t i = 0; i < hot; ++i) hot_.push_back(notes_[i * (notes_.size() / hot)]);
}

void NoteWorld::Store(Vault& vault, size_t subjects, size_t records_each,
                      std::vector<Note>* notes) {
  const size_t at_once = std::max<size_t>(1, kBatchRecords / records_each);
  for (const uint64_t end = next_new + subjects; next_new < end;) {
    const size_t count = std::min<size_t>(at_once, end - next_new);
    Batch batch = vault.CollectBatch();
    AddNotes(batch, next_new, count, records_each);
    next_new += count;
    for (Result<Collected>& each : Done(batch.Commit())) {
      const Collected collected = Done(std::move(each));
      if (notes == nullptr) continue;
      for (const RecordId& record : collected.records) notes->push_back({collected.handle, record});
    }
  }
}

NoteWorld& World() {
  static NoteWorld world(SubjectsRead(), kRecordsEach, kSpareSubjects);
  return world;
}

}  // namespace bailee::bench
