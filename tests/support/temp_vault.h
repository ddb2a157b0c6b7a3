// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/keyring.h"
#include "bailee/vault.h"

namespace bailee {

// A directory that goes with its object.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

// A clock that a test sets.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(Timestamp now) : now_ms_(now.unix_ms) {}
  Timestamp Now() const override { return {now_ms_.load()}; }
  void Set(Timestamp now) { now_ms_ = now.unix_ms; }
  void AdvanceDays(int64_t days) { now_ms_ += days * kMillisPerDay; }

 private:
  std::atomic<int64_t> now_ms_;
};

// 2013-06-01, when the LiveLOOK policy is in force.
inline constexpr Timestamp kJune2013{1'370'044'800'000};

// The text of proto/policies/NAME.textproto.
std::string PolicyText(std::string_view name);

// Everything in a file.
std::string ReadFile(const std::string& path);

Secret MakeSecret(std::string_view text);

// A vault in a temporary directory with all its keyrings.
class TempVault {
 public:
  // REQUIRES: `policy_text` makes a vault (the test stops if not).
  explicit TempVault(const std::string& policy_text);

  FixedClock& clock() { return clock_; }
  const std::string& path() const { return path_; }
  const TempDirectory& directory() const { return directory_; }
  VaultId id() const { return id_; }

  // Keyrings by the names that Create gave them.
  Keyring Origin(std::string_view name) const;
  // A keyring for `actor` with these purposes.
  Keyring Granted(std::string_view actor, const std::vector<std::string>& purposes) const;

  // Stores origin keyrings that publishing hands out; what has such a name already is replaced.
  Status Keep(const std::vector<KeyringFile>& files);

  // Opens it with a keyring for these purposes. A process has one vault open at a time.
  Vault Open(const std::vector<std::string>& purposes, const OpenOptions& options = {});
  Result<Vault> TryOpen(Keyring keyring, OpenOptions options = {});

 private:
  TempDirectory directory_;
  std::string path_;
  FixedClock clock_;
  VaultId id_;
  std::map<std::string, std::string, std::less<>> files_;  // keyring files by name
};

}  // namespace bailee
