// SPDX-License-Identifier: Apache-2.0
#include "vault/check/check_kinds.h"

#include <algorithm>
#include <array>

namespace bailee {
namespace vault {
namespace {

constexpr auto kDamage = CheckFinding::Weight::kDamage;
constexpr auto kNote = CheckFinding::Weight::kNote;
constexpr auto kInformation = CheckFinding::Weight::kInformation;

constexpr std::string_view kRestore = "restore the vault from a backup";
constexpr std::string_view kRestoreRecord =
    "restore the vault from a backup, or collect the record anew; others are still readable";
constexpr std::string_view kRunUpkeep =
    "run bailee upkeep with the upkeep keyring, then check again";

constexpr std::string_view kAskEvents =
    "see bailee audit log for what was done and by whom; restore the vault from a backup";

// In the order of Flaw.
constexpr std::array<CheckKind, kFlawCount> kKinds = {{
    {kDamage, "file.pages", "pages of this part of the data file are damaged",
     "restore the vault from a backup; nothing was opened, because a damaged file kills its "
     "reader"},
    {kDamage, "file.head", "the head of the data file is damaged", kRestore},
    {kDamage, "vault.does-not-open", "what everything in the vault hangs on is damaged",
     "restore the vault from a backup; no row could be looked at"},
    {kDamage, "meta.unknown", "a row that no vault has", "find out who wrote it; delete it then"},
    {kDamage, "shard.damaged", "keys of shards do not open: nobody in them can be read",
     "restore the vault from a backup; people of other shards are still readable"},
    {kDamage, "shard.two-keys", "a shard has two keys, and nothing is owed because of it",
     "what was taken away may still open under the older one; restore, or renew by erasing"},
    {kDamage, "policy.unknown", "a policy that the signed manifest does not name",
     "find out who wrote it; nothing is decided by it"},
    {kDamage, "terms.damaged", "terms that are not those of their id, or of no known policy",
     "restore the vault from a backup; what was collected under them is not readable"},
    {kDamage, "terms.missing", "the terms that this was collected under are not there",
     "restore the vault from a backup; what was collected under them is not readable"},
    {kDamage, "subject.damaged", "a person's row does not open: nothing of them can be read",
     "restore the vault from a backup, or erase them; others are still readable"},
    {kDamage, "subject.missing", "a row of somebody whose own row is not there",
     "restore the vault from a backup, or erase the handle"},
    {kDamage, "subject.unlisted", "a person's ref does not lead to them: they would be made twice",
     "restore the vault from a backup; reading by handle still works"},
    {kDamage, "subject.standing", "what a person said comes to something else than their row says",
     "restore the vault from a backup: an older row may have been put back"},
    {kDamage, "wraps.damaged", "wraps do not open under the person's key, or are of no compartment",
     kRestoreRecord},
    {kDamage, "wraps.missing", "a record names a key of which nobody has a wrap", kRestoreRecord},
    {kDamage, "wrap.damaged", "a wrap does not open with its purpose's key",
     "restore the vault from a backup; other purposes still read it"},
    {kDamage, "record.damaged", "a record makes no sense", kRestoreRecord},
    {kDamage, "record.old", "a record is of another revision than the newest: it was put back",
     kRestoreRecord},
    {kDamage, "record.data", "values of a record do not open, or are of another compartment",
     kRestoreRecord},
    {kDamage, "lookup.damaged", "a row that people are found by does not open",
     "restore the vault from a backup; reading by handle still works"},
    {kNote, "lookup.dead", "a row that people are found by leads to nothing", kRunUpkeep},
    {kDamage, "lookup.no-back", "a row that a person is found by is not in their list of such rows",
     "erasing them would leave it behind; restore the vault from a backup"},
    {kDamage, "lookup.missing", "a row that a record is found by is not there, or another",
     "restore the vault from a backup; reading by handle still works"},
    {kDamage, "lookup.ref", "a ref leads to somebody else, or to nobody",
     "restore the vault from a backup; reading by handle still works"},
    {kDamage, "due.damaged", "a row of what is owed makes no sense",
     "delete it with the vault's makers"},
    {kDamage, "due.stray", "a row of what is owed that cannot be owed", kRunUpkeep},
    {kDamage, "ledger.damaged", "an entry of what somebody said does not open",
     "restore the vault from a backup; others are still readable"},
    {kDamage, "ledger.length", "entries of what somebody said are missing, or there are too many",
     "restore the vault from a backup; others are still readable"},
    {kDamage, "disclosure.damaged", "a row of the accounting does not open",
     "the trail has the event of each disclosure; restore the vault from a backup"},
    {kDamage, "disclosure.gap", "rows of the accounting are missing before this one",
     "the trail has the event of each disclosure; restore the vault from a backup"},
    {kDamage, "report.damaged", "the cells of a report do not open, or a counter makes no sense",
     "restore the vault from a backup; other buckets are still readable"},
    {kDamage, "keywork.damaged", "a row of key work makes no sense",
     "delete nothing: upkeep makes the list again"},
    {kNote, "keywork.stray", "key work is owed to somebody who is not there", kRunUpkeep},
    {kDamage, "row.unknown", "a row whose key is of no kind that the table has",
     "find out who wrote it; nobody reads it"},
    {kDamage, "epoch.damaged", "the file of epochs has not the key that the vault lies under",
     "put the file back that belongs to this vault, or restore from a backup"},
    {kDamage, "epoch.not-wiped", "the file of epochs has a key that was to be wiped",
     "what was erased may open in earlier copies; find out who put it back, erase again"},
    {kNote, "epoch.block", "the other block of the file of epochs makes no sense",
     "the next epoch overwrites it"},
    {kDamage, "rotate.damaged", "the note of a rotation makes no sense",
     "find out who wrote it; the rotation can be begun again"},
    {kDamage, "rotate.stray", "a rotation is noted that is not that of the keys which are open",
     "find out who wrote it: the manifest says which keys are open"},
    {kDamage, "retired.damaged", "a retired key is of no version that was retired, or no such row",
     "restore the vault from a backup before data that is older than the rotation is needed"},
    {kDamage, "retired.missing", "a key that was retired is not kept",
     "data streams from before its rotation cannot be restored for its purpose: take a new one"},
    {kDamage, "events.record-gone",
     "a record that events tell of is not there, and none deleted it", kAskEvents},
    {kDamage, "events.record-back", "a record that an event says was deleted is there again",
     "delete it by retention or by erasing; find out who put it back"},
    {kDamage, "events.record-other",
     "a record is not the row that the last event of it left: an older one was put back, or one "
     "was written without an event",
     kAskEvents},
    {kDamage, "events.record-never", "a record that no event tells of",
     "find out who wrote it: it was not collected through the library"},
    {kDamage, "events.subject-gone",
     "a person whom events tell of is not there, nor were they "
     "erased",
     kAskEvents},
    {kDamage, "events.subject-back", "a person whom an event says was erased is there again",
     "erase them again; find out who put them back"},
    {kDamage, "events.ledger-short",
     "events tell of more than a person's ledger has: what they "
     "said later was taken away",
     "record again what they said, which the event tells; or restore the vault from a backup"},
    {kDamage, "events.ledger-long", "a person's ledger has entries that no event tells of",
     "find out who wrote them: what a person said is recorded with its event"},
    {kDamage, "events.ledger-other", "a person's ledger says something else than its events",
     "restore the vault from a backup; the events say what was recorded"},
    {kDamage, "events.disclosure-gone", "events tell of more disclosures than the accounting has",
     "the event of each has what left, for whom and why; restore the vault from a backup"},
    {kDamage, "events.disclosure-never", "the accounting has rows that no event tells of",
     "find out who wrote them"},
    {kDamage, "events.order",
     "events tell twice of one row, or left some out: older rows were put back in between, or "
     "others written without an event",
     kAskEvents},
    {kInformation, "events.pruned", "the oldest events were pruned",
     "what only they told of was not compared"},
    {kInformation, "events.restored", "the vault was restored from backup streams",
     "what was told before was not compared, but for who was erased"},
}};

}  // namespace

const CheckKind& KindOf(Flaw flaw) { return kKinds[static_cast<size_t>(flaw)]; }

void RowFindings::Add(Flaw flaw, std::string at) {
  const CheckKind& kind = KindOf(flaw);
  findings_.push_back({.weight = kind.weight,
                       .kind = std::string(kind.kind),
                       .table = table_,
                       .handle = handle_,
                       .category = category_,
                       .record = record_,
                       .at = std::move(at),
                       .means = std::string(kind.means),
                       .hint = std::string(kind.hint)});
}

bool RowFindings::damaged() const {
  return std::any_of(findings_.begin(), findings_.end(),
                     [](const CheckFinding& each) { return each.weight == kDamage; });
}

}  // namespace vault

std::vector<CheckKind> CheckKinds() { return {vault::kKinds.begin(), vault::kKinds.end()}; }

}  // namespace bailee
