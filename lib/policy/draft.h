// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bailee/bytes.h"
#include "policy/findings.h"

// A policy as it was written: nothing is known to exist, everything knows its place. Between the
// parser and the compiler, so that neither lint nor compiler sees protobuf.
namespace bailee::policy {

struct Word {
  std::string text;
  Place at;
  bool empty() const { return text.empty(); }
};
struct Number {
  int64_t value = 0;
  Place at;
};
// The number of an enum value; 0 if it was not given. The translator has refused unknown ones.
struct Coded {
  int value = 0;
  Place at;
};

struct PurposeDraft {
  Place at;
  Word id, says, clause;
  bool may_know_existence = false;
  bool combines = false;
};
struct NoticeDraft {
  Place at;
  Word id, sha256;
  std::vector<Word> purposes, sources;
};
struct SourceDraft {
  Place at;
  Word id;
  Coded role;
};
struct SignalDraft {
  Place at;
  Word id;
  std::vector<Word> purposes;
  Word clause;
};
struct ControllerAllowDraft {
  Place at;
  std::vector<Word> purposes;
  Word category;
  std::vector<Word> fields;
};
struct ControllerDraft {
  Place at;
  Word id, agreement;
  std::vector<ControllerAllowDraft> allows;
};
struct ViewDraft {
  Place at;
  Word id;
  Coded mask, coarsen;
};
struct FieldDraft {
  Place at;
  Word id;
  Coded kind;
  bool required = false;
  Number max_bytes;
  std::vector<ViewDraft> views;
  std::vector<Word> lookups;  // purposes
};
struct AllowDraft {
  Place at;
  std::vector<Word> purposes;
  Coded basis;
  std::vector<Word> fields, sources;
  Word clause;
};
struct RetainDraft {
  Place at;
  std::vector<Word> purposes;
  Number days;
  Coded from;
  Word event;
  Number at_most_days;
  Word clause;
};
struct DiscloseDraft {
  Place at;
  Word recipient;
  Coded ground;
  Word purpose;
  std::vector<Word> fields;
  Number wait_days, until_days;
  Word clause, notice;
};
struct CategoryDraft {
  Place at;
  Word id, says, clause;
  Coded about, holds;
  bool sensitive = false;
  bool needs_tag = false;
  std::vector<FieldDraft> fields;
  std::vector<AllowDraft> allows;
  std::vector<RetainDraft> retains;
  std::vector<DiscloseDraft> discloses;
};
struct RecipientDraft {
  Place at;
  Word id;
  Coded role;
  Word agreement, says, clause, public_key;
};
struct ReportDraft {
  Place at;
  Word id, category;
  Coded count;
  std::vector<Word> by;
  Coded bucket;
  Word of;
  Number min_subjects;
  Word purpose;
  std::vector<Word> recipients;
  Coded feed;
  Word clause;
};
struct HappenedDraft {
  Word event;
  Number days_ago;
};
struct ShownDraft {
  Word notice;
  Number days_ago;
};
struct TestDraft {
  Place at;
  Word name, notice, source, controller;
  Number age_days;
  std::vector<Word> consented, withdrawn, objected, declined;
  std::vector<HappenedDraft> happened;
  bool restricted = false;
  bool held = false;
  std::vector<ShownDraft> shown;
  bool suppressed = false;
  Coded action;
  Word purpose, category, field, on_behalf_of, case_reference, recipient;
  Coded ground;
  Coded expect;
  std::vector<Word> because;
};

struct Draft {
  Word name;
  Number version;
  Word effective;
  std::vector<PurposeDraft> purposes;
  std::vector<NoticeDraft> notices;
  std::vector<SourceDraft> sources;
  std::vector<SignalDraft> signals;
  std::vector<ControllerDraft> controllers;
  std::vector<CategoryDraft> categories;
  std::vector<RecipientDraft> recipients;
  std::vector<ReportDraft> reports;
  std::vector<TestDraft> tests;
  Bytes binary;  // the canonical encoding of the whole
};

// Both are total on hostile bytes. What they cannot read is an error in `findings`, and the draft
// is then unspecified.
Draft DraftFromText(std::string_view text, Findings& findings);
Draft DraftFromBinary(ByteView bytes, Findings& findings);

}  // namespace bailee::policy
