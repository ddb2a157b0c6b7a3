// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bailee/collection.h"
#include "bailee/secret.h"
#include "bailee/who.h"
#include "crypto/id_run.h"
#include "policy/policy.h"
#include "record/view.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// A value ready to be sealed: canonical, or a view of one.
struct PreparedField {
  policy::FieldIndex field;
  Secret value;
};

// A record ready to be stored, under the policy in force when it was prepared.
struct PreparedRecord {
  policy::CategoryIndex category;
  RecordId id;
  std::vector<PreparedField> fields;  // ascending by field
};

// Validates, normalises and computes views. A record without an id gets the next of `ids`.
// Errors: kRefused (unknown category, undeclared field); kInvalidValue naming the field, never the
// value; kFull.
Result<PreparedRecord> PrepareRecord(const policy::Policy& policy, std::string_view category,
                                     const std::vector<FieldInput>& fields,
                                     const std::optional<RecordId>& id, crypto::IdRun& ids,
                                     const record::ViewContext& views = {});

// The same of some values of a record that is there and not named yet: what else it requires is not
// looked at.
Result<PreparedRecord> PrepareValues(const policy::Policy& policy, std::string_view category,
                                     const std::vector<FieldInput>& fields,
                                     const record::ViewContext& views);

// Who and under what, with copies of the texts.
struct PreparedRequest {
  explicit PreparedRequest(const CollectRequest& request);

  // Calls `use` with the Who that was asked for, valid only during the call, and returns what it
  // returns.
  template <typename Use>
  decltype(auto) WithWho(const Use& use) const {
    return text.Reveal([&](std::string_view borrowed) -> decltype(auto) {
      switch (kind) {
        case Who::Kind::kRef:
          return use(Who::Ref(borrowed));
        case Who::Kind::kTag:
          return use(Who::Tag(borrowed));
        case Who::Kind::kHandle:
          return use(Who::ByHandle(handle));
        case Who::Kind::kNobody:
          break;
      }
      return use(Who::Nobody());
    });
  }

  Who::Kind kind;
  Secret text;  // the ref or tag: personal data
  Handle handle;
  std::string notice;
  std::string source;
  std::string on_behalf_of;
  std::optional<Timestamp> collected_at;
  std::vector<std::string> signals;
  Status problem;  // text could not be copied
};

}  // namespace bailee::vault
