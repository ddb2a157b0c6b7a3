// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "audit/event.h"

namespace bailee::audit {
namespace {

constexpr std::array<std::string_view, kEventKindCount + 1> kKindWords = {"",
                                                                          "open",
                                                                          "read",
                                                                          "read-all",
                                                                          "scan",
                                                                          "find",
                                                                          "verify-password",
                                                                          "list",
                                                                          "collect",
                                                                          "subjects",
                                                                          "ref-of",
                                                                          "fold-lookups",
                                                                          "as",
                                                                          "close",
                                                                          "audit-full",
                                                                          "trail-log",
                                                                          "trail-verify",
                                                                          "trail-prove",
                                                                          "trail-sign",
                                                                          "trail-pin",
                                                                          "trail-export",
                                                                          "trail-prune",
                                                                          "explain",
                                                                          "ledger",
                                                                          "standing",
                                                                          "upkeep",
                                                                          "publish",
                                                                          "disclose",
                                                                          "disclosures",
                                                                          "may-contact",
                                                                          "suppress",
                                                                          "report",
                                                                          "rectify",
                                                                          "expire",
                                                                          "export-subject",
                                                                          "review",
                                                                          "erase",
                                                                          "renew",
                                                                          "shred",
                                                                          "compact",
                                                                          "rotate",
                                                                          "backup",
                                                                          "restore",
                                                                          "check",
                                                                          "destroyed"};

constexpr std::array<std::string_view, kOutcomeCount + 1> kOutcomeWords = {"", "allowed", "refused",
                                                                           "not-found", "failed"};

constexpr std::array<std::string_view, kWhatCount + 1> kWhatWords = {
    "",         "of",    "first",  "last",   "tree-size", "decision", "entries",
    "sequence", "said",  "notice", "event",  "count",     "report",   "bucket",
    "version",  "epoch", "key",    "stream", "root",      "sha256"};

}  // namespace

std::string_view EventKindWord(EventKind kind) { return kKindWords[static_cast<size_t>(kind)]; }
std::string_view OutcomeWord(Outcome outcome) {
  return kOutcomeWords[static_cast<size_t>(outcome)];
}
std::string_view WhatWord(What what) { return kWhatWords[static_cast<size_t>(what)]; }

}  // namespace bailee::audit
