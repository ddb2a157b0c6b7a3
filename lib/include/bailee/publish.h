// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/keyring.h"
#include "bailee/policy.h"
#include "bailee/status.h"

// New versions of a vault's policy. See Vault::Publish.
namespace bailee {

// What becomes of what a version could not keep. Names are borrowed for the call.
struct PublishPlan {
  enum class What : uint8_t {
    kDelete = 1,  // of a category that is gone: all its records, once the version is in force
    kKeep,        // of a field that is required now: records without it stay as they are
  };
  What what = What::kKeep;
  std::string_view category;
  std::string_view field = {};  // full name; only for kKeep
};

// What to put in force. Texts are borrowed for the call.
struct PublishRequest {
  std::string_view policy_text;             // textproto
  std::string_view policy_name = "policy";  // for messages: usually the file's name
  // What announced that something becomes wider: a notice that the version in force did not have
  // and that lists every purpose anything is widened for; and when it was announced, before the day
  // the version takes effect. May be empty if nothing becomes wider.
  std::string_view notice = {};
  std::optional<Timestamp> announced_at = {};
  // One for each change that what is held could not survive; of other kinds of such changes there
  // is no plan, they are made with a new name beside the old. Not needed where nothing is held.
  std::vector<PublishPlan> plans = {};
  bool dry_run = false;  // say everything, change nothing
  // Stores the origin keyrings of keys that the version needs and the vault has not. Called once or
  // more, always with the same files, before anything is committed and while all other writers
  // wait; nothing is published if it fails. After it was called nothing may have been published
  // all the same: the same name may then come again with other bytes, which replace those. Needed
  // only if there are such keys.
  std::function<Status(const std::vector<KeyringFile>&)> keep = {};
};

// What was published, or would be.
struct Published {
  uint32_t version = 0;
  uint64_t manifest = 0;  // number of the authority's statement
  PolicyDiff diff;        // from the version that was in force
  // How many subjects and browsers hold records of a category that the diff touches.
  uint64_t subjects_affected = 0;
  std::vector<std::string> keyrings;  // names of what `keep` got or would get
  uint64_t records_deleted = 0;       // as planned; of a dry run: that would be
};

// One version of the policy and since when it has been, or was, in force.
struct PublishedVersion {
  uint32_t version = 0;
  Timestamp since;
  std::string notice;                     // that announced what it widened; or empty
  std::optional<Timestamp> announced_at;  // with a notice
};

}  // namespace bailee
