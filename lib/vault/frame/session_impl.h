// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/disclose.h"
#include "bailee/session.h"
#include "base/kind.h"
#include "keys/keyring_keys.h"
#include "policy/decide.h"
#include "record/revisions.h"
#include "record/row.h"
#include "vault/frame/prepared.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// What one call asks for, the same for every record it may meet. Borrows its texts.
struct Ask {
  EventKind kind = EventKind::kRead;
  policy::Action action = policy::Action::kRead;
  std::string_view category;
  std::span<const std::string_view> fields;
  std::string_view case_reference;
  std::string_view recipient = {};  // of kDisclose
  std::string_view ground = {};
};

// A record row as it was found, with its terms.
struct FoundRow {
  RecordId id;
  record::RecordRow row;
  record::Revisions revisions;
  std::shared_ptr<const BoundTerms> terms;
};

// The key of a record row: handle ‖ category ‖ record.
inline constexpr size_t kRecordKeyBytes = 40;
std::array<uint8_t, kRecordKeyBytes> RecordKeyOf(const Handle& handle,
                                                 const crypto::NameId& category,
                                                 const RecordId& record);

struct RecordKey {
  Handle handle;
  crypto::NameId category;
  RecordId record;
};
// REQUIRES: key.size() == kRecordKeyBytes.
RecordKey DecodeRecordKey(ByteView key);

Status NoFields();

// kDamage "record.damaged"; `what` says what is wrong with it.
Status DamagedRecord(const char* what);

class SessionImpl {
 public:
  // REQUIRES: `purpose` is held by the vault's keyring.
  SessionImpl(std::shared_ptr<VaultImpl> vault, const keys::HeldPurpose& purpose,
              std::string on_behalf_of, std::string source = {})
      : vault_(std::move(vault)),
        purpose_(purpose),
        on_behalf_of_(std::move(on_behalf_of)),
        source_(std::move(source)) {}

  Result<Record> Read(const ReadRequest& request);
  Result<std::vector<Record>> ReadAll(const ReadAllRequest& request);
  Status Scan(const ScanRequest& request, const std::function<bool(const Record&)>& visit);
  Result<std::vector<Found>> Find(const FindRequest& request);
  Result<std::vector<Record>> ReadWhere(const ReadWhereRequest& request);
  Result<bool> VerifyPassword(const VerifyRequest& request);
  Result<std::vector<Rectified>> Rectify(std::span<const RectifyRequest> requests);
  Result<std::vector<RecordInfo>> List(const Who& who);
  // disclose.cc, accounting.cc
  Result<Disclosure> Disclose(const DiscloseRequest& request);
  Result<std::vector<DisclosureInfo>> Disclosures(const Who& who);
  Status EndedShares(const std::function<bool(const DisclosureInfo&)>& visit);
  // Subjects of whom a field that this purpose may find them by has this value; nothing is
  // recorded. For a question that is recorded as another event.
  Result<std::vector<Handle>> HoldersOf(Frame& frame, std::string_view category,
                                        std::string_view field, const keys::HeldIndex& index,
                                        std::string_view index_form);
  std::string_view purpose() const { return purpose_.name; }

 private:
  friend class SubjectExport;  // goes through everything, with the same parts
  friend class SubjectEraser;

  // decision.cc
  policy::Request RequestFor(const Frame& frame, const Ask& ask, std::string_view field) const;
  // Stage one for every field: success, or the first refusal.
  policy::Decision DecideStageOne(const Frame& frame, const Ask& ask) const;
  // Both stages for every field on one datum (null: there is none): success, or the first refusal.
  policy::Decision DecideOn(const Frame& frame, const Ask& ask, const policy::Datum* datum,
                            const policy::Standing& standing, policy::WrapState wrap) const;
  // The event of a call, without what follows from its outcome. Borrows as Ask does.
  Event EventOf(const Ask& ask, Outcome outcome, const Handle& handle) const;
  // Records a refusal and says it; what may not be told is kNotFound.
  Status Refuse(const Frame& frame, const Ask& ask, const policy::Decision& decision,
                const Handle& handle);
  // Records that there was nothing, or a failure on the way, and says that.
  Status Fail(const Frame& frame, const Ask& ask, const Handle& handle, Status status);
  // Records that it is allowed; the last thing before a release. REQUIRES: within Settled.
  Result<DecisionId> Allow(const Frame& frame, const Ask& ask, const Handle& handle,
                           std::span<const EventRecord> records);
  // Runs an operation that begins a frame and ends with Allow. If somebody committed meanwhile,
  // what it found may no longer hold: it then runs once more, on the newest state, and that answer
  // counts.
  template <typename Operation>
  auto Settled(Operation&& operation) {
    attempt_ = {};
    auto answer = operation();
    if (!attempt_.overtaken) return answer;
    attempt_ = {.last = true};
    return operation();
  }

  // open_record.cc
  Result<std::optional<FoundRow>> FindRow(Frame& frame, const OpenedSubject& subject,
                                          const crypto::NameId& category, const RecordId& id);
  Result<FoundRow> ParseRow(Frame& frame, const OpenedSubject& subject,
                            const crypto::NameId& category, const RecordId& id, ByteView bytes);
  // The values asked for. Nothing: a compartment has no wrap for this purpose yet.
  Result<std::optional<Record>> OpenValues(Frame& frame, const OpenedSubject& subject,
                                           const Ask& ask, const FoundRow& found);
  Result<OpenedSubject::SharedKey> KeyOf(Frame& frame, const OpenedSubject& subject,
                                         const crypto::NameId& category, const FoundRow& found,
                                         const record::RowEntry& entry);

  // Decides on one row and opens it. A refusal is a Decision in `refused`; errors are of the store
  // or damage.
  Result<std::optional<Record>> Release(Frame& frame, const OpenedSubject& subject, const Ask& ask,
                                        const FoundRow& found, policy::Decision& refused);
  EventRecord EventRecordOf(const OpenedSubject& subject, const crypto::NameId& category,
                            const FoundRow& found) const;

  // combining.cc
  // Whether the session sees data of this source at all.
  bool IsOfSource(const FoundRow& found) const;
  // Called for each row that one call releases, with the source of those before it (empty: none
  // yet), which it keeps up. A refusal if the purpose may not have both.
  std::optional<policy::Decision> Apart(const Frame& frame, const FoundRow& found,
                                        std::string& source) const;

  // list.cc
  Result<bool> OpensSome(Frame& frame, const OpenedSubject& subject,
                         const policy::CategoryInfo& category, const FoundRow& found);
  struct Listed {
    std::vector<RecordInfo> records;
    std::vector<EventRecord> about;
    std::string source;
    std::optional<policy::Decision> apart;
  };
  Status ListCategory(Frame& frame, const OpenedSubject& subject,
                      const policy::CategoryInfo& category, Listed& listed);

  // read.cc
  using SharedSubject = std::shared_ptr<const OpenedSubject>;
  Result<Record> ReadOnce(const Ask& ask, const ReadRequest& request);
  Result<std::vector<Record>> ReadAllOnce(const Ask& ask, const Who& who);
  // The subject, or null if unknown.
  Result<SharedSubject> SubjectOf(Frame& frame, const Who& who);
  // What several rows gave: the records released, their part of the event, and a refusal that may
  // be told if nothing was.
  struct Taken {
    std::vector<Record> records;
    std::vector<EventRecord> about;
    policy::Decision told;
    std::string source;                     // of the records released
    std::optional<policy::Decision> apart;  // a refusal of the whole call
  };
  Status TakeRow(Frame& frame, const OpenedSubject& subject, const Ask& ask, const RecordKey& key,
                 ByteView bytes, Taken& taken);
  Status TakeFound(Frame& frame, const OpenedSubject& subject, const Ask& ask,
                   const crypto::NameId& category, const FoundRow& found, Taken& taken);
  struct Chunk {
    Taken taken;
    Bytes next;  // the key to go on with; empty after the last chunk
  };
  Result<Chunk> ScanChunk(const Ask& ask, const Bytes& from, const std::string& source);
  Result<Record> ReadOne(Frame& frame, const Ask& ask, const ReadRequest& request);
  Result<RecordId> RecordAsked(const Frame& frame, const Ask& ask,
                               const std::optional<RecordId>& record) const;

  // rectify.cc
  // The record that values are to be put right in, or why not.
  struct Aimed {
    SharedSubject subject;        // null: unknown
    std::optional<FoundRow> row;  // nothing: not there
    policy::Decision refused;
    bool found() const { return row.has_value() && refused.allowed(); }
    Handle handle() const { return subject ? subject->handle() : Handle{}; }
  };
  policy::Decision MayName(const Frame& frame, const Ask& ask) const;
  Result<Aimed> AimAt(Frame& frame, const Ask& ask, const RectifyRequest& request);
  policy::Decision MayChange(const Frame& frame, const Ask& ask, const Aimed& aimed) const;
  Status Tell(const Frame& frame, const Ask& ask, const Aimed& aimed);
  // One of those that are put right together. Borrows what was asked for.
  struct Correction {
    explicit Correction(const RectifyRequest& asked);

    const RectifyRequest& request;
    std::vector<std::string_view> names;
    Ask ask;
    std::shared_ptr<const BoundPolicy> under;  // what `values` were prepared by
    PreparedRecord values;
  };
  Status Prepare(Correction& correction);
  // Nothing: the policy that a record lies under became another meanwhile.
  Result<std::optional<std::vector<Rectified>>> RectifyOnce(std::span<Correction> corrections);
  Result<Rectified> PutRight(Frame& frame, const Ask& ask, Aimed& aimed,
                             const PreparedRecord& values);

  // find.cc
  Result<std::vector<Found>> FindOnce(const FindRequest& request);
  Result<std::vector<Record>> ReadWhereOnce(const ReadWhereRequest& request);
  // What records are found by.
  struct Sought {
    const keys::HeldIndex& index;
    Kind kind;
    std::string_view form;  // of the value, as it is indexed
  };
  template <typename Answer>
  Result<Answer> LookFor(Frame frame, const Ask& ask, const Secret& value,
                         const std::function<Result<Answer>(Frame&, const Sought&)>& take);
  // Shows `visit` every record that has the value and may be found by it, until it says false.
  using MatchVisitor = std::function<Result<bool>(const OpenedSubject&, const FoundRow&)>;
  Status Match(Frame& frame, const Ask& ask, const Sought& sought, const MatchVisitor& visit);
  Result<bool> ValueMatches(const Record& record, Kind kind, std::string_view index_form) const;

  // list.cc, verify_password.cc
  Result<std::vector<RecordInfo>> ListOnce(const Who& who);
  Result<bool> VerifyOnce(const VerifyRequest& request);

  // disclose.cc
  struct Given {  // what a write that discloses came to
    policy::Decision refused;
    Handle handle{};
    Disclosure disclosure;
  };
  Status CheckDisclose(const Frame& frame, const DiscloseRequest& request) const;
  Result<std::vector<RecordId>> RecordsAsked(const Frame& frame,
                                             const DiscloseRequest& request) const;
  Status TakeForDisclosure(Frame& frame, const Ask& ask, const DiscloseRequest& request,
                           Given& given, std::vector<EventRecord>& about);
  Status DiscloseIn(Frame& frame, const Ask& ask, const DiscloseRequest& request, Given& given);
  Result<DisclosureInfo> RecordDisclosure(const Frame& frame, const Ask& ask,
                                          const DiscloseRequest& request, Given& given,
                                          std::span<const EventRecord> about);
  Status PutDisclosure(Frame& frame, const DisclosureInfo& info, Disclosure& out);

  // accounting.cc
  Status RefuseUnlessRights(const Frame& frame);
  // A row of the accounting; `subject` is null if they were erased. REQUIRES: acting for `rights`.
  Result<DisclosureInfo> OpenAccount(const Handle& handle, const OpenedSubject* subject,
                                     uint64_t sequence, ByteView row) const;
  struct SharesChunk {
    std::vector<DisclosureInfo> ended;
    Bytes next;  // the key to go on with; empty after the last chunk
  };
  Result<SharesChunk> EndedChunk(const Bytes& from);

  const std::shared_ptr<VaultImpl> vault_;
  const keys::HeldPurpose& purpose_;
  const std::string on_behalf_of_;
  const std::string source_;  // empty: every one

  // Of the operation that is running: a session is used by one thread at a time.
  struct Attempt {
    bool last = false;
    bool overtaken = false;  // what it answers does not count
  };
  Attempt attempt_;
};

}  // namespace bailee::vault
