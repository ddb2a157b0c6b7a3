// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bailee/vault.h"
#include "bench/must.h"
#include "bench/shape.h"
#include "support/temp_vault.h"

namespace bailee::bench {

// Notes (a body, and an address to find them by) and what else is said of people.
std::string BenchPolicy();

struct Note {
  Handle handle;
  RecordId record;
};

// Fills a batch with notes of `subjects` people from the `first` on.
void AddNotes(Batch& batch, uint64_t first, size_t subjects, size_t records_each);
// The ref of a person.
std::string RefOf(uint64_t subject);

// A vault with `subjects` × `records_each` notes and some more people, written in batches by a
// holder of the purpose "read".
class NoteWorld {
 public:
  NoteWorld(size_t subjects, size_t records_each, size_t spare_subjects = 0);
  TempVault& vault() { return vault_; }
  // Those that are read; nobody else's.
  const std::vector<Note>& notes() const { return notes_; }
  // Those of them that warm figures read.
  const std::vector<Note>& hot() const { return hot_; }
  // Numbers of people who are there to be erased, or still to come.
  uint64_t next_spare = 0;
  uint64_t next_new = 0;
  // Bytes of the file for each of plaintext, when everything was there and nothing was read yet;
  // without the trail.
  double bytes_ratio() const { return bytes_ratio_; }

 private:
  void Store(Vault& vault, size_t subjects, size_t records_each, std::vector<Note>* notes);

  TempVault vault_;
  std::vector<Note> notes_;
  std::vector<Note> hot_;
  double bytes_ratio_ = 0;
};

// The world of RecordsRead() notes, made when it is first asked for.
NoteWorld& World();

// What an operation that must not fail returned.
template <typename Value>
Value Done(Result<Value> result) {
  Must(result.ok(), result.ok() ? "" : std::string(result.status().message()).c_str());
  return *std::move(result);
}

}  // namespace bailee::bench
