// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/audit_trail.h"
#include "bailee/vault.h"
#include "support/temp_vault.h"

namespace bailee::faults {

// Of whom the prepared vault holds something. Of kProbe no operation but the test's own writes.
inline constexpr std::string_view kAda = "user-4711";  // account, two cards, web log, disclosure
inline constexpr std::string_view kCollected = "user-collected";  // a card nobody has indexed yet
inline constexpr std::string_view kRestricted = "user-restricted";
inline constexpr std::string_view kHeld = "user-held";  // for a case
inline constexpr std::string_view kWithdrawn = "user-withdrawn";
inline constexpr std::string_view kOther = "user-other";
inline constexpr std::string_view kProbe = "user-probe";
inline constexpr std::string_view kBrowser = "cookie-1";
inline constexpr std::string_view kSuppressed = "quiet@example.org";

// For maps of the data file.
inline constexpr uint64_t kMapBytes = uint64_t{64} << 20;

// A vault with some of everything, made once, and copied for each case.
class FaultWorld {
 public:
  FaultWorld();

  // Where a case happens: copies of the vault and of its streams lie in it, nothing else.
  const std::string& root() const { return root_; }
  std::string vault_path() const { return root_ + "/vault"; }
  std::string stream(std::string_view name) const { return root_ + "/" + std::string(name); }
  const std::string& made_path() const { return made_.path(); }
  // Puts everything back to how it was made.
  void Renew() const;
  // Puts it into the empty directory that is there.
  void Fill() const;

  // Of whoever may act for every purpose; of whoever may only store.
  Keyring Everyone() const;
  Keyring Collector() const;
  Keyring Origin(std::string_view name) const { return made_.Origin(name); }
  KeyringFile BillingFile() const;
  // Of everyone, with origins that were handed out since, in the order in which to try them.
  Keyring EveryoneWith(const std::map<std::string, KeyringFile>& newer) const;

  const std::string& checkpoint() const { return checkpoint_; }
  const std::string& trail_origin() const { return trail_origin_; }
  const LogKeys& log_keys() const { return log_keys_; }
  const DecisionId& erased() const { return erased_; }
  const DecisionId& read() const { return read_; }
  const Bytes& receipt() const { return receipt_; }
  const Handle& ada() const { return ada_; }
  VaultId id() const { return made_.id(); }

 private:
  void Collect();
  void Act();
  void Sign();
  void Grant();

  TempVault made_;
  std::string root_;
  // Files of keyrings: what is in the arena is not there in a forked child.
  std::string everyone_;
  std::string collector_;
  std::string billing_;
  std::string checkpoint_;
  std::string trail_origin_;
  LogKeys log_keys_;
  DecisionId erased_;
  DecisionId read_;
  Bytes receipt_;
  Handle ada_;
};

// The one of this executable.
const FaultWorld& TheWorld();

// What is in the vault at `path`, in words that are the same for two vaults that hold the same:
// what each purpose reads of everybody, what was said, disclosed and is in force. Opens it with one
// of `keyrings`.
Result<std::string> Contents(const std::string& path, const FixedClock& clock,
                             std::vector<Keyring> keyrings);

// How many allowed events of each kind the trail has; and whether all of it verifies, entries too.
struct TrailFacts {
  std::map<std::string, uint64_t> events;
  TrailReport report;
};
Result<TrailFacts> LookAtTrail(const std::string& path, const FixedClock& clock, Keyring auditor);

}  // namespace bailee::faults
