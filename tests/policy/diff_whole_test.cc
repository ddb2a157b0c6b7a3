// SPDX-License-Identifier: Apache-2.0
#include "policy/diff.h"
#include "policy/everything.h"
#include "policy/support.h"

// Everything that is said of a change, for each sort of change there is.
namespace bailee::policy {
namespace {

using Effect = PolicyChange::Effect;

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string Whole(const PolicyChange& change) {
  const char* sign = change.effect == Effect::kWider      ? "+"
                     : change.effect == Effect::kNarrower ? "-"
                                                          : "!";
  std::string out = sign;
  for (const std::string& part :
       {change.about, change.name, change.category, Joined(change.fields), Joined(change.purposes),
        Joined(change.sources), Joined(change.on_behalf_of), change.was, change.now, change.clause,
        std::to_string(change.line), change.words}) {
    out += "|" + part;
  }
  return out;
}

// Each change that the diff finds in the policy with `to` for `from`, a line each, and on the way
// back.
std::string ForthAndBack(std::string_view from, std::string_view to) {
  const PolicyPtr before = Loaded(kEverything);
  const PolicyPtr after = Loaded(With(With(kEverything, "version: 7", "version: 8"), from, to));
  std::string said;
  if (before == nullptr || after == nullptr) return said;
  for (const PolicyChange& each : Diff(*before, *after).changes) said += "\n" + Whole(each);
  for (const PolicyChange& each : Diff(*after, *before).changes) said += "\nback " + Whole(each);
  return said;
}

struct Row {
  const char* from;
  const char* to;
  const char* said;  // of the way there, and back
};

// An effect, what it is about, name, category, fields, purposes, sources, on behalf of whom, what
// was, what is, clause, line and words.
TEST(WholeDiff, SaysEverythingOfEachSortOfChange) {
  const Row rows[] = {
      {R"(notice { id: "sold" purpose: "billing" })",
       R"(notice { id: "sold" purpose: ["billing", "news"] })",
       R"(
+|notice|sold|||news||||||9|notice sold also lists news
back -|notice|sold|||news||||||9|notice sold no longer lists news)"},
      {R"(id: "all" purpose: ["billing", "news"] source: "shop")",
       R"(id: "all" purpose: ["billing", "news"] source: "web")",
       R"(
+|notice|all|||billing news||||||7|notice all is also shown at web
-|notice|all|||billing news||||||7|notice all is no longer shown at shop
back +|notice|all|||billing news||||||7|notice all is also shown at shop
back -|notice|all|||billing news||||||7|notice all is no longer shown at web)"},
      {R"(id: "all" purpose: ["billing", "news"] source: "shop")",
       R"(id: "all" purpose: ["billing", "news"])",
       R"(
+|notice|all|||billing news||||||7|notice all is shown at every source
back -|notice|all|||billing news||||||7|notice all is shown only at shop)"},
      {R"(notice { id: "all")", R"(notice { id: "every")",
       R"(
-|notice|all|||billing news||||||7|notice all is gone: what was collected under it may not be used
back -|notice|every|||billing news||||||7|notice every is gone: what was collected under it may not be used)"},
      {"0000000000000001", "0000000000000002",
       R"(
!|notice|all|||||||||7|notice all is another text: what people were shown keeps its id
back !|notice|all|||||||||7|notice all is another text: what people were shown keeps its id)"},
      {R"(purpose { id: "billing" says: "to bill" clause: "P 1" may_know_existence: true)",
       R"(purpose { id: "billing" says: "to bill" clause: "P 1")",
       R"(
-|purpose|billing|||billing|||yes|no|P 1|2|purpose billing may no longer know that something exists
back +|purpose|billing|||billing|||no|yes|P 1|2|purpose billing may know that something exists)"},
      {R"(purpose { id: "news" says: "to write")", R"(purpose { id: "news.mail" says: "to write")",
       R"(
+|notice|all|||news.mail||||||7|notice all also lists news.mail
-|notice|all|||news||||||7|notice all no longer lists news
+|use||card|at|news.mail|||no|OPT_IN|C 1|20|card: news.mail may use at (OPT_IN)
-|use||card|at|news|||OPT_IN|no|C 1|20|card: news may no longer use at, was OPT_IN
+|retention||card||news.mail|||no|4 days from closed, at most 40|C 1|22|card: kept for news.mail 4 days from closed, at most 40, was no
-|retention||card||news|||4 days from closed, at most 40|no|C 1|22|card: kept for news no, was 4 days from closed, at most 40
back +|notice|all|||news||||||7|notice all also lists news
back -|notice|all|||news.mail||||||7|notice all no longer lists news.mail
back +|use||card|at|news|||no|OPT_IN|C 1|20|card: news may use at (OPT_IN)
back -|use||card|at|news.mail|||OPT_IN|no|C 1|20|card: news.mail may no longer use at, was OPT_IN
back +|retention||card||news|||no|4 days from closed, at most 40|C 1|22|card: kept for news 4 days from closed, at most 40, was no
back -|retention||card||news.mail|||4 days from closed, at most 40|no|C 1|22|card: kept for news.mail no, was 4 days from closed, at most 40)"},
      {R"(id: "news" says: "to write")", R"(id: "news" says: "to write" combines: true)",
       R"(
+|purpose|news|||news|||no|yes|P 2|3|purpose news may combine sources
back -|purpose|news|||news|||yes|no|P 2|3|purpose news may no longer combine sources)"},
      {R"(source { id: "shop" role: PARTNER })", R"(source { id: "shop" role: VENDOR })",
       R"(
+|source|shop||||shop||PARTNER|VENDOR||6|source shop is VENDOR, was PARTNER
back +|source|shop||||shop||VENDOR|PARTNER||6|source shop is PARTNER, was VENDOR)"},
      {R"(id: "gpc" purpose: ["news", "billing"])", R"(id: "gpc" purpose: ["news"])",
       R"(
+|signal|gpc|||billing|||||S 1|10|signal gpc no longer objects to billing
back -|signal|gpc|||billing|||||S 1|10|signal gpc objects to billing)"},
      {R"(id: "bank" role: AUTHORITY)", R"(id: "bank" role: THIRD_PARTY)",
       R"(
+|recipient|bank||||||||R 1|11|recipient bank has another role
-|recipient|bank||||||||R 1|11|recipient bank has another role
back +|recipient|bank||||||||R 1|11|recipient bank has another role
back -|recipient|bank||||||||R 1|11|recipient bank has another role)"},
      {R"( agreement: "paper")", "",
       R"(
+|recipient|bank||||||||R 1|11|recipient bank is bound by no agreement)"},
      {R"(clause: "R 1" agreement)",
       R"(clause: "R 1" public_key: "0900000000000000000000000000000000000000000000000000000000000000" agreement)",
       R"(
-|recipient|bank||||||||R 1|11|recipient bank gets it sealed to its key
back +|recipient|bank||||||||R 1|11|recipient bank gets it unsealed)"},
      {R"(public_key:
  "0900)",
       R"(public_key:
  "0a00)",
       R"(
+|recipient|buyer|||||||||12|recipient buyer gets it sealed to another key
back +|recipient|buyer|||||||||12|recipient buyer gets it sealed to another key)"},
      {" sensitive: true", "",
       R"(
+|category||health||||||||34|health is no longer sensitive
back -|category||health||||||||34|health is sensitive)"},
      {" needs_tag: true", "",
       R"(
+|category||click||||||||27|click is taken without an accepted tag, too
back -|category||click||||||||27|click is taken with an accepted tag alone)"},
      {"about: BROWSER holds: MANY needs_tag: true", "about: SUBJECT holds: MANY", R"(
!|category||click||||||||27|click is about another kind of person
+|category||click||||||||27|click is taken without an accepted tag, too
back !|category||click||||||||27|click is about another kind of person
back -|category||click||||||||27|click is taken with an accepted tag alone)"},
      {R"(category {
  id: "health" says: "health" about: SUBJECT holds: ONE sensitive: true
  field { id: "note" kind: TEXT }
  allow { purpose: "billing" basis: OPT_IN }
  retain { purpose: "billing" days: 2 from: COLLECTION }
}
)",
       "", R"(
!|category||health|||||yes|no||34|health is gone: nobody could read, export or correct it
-|use||health|note|billing|||OPT_IN|no||37|health: billing may no longer use note, was OPT_IN
back +|use||health|note|billing|||no|OPT_IN||37|health: billing may use note (OPT_IN))"},
      {"about: SUBJECT holds: ONE", "about: SUBJECT holds: MANY",
       R"(
!|category||health||||||||34|health holds another number of records
back !|category||health||||||||34|health holds another number of records)"},
      {R"(kind: PAN required: true)", R"(kind: PAN)",
       R"(
back !|field||card|pan||||optional|required|C 1|16|card.pan is required: what is held may be without it)"},
      {R"(field { id: "scan" kind: BLOB })", R"(field { id: "scan" kind: TEXT })",
       R"(
!|field||card|scan||||||C 1|18|card.scan has another kind: give the new field another id
back !|field||card|scan||||||C 1|18|card.scan has another kind: give the new field another id)"},
      {R"(field { id: "scan" kind: BLOB })",
       R"(field { id: "scan" kind: BLOB }
  field { id: "more" kind: TEXT required: true })",
       R"(
!|field||card|more||||no|required|C 1|19|card.more is new and required: what is held is without it
+|use||card|more|billing|||no|NECESSARY|A 1|20|card: billing may use more (NECESSARY)
back !|field||card|more||||||C 1|19|card.more is gone: nobody could read, export or correct what is held
back -|use||card|more|billing|||NECESSARY|no|A 1|20|card: billing may no longer use more, was NECESSARY)"},
      {R"(purpose: "billing" basis: NECESSARY clause: "A 1" })",
       R"(purpose: "billing" basis: NECESSARY clause: "A 1" field: ["pan", "at"] }
  allow { purpose: "billing" basis: OPT_IN clause: "A 2" field: ["at.day", "pan.last4"] }
  allow { purpose: "billing" basis: OPT_IN clause: "A 3" field: "scan" })",
       R"(
-|use||card|pan.last4|billing||acme|NECESSARY|OPT_IN|A 2|20|card: billing may use pan.last4 (OPT_IN), was NECESSARY, on behalf of ourselves, acme
-|use||card|at.day|billing|||NECESSARY|OPT_IN|A 2|20|card: billing may use at.day (OPT_IN), was NECESSARY
-|use||card|scan|billing|||NECESSARY|OPT_IN|A 3|21|card: billing may use scan (OPT_IN), was NECESSARY
back +|use||card|pan.last4|billing||acme|OPT_IN|NECESSARY|A 1|19|card: billing may use pan.last4 (NECESSARY), was OPT_IN, on behalf of ourselves, acme
back +|use||card|at.day scan|billing|||OPT_IN|NECESSARY|A 1|19|card: billing may use at.day, scan (NECESSARY), was OPT_IN)"},
      {R"( lookup { purpose: "support" })", "",
       R"(
-|lookup||card|at|support|||yes|no||0|card: support may no longer find people by at
back +|lookup||card|at|support|||no|yes||0|card: support may find people by at)"},
      {R"(basis: OPT_IN field: "at")", R"(basis: OPT_OUT field: "at")",
       R"(
+|use||card|at|news|||OPT_IN|OPT_OUT|C 1|20|card: news may use at (OPT_OUT), was OPT_IN
back -|use||card|at|news|||OPT_OUT|OPT_IN|C 1|20|card: news may use at (OPT_IN), was OPT_OUT)"},
      {R"(field: "at" source: ["web", "shop"])", R"(field: "at" source: "web")",
       R"(
-|use||card|at|news|shop||OPT_IN|no|C 1|20|card: news may no longer use at, was OPT_IN, from shop
back +|use||card|at|news|shop||no|OPT_IN|C 1|20|card: news may use at (OPT_IN), from shop)"},
      {R"(days: 10 from: COLLECTION)", R"(days: 11 from: COLLECTION)",
       R"(
+|retention||card||billing|||10 days from collection|11 days from collection|T 1|21|card: kept for billing 11 days from collection, was 10 days from collection
back -|retention||card||billing|||11 days from collection|10 days from collection|T 1|21|card: kept for billing 10 days from collection, was 11 days from collection)"},
      {R"(days: 4 from: EVENT event: "closed")", R"(days: 4 from: EVENT event: "moved")",
       R"(
+|retention||card||news|||4 days from closed, at most 40|4 days from moved, at most 40|C 1|22|card: kept for news 4 days from moved, at most 40, was 4 days from closed, at most 40
-|retention||card||news|||4 days from closed, at most 40|4 days from moved, at most 40|C 1|22|card: kept for news 4 days from moved, at most 40, was 4 days from closed, at most 40
+|retention||card||support|||4 days from closed, at most 40|4 days from moved, at most 40|C 1|22|card: kept for support 4 days from moved, at most 40, was 4 days from closed, at most 40
-|retention||card||support|||4 days from closed, at most 40|4 days from moved, at most 40|C 1|22|card: kept for support 4 days from moved, at most 40, was 4 days from closed, at most 40
back +|retention||card||news|||4 days from moved, at most 40|4 days from closed, at most 40|C 1|22|card: kept for news 4 days from closed, at most 40, was 4 days from moved, at most 40
back -|retention||card||news|||4 days from moved, at most 40|4 days from closed, at most 40|C 1|22|card: kept for news 4 days from closed, at most 40, was 4 days from moved, at most 40
back +|retention||card||support|||4 days from moved, at most 40|4 days from closed, at most 40|C 1|22|card: kept for support 4 days from closed, at most 40, was 4 days from moved, at most 40
back -|retention||card||support|||4 days from moved, at most 40|4 days from closed, at most 40|C 1|22|card: kept for support 4 days from closed, at most 40, was 4 days from moved, at most 40)"},
      {R"(ground: LAW purpose: "billing" field: ["pan", "at"])",
       R"(ground: LAW purpose: "billing" field: "pan")",
       R"(
-|disclosure|bank|card|at|billing|||at once|no|D 1|23|card: bank may no longer get at for billing (LAW)
back +|disclosure|bank|card|at|billing|||no|at once|D 1|23|card: bank may get at for billing (LAW) at once)"},
      {"wait_days: 5 until_days: 6", "wait_days: 4 until_days: 6",
       R"(
+|disclosure|buyer|card|pan|billing|||after 5 days until 6 days|after 4 days until 6 days|C 1|24|card: buyer may get pan for billing (SUCCESSION) once told by notice sold after 4 days until 6 days, was after 5 days until 6 days
back -|disclosure|buyer|card|pan|billing|||after 4 days until 6 days|after 5 days until 6 days|C 1|24|card: buyer may get pan for billing (SUCCESSION) once told by notice sold after 5 days until 6 days, was after 4 days until 6 days)"},
      {R"(category: "card" field: "pan.last4")", R"(category: "card" field: "pan")",
       R"(
+|use||card|pan|billing||acme|no|NECESSARY|A 1|19|card: billing may use pan (NECESSARY), on behalf of acme
-|use||card|pan.last4|billing||acme|NECESSARY|no|A 1|19|card: billing may no longer use pan.last4, was NECESSARY, on behalf of acme
back +|use||card|pan.last4|billing||acme|no|NECESSARY|A 1|19|card: billing may use pan.last4 (NECESSARY), on behalf of acme
back -|use||card|pan|billing||acme|NECESSARY|no|A 1|19|card: billing may no longer use pan, was NECESSARY, on behalf of acme)"},
      {"min_subjects: 12", "min_subjects: 11",
       R"(
+|report|visits|click||billing|||||E 1|42|report visits has a floor of 11, was 12
back -|report|visits|click||billing|||||E 1|42|report visits has a floor of 12, was 11)"},
      {R"(report { id: "visits")", R"(report { id: "calls")",
       R"(
+|report|calls|click||billing|||||E 1|42|report calls is new
-|report|visits|click||billing|||||E 1|42|report visits is gone
back +|report|visits|click||billing|||||E 1|42|report visits is new
back -|report|calls|click||billing|||||E 1|42|report calls is gone)"},
  };
  for (const Row& row : rows) EXPECT_EQ(ForthAndBack(row.from, row.to), row.said) << row.to;
}

}  // namespace
}  // namespace bailee::policy
