// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/keyring.h"
#include "bailee/result.h"

// Looking over a whole vault for damage: what is wrong, where, and what is still good.
namespace bailee {

// Something that is not as it must be. Names ids and places, never values, refs or keys.
struct CheckFinding {
  enum class Weight : uint8_t {
    kNote,         // not as it should be, and nothing is lost: a stop left it, or nobody can say
    kDamage,       // something was lost, changed, put back or put there
    kInformation,  // what was not looked at, and why
  };
  Weight weight = Weight::kDamage;
  std::string kind;   // dotted and stable, e.g. "record.old"
  std::string table;  // where: "records"; "file" and "epoch" for those
  std::optional<Handle> handle;
  std::string category;  // its name, or the hex of its id where no policy has it; or empty
  std::optional<RecordId> record;
  std::string at;     // the rest of the place, e.g. "shard 12", "page 7", "compartment 3"; or empty
  std::string means;  // one line
  std::string hint;   // what can be done, one line
};

// What a look at one table came to. rows = good + damaged + unsure.
struct CheckedTable {
  std::string name;
  uint64_t rows = 0;     // looked at, each once
  uint64_t good = 0;     // nothing is wrong with them, as far as the keyring's keys tell
  uint64_t damaged = 0;  // of which something is found that is damage
  uint64_t unsure = 0;   // hang on something else that is damaged, which is named
};

struct CheckOptions {
  const Clock* clock = nullptr;  // default the system's; must outlive the call
  uint64_t map_bytes = uint64_t{64} << 30;
  std::string epoch_path = {};  // as OpenOptions

  // Which share of the records is read as well, opening their values with the purposes of the
  // keyring: one of so many slices; 1: all of them, 0: none. Every record is in exactly one slice,
  // by a hash of its id, so that whoever reads each slice once has read everything.
  uint32_t slices = 0;
  // Which slice, below `slices`. Default: one at random, named in the report.
  std::optional<uint32_t> slice = {};

  // Where to go on: CheckReport::next of a check that was stopped. Empty: from the beginning.
  // Its slices and slice are those of then.
  std::string from = {};

  // The auditor's keyring, which outlives the call: rows are held to the events of the trail too.
  // Null: they are not.
  const Keyring* auditor = nullptr;
  // Of how many records and people together it is kept at once what events tell of them, each
  // taking about 130 bytes; at least 4. Where there are more the trail is read again for the rest.
  uint32_t told_max = 500'000;

  // Called for each finding, in the order of tables and keys.
  std::function<void(const CheckFinding&)> visit = {};
  // Called with the rows looked at and all there were at the beginning; to return false is to stop.
  std::function<bool(uint64_t rows, uint64_t all)> progress = {};
};

struct CheckReport {
  std::optional<VaultId> vault;        // none if the file was too damaged to tell
  std::optional<DecisionId> decision;  // the event of this look; none if nothing could be recorded
  // False: pages of the file, or what every key hangs on, are damaged, so that no row was looked
  // at. `tables` then has the rows of those tables that are whole page by page as good.
  bool opened = false;
  std::vector<CheckedTable> tables;
  uint32_t slices = 0;
  uint32_t slice = 0;
  uint64_t records_read = 0;         // of whom every compartment was opened
  uint64_t compartments_closed = 0;  // in that slice, that no purpose of the keyring opens
  uint64_t wraps_opened = 0;         // inner ones, with purposes of the keyring
  uint64_t wraps_closed = 0;         // of purposes that the keyring has not
  uint64_t events_read = 0;          // of writes, with `auditor`; again in each pass
  uint64_t events_passes = 0;        // how often the trail was read for them
  uint64_t notes = 0;
  uint64_t damages = 0;
  std::string next;  // where to go on; empty: everything was looked at

  // Success; kDamage "check.damage" if anything is damaged; kPartial "check.stopped"; kFindings
  // "check.findings" if there are notes alone: the first of these that holds.
  BAILEE_EXPORT Status ToStatus() const;
};

// Looks at every row of every table of a vault and at the file of epochs. First the pages of the
// file are walked without mapping it; if they are damaged nothing is opened. Then one event is
// recorded, and rows are looked at in short snapshots, table by table: what opens with the storage
// key is opened (subjects, the outer layer of wraps, lookup and back rows, ledgers, the
// accounting), inner wraps and the cells of reports with the purposes that the keyring has, and
// rows are compared with those that they lead to or hang on. Then the file of epochs and the trail,
// as AuditTrail::Verify without entries. Changes nothing but the trail. Others may write meanwhile;
// what looks wrong is looked at once more before it is reported. Memory does not grow with the
// vault or with what is found.
//
// With `auditor` the events of all writes are then read and rows held to them: which records there
// are and which row of each (revision, time and terms), who was erased, how long ledgers are and
// what they say, how many disclosures the accounting has. So a person or record that was put back
// as it was, that was erased, deleted or taken away, is found. Events that were pruned tell
// nothing, and neither do those before a restore but of erasing: that is said as information, with
// which the report is still a success.
//
// What is not seen without it: that a row which nothing else speaks of is missing or was put back
// (a record that is in no index and whose group has others; the newest rows of the accounting). Not
// even with it: an address that is not to be written to; key work that is owed; counters; cells.
//
// Damage is in the report. Errors are of the call itself: kNoVault; kTooNew; kKey as Vault::Open;
// kUsage "check.from" (not from this vault, or not a place), "check.slice", "check.told-max",
// "check.auditor" (it stopped among the events and the auditor's keyring is not there); kBusy;
// kAuditDown; kFailed.
BAILEE_EXPORT Result<CheckReport> Check(const std::string& directory, Keyring keyring,
                                        const CheckOptions& options = {});

// Every kind of finding there is but those of the trail (see AuditTrail::Verify), with what it
// means; for documents and tests.
struct CheckKind {
  CheckFinding::Weight weight = CheckFinding::Weight::kDamage;
  std::string_view kind;
  std::string_view means;
  std::string_view hint;
};
BAILEE_EXPORT std::vector<CheckKind> CheckKinds();

}  // namespace bailee
