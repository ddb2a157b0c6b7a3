// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "model/oracle.h"

// What the words of the rules mean, by looking names up in a policy as it was written.
namespace bailee::model {

bool KnowsCategory(const SmallPolicy& policy, const std::string& category);
bool KnowsField(const SmallPolicy& policy, const std::string& category, const std::string& field);

// The field itself and the views of it.
Names ValuesOf(const SmallPolicy& policy, const std::string& category, const std::string& field);

// Ours (the empty name) is always known.
bool KnowsController(const SmallPolicy& policy, const std::string& controller);

// Declared, and nothing dotted is declared below it.
bool IsLeaf(const SmallPolicy& policy, const std::string& purpose);

// The leaf is named in `names`, or one of its dotted ancestors is.
bool Covers(const SmallPolicy& policy, const Names& names, const std::string& leaf);

// The source is known and not independent.
bool GoodSource(const SmallPolicy& policy, const std::string& source);

// What a decision is about.
struct Cell {
  std::string category;
  std::string field;
  std::string purpose;
};

// The allow that gives the cell to data of this source; null if none does.
const SmallAllow* AllowOf(const SmallPolicy& policy, const Cell& cell, const std::string& source);

// The controller's instructions have the cell. Ours have everything.
bool Instructed(const SmallPolicy& policy, const Cell& cell, const std::string& controller);

// Allowed whatever the notice.
bool Allowed(const SmallPolicy& policy, const Cell& cell, const std::string& source,
             const std::string& controller);

// Notice, source and controller by name.
struct Under {
  std::string notice;
  std::string source;
  std::string controller;
};
bool Effective(const SmallPolicy& policy, const Cell& cell, const Under& under);

// The purpose is that of a report that uses the field; or of one that is computed over what is
// held.
bool Reported(const SmallPolicy& policy, const Cell& cell);
bool ReportedFromHeld(const SmallPolicy& policy, const Cell& cell);
// And data under this notice, source and controller feeds it.
bool EffectiveReport(const SmallPolicy& policy, const Cell& cell, const Under& under);

// Some allow gives the field to the purpose, from whatever source.
bool Reader(const SmallPolicy& policy, const Cell& cell);

// Past the retention of the category for the purpose, or kept for no time at all.
bool Ended(const SmallPolicy& policy, const Cell& cell, const SmallStanding& standing,
           Timestamp collected_at, Timestamp now);

// The notice asks for the purpose and, unless `source` is null, takes data from that source.
bool Shows(const SmallPolicy& policy, const std::string& notice, const std::string& purpose,
           const std::string* source);

// What the subject's choices say about the cell.
struct Heard {
  bool yes = false;          // some choice is a yes to it, made when this use was known
  std::set<SmallWord> noes;  // that stand
};
// `T` is the version of the data and `source` where it is from; null if there is none. `controller`
// is on whose behalf it is used.
Heard Hear(const SmallPolicy& F, const SmallPolicy* T, const SmallStanding& standing,
           const Cell& cell, const std::string* source, const std::string& controller);

}  // namespace bailee::model
