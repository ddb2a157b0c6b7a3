// SPDX-License-Identifier: Apache-2.0
#include "bailee/inspect.h"

#include <map>
#include <memory>

#include "base/codec.h"
#include "base/hex.h"
#include "base/try.h"
#include "crypto/names.h"
#include "keys/shards.h"
#include "policy/policy.h"
#include "record/row.h"
#include "record/terms.h"
#include "store/engine.h"
#include "store/lmdb_engine.h"
#include "vault/check/inspect_trail.h"
#include "vault/frame/due.h"
#include "vault/frame/meta.h"

namespace bailee {
namespace {

using crypto::NameId;
using store::Table;

// Names that the stored policies, which are public, give to the ids in rows.
using Names = std::map<NameId, std::string>;

// A policy row is `signature 64 ‖ policy` under its version (FORMAT.md §7.2). Without a keyring the
// signature cannot be checked, so this is read as hostile bytes and believed for names alone.
constexpr size_t kSignatureBytes = 64;

void AddNames(const policy::Policy& declared, Names& names) {
  for (const policy::ReportInfo& report : declared.reports())
    names.emplace(crypto::NameIdOf(report.id), report.id);
  for (const policy::SourceInfo& source : declared.sources())
    names.emplace(crypto::NameIdOf(source.id), source.id);
  for (const policy::CategoryInfo& category : declared.categories()) {
    names.emplace(crypto::NameIdOf(category.id), category.id);
    for (const policy::FieldInfo& field : category.fields) {
      for (size_t i = 0; i < declared.purposes().size(); ++i) {
        if (!field.lookups.test(i)) continue;
        const std::string index = category.id + "." + field.name + "/" + declared.purposes()[i].id;
        names.emplace(crypto::NameIdOf(index), index);
      }
    }
  }
}

Status ReadPolicies(store::Snapshot& snapshot, Inspection& inspection, Names& names) {
  return snapshot.Scan(Table::kPolicies, {}, {}, [&](ByteView key, ByteView value) {
    if (key.size() != sizeof(uint32_t) || value.size() < kSignatureBytes) return true;
    const auto declared = policy::Policy::FromBinary(value.subspan(kSignatureBytes));
    if (!declared.ok()) return true;
    AddNames(**declared, names);
    inspection.policy_name = (*declared)->name();  // rows come in the order of versions
    inspection.policy_version = (*declared)->version();
    return true;
  });
}

// Takes a row apart as FORMAT.md §§5.2, 9, 10 and 11 say, as far as no key is needed.
class RowReader {
 public:
  RowReader(const VaultId& vault, const Names& names) : vault_(vault), names_(names) {}

  InspectedRow Read(Table table, ByteView key, ByteView value) {
    InspectedRow row;
    row.table = store::TableName(table);
    row.key_bytes = key.size();
    row.value_bytes = value.size();
    category_ = {};
    Reader reader(key);
    if (table == Table::kMeta) ReadMeta(row, key, value);
    if (table == Table::kPolicies) ReadPolicy(row, reader);
    if (table == Table::kTerms) ReadTerms(row, reader, value);
    if (table == Table::kSubjects) ReadSubject(row, reader, value);
    if (table == Table::kRecords) ReadRecord(row, reader, value);
    if (table == Table::kLookup) ReadLookup(row, reader);
    if (table == Table::kDue) ReadDue(row, reader);
    if (table == Table::kReports) ReadReport(row, reader, value);
    if (table == Table::kAuditLeaf) vault::InspectLeaf(row, key, value);
    if (table == Table::kAuditNode) vault::InspectNode(row, key);
    if (reader.failed()) {
      row.kind.clear();
      row.readable.clear();
    }
    return row;
  }

  // Of the row just read; empty if it belongs to none.
  const std::string& category() const { return category_; }

 private:
  std::string NameOf(const NameId& id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? id.ToHex() : found->second;
  }

  void TakeHex(InspectedRow& row, const char* name, Reader& reader, size_t bytes) {
    row.readable.emplace_back(name, ToHex(reader.GetBytes(bytes)));
  }

  void TakeCategory(InspectedRow& row, Reader& reader) {
    category_ = NameOf({.bytes = reader.GetArray<8>()});
    row.readable.emplace_back("category", category_);
  }

  static void ReadMeta(InspectedRow& row, ByteView key, ByteView value) {
    // Keys are words, but for shards and their groups, which end in a number, and instances of the
    // trail.
    const std::string_view text = AsText(key);
    row.kind = text.starts_with("shards")   ? "shard keys"
               : text.starts_with("groups") ? "group keys"
                                            : "meta";
    if (row.kind != "meta") return;
    if (IsWord(text)) {
      row.readable.emplace_back("name", text);
      if (text == "epoch")
        row.readable.emplace_back("epoch", std::to_string(Reader(value).Get<uint64_t>()));
    } else {
      vault::InspectWatermark(row, key, value);
    }
  }

  static bool IsWord(std::string_view text) {
    for (const char c : text) {
      if (c < 'a' || c > 'z') return false;
    }
    return true;
  }

  static void ReadPolicy(InspectedRow& row, Reader& key) {
    row.kind = "policy";
    row.readable.emplace_back("version", std::to_string(key.Get<uint32_t>()));
  }

  void ReadTerms(InspectedRow& row, Reader& key, ByteView value) {
    const record::TermsId id{key.GetArray<16>()};
    const auto terms = record::ParseTerms(vault_, id, value);
    if (!terms.ok()) return;
    row.kind = "terms";
    row.readable.emplace_back("terms", id.ToHex());
    row.readable.emplace_back("policy_version", std::to_string(terms->policy_version));
    row.readable.emplace_back("expiry_bucket", std::to_string(terms->expiry_bucket));
    row.readable.emplace_back("notice", terms->notice);
    row.readable.emplace_back("source", terms->source);
    row.readable.emplace_back("controller", terms->controller);
  }

  void ReadSubject(InspectedRow& row, Reader& key, ByteView value) {
    TakeHex(row, "handle", key, 16);
    if (key.Get<uint8_t>() != 0) {
      row.kind = "wraps";
      TakeCategory(row, key);
      row.readable.emplace_back("compartment", std::to_string(key.Get<uint16_t>()));
      TakeHex(row, "terms", key, 16);
      return;
    }
    row.kind = "subject";
    Reader head(value);
    (void)head.Get<uint8_t>();
    row.readable.emplace_back("generation", std::to_string(head.Get<uint32_t>()));
    TakeHex(row, "shard_key", head, 8);
    row.readable.emplace_back("revision", std::to_string(head.Get<uint32_t>()));
  }

  void ReadRecord(InspectedRow& row, Reader& key, ByteView value) {
    const auto parsed = record::ParseRecordRow(value);
    if (!parsed.ok()) return;
    row.kind = "record";
    TakeHex(row, "handle", key, 16);
    TakeCategory(row, key);
    TakeHex(row, "record", key, 16);
    row.readable.emplace_back("revision", std::to_string(parsed->head().revision));
    row.readable.emplace_back("collected_at_ms",
                              std::to_string(parsed->head().collected_at.unix_ms));
    row.readable.emplace_back("terms", parsed->head().terms.ToHex());
    std::string generations;
    std::string sizes;
    for (const record::RowEntry& entry : *parsed) {
      const char* between = sizes.empty() ? "" : " ";
      const bool travels = !entry.travelling.empty();
      generations +=
          between + (travels ? std::string("travelling") : std::to_string(entry.generation));
      sizes += between + std::to_string(entry.sealed.size());
    }
    row.readable.emplace_back("generations", generations);
    row.readable.emplace_back("sealed_bytes", sizes);
  }

  void ReadLookup(InspectedRow& row, Reader& key) {
    const auto type = key.Get<uint8_t>();
    if (type == 1 || type == 2) {
      row.kind = type == 1 ? "ref index" : "tag index";
      TakeHex(row, "tag", key, 16);
    } else if (type == 3 || type == 4) {
      row.kind = type == 3 ? "field index" : "pending index";
      const std::string index = NameOf({.bytes = key.GetArray<8>()});
      row.readable.emplace_back("index", index);
      category_ = index.substr(0, index.find('.'));
      row.readable.emplace_back("version", std::to_string(key.Get<uint16_t>()));
      TakeHex(row, type == 3 ? "tag" : "handle", key, 16);
    } else if (type == 5) {
      row.kind = "back index";
      TakeHex(row, "handle", key, 16);
    }
  }

  void ReadDue(InspectedRow& row, Reader& key) {
    using vault::Due;
    switch (Due{key.Get<uint8_t>()}) {
      case Due::kRows:
        row.kind = "rows to delete";
        return TakeHex(row, "handle", key, 16);
      case Due::kShard:
      case Due::kShardRows:
        row.kind = "shard to renew";
        row.readable.emplace_back("shard", std::to_string(key.Get<uint16_t>()));
        return;
      case Due::kEpoch:
        row.kind = "epoch to begin";
        return;
      case Due::kEnd:
        row.kind = "epoch to end";
        row.readable.emplace_back("epoch", std::to_string(key.Get<uint64_t>()));
        return;
    }
  }

  void ReadReport(InspectedRow& row, Reader& key, ByteView value) {
    const auto type = key.Get<uint8_t>();
    if (type == 1 || type == 2) {
      row.kind = type == 1 ? "report cells" : "report feed";
      row.readable.emplace_back("report", NameOf({.bytes = key.GetArray<8>()}));
      row.readable.emplace_back("bucket", std::to_string(key.Get<uint8_t>()));
      row.readable.emplace_back("from_ms", std::to_string(key.Get<int64_t>()));
    } else if (type == 3 && value.size() == sizeof(uint64_t)) {
      row.kind = "counter";
      const bool tag = key.Get<uint8_t>() == 1;
      row.readable.emplace_back("why", tag ? "no-accepted-tag" : "source-independent");
      row.readable.emplace_back("of", NameOf({.bytes = key.GetArray<8>()}));
      row.readable.emplace_back("count", std::to_string(LoadBigEndian<uint64_t>(value.data())));
    }
  }

  const VaultId& vault_;
  const Names& names_;
  std::string category_;
};

}  // namespace

Result<Inspection> Inspect(const std::string& directory, const InspectOptions& options) {
  BAILEE_TRY(const std::unique_ptr<store::Engine> engine, store::OpenLmdb(directory, {}));
  BAILEE_RETURN_IF_ERROR(engine->Say(keys::kNoEpochHeld));
  BAILEE_TRY(const store::Engine::Statistics statistics, engine->Measure());
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine->Read());
  BAILEE_TRY(const vault::VaultRow vault_row, vault::ReadVaultRow(*snapshot));
  Inspection inspection;
  inspection.id = vault_row.id;
  inspection.format = vault_row.format;
  inspection.created_at = vault_row.created_at;
  inspection.file_bytes = statistics.file_bytes;
  Names names;
  BAILEE_RETURN_IF_ERROR(ReadPolicies(*snapshot, inspection, names));
  RowReader reader(inspection.id, names);
  bool go_on = static_cast<bool>(options.visit);
  for (uint8_t i = 0; i < store::kTableCount; ++i) {
    const auto table = static_cast<Table>(i);
    inspection.tables.push_back({std::string(store::TableName(table)), statistics.rows[i]});
    if (!go_on) continue;
    BAILEE_RETURN_IF_ERROR(snapshot->Scan(table, {}, {}, [&](ByteView key, ByteView value) {
      const InspectedRow row = reader.Read(table, key, value);
      if (options.category.empty() || options.category == reader.category()) {
        go_on = options.visit(row);
      }
      return go_on;
    }));
  }
  return inspection;
}

}  // namespace bailee
