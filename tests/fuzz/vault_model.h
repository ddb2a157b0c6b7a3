// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/ledger.h"

// The obvious twin of a vault under the policy of vault_ops.cc: maps and plain ifs. It knows what
// must be refused, what must be given, and what may be either while keys are on their way.
namespace bailee::fuzz {

enum class Purpose : uint8_t { kBilling, kSupport, kNews };
inline constexpr std::array kPurposes = {Purpose::kBilling, Purpose::kSupport, Purpose::kNews};
inline constexpr std::array<std::string_view, 3> kPurposeNames = {"billing", "support",
                                                                  "contact.news"};

// Fields that are collected, and the one view there is.
enum class Field : uint8_t { kPan, kNote, kName, kLast4 };
inline constexpr std::array kFields = {Field::kPan, Field::kNote, Field::kName, Field::kLast4};

enum class Basis : uint8_t { kNone, kNecessary, kOptOut, kOptIn };
Basis BasisOf(Purpose purpose, Field field);
int64_t DaysOf(Purpose purpose, Field field);

struct ModelRecord {
  std::array<std::string, 3> values;  // by Field; one when collected, another once put right
  int64_t collected_at_ms = 0;
  bool wide_notice = false;      // the notice lists news, too
  std::array<bool, 4> stored{};  // by Field: what somebody could use when it was collected
};

// A slot where a record can be: of a card one of three, of a profile one.
using Slot = uint8_t;
inline constexpr Slot kProfile = 3;

struct ModelSubject {
  // Of each purpose: what was last said, yes or no; a later yes lifts every no.
  struct Said {
    bool yes = false;  // after every no
    bool withdrawn = false, objected = false, declined = false;
  };
  std::map<Purpose, Said> said;
  bool restricted = false;
  std::map<Slot, ModelRecord> records;
  bool spoke = false;   // anything was ever recorded in the ledger: keys may be on their way
  bool unsure = false;  // a write failed: both outcomes may be so
  std::vector<std::string> offered;  // every value that ever was on its way here
};

class Model {
 public:
  int64_t now_ms = 0;
  std::map<uint8_t, ModelSubject> subjects;  // those that are known

  // Whether what this person said allows it; and whether it is not over.
  static bool SaidAllows(const ModelSubject& subject, Purpose purpose, Basis basis);
  bool MayRead(const ModelSubject& subject, const ModelRecord& record, Purpose purpose,
               Field field) const;

  // What would be stored of a value; empty if it is refused.
  std::optional<ModelRecord> Collect(const ModelSubject& subject, Field field, std::string value,
                                     int64_t collected_at_ms, bool wide_notice) const;
  static void Say(ModelSubject& subject, LedgerKind kind, Purpose purpose);
};

// The text that a field or view of a record has.
std::string ValueOf(const ModelRecord& record, Field field);

}  // namespace bailee::fuzz
