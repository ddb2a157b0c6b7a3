// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "keys/epoch_file.h"
#include "keys/shards.h"
#include "keys/subject.h"
#include "keys/wraps.h"
#include "record/fields.h"
#include "record/revisions.h"
#include "record/row.h"
#include "record/seal.h"
#include "support/raw_rows.h"

namespace bailee {

// Reads as somebody would who has the files, one keyring and FORMAT.md, and asks nobody: every key
// is tried on every wrap.
class RawReader {
 public:
  // `epoch_path`: the file of epochs they have; by default the one beside the rows.
  RawReader(const RawRows& rows, const VaultId& vault, const keys::KeyringKeys& keys,
            const std::string& epoch_path = {})
      : vault_(vault), keys_(keys) {
    auto snapshot = rows.engine().Read();
    if (!snapshot.ok()) std::abort();
    snapshot_ = *std::move(snapshot);
    const auto row = keys::ReadEpochRow(*snapshot_);
    if (!row.ok()) std::abort();
    const keys::EpochFile file(epoch_path.empty() ? rows.directory() + "/epoch" : epoch_path,
                               vault);
    auto key = file.Get(row->epoch, {keys.header.storage_version, keys.storage});
    if (key.ok()) shards_ = std::make_unique<keys::Shards>(vault, row->epoch, *std::move(key));
  }

  // Whether the file of epochs opens anything of these rows.
  bool has_epoch() const { return shards_ != nullptr; }

  // From now on tries the data keys that `then` opens, in an earlier copy, on the records of these
  // rows.
  void TakeKeysFrom(RawReader& then) { then_ = &then; }

  // The compartments of a record that open.
  std::set<uint16_t> Opens(ByteView key, ByteView row_bytes) {
    std::set<uint16_t> opened;
    ForEachOpened(key, row_bytes,
                  [&](uint16_t compartment, const Secret&) { opened.insert(compartment); });
    return opened;
  }

  // The values in them, by number of field.
  std::map<record::FieldNumber, std::string> Values(ByteView key, ByteView row_bytes) {
    std::map<record::FieldNumber, std::string> values;
    ForEachOpened(key, row_bytes, [&](uint16_t, const Secret& opened) {
      opened.RevealBytes([&](ByteView plain) {
        const auto fields = record::Fields::Decode(plain);
        if (!fields.ok()) std::abort();
        for (const auto& item : *fields) values[item.field] = std::string(AsText(item.value));
      });
    });
    return values;
  }

 private:
  void ForEachOpened(ByteView key, ByteView row_bytes,
                     const std::function<void(uint16_t, const Secret&)>& visit) {
    const auto row = record::ParseRecordRow(row_bytes);
    keys::WrapPlace place{.vault = vault_};
    std::copy_n(key.begin(), 16, place.handle.bytes.begin());
    std::copy_n(key.begin() + 16, 8, place.category.bytes.begin());
    RecordId id;
    std::copy_n(key.begin() + 24, 16, id.bytes.begin());
    RawReader& source = then_ == nullptr ? *this : *then_;
    if (!source.has_epoch() || !source.Knows(place.handle)) return;
    const keys::Subject subject = source.OpenSubject(place.handle);
    place.terms = row->head().terms;
    place.subject_generation = subject.head.generation;
    const auto revisions =
        record::Revisions::Open({vault_, place.handle, place.category, id}, subject.history, *row);
    if (!revisions.ok()) std::abort();
    for (const record::RowEntry& entry : *row) {
      place.compartment = entry.compartment;
      place.record = entry.travelling.empty() ? RecordId{} : id;
      const record::CompartmentPlace at{.vault = vault_,
                                        .handle = place.handle,
                                        .category = place.category,
                                        .record = id,
                                        .compartment = entry.compartment,
                                        .generation = entry.generation,
                                        .head = revisions->HeadOf(entry.compartment)};
      const keys::WrapSet wraps = source.WrapsOf(place, subject, entry, then_ != nullptr);
      for (const keys::Wrap& wrap : wraps.wraps()) {
        for (const keys::HeldPurpose& held : keys_.purposes) {
          const auto d = keys::OpenWrap(place, wrap, held.key);
          if (!d.ok()) continue;
          const auto plain = record::OpenCompartment(*d, at, entry.sealed);
          if (plain.ok()) visit(entry.compartment, *plain);
        }
      }
    }
  }

  bool Knows(const Handle& handle) {
    const auto row = snapshot_->Get(store::Table::kSubjects, keys::SubjectRowKeyOf(handle));
    return row.ok() && row->has_value();
  }

  keys::Subject OpenSubject(const Handle& handle) {
    const auto row = snapshot_->Get(store::Table::kSubjects, keys::SubjectRowKeyOf(handle));
    if (!row.ok() || !*row) std::abort();
    auto subject = keys::OpenSubject(vault_, handle, **row, *shards_, *snapshot_);
    if (!subject.ok()) std::abort();
    return *std::move(subject);
  }

  keys::WrapSet WrapsOf(const keys::WrapPlace& place, const keys::Subject& subject,
                        const record::RowEntry& entry, bool may_fail = false) {
    if (!entry.travelling.empty()) {
      auto wraps = keys::WrapSet::OpenTravelling(place, subject.key, entry.travelling);
      return !wraps.ok() && may_fail ? keys::WrapSet() : *std::move(wraps);
    }
    const auto row = snapshot_->Get(store::Table::kSubjects, keys::WrapsRowKeyOf(place));
    if (row.ok() && !*row && may_fail) return keys::WrapSet();
    if (!row.ok() || !*row) std::abort();
    return *keys::WrapSet::Open(place, subject.key, **row);
  }

  const VaultId vault_;
  const keys::KeyringKeys& keys_;
  std::unique_ptr<keys::Shards> shards_;  // null: the epoch of the rows is gone
  std::unique_ptr<store::Snapshot> snapshot_;
  RawReader* then_ = nullptr;
};

}  // namespace bailee
