// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bailee/limits.h"
#include "policy/lint.h"

namespace bailee::policy {
namespace {

constexpr std::string_view kCardSecrets[] = {
    "cvv",       "cvv2", "cvc",      "cvc2",   "cid",    "cav",          "cav2",
    "csc",       "csc2", "icvv",     "track1", "track2", "track3",       "trackdata",
    "magstripe", "pin",  "pinblock", "pvv",    "pinpad", "securitycode", "verificationcode"};

// Whether a name says that a card verification code, track data or a PIN is meant: as a whole, as
// one of its words, or as two of its words together.
bool NamesCardSecret(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == '_') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  const auto is_secret = [](const std::string& word) {
    return std::find(std::begin(kCardSecrets), std::end(kCardSecrets), word) !=
           std::end(kCardSecrets);
  };
  for (size_t i = 0; i < words.size(); ++i) {
    if (is_secret(words[i])) return true;
    if (i + 1 < words.size() && is_secret(words[i] + words[i + 1])) return true;
  }
  return false;
}

void LintCardSecret(const Word& id, Findings& findings) {
  if (!NamesCardSecret(id.text)) return;
  findings.Error(id.at, "\"" + id.text +
                            "\" looks like a card verification code, track data or a PIN, which "
                            "must not be stored, not even encrypted (PCI DSS 3.3.1)");
}

bool LowEntropy(Kind kind) {
  switch (kind) {
    case Kind::kLanguage:
    case Kind::kCountry:
    case Kind::kExpiry:
    case Kind::kInteger:
    case Kind::kMoney:
      return true;
    default:
      return false;
  }
}

bool Identifies(Kind kind) {
  switch (kind) {
    case Kind::kEmail:
    case Kind::kPhone:
    case Kind::kPan:
    case Kind::kIban:
    case Kind::kPassword:
    case Kind::kText:  // open: anything can stand in it
    case Kind::kBlob:
      return true;
    default:
      return false;
  }
}

void LintViews(const FieldDraft& f, Findings& findings) {
  const Kind kind = static_cast<Kind>(f.kind.value);
  int truncations = 0;
  for (const ViewDraft& v : f.views) {
    LintCardSecret(v.id, findings);
    if ((v.mask.value == 0) == (v.coarsen.value == 0)) {
      findings.Error(v.at, "view \"" + v.id.text + "\" needs exactly one of mask and coarsen");
      continue;
    }
    const Coded coded = v.mask.value != 0 ? v.mask : v.coarsen;
    const Transform transform = static_cast<Transform>(coded.value);
    if (kind == Kind::kPassword) {
      findings.Error(v.at, "a PASSWORD is a verifier nobody reads: it has no views");
    } else if (!HasView(kind, transform)) {
      findings.Error(coded.at, std::string(TransformWord(transform)) +
                                   " cannot be computed from a field of kind " +
                                   std::string(KindWord(kind)));
    }
    if (kind == Kind::kPan && v.mask.value != 0 && ++truncations > 1) {
      findings.Error(v.at,
                     "two truncations of one PAN: together they say more than either "
                     "(PCI DSS 3.5.1)");
    }
  }
}

void LintLookups(const FieldDraft& f, Findings& findings) {
  const Kind kind = static_cast<Kind>(f.kind.value);
  for (const Word& purpose : f.lookups) {
    if (kind == Kind::kPassword) {
      findings.Error(purpose.at, "a PASSWORD is a verifier nobody reads: it has no lookups");
    } else if (kind == Kind::kBlob) {
      findings.Error(purpose.at, "nobody is found by a BLOB");
    } else if (LowEntropy(kind)) {
      findings.Error(purpose.at,
                     "lookup on a field of kind " + std::string(KindWord(kind)) +
                         ": so few values are possible that the index would give them away");
    }
  }
}

void LintField(const FieldDraft& f, bool about_browser, Findings& findings) {
  const Kind kind = static_cast<Kind>(f.kind.value);
  LintCardSecret(f.id, findings);
  if (f.kind.value == 0) {
    findings.Error(f.at, "field \"" + f.id.text + "\" has no kind");
    return;
  }
  const bool blob = kind == Kind::kBlob;
  const size_t max_bytes = blob ? limits::kBlobBytesMax : limits::kFieldBytesMax;
  if (static_cast<size_t>(f.max_bytes.value) > max_bytes) {
    findings.Error(f.max_bytes.at, std::string("max_bytes is over the limit of ") +
                                       (blob ? "1 MiB for a BLOB" : "64 KiB for a field"));
  }
  LintViews(f, findings);
  LintLookups(f, findings);
  if (!about_browser) return;
  if (Identifies(kind)) {
    findings.Error(f.kind.at,
                   "a category about a BROWSER holds nothing that can identify a "
                   "person: no field of kind " +
                       std::string(KindWord(kind)));
  }
  const bool coarse = std::any_of(f.views.begin(), f.views.end(), [](const ViewDraft& v) {
    const Transform transform = static_cast<Transform>(v.coarsen.value);
    return transform == Transform::kHost || transform == Transform::kPath ||
           transform == Transform::kDomain;
  });
  if (kind == Kind::kUrl && !coarse) {
    findings.Error(f.at, "a URL about a BROWSER needs a host or path view: its query can identify");
  }
}

}  // namespace

void LintFields(const CategoryDraft& category, Findings& findings) {
  const std::string name = "category \"" + category.id.text + "\"";
  if (category.about.value == 0)
    findings.Error(category.at, name + " does not say whom it is about");
  if (category.holds.value == 0)
    findings.Error(category.at, name + " does not say how many it holds");
  if (category.fields.empty()) findings.Error(category.at, name + " has no field");
  if (category.says.empty()) findings.Warning(category.at, name + " does not say what it is");
  const bool about_browser = category.about.value == static_cast<int>(About::kBrowser);
  if (category.needs_tag && !about_browser) {
    findings.Error(category.at, name + " needs a tag, which only a BROWSER has");
  }
  for (const FieldDraft& f : category.fields) LintField(f, about_browser, findings);
}

}  // namespace bailee::policy
