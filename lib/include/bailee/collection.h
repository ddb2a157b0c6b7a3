// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "bailee/who.h"

namespace bailee {

// One value on its way in. `value` is mutable so that a list of them can be written in braces and
// moved from.
struct FieldInput {
  FieldInput(std::string_view field_name, Secret field_value)
      : name(field_name), value(std::move(field_value)) {}
  std::string_view name;
  mutable Secret value;
};

// What everything in one collection is collected under.
struct CollectRequest {
  Who who;
  std::string_view notice;        // what the person was shown; its purposes bound every later use
  std::string_view source;        // the service or partner it came from
  std::string_view on_behalf_of;  // controller, or empty for our own
  std::optional<Timestamp> collected_at =
      {};  // default now; may lie in the past, never in the future
  // What the browser sent along, by the policy's names, e.g. "gpc". Each counts as objecting to
  // what the policy says, from then on: it is put into the ledger first, also if the collection is
  // then refused (but for somebody unknown, of whom nothing is kept then).
  std::vector<std::string_view> signals = {};
};

// What a commit stored.
struct Collected {
  Handle handle;
  std::vector<RecordId> records;  // in the order of Put
  size_t replaced = 0;            // records that existed with other content and were overwritten
  size_t unchanged = 0;           // records that existed with this very content: a safe retry
  // Records that were only counted, since their category needs an accepted tag and there was none:
  // nothing of the collection is stored or recorded, not even an event, and `handle` is zero.
  size_t disregarded = 0;
  uint64_t transaction = 0;  // the transaction that holds it
};

// Gathers records of one subject and stores them together: all or none, one transaction, one event.
// Made by Vault::Collect; used by one thread.
class BAILEE_EXPORT Collection {
 public:
  Collection(Collection&&) noexcept;
  Collection& operator=(Collection&&) noexcept;
  ~Collection();

  // Adds a record of `category`. Values are validated, normalised and their views computed at once;
  // the first error is kept and returned by Commit. `record` names the record in a category that
  // holds MANY: choose it yourself to make a retry safe, otherwise it is random.
  Collection& Put(std::string_view category, std::vector<FieldInput> fields,
                  std::optional<RecordId> record = {});
  Collection& Put(std::string_view category, std::initializer_list<FieldInput> fields,
                  std::optional<RecordId> record = {});

  // Stores what was Put. Durable when it returns. On failure nothing was stored. Of a field that no
  // purpose may use itself, under these terms, these choices and this age, only those views are
  // stored that some purpose may use; the value itself is forgotten, for `rights` too.
  // Errors: kRefused (the policy does not allow collecting this under that notice and source, or
  // the person said no to every use of it; the latter is told, since the same of someone unknown
  // would be stored and the refusal alone tells as much);
  // kInvalidValue (a value does not fit its kind or a limit; names the field, never the value);
  // kUsage "collect.nothing" (nothing was Put); kConflict; kDamage; kFull; kAuditDown; kBusy;
  // kFailed.
  Result<Collected> Commit();

  struct Impl;
  explicit Collection(std::unique_ptr<Impl> impl);

 private:
  friend class Batch;
  std::unique_ptr<Impl> impl_;
};

// Gathers collections of many subjects and stores them in as few transactions as possible: fast
// import. Each collection is all-or-none by itself, the batch is not. At most 10,000 records.
class BAILEE_EXPORT Batch {
 public:
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  // Begins the collection of one more subject. The reference is valid until the next call on the
  // batch. Who and the texts of `request` are copied.
  Collection& Add(const CollectRequest& request);

  size_t records() const;

  // Stores everything added, then is empty again. results[i] belongs to the i-th Add.
  // Errors: one that concerns the vault and not one collection (kFull, kBusy, kFailed, kAuditDown):
  // what was stored before it stays stored, and a retry with the same record ids is safe.
  Result<std::vector<Result<Collected>>> Commit();

  struct Impl;
  explicit Batch(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace bailee
