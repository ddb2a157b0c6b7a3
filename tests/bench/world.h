// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bailee/vault.h"
#include "support/temp_vault.h"

namespace bailee::bench {

// One category of notes with one compartment; values of 240 bytes fill a compartment of 256.
inline constexpr size_t kValueBytes = 240;
std::string NotePolicy();

struct Note {
  Handle handle;
  RecordId record;
};

// A vault with `subjects` × `records_each` notes, written by a holder of the purpose "read".
class NoteWorld {
 public:
  NoteWorld(size_t subjects, size_t records_each);
  TempVault& vault() { return vault_; }
  const std::vector<Note>& notes() const { return notes_; }

 private:
  TempVault vault_;
  std::vector<Note> notes_;
};

// Fills a batch with notes of `subjects` new subjects named after `round`.
void AddNotes(Batch& batch, size_t round, size_t subjects, size_t records_each);

}  // namespace bailee::bench
