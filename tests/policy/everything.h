// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace bailee::policy {

// A policy with one of everything that can be said, or more.
inline constexpr char kEverything[] = R"(name: "everything" version: 7 effective: "2020-01-02"
purpose { id: "billing" says: "to bill" clause: "P 1" may_know_existence: true combines: true }
purpose { id: "news" says: "to write" clause: "P 2" }
purpose { id: "support" says: "to help" }
source { id: "web" role: OWN }
source { id: "shop" role: PARTNER }
notice { id: "all" purpose: ["billing", "news"] source: "shop" sha256:
  "0000000000000000000000000000000000000000000000000000000000000001" }
notice { id: "sold" purpose: "billing" }
signal { id: "gpc" purpose: ["news", "billing"] clause: "S 1" }
recipient { id: "bank" role: AUTHORITY says: "a bank" clause: "R 1" agreement: "paper" }
recipient { id: "buyer" role: SUCCESSOR agreement: "deal" public_key:
  "0900000000000000000000000000000000000000000000000000000000000000" }
category {
  id: "card" says: "cards" clause: "C 1" about: SUBJECT holds: MANY
  field { id: "pan" kind: PAN required: true max_bytes: 19 view { id: "last4" mask: LAST4 } }
  field { id: "at" kind: TIME view { id: "day" coarsen: DAY } lookup { purpose: "support" } }
  field { id: "scan" kind: BLOB }
  allow { purpose: "billing" basis: NECESSARY clause: "A 1" }
  allow { purpose: ["news", "support"] basis: OPT_IN field: "at" source: ["web", "shop"] }
  retain { purpose: "billing" days: 10 from: COLLECTION clause: "T 1" }
  retain { purpose: ["news", "support"] days: 4 from: EVENT event: "closed" at_most_days: 40 }
  disclose { recipient: "bank" ground: LAW purpose: "billing" field: ["pan", "at"] clause: "D 1" }
  disclose { recipient: "buyer" ground: SUCCESSION purpose: "billing" field: "pan" notice: "sold"
             wait_days: 5 until_days: 6 }
}
category {
  id: "click" says: "clicks" about: BROWSER holds: MANY needs_tag: true
  field { id: "url" kind: LANGUAGE }
  field { id: "at" kind: TIME }
  allow { purpose: "billing" basis: NECESSARY }
  retain { purpose: "billing" days: 1 from: COLLECTION }
}
category {
  id: "health" says: "health" about: SUBJECT holds: ONE sensitive: true
  field { id: "note" kind: TEXT }
  allow { purpose: "billing" basis: OPT_IN }
  retain { purpose: "billing" days: 2 from: COLLECTION }
}
controller { id: "acme" agreement: "their word"
  allow { purpose: "billing" category: "card" field: "pan.last4" } }
report { id: "visits" category: "click" count: RECORDS by: "url" bucket: WEEK of: "at"
         min_subjects: 12 purpose: "billing" recipient: "bank" clause: "E 1" }
)";

}  // namespace bailee::policy
