// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/codec.h"
#include "base/try.h"
#include "keys/pending.h"
#include "record/fields.h"
#include "record/kind.h"
#include "record/revisions.h"
#include "record/seal.h"
#include "vault/collect/fold_lookups.h"
#include "vault/erase/shred.h"
#include "vault/frame/due.h"
#include "vault/frame/session_impl.h"
#include "vault/rotate/rotation.h"

namespace bailee::vault {
namespace {

using keys::HeldIndex;
using keys::HeldPurpose;
using store::Table;
using Step = RotationState::Step;

// "category.field/purpose".
struct IndexParts {
  std::string category;
  std::string field;
  std::string purpose;
};

IndexParts PartsOf(const std::string& name) {
  const size_t dot = name.find('.');
  const size_t slash = name.rfind('/');
  if (dot == std::string::npos || slash == std::string::npos || slash < dot) return {};
  return {name.substr(0, dot), name.substr(dot + 1, slash - dot - 1), name.substr(slash + 1)};
}

// The origin of the purpose, with all that the vault's keyring has of it but one version.
Result<KeyringFile> OriginWithIndex(const RotationCall& call, const crypto::SigningKey& signer,
                                    const Frame& frame, const HeldIndex* more, uint16_t without) {
  const std::string purpose = PartsOf(call.name).purpose;
  keys::OriginKeys rotated;
  for (const HeldPurpose& held : call.vault.keyring().purposes)
    if (held.name == purpose) rotated.purposes.push_back(&held);
  for (const HeldIndex& held : call.vault.keyring().indexes) {
    const bool retired = held.name == call.name && held.version == without;
    if (held.name.ends_with("/" + purpose) && !retired) rotated.indexes.push_back(&held);
  }
  if (more != nullptr) rotated.indexes.push_back(more);
  return IssueOrigin(call, signer, frame, purpose, std::move(rotated),
                     frame.rules()->manifest.number);
}

// One beginning. Keys are made once, however often the job runs.
class IndexBeginning {
 public:
  IndexBeginning(const RotationCall& call, const crypto::SigningKey& signer)
      : call_(call), signer_(signer) {}

  Status Run(Frame& frame) {
    keys::Manifest manifest = frame.rules()->manifest;
    keys::Manifest::Index* index = manifest.FindIndex(call_.name);
    if (index == nullptr) return UnknownKey(call_.key);
    BAILEE_TRY(const std::optional<RotationRow> there, ReadRotation(*frame.transaction, call_.key));
    if (there) return RotationUnderWay(call_);
    // Open already: the note of it was lost, and nothing else is.
    if (index->open_version == 0) BAILEE_RETURN_IF_ERROR(State(frame, manifest, *index));
    return StartRotation(call_, frame,
                         {.from = index->open_version,
                          .to = index->version,
                          .leaked = call_.options.leaked,
                          .begun_at = frame.now});
  }

 private:
  Status State(Frame& frame, keys::Manifest& manifest, keys::Manifest::Index& index) {
    const HeldIndex* old = call_.vault.keyring().FindIndex(index.id, index.version);
    const std::string purpose = PartsOf(call_.name).purpose;
    if (old == nullptr) return RotationKeyMissing("index " + call_.name);
    if (call_.vault.keyring().FindPurpose(purpose) == nullptr)
      return RotationKeyMissing("purpose " + purpose);
    BAILEE_RETURN_IF_ERROR(CheckVersionsLeft(old->version));
    if (!next_ || next_->version != old->version + 1) {
      BAILEE_TRY(next_, keys::NextVersion(*old, call_.vault.random()));
      BAILEE_TRY(origin_, OriginWithIndex(call_, signer_, frame, &*next_, 0));
    }
    BAILEE_RETURN_IF_ERROR(Keep(call_, *origin_));
    index.open_version = index.version;
    index.version = next_->version;
    return PutManifest(frame, manifest, signer_);
  }

  const RotationCall& call_;
  const crypto::SigningKey& signer_;
  std::optional<HeldIndex> next_;
  std::optional<KeyringFile> origin_;
};

// Makes rows under the new key for the values that records have.
class RowMaker {
 public:
  RowMaker(VaultImpl& vault, const std::string& name, const RotationRow& row)
      : vault_(vault),
        parts_(PartsOf(name)),
        category_(crypto::NameIdOf(parts_.category)),
        purpose_(crypto::NameIdOf(parts_.purpose)),
        new_{crypto::NameIdOf(name), row.to} {}

  // Whether a record has a value that the purpose can read and no row leads from it yet.
  Result<bool> Lacks(Frame& frame, ByteView key) const {
    BAILEE_TRY(const std::optional<Missing> missing, Find(frame, key));
    return missing.has_value();
  }

  Status Make(Frame& frame, ByteView key) const {
    BAILEE_TRY(const std::optional<Missing> missing, Find(frame, key));
    if (!missing) return Status();
    const keys::RowOwner owner{missing->subject->handle(), missing->subject->subject().history};
    keys::BackEntries back;
    BAILEE_RETURN_IF_ERROR(keys::PutField(vault_.LookupOf(frame), *frame.transaction, new_,
                                          missing->tag, owner, missing->record, vault_.random(),
                                          back));
    return keys::PutBackRows(vault_.id(), *frame.transaction, owner, back, vault_.random());
  }

 private:
  struct Missing {
    std::shared_ptr<const OpenedSubject> subject;
    RecordId record;
    keys::LookupTag tag{};
  };

  Result<std::optional<Missing>> Find(Frame& frame, ByteView key) const {
    if (key.size() != kRecordKeyBytes) return std::optional<Missing>();
    const RecordKey record = DecodeRecordKey(key);
    if (record.category != category_) return std::optional<Missing>();
    const HeldIndex* now = vault_.keyring().FindIndex(new_.id, new_.version);
    if (now == nullptr) return RotationKeyMissing("the new version of the index");
    if (vault_.keyring().FindPurpose(parts_.purpose) == nullptr)
      return RotationKeyMissing("purpose " + parts_.purpose);
    Missing missing{nullptr, record.record, {}};
    BAILEE_TRY(missing.subject, vault_.LoadSubject(frame, record.handle));
    if (missing.subject == nullptr) return std::optional<Missing>();
    BAILEE_TRY(const std::optional<Secret> form, FormOf(frame, *missing.subject, record.record));
    if (!form) return std::optional<Missing>();
    missing.tag =
        form->RevealBytes([&](ByteView bytes) { return keys::TagOfValue(now->key, bytes); });
    const keys::RowOwner owner{record.handle, missing.subject->subject().history};
    BAILEE_TRY(const bool listed, keys::IsListed(vault_.LookupOf(frame), *frame.snapshot, new_,
                                                 missing.tag, owner, record.record));
    if (listed) return std::optional<Missing>();
    return std::optional<Missing>(std::move(missing));
  }

  // What the field of a record is indexed by; nothing if the purpose cannot read it.
  Result<std::optional<Secret>> FormOf(Frame& frame, const OpenedSubject& subject,
                                       const RecordId& id) const {
    BAILEE_TRY(const std::optional<ByteView> bytes,
               frame.snapshot->Get(Table::kRecords, RecordKeyOf(subject.handle(), category_, id)));
    if (!bytes) return std::optional<Secret>();
    const Bytes copy(bytes->begin(), bytes->end());
    BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(copy));
    BAILEE_TRY(const std::shared_ptr<const BoundTerms> terms,
               vault_.terms().Get(*frame.snapshot, vault_.id(), frame.rules(), row.head().terms));
    const policy::Policy& policy = *terms->bound->policy;
    const policy::CategoryIndex category = policy.FindCategory(parts_.category);
    if (!category.valid()) return std::optional<Secret>();
    const policy::FieldIndex field = policy.FindField(category, parts_.field);
    if (!field.valid()) return std::optional<Secret>();
    const policy::FieldInfo& info = policy.field(category, field);
    const std::optional<record::RowEntry> entry = row.Find(info.compartment.value);
    if (!entry) return std::optional<Secret>();
    BAILEE_TRY(const std::optional<Secret> plain, PlainOf(frame, subject, id, row, *entry));
    if (!plain) return std::optional<Secret>();
    return plain->RevealBytes([&](ByteView opened) -> Result<std::optional<Secret>> {
      BAILEE_TRY(const record::Fields fields, record::Fields::Decode(opened));
      const std::optional<ByteView> found = fields.Find(field.value);
      if (!found) return std::optional<Secret>();
      BAILEE_TRY(Secret form, record::IndexForm(info.kind, AsText(*found)));
      return std::optional<Secret>(std::move(form));
    });
  }

  Result<std::optional<Secret>> PlainOf(Frame& frame, const OpenedSubject& subject,
                                        const RecordId& id, const record::RecordRow& row,
                                        const record::RowEntry& entry) const {
    keys::WrapPlace place = subject.Place(category_, entry.compartment, row.head().terms);
    OpenedSubject::SharedKey key;
    if (entry.travelling.empty()) {
      BAILEE_TRY(key, subject.CompartmentKey(*frame.snapshot, place, entry.generation, purpose_,
                                             vault_.keyring()));
    } else {
      place.record = id;
      BAILEE_TRY(key, subject.TravellingKey(place, entry.travelling, purpose_, vault_.keyring()));
    }
    if (key == nullptr) return std::optional<Secret>();
    BAILEE_TRY(const record::Revisions revisions,
               record::Revisions::Open({vault_.id(), subject.handle(), category_, id},
                                       subject.subject().history, row));
    BAILEE_TRY(Secret plain, record::OpenCompartment(*key,
                                                     {.vault = vault_.id(),
                                                      .handle = subject.handle(),
                                                      .category = category_,
                                                      .record = id,
                                                      .compartment = entry.compartment,
                                                      .generation = entry.generation,
                                                      .head = revisions.HeadOf(entry.compartment)},
                                                     entry.sealed));
    return std::optional<Secret>(std::move(plain));
  }

  VaultImpl& vault_;
  const IndexParts parts_;
  const crypto::NameId category_;
  const crypto::NameId purpose_;
  const keys::IndexName new_;
};

std::vector<PassPart> MakeRows(const RotationCall& call, const RotationRow& row) {
  const auto maker = std::make_shared<const RowMaker>(call.vault, call.name, row);
  return {
      {.number = 1,
       .table = Table::kRecords,
       .prefix = {},
       .look = [maker](Frame& frame, ByteView key, ByteView) { return maker->Lacks(frame, key); },
       .work = [maker](Frame& frame, ByteView key, ByteView) { return maker->Make(frame, key); }}};
}

// A back row, and which of its entries lead to rows of the old key.
struct BackOfOld {
  std::shared_ptr<const OpenedSubject> subject;  // null: it is nobody's, or no back row
  keys::BackEntries old;
  keys::BackEntries others;

  keys::RowOwner owner() const { return {subject->handle(), subject->subject().history}; }
};

Result<BackOfOld> OpenOld(VaultImpl& vault, Frame& frame, const Bytes& prefix, ByteView key,
                          ByteView value) {
  BackOfOld back;
  const std::optional<Handle> owner = keys::OwnerOfBackRow(key);
  if (!owner) return back;
  BAILEE_TRY(back.subject, vault.LoadSubject(frame, *owner));
  if (back.subject == nullptr) return back;
  BAILEE_TRY(const keys::BackEntries entries,
             keys::OpenBackRow(vault.id(), back.owner(), key, value));
  for (const keys::BackEntry& entry : entries) {
    const bool old = std::equal(prefix.begin(), prefix.end(), entry.field_key.begin());
    (old ? back.old : back.others).push_back(entry);
  }
  return back;
}

// A row goes together with the back row that leads to it: whoever is erased between two of these
// transactions is found by all rows that there are, and none looks as if it were nobody's. Then
// what no back row leads to.
std::vector<PassPart> DropRows(const RotationCall& call, const RotationRow& row) {
  VaultImpl& vault = call.vault;
  const keys::IndexName old{crypto::NameIdOf(call.name), row.from};
  const Bytes prefix = keys::FieldPrefix(old);
  const bool leaked = row.leaked;
  const auto always = [](Frame&, ByteView, ByteView) -> Result<bool> { return true; };
  const auto drop = [leaked](Frame& frame, ByteView key, ByteView) -> Status {
    if (const auto tag = keys::TagOfField(key); leaked && tag)
      BAILEE_RETURN_IF_ERROR(OweShardOf(*frame.transaction, *tag));
    return frame.transaction->Delete(Table::kLookup, key);
  };
  return {{.number = 0,
           .table = Table::kLookup,
           .prefix = keys::BackPrefix(),
           .look = [&vault, prefix](Frame& frame, ByteView key, ByteView value) -> Result<bool> {
             BAILEE_TRY(const BackOfOld back, OpenOld(vault, frame, prefix, key, value));
             return !back.old.empty();
           },
           .work = [&vault, prefix, drop](Frame& frame, ByteView key, ByteView value) -> Status {
             BAILEE_TRY(const BackOfOld back, OpenOld(vault, frame, prefix, key, value));
             for (const keys::BackEntry& entry : back.old)
               BAILEE_RETURN_IF_ERROR(drop(frame, entry.field_key, {}));
             if (back.old.empty()) return Status();
             return keys::ReplaceBackRow(vault.id(), *frame.transaction, back.owner(), key,
                                         back.others, vault.random());
           }},
          {.number = 2,
           .table = Table::kLookup,
           .prefix = prefix,
           .rows_per_write = 1'000,
           .look = always,
           .work = drop},
          {.number = 3,
           .table = Table::kLookup,
           .prefix = keys::PendingPrefix(old),
           .rows_per_write = 1'000,
           .look = always,
           .work = drop}};
}

Result<RotationRow> IndexRowNow(const RotationCall& call) {
  BAILEE_TRY(const Frame frame, call.vault.Begin());
  return RequireRotation(call, *frame.snapshot);
}

Status RetireIndex(const RotationCall& call, const crypto::SigningKey& signer) {
  return call.vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(RotationRow row, RequireRotation(call, *frame.transaction));
    if (row.step == Step::kFinishing) return Status();
    keys::Manifest manifest = frame.rules()->manifest;
    keys::Manifest::Index* index = manifest.FindIndex(call.name);
    if (index == nullptr || index->open_version != row.from) return UnknownKey(call.key);
    index->open_version = 0;
    BAILEE_RETURN_IF_ERROR(BeginLastStep(call, frame, std::move(row)));
    return PutManifest(frame, manifest, signer);
  });
}

}  // namespace

Status BeginIndex(const RotationCall& call, const crypto::SigningKey& signer) {
  IndexBeginning beginning(call, signer);
  return call.vault.Write([&](Frame& frame) { return beginning.Run(frame); });
}

Status RunIndex(const RotationCall& call) {
  BAILEE_TRY(const RotationRow row, IndexRowNow(call));
  // What waits from before both were open waits for the old one alone.
  BAILEE_RETURN_IF_ERROR(FoldLookups(call.vault).status());
  return RunPass(call, Step::kRunning, Step::kReady, MakeRows(call, row)).status();
}

Status FinishIndex(const RotationCall& call, const crypto::SigningKey& signer) {
  BAILEE_TRY(RotationRow row, IndexRowNow(call));
  if (row.step != Step::kFinishing) {
    BAILEE_RETURN_IF_ERROR(FoldLookups(call.vault).status());
    BAILEE_TRY(const uint64_t left, CountLeft(call, MakeRows(call, row)));
    if (left > 0) return NotReady(left);
    BAILEE_RETURN_IF_ERROR(RetireIndex(call, signer));
    BAILEE_TRY(row, IndexRowNow(call));
  }
  const std::vector<PassPart> parts = DropRows(call, row);
  BAILEE_TRY(const bool all, RunPass(call, Step::kFinishing, Step::kFinishing, parts));
  if (!all) return Status();
  BAILEE_TRY(const uint64_t left, CountLeft(call, parts));
  if (left > 0) return NotReady(left);
  if (call.options.keep) {
    BAILEE_TRY(const Frame frame, call.vault.Begin());
    BAILEE_TRY(const KeyringFile file, OriginWithIndex(call, signer, frame, nullptr, row.from));
    BAILEE_RETURN_IF_ERROR(Keep(call, file));
  }
  BAILEE_RETURN_IF_ERROR(EndRotation(call));
  if (row.leaked) {
    BAILEE_TRY(call.rotated.shredded, Shred(call.vault, call.options.shred));
    return Status();
  }
  BAILEE_TRY(call.rotated.shredded, ShreddedSoFar(call.vault));
  return Status();
}

}  // namespace bailee::vault
