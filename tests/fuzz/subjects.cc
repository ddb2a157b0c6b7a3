// SPDX-License-Identifier: Apache-2.0
// Rows about a subject that are sealed: wraps, state, lookups. The input is what lies sealed in
// them, so that what only a holder of the right key could have written is read too.
#include <algorithm>
#include <array>
#include <string>

#include "base/codec.h"
#include "crypto/suite1.h"
#include "fuzz/keys.h"
#include "fuzz/memory_file.h"
#include "fuzz/target.h"
#include "keys/back_rows.h"
#include "keys/epoch_file.h"
#include "keys/lookup.h"
#include "keys/pending.h"
#include "keys/shards.h"
#include "keys/subject.h"
#include "keys/wraps.h"
#include "record/row.h"
#include "support/memory_engine.h"

namespace bailee::fuzz {
namespace {

// --- Wraps rows

constexpr size_t kSealedKeyBytes = crypto::kKeyBytes + crypto::kEnvelopeOverhead;

keys::WrapPlace SomePlace() {
  return {.vault = kVault, .handle = kHandle, .category = kCategory, .compartment = 1, .terms = {}};
}

Bytes WrapsRowOf(ByteView plain, const crypto::SubjectKey& subject) {
  const auto binding = crypto::Encode(crypto::Binding{.label = crypto::Label::kWrapsRow,
                                                      .vault = kVault,
                                                      .handle = kHandle,
                                                      .category = kCategory,
                                                      .compartment = 1,
                                                      .generation = 1});
  Bytes row = {1};
  crypto::SealAppend(subject, binding, plain, Random(), row);
  return row;
}

void CheckWraps(const keys::WrapSet& wraps, const crypto::SubjectKey& subject) {
  const auto key = FixedKey<crypto::PurposeKey>(2);
  for (const keys::Wrap& wrap : wraps.wraps()) {
    const keys::Wrap* found = wraps.Find(wrap.purpose, wrap.key_version, wrap.generation);
    FUZZ_CHECK(found == &wrap && wraps.HasGeneration(wrap.generation));
    const auto opened = keys::OpenWrap(SomePlace(), wrap, key);
    if (!opened.ok()) CheckFailure(opened.status(), {Code::kDamage});
  }
  (void)wraps.WriteOnlyNumbers();
  const Bytes sealed = Must(wraps.Seal(SomePlace(), subject, Random()));
  const auto again = keys::WrapSet::Open(SomePlace(), subject, sealed);
  FUZZ_CHECK(again.ok() && again->wraps().size() == wraps.wraps().size());
}

void RunWraps(ByteView input) {
  const auto subject = FixedKey<crypto::SubjectKey>(1);
  CheckFailure(keys::WrapSet::Open(SomePlace(), subject, input).status(), {Code::kDamage});
  if (input.size() > 16'384) return;
  for (const bool padded : {false, true}) {
    const Bytes row = WrapsRowOf(padded ? PaddedCopy(input) : ToBytes(input), subject);
    const auto wraps = keys::WrapSet::Open(SomePlace(), subject, row);
    const auto travelling = keys::WrapSet::OpenTravelling(SomePlace(), subject, row);
    if (!wraps.ok()) CheckFailure(wraps.status(), {Code::kDamage});
    if (!travelling.ok()) CheckFailure(travelling.status(), {Code::kDamage});
    // What travels and what lies in a row cannot be taken for one another, but for nothing at all.
    if (wraps.ok() && travelling.ok()) FUZZ_CHECK(wraps->wraps().empty());
    if (wraps.ok()) CheckWraps(*wraps, subject);
  }
}

std::vector<Bytes> WrapsSeeds() {
  std::vector<Bytes> seeds = {{0, 0}};
  for (const uint32_t generation : {uint32_t{1}, record::kTravellingGeneration}) {
    Bytes plain;
    Writer writer(plain);
    writer.Put(uint16_t{2});
    for (uint8_t i = 0; i < 2; ++i) {
      writer.Put(static_cast<uint8_t>(4 + i)).Put(ByteView(KeyBytes(i)).first(8));
      writer.Put(uint16_t{1}).Put(generation);
      writer.Put(ByteView(Bytes(kSealedKeyBytes + (i == 0 ? 0 : 32), 0x33)));
    }
    seeds.push_back(plain);
  }
  return seeds;
}

const Registered registered_wraps({"wraps", RunWraps, WrapsSeeds});

// --- The state of a subject: head, keys, ref, standing

void RunSubjectState(ByteView input) {
  const auto head = keys::ParseSubjectHead(input);
  if (!head.ok()) CheckFailure(head, {Code::kDamage});
  for (const bool pad : {false, true}) {
    const Bytes padded = pad ? PaddedCopy(input) : ToBytes(input);
    auto subject = keys::DecodeState({}, padded);
    if (!subject.ok()) {
      CheckFailure(subject.status(), {Code::kDamage});
      continue;
    }
    const Secret again = Must(keys::EncodeState(*subject));
    again.RevealBytes([&](ByteView bytes) { FUZZ_CHECK(Same(bytes, padded)); });
    const uint32_t before = subject->RevisionOf(kCategory, kRecord);
    subject->SetRevision(kCategory, kRecord, before + 1);
    FUZZ_CHECK(subject->RevisionOf(kCategory, kRecord) == before + 1);
  }
}

std::vector<Bytes> SubjectStateSeeds() {
  keys::Subject subject;
  subject.key = FixedKey<crypto::SubjectKey>(1);
  subject.history = FixedKey<crypto::HistoryKey>(2);
  subject.ref = Must(Secret::From("user-4711"));
  subject.standing = {1, 2, 3};
  subject.SetRevision(kCategory, kRecord, 3);
  std::vector<Bytes> seeds;
  Must(keys::EncodeState(subject)).RevealBytes([&](ByteView bytes) {
    seeds.push_back(ToBytes(bytes));
  });
  const auto shard = FixedKey<crypto::ShardKey>(3);
  seeds.push_back(Must(keys::SealSubject(kVault, kHandle, subject, {7, &shard}, Random())));
  return seeds;
}

const Registered registered_subject_state({"subject_state", RunSubjectState, SubjectStateSeeds});

// --- Pending entries: the input is key, value, or what is sealed twice

Bytes PendingValue(ByteView plain, const keys::RowNonce& nonce) {
  const auto context = LoadBigEndian<uint64_t>(nonce.data());
  const auto inner =
      crypto::Encode(crypto::WrapBinding{.binding = {.label = crypto::Label::kPendingInner,
                                                     .vault = kVault,
                                                     .handle = kHandle,
                                                     .category = kCategory,
                                                     .context = context},
                                         .purpose = kCategory,
                                         .key_version = 1});
  const auto outer = crypto::Encode(crypto::Binding{.label = crypto::Label::kPendingOuter,
                                                    .vault = kVault,
                                                    .handle = kHandle,
                                                    .category = kCategory,
                                                    .generation = 1,
                                                    .revision = 1,
                                                    .context = context});
  static crypto::BoxSender sender = Must(crypto::BoxSender::Create(Random()));
  static const crypto::BoxPublicKey recipient =
      crypto::PublicKeyOf(Must(crypto::DeriveBoxSecret(FixedKey<crypto::PurposeKey>(2), 1)));
  const Bytes box = Must(sender.Seal(recipient, inner, plain, Random()));
  Bytes value = {0, 1};
  crypto::SealAppend(FixedKey<crypto::SubjectKey>(1), outer, PaddedCopy(box), Random(), value);
  return value;
}

void RunPending(ByteView input) {
  const auto subject = FixedKey<crypto::SubjectKey>(1);
  const auto parsed = keys::ParsePendingKey(input);
  if (!parsed.ok()) CheckFailure(parsed, {Code::kDamage});
  const auto version = keys::PendingPurposeVersion(input);
  if (!version.ok()) CheckFailure(version, {Code::kDamage});
  CheckFailure(keys::CheckPending(kVault, input, input, subject), {Code::kDamage});
  if (input.size() > 4096) return;
  const keys::RowNonce nonce = {1, 2, 3};
  const keys::PendingPlace place{.vault = kVault,
                                 .handle = kHandle,
                                 .index = {kCategory, 1},
                                 .purpose = kCategory,
                                 .purpose_version = 1};
  Bytes key = keys::PendingPrefix(place.index);
  Writer(key).Put(place.handle.view()).Put(ByteView(nonce));
  for (const bool pad : {false, true}) {
    const Bytes value = PendingValue(pad ? PaddedCopy(input) : ToBytes(input), nonce);
    Must(keys::CheckPending(kVault, key, value, subject));
    const auto opened =
        keys::OpenPending(place, nonce, subject, FixedKey<crypto::PurposeKey>(2), value);
    if (!opened.ok()) {
      CheckFailure(opened.status(), {Code::kDamage});
      continue;
    }
    FUZZ_CHECK(!pad || opened->index_form.size_bytes() == input.size() - 16);
  }
}

std::vector<Bytes> PendingSeeds() {
  Bytes plain = ToBytes(kRecord.view());
  plain.push_back('a');
  Bytes key = keys::PendingPrefix({kCategory, 1});
  Writer(key).Put(kHandle.view()).Put(uint64_t{7});
  return {plain, key, {}};
}

const Registered registered_pending({"pending", RunPending, PendingSeeds});

// --- Back rows and keys of the lookup table

void RunLookupKeys(ByteView input) {
  if (const auto name = keys::ParseWrapsRowKey(input)) {
    const keys::WrapsRowKey again = keys::WrapsRowKeyOf({.vault = kVault,
                                                         .handle = name->handle,
                                                         .category = name->category,
                                                         .compartment = name->compartment,
                                                         .terms = name->terms});
    FUZZ_CHECK(Same(again, input));
  }
  (void)keys::LeadsToRecord(input);
  (void)keys::TagOfField(input);
  const auto owner = keys::OwnerOfBackRow(input);
  const auto history = FixedKey<crypto::HistoryKey>(2);
  if (!owner) return;
  const ByteView nonce = input.last(sizeof(keys::RowNonce));
  const auto binding =
      crypto::Encode(crypto::Binding{.label = crypto::Label::kBackRow,
                                     .vault = kVault,
                                     .handle = *owner,
                                     .context = LoadBigEndian<uint64_t>(nonce.data())});
  constexpr size_t kEntryBytes = keys::kFieldKeyBytes - 1 + 16;
  const Bytes plain(input[4] * size_t{10}, input[3]);
  const size_t count = plain.size() / kEntryBytes;
  const auto opened = keys::OpenBackRow(kVault, {*owner, history}, input,
                                        crypto::Seal(history, binding, plain, Random()));
  const bool whole = count > 0 && count <= keys::kBackEntriesMax && plain.size() % kEntryBytes == 0;
  FUZZ_CHECK(opened.ok() == whole);
  if (!opened.ok()) return CheckFailure(opened.status(), {Code::kDamage});
  FUZZ_CHECK(opened->size() == count);
  for (const keys::BackEntry& entry : *opened)
    FUZZ_CHECK(keys::TagOfField(entry.field_key) == entry.tag());
  CheckFailure(keys::OpenBackRow(kVault, {*owner, history}, input, plain).status(),
               {Code::kDamage});
}

std::vector<Bytes> LookupKeysSeeds() {
  std::vector<Bytes> seeds;
  Bytes back = keys::BackPrefix(kHandle);
  Writer(back).Put(uint64_t{7});
  Bytes field = keys::FieldPrefix({kCategory, 1});
  Writer(field).Put(kRecord.view()).Put(uint64_t{7});
  const keys::WrapsRowKey row = keys::WrapsRowKeyOf(SomePlace());
  return {back, field, {1, 2, 3}, ToBytes(ByteView(row))};
}

const Registered registered_lookup_keys({"lookup_keys", RunLookupKeys, LookupKeysSeeds});

// --- Lookup rows and rows of shards, in a store that holds nothing else

void RunLookupRows(ByteView input) {
  Choices choices(input);
  const auto engine = testing::MakeMemoryEngine();
  keys::Shards shards(kVault, 1, FixedKey<crypto::EpochKey>(1));
  const keys::LookupContext context{kVault, shards};
  const Bytes key = ToBytes(choices.Short());
  const Bytes value = ToBytes(choices.Short());
  const Bytes shards_row = ToBytes(choices.Long());
  const uint16_t shard = choices.Number<uint16_t>() % keys::kShardCount;
  const uint16_t group = shard / keys::kShardsPerGroup;
  const Bytes epoch_row = ToBytes(choices.Short());
  const Bytes groups_row = ToBytes(choices.Long());
  Must(engine->Write([&](store::WriteTransaction& transaction) {
    Status put = transaction.Put(store::Table::kMeta, keys::ShardsRowKeyOf(group), shards_row);
    if (put.ok()) {
      put = transaction.Put(store::Table::kMeta, keys::GroupsRowKeyOf(group / keys::kGroupsPerRow),
                            groups_row);
    }
    if (put.ok()) put = transaction.Put(store::Table::kMeta, AsBytes("epoch"), epoch_row);
    if (put.ok() && !key.empty()) put = transaction.Put(store::Table::kLookup, key, value);
    return put;
  }));
  const auto snapshot = Must(engine->Read());
  const auto check = [](const Status& status) {
    if (!status.ok()) CheckFailure(status, {Code::kDamage});
  };
  check(keys::ReadEpochRow(*snapshot).status());
  check(shards.Current(*snapshot, shard).status());
  check(shards.CountKeys(*snapshot, group).status());
  check(keys::OpenFieldRow(context, *snapshot, key, value).status());
  check(keys::OpenRefRow(context, *snapshot, key, value).status());
  check(keys::TaggedPrefixes(*snapshot).status());
  check(keys::PendingPrefixes(*snapshot).status());
  keys::LookupTag tag{};
  if (key.size() > 17) std::copy_n(key.begin() + 1, 16, tag.begin());
  check(keys::FindRef(context, *snapshot, keys::RefDomain::kSubject, tag).status());
  check(engine->Write([&](store::WriteTransaction& transaction) {
    return key.empty() ? Status() : keys::MoveRow(context, transaction, key, Random());
  }));
}

// --- What is sealed in a row of shards

void RunShardKeys(ByteView input) {
  const auto group = keys::OpenedGroup::Decode(Must(Secret::From(input)));
  if (!group.ok()) return CheckFailure(group.status(), {Code::kDamage});
  for (size_t shard = 0; shard < keys::kShardsPerGroup; ++shard) {
    const size_t count = group->CountOf(shard);
    FUZZ_CHECK(count == 1 || count == 2);
    FUZZ_CHECK(Must(group->Find(shard, group->CurrentOf(shard))).has_value());
    const keys::OpenedGroup begun = Must(group->Renewed(shard, true, Random()));
    FUZZ_CHECK(begun.CountOf(shard) == 2 && begun.IdOf(shard, 0) == group->CurrentOf(shard));
    FUZZ_CHECK(begun.CurrentOf((shard + 1) % keys::kShardsPerGroup) ==
               group->CurrentOf((shard + 1) % keys::kShardsPerGroup));
    const keys::OpenedGroup ended = Must(begun.Renewed(shard, false, Random()));
    FUZZ_CHECK(ended.CountOf(shard) == 1 && ended.CurrentOf(shard) == begun.CurrentOf(shard));
  }
}

std::vector<Bytes> ShardKeysSeeds() {
  const keys::OpenedGroup one = Must(keys::OpenedGroup::Generate(Random()));
  const keys::OpenedGroup two = Must(one.Renewed(63, true, Random()));
  std::vector<Bytes> seeds;
  for (const keys::OpenedGroup* each : {&one, &two})
    each->plain().RevealBytes([&](ByteView plain) { seeds.push_back(ToBytes(plain)); });
  return seeds;
}

const Registered registered_shard_keys({"shard_keys", RunShardKeys, ShardKeysSeeds});

// All shards have the same key and id; all groups of a row have the same key.
Bytes ShardsRow(uint16_t group, uint64_t id) {
  Bytes plain;
  for (size_t i = 0; i < keys::kShardsPerGroup; ++i)
    Writer(plain).Put(uint8_t{1}).Put(id).Put(KeyBytes(5));
  const auto binding = crypto::Encode(
      crypto::Binding{.label = crypto::Label::kShardKeys, .vault = kVault, .revision = group});
  Bytes row = {1};
  crypto::SealAppend(FixedKey<crypto::GroupKey>(4), binding, plain, Random(), row);
  return row;
}

Bytes GroupsRow(uint16_t n) {
  Bytes plain;
  for (size_t i = 0; i < keys::kGroupsPerRow; ++i) Writer(plain).Put(KeyBytes(4));
  const auto binding = crypto::Encode(
      crypto::Binding{.label = crypto::Label::kGroupKeys, .vault = kVault, .revision = n});
  Bytes row = {1};
  Writer(row).Put(uint64_t{1});
  crypto::SealAppend(FixedKey<crypto::EpochKey>(1), binding, plain, Random(), row);
  return row;
}

std::vector<Bytes> LookupRowsSeeds() {
  Bytes key = {1};
  Writer(key).Put(kHandle.view()).Put(uint64_t{7});
  const uint16_t shard = keys::ShardOf(kHandle.bytes);
  const auto binding = crypto::Encode(crypto::Binding{.label = crypto::Label::kLookupHandle,
                                                      .vault = kVault,
                                                      .record = {kHandle.bytes},
                                                      .context = 7});
  Bytes value;
  Writer(value).Put(uint64_t{3});
  crypto::SealAppend(FixedKey<crypto::ShardKey>(5), binding, kHandle.view(), Random(), value);
  Bytes seed;
  Writer(seed).PutPrefixed<uint8_t>(key).PutPrefixed<uint8_t>(value);
  const uint16_t group = shard / keys::kShardsPerGroup;
  Writer(seed).PutPrefixed<uint16_t>(ShardsRow(group, 3)).Put(shard);
  Bytes epoch;
  Writer(epoch).Put(uint64_t{1}).Put(uint64_t{1});
  Writer(seed).PutPrefixed<uint8_t>(epoch);
  Writer(seed).PutPrefixed<uint16_t>(GroupsRow(group / keys::kGroupsPerRow));
  return {seed};
}

const Registered registered_lookup_rows({"lookup_rows", RunLookupRows, LookupRowsSeeds});

// --- The file of epochs

void RunEpochFile(ByteView input) {
  if (input.size() > 9000) return;
  const MemoryFile file(input);
  const keys::EpochFile epochs(file.path(), kVault);
  const auto storage = FixedKey<crypto::StorageKey>(1);
  const keys::StorageKeyRef ref{1, storage};
  for (const uint64_t epoch : {uint64_t{1}, uint64_t{2}, ~uint64_t{0}}) {
    const auto key = epochs.Get(epoch, ref);
    if (!key.ok()) CheckFailure(key.status(), {Code::kNotFound, Code::kKey});
    const auto content = epochs.Look(epoch, ref);
    FUZZ_CHECK(content.ok());
    if (key.ok()) FUZZ_CHECK(content->state == keys::EpochFile::Content::State::kOpens);
    const bool holds = Must(epochs.Holds(epoch));
    if (key.ok()) FUZZ_CHECK(holds);
  }
}

std::vector<Bytes> EpochFileSeeds() {
  std::vector<Bytes> seeds;
  const auto storage = FixedKey<crypto::StorageKey>(1);
  const MemoryFile file({});
  const std::string path = file.path();
  const keys::EpochFile epochs(path, kVault);
  const keys::StorageKeyRef refs[] = {{1, storage}, {2, storage}};
  for (const size_t count : {size_t{1}, size_t{2}}) {
    (void)Must(epochs.Prepare(count, {refs, count}, Random()));
    seeds.push_back(file.Content());
  }
  return seeds;
}

const Registered registered_epoch_file({"epoch_file", RunEpochFile, EpochFileSeeds});

}  // namespace
}  // namespace bailee::fuzz
