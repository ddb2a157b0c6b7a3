// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/collection.h"
#include "bailee/result.h"
#include "secret_json.h"

namespace bailee::tool {

// The fields of a record: a JSON object of names and values, where a value is a text, or
// {"hex": "…"} for bytes that are no text. Names borrow from it.
// Errors: kInvalidValue "input.fields", "input.value", "input.hex"; kFull.
Result<std::vector<FieldInput>> ParseFields(const WipedJson& fields);

// One line of `bailee collect`:
//   {"ref": "user-4711", "notice": "checkout-7", "source": "web",
//    "records": [{"category": "account", "fields": {"email": "ana@example.net"}}]}
// with exactly one of "ref", "tag" and "handle"; "on_behalf_of" and "collected_at" (RFC 3339) may
// be left out; a record may name its id, "record": 32 hex digits, so that a retry is safe. Values
// are those of ParseFields.
class CollectLine {
 public:
  struct RecordInput {
    std::string category;
    std::optional<RecordId> record;
    std::vector<FieldInput> fields;  // names borrow from the line
  };

  // Errors: kInvalidValue "input.…", saying what is wrong and never what stands there.
  static Result<CollectLine> Parse(std::string_view text);

  // What to collect under; borrows from the line.
  CollectRequest Request() const;
  std::vector<RecordInput>& records() { return records_; }

 private:
  std::unique_ptr<WipedJson> json_;  // where names and refs live; stays put when the line moves
  std::string_view Text(const char* name) const;
  std::optional<Handle> handle_;
  std::optional<Timestamp> collected_at_;
  std::vector<RecordInput> records_;
};

}  // namespace bailee::tool
