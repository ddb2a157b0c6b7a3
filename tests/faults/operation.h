// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faults/fault_world.h"

namespace bailee::faults {

// What one case has: its copies of the vault, and what it opened of them. In a child of its own.
struct Context {
  explicit Context(const FaultWorld& its_world);

  Vault& OpenVault(Keyring keyring);
  Vault& OpenVault() { return OpenVault(world.Everyone()); }
  AuditTrail& OpenTrail(std::string_view keyring);
  Session& As(std::string_view purpose);
  // Stores what publishing and rotating hand out.
  Status Keep(const std::vector<KeyringFile>& files);
  // Closes everything. What was open must not be used any more.
  void Close();
  // Keyrings to open the vault with now, the likeliest first.
  std::vector<Keyring> Keyrings() const;

  const FaultWorld& world;
  std::string path;  // of the vault
  FixedClock clock;
  std::map<std::string, KeyringFile> kept;
  std::map<std::string, KeyringFile> both;  // of a rotation that was begun: with either key
  std::optional<Vault> vault;
  std::optional<Session> session;
  std::optional<AuditTrail> trail;
};

// One thing that can be done with the public API.
struct Operation {
  enum class Kind {
    kLook,       // changes nothing that is held
    kWrite,      // all or nothing
    kResumable,  // in several transactions: what was not done is done by calling it again
    kRefused,    // is refused, whatever fails on the way
    kAlone,      // touches no vault
  };
  std::string_view name;
  // The public functions that it calls, as "header:name".
  std::vector<std::string_view> covers;
  Kind kind = Kind::kLook;
  // What the trail calls it; empty if it is no event, or not one of its own.
  std::string_view event = {};
  // Opens what is needed and returns what is then done under faults: success, or the error of the
  // call. An answer that is wrong is the error "test.wrong".
  std::function<std::function<Status()>(Context&)> prepare = {};
  int days_later = 30;  // than the vault was made
  // The vault that it is about, and what the operation has to have made before that can be opened.
  std::string_view at = "vault";
};

inline const Who kAdaWho = Who::Ref(kAda);

// All of them.
const std::vector<Operation>& Operations();

std::vector<Operation> OperationsOfServices();
std::vector<Operation> OperationsOfKeepers();
std::vector<Operation> OperationsOfOperators();
std::vector<Operation> OperationsOfAuditors();
std::vector<Operation> OperationsOfKeys();
std::vector<Operation> OperationsAlone();

// A value made under faults. Throws GaveUp where there is no memory for it.
Secret Value(std::string_view text);
struct GaveUp {
  Status status;
};

// Puts a copy of a keyring's file among others.
Status Copied(const KeyringFile& file, std::map<std::string, KeyringFile>& among);

// What an operation says that gave a wrong answer.
Status Wrong(std::string_view what);
// `status` if it is none, and else whether the answer was right.
Status Right(const Status& status, bool right, std::string_view what);

}  // namespace bailee::faults
