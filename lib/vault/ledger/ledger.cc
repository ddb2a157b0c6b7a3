// SPDX-License-Identifier: Apache-2.0
#include "vault/ledger/ledger.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/try.h"

namespace bailee::vault {
namespace {

LedgerEntry EntryOf(const Frame& frame, const LedgerEvent& event) {
  LedgerEntry entry;
  entry.kind = event.kind;
  entry.recorded_at = frame.now;
  entry.at = event.at.value_or(frame.now);
  entry.policy_version =
      event.kind == LedgerKind::kAgreed ? event.policy_version : frame.in_force().version();
  entry.purpose = event.purpose;
  entry.category = event.category;
  entry.notice = event.notice;
  entry.name = event.name;
  entry.reference = event.reference;
  entry.method = event.method;
  return entry;
}

Result<DecisionId> RecordEntry(VaultImpl& vault, const Frame& frame, const Handle& handle,
                               const LedgerEntry& entry) {
  const std::string sequence = std::to_string(entry.sequence);
  std::vector<audit::Detail> details = {{audit::What::kSaid, LedgerKindWord(entry.kind)},
                                        {audit::What::kSequence, sequence}};
  if (!entry.notice.empty()) details.push_back({audit::What::kNotice, entry.notice});
  if (!entry.name.empty()) details.push_back({audit::What::kNamedEvent, entry.name});
  const std::vector<std::string_view> fields(entry.fields.begin(), entry.fields.end());
  return vault.RecordWrite(frame, {.kind = EventKind::kLedger,
                                   .purpose = entry.purpose,
                                   .category = entry.category,
                                   .fields = fields,
                                   .case_reference = entry.reference,
                                   .handle = handle,
                                   .details = details});
}

// Entries that say something of somebody who is not known say nothing.
bool NeedsKnown(LedgerKind kind) {
  return kind == LedgerKind::kRelease || kind == LedgerKind::kUnrestricted;
}

Status NobodyHasNoLedger() {
  return {Code::kUsage, "ledger.nobody", "somebody unnamed has no ledger",
          "name the person by ref or handle, or the browser by tag"};
}

// Whether what is to be released is held.
Status CheckRelease(const LedgerEvent& event, const policy::Standing& standing) {
  if (event.kind != LedgerKind::kRelease) return Status();
  const bool held =
      std::any_of(standing.holds.begin(), standing.holds.end(), [&](const policy::Hold& hold) {
        return hold.reference == event.reference && hold.category == event.category;
      });
  if (held) return Status();
  return {Code::kNotFound, "ledger.no-such-hold", "nothing is held for this case",
          "name the case and the category as they were held"};
}

// One call that records, in one write transaction.
Result<Recorded> RecordOnce(VaultImpl& vault, const Frame& frame, const Who& who,
                            std::span<const LedgerEvent> events) {
  bool known_needed = false;
  for (const LedgerEvent& event : events) {
    BAILEE_RETURN_IF_ERROR(CheckLedgerEvent(frame, event));
    known_needed = known_needed || NeedsKnown(event.kind);
  }
  BAILEE_TRY(std::optional<WritableSubject> found, FindForWrite(vault, frame, who));
  if (!found) {
    if (known_needed || who.kind() == Who::Kind::kHandle) return NotFound();
    const auto kind =
        who.kind() == Who::Kind::kTag ? keys::SubjectKind::kTag : keys::SubjectKind::kSubject;
    BAILEE_TRY(found, MakeSubject(vault, frame, who, kind));
  }
  Recorded recorded;
  for (const LedgerEvent& event : events) {
    BAILEE_RETURN_IF_ERROR(CheckRelease(event, found->standing()));
    BAILEE_TRY(recorded.decision, AppendEntries(vault, frame, *found, EntriesOf(frame, event)));
  }
  BAILEE_TRY(const Aligned aligned, AlignWraps(vault, frame, *found));
  BAILEE_RETURN_IF_ERROR(PutSubject(vault, frame, *found));
  BAILEE_RETURN_IF_ERROR(KeepTime(frame));
  recorded.handle = found->handle;
  recorded.sequence = found->ledger.entries;
  recorded.transaction = frame.transaction->transaction_id();
  recorded.wraps_removed = aligned.wraps_removed;
  recorded.wraps_made = aligned.wraps_made;
  recorded.key_work_left = aligned.left;
  recorded.erasure_due = found->standing().erasure_waits && found->standing().holds.empty();
  return recorded;
}

// Records a refused call as an event of its own: its transaction writes nothing.
Status Refuse(VaultImpl& vault, const Status& status) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  const Refusal* refusal = status.refusal();
  const std::vector<Reason> reasons = refusal == nullptr ? std::vector<Reason>() : refusal->reasons;
  const Outcome outcome = refusal != nullptr                 ? Outcome::kRefused
                          : status.code() == Code::kNotFound ? Outcome::kNotFound
                                                             : Outcome::kFailed;
  BAILEE_TRY(
      const DecisionId decision,
      vault.Record(frame, {.kind = EventKind::kLedger, .outcome = outcome, .reasons = reasons}));
  return WithDecision(status, decision);
}

Result<LedgerView> LookAt(VaultImpl& vault, Frame& frame, const Who& who) {
  BAILEE_TRY(const std::optional<Handle> handle, vault.Resolve(frame, who));
  if (!handle) return NotFound();
  BAILEE_TRY(const std::shared_ptr<const OpenedSubject> subject, vault.LoadSubject(frame, *handle));
  if (subject == nullptr) return NotFound();
  LedgerView view;
  view.handle = *handle;
  view.restricted = subject->standing().restricted;
  view.erasure_waits = subject->standing().erasure_waits;
  BAILEE_TRY(view.entries, ReadLedger(*frame.snapshot, vault.id(), *handle,
                                      subject->subject().history, subject->ledger_entries()));
  return view;
}

}  // namespace

std::vector<LedgerEntry> EntriesOf(const Frame& frame, const LedgerEvent& event) {
  LedgerEntry entry = EntryOf(frame, event);
  if (event.kind != LedgerKind::kSignal) return {std::move(entry)};
  std::vector<LedgerEntry> entries;
  const policy::SignalInfo* signal = frame.in_force().FindSignal(event.name);
  BAILEE_CHECK(signal != nullptr);
  for (const std::string& purpose : signal->purposes) {
    entry.purpose = purpose;
    entries.push_back(entry);
  }
  return entries;
}

Result<DecisionId> AppendEntries(VaultImpl& vault, const Frame& frame, WritableSubject& subject,
                                 std::vector<LedgerEntry> entries) {
  BAILEE_CHECK(!entries.empty());
  DecisionId last;
  for (LedgerEntry& entry : entries) {
    entry.sequence = subject.ledger.entries + 1;
    Fold(entry, subject.ledger);
    BAILEE_RETURN_IF_ERROR(PutLedgerEntry(*frame.transaction, vault.id(), subject.handle,
                                          subject.subject.history, entry, vault.random()));
    BAILEE_TRY(last, RecordEntry(vault, frame, subject.handle, entry));
  }
  subject.changed = true;
  return last;
}

Result<std::vector<LedgerEntry>> SignalsToRecord(const Frame& frame,
                                                 std::span<const std::string> signals,
                                                 const policy::Standing& standing) {
  std::vector<LedgerEntry> changing;
  for (const std::string& name : signals) {
    const LedgerEvent event{.kind = LedgerKind::kSignal, .name = name};
    BAILEE_RETURN_IF_ERROR(CheckLedgerEvent(frame, event));
    for (LedgerEntry& entry : EntriesOf(frame, event)) {
      uint64_t objected = 0;
      uint64_t given = 0;
      for (const policy::PurposeChoice& choice : standing.choices) {
        const bool same = choice.purpose == entry.purpose && choice.category.empty();
        if (same && choice.choice == policy::Choice::kObjected) objected = choice.sequence;
        // Consent to one category, or below an inner purpose, lifts some of the objection.
        const bool lifts = choice.choice == policy::Choice::kGiven &&
                           (choice.purpose + ".").starts_with(entry.purpose + ".");
        if (lifts) given = std::max(given, choice.sequence);
      }
      if (objected == 0 || given > objected) changing.push_back(std::move(entry));
    }
  }
  return changing;
}

Result<Recorded> RecordInLedger(VaultImpl& vault, const Who& who,
                                std::span<const LedgerEvent> events) {
  Recorded recorded;
  const auto record = [&]() -> Status {
    if (who.kind() == Who::Kind::kNobody) return NobodyHasNoLedger();
    if (events.empty())
      return {Code::kUsage, "ledger.nothing", "there is nothing to record", "name an event"};
    return vault.Write([&](Frame& frame) -> Status {
      BAILEE_TRY(recorded, RecordOnce(vault, frame, who, events));
      return Status();
    });
  };
  const Status status = record();
  if (!status.ok()) return Refuse(vault, status);
  return recorded;
}

Result<LedgerView> LedgerOf(VaultImpl& vault, const Who& who) {
  BAILEE_TRY(Frame frame, vault.Begin());
  const bool held = vault.keyring().FindPurpose(keys::kRights) != nullptr;
  Result<LedgerView> view = held ? LookAt(vault, frame, who)
                                 : NotForThisKeyring("a ledger is shown to rights",
                                                     "open the vault with the rights keyring");
  const Outcome outcome = view.ok()                                 ? Outcome::kAllowed
                          : view.status().refusal() != nullptr      ? Outcome::kRefused
                          : view.status().code() == Code::kNotFound ? Outcome::kNotFound
                                                                    : Outcome::kFailed;
  const std::vector<Reason> reasons =
      held ? std::vector<Reason>() : std::vector<Reason>{Reason::kPurposeKeyMissing};
  BAILEE_TRY(const DecisionId decision,
             vault.Record(frame, {.kind = EventKind::kStanding,
                                  .outcome = outcome,
                                  .purpose = keys::kRights,
                                  .reasons = reasons,
                                  .handle = view.ok() ? view->handle : Handle{}}));
  if (!view.ok()) return WithDecision(view.status(), decision);
  return view;
}

}  // namespace bailee::vault
