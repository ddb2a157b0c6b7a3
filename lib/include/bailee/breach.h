// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bailee/ids.h"

// What a keyring that got into the wrong hands could open: whom to tell, and of what (GDPR Art. 33
// and 34). See Vault::ScopeOfBreach.
namespace bailee {

// Somebody of whom the keyring opens something.
struct BreachedSubject {
  Handle handle;
  uint64_t records = 0;                 // that it opens something of
  std::vector<std::string> categories;  // of these
};

struct BreachOptions {
  // Called for each such subject, in the order of handles; to return false is to stop.
  std::function<bool(const BreachedSubject&)> visit = {};
  // Called with the number of subjects looked at; to return false is to stop.
  std::function<bool(uint64_t subjects)> progress = {};
};

// What wraps exist now for the keyring's purposes. A copy of the file from earlier days may have
// more: what was erased or withdrawn since.
struct BreachScope {
  // What a purpose of the keyring opens of one category.
  struct Use {
    std::string purpose;
    uint64_t subjects = 0;
    uint64_t records = 0;
    struct Field {
      std::string name;
      uint64_t records = 0;  // in which it opens, with or without a value
    };
    std::vector<Field> fields;
  };
  struct Category {
    std::string id;
    uint64_t subjects = 0;  // of whom something opens
    uint64_t records = 0;   // of which something opens
    std::vector<Use> uses;
  };
  struct Lookup {
    std::string name;   // "category.field/purpose"
    uint64_t rows = 0;  // values it can be asked for, and their owners be found
  };

  // Whether it has the storage key. If so, whoever has the vault's files needs nothing else, and
  // reads the refs and ledgers of all, too. If not, the rest opens only together with another
  // keyring of the vault.
  bool storage = false;
  uint64_t subjects_all = 0;  // in the vault, browsers too
  uint64_t subjects = 0;      // of whom something opens
  uint64_t records = 0;       // of which something opens
  uint64_t damaged = 0;       // rows that nobody can say this of
  std::vector<Category> categories;
  std::vector<Lookup> lookups;
  std::vector<std::string> roles;  // that it carries: "auditor", …
  DecisionId decision;             // the event of this look
};

}  // namespace bailee
