// SPDX-License-Identifier: Apache-2.0
// What is in a record: its row, the values in its compartments, what it was collected under.
#include <algorithm>
#include <optional>
#include <vector>

#include "bailee/limits.h"
#include "crypto/suite1.h"
#include "fuzz/keys.h"
#include "fuzz/target.h"
#include "record/fields.h"
#include "record/revisions.h"
#include "record/row.h"
#include "record/seal.h"
#include "record/terms.h"

namespace bailee::fuzz {
namespace {

// --- Rows

Bytes EncodeAgain(const record::RecordRow& row) {
  std::vector<record::RowEntry> entries;
  for (const record::RowEntry& entry : row) {
    const auto found = row.Find(entry.compartment);
    FUZZ_CHECK(found && found->generation == entry.generation);
    entries.push_back(entry);
  }
  FUZZ_CHECK(entries.size() == row.size());
  return record::EncodeRecordRow(row.head(), entries, row.revisions());
}

void RunRecordRow(ByteView input) {
  const auto row = record::ParseRecordRow(input);
  if (!row.ok()) return CheckFailure(row, {Code::kDamage});
  FUZZ_CHECK(Same(EncodeAgain(*row), input));
}

Bytes Envelope(size_t padded) { return Bytes(padded + crypto::kEnvelopeOverhead, 0x5a); }

std::vector<Bytes> RecordRowSeeds() {
  const record::RecordHead head{.revision = 3, .collected_at = {1'370'044'800'000}, .terms = {}};
  const Bytes sealed = Envelope(32);
  Bytes travelling = {1};
  const Bytes wraps = Envelope(160);
  travelling.insert(travelling.end(), wraps.begin(), wraps.end());
  const std::vector<record::RowEntry> entries = {
      {.compartment = 0, .generation = 1, .sealed = sealed},
      {.compartment = 2,
       .generation = record::kTravellingGeneration,
       .travelling = travelling,
       .sealed = sealed}};
  return {record::EncodeRecordRow(head, {}), record::EncodeRecordRow(head, entries),
          record::EncodeRecordRow(head, entries, Bytes(record::SealedRevisionsBytes(2), 0x11))};
}

const Registered registered_record_row({"record_row", RunRecordRow, RecordRowSeeds});

// --- Rows whose revisions open: the input is what lies sealed in them

void RunRevisions(ByteView input) {
  Choices choices(input);
  record::RecordHead head{.revision = choices.Number<uint32_t>()};
  const size_t count = choices.Below(4);
  const Bytes sealed = Envelope(32);
  std::vector<record::RowEntry> entries;
  for (uint16_t i = 0; i < count; ++i) {
    entries.push_back({.compartment = i, .generation = 1, .sealed = sealed});
  }
  const record::RecordPlace place{kVault, kHandle, kCategory, kRecord};
  const auto history = FixedKey<crypto::HistoryKey>(1);
  const crypto::Binding binding{.label = crypto::Label::kRevisions,
                                .vault = kVault,
                                .handle = kHandle,
                                .category = kCategory,
                                .record = kRecord,
                                .terms = head.terms,
                                .revision = head.revision};
  Bytes plain = ToBytes(choices.Rest());
  plain.resize(count * sizeof(uint32_t));  // any other length does not fit a row
  const Bytes row = record::EncodeRecordRow(
      head, entries, crypto::Seal(history, crypto::Encode(binding), plain, Random()));
  const auto parsed = record::ParseRecordRow(row);
  FUZZ_CHECK(parsed.ok());
  const auto opened = record::Revisions::Open(place, history, *parsed);
  if (!opened.ok()) return CheckFailure(opened, {Code::kDamage});
  for (uint16_t i = 0; i < count; ++i) {
    FUZZ_CHECK(opened->Of(i) <= head.revision);
    FUZZ_CHECK(opened->HeadOf(i).revision == opened->Of(i));
  }
}

std::vector<Bytes> RevisionsSeeds() {
  return {{0, 0, 0, 7, 2, 0, 0, 0, 7, 0, 0, 0, 6}, {0, 0, 0, 1, 1, 0, 0, 0, 2}};
}

const Registered registered_revisions({"revisions", RunRevisions, RevisionsSeeds});

// --- Values in an opened compartment

void RunFields(ByteView input) {
  const auto fields = record::Fields::Decode(input);
  if (!fields.ok()) return CheckFailure(fields, {Code::kDamage});
  std::vector<record::FieldValue> values;
  for (const auto& [field, value] : *fields) values.push_back({.field = field, .bytes = value});
  FUZZ_CHECK(values.size() == fields->size());
  const Secret again = Must(record::EncodeFields(values));
  again.RevealBytes([&](ByteView bytes) { FUZZ_CHECK(Same(bytes, input)); });
  for (const record::FieldValue& each : values) {
    const auto found = Must(record::FindField(input, each.field));
    FUZZ_CHECK(found && Same(*found, each.bytes));
  }
}

std::vector<Bytes> FieldsSeeds() {
  std::vector<Bytes> seeds;
  const Bytes value = ToBytes("4111111111111111");
  const std::vector<record::FieldValue> values = {
      {.field = 0, .bytes = value}, {.field = 5, .bytes = {}}, {.field = 63, .bytes = value}};
  for (size_t count = 0; count <= values.size(); ++count) {
    const Secret plain = Must(record::EncodeFields(std::span(values).first(count)));
    plain.RevealBytes([&](ByteView bytes) { seeds.push_back(ToBytes(bytes)); });
  }
  return seeds;
}

const Registered registered_fields({"fields", RunFields, FieldsSeeds});

// --- Terms

void RunTerms(ByteView input) {
  const auto other = record::ParseTerms(kVault, {}, input);  // nothing hashes to zeroes
  CheckFailure(other, {Code::kDamage});
  const auto terms = record::ParseTerms(kVault, crypto::TermsIdOf(kVault, input), input);
  if (!terms.ok()) return CheckFailure(terms, {Code::kDamage});
  FUZZ_CHECK(Same(record::EncodeTerms(*terms), input));
}

std::vector<Bytes> TermsSeeds() {
  return {record::EncodeTerms({.policy_version = 3,
                               .expiry_bucket = -7,
                               .notice = "checkout-7",
                               .source = "web",
                               .controller = ""}),
          record::EncodeTerms(
              {.policy_version = 1, .notice = "n", .source = "s", .controller = "acme"})};
}

const Registered registered_terms({"terms", RunTerms, TermsSeeds});

// --- A compartment in a row, wherever it was taken from

void RunCompartment(ByteView input) {
  Choices choices(input);
  record::CompartmentPlace place{.vault = kVault,
                                 .handle = kHandle,
                                 .category = kCategory,
                                 .record = kRecord,
                                 .generation = 1};
  const auto key = FixedKey<crypto::CompartmentKey>(2);
  const Bytes value = ToBytes(choices.Short());
  const record::FieldValue field{.field = 1, .bytes = value};
  Bytes sealed =
      record::SealCompartment(key, place, Must(record::EncodeFields({&field, 1})), Random());
  const Bytes whole = sealed;
  // Forged: changed, cut, lengthened, or shown in another place.
  const uint8_t bits = choices.Byte();
  if (bits != 0) sealed[choices.Number<uint32_t>() % sealed.size()] ^= bits;
  sealed.resize(sealed.size() - choices.Below(std::min<size_t>(256, sealed.size())));
  const ByteView more = choices.Short();
  sealed.insert(sealed.end(), more.begin(), more.end());
  place.compartment = choices.Byte();
  place.generation += choices.Byte();
  place.head.revision = choices.Byte();
  place.handle.bytes[3] ^= choices.Byte();
  const bool same = sealed == whole && place.compartment == 0 && place.generation == 1 &&
                    place.head.revision == 0 && place.handle == kHandle;
  const auto opened = record::OpenCompartment(key, place, sealed);
  FUZZ_CHECK(opened.ok() == same);
  if (!opened.ok()) CheckFailure(opened, {Code::kDamage});
}

std::vector<Bytes> CompartmentSeeds() {
  return {ToBytes(std::string_view("\4text\0", 6)), ToBytes("\4text\1abcd"), {}};
}

const Registered registered_compartment({"compartment", RunCompartment, CompartmentSeeds});

}  // namespace
}  // namespace bailee::fuzz
