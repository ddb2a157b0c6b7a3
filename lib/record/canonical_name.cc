// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "record/canonical.h"
#include "record/iso_codes.h"

namespace bailee::record {
namespace {

// Longer tags than any in use; RFC 5646 §4.4.1 asks for room for 35.
constexpr size_t kTagBytesMax = 64;
constexpr size_t kSubtagsMax = kTagBytesMax / 2;

// The subtags of a tag, walked from the left.
struct Subtags {
  std::array<std::string_view, kSubtagsMax> all;
  size_t count = 0;
  size_t next = 0;

  bool done() const { return next == count; }
  std::string_view peek() const { return done() ? std::string_view() : all[next]; }
  bool SeenInVariants(size_t first, std::string_view variant) const;
};

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (ToLower(a[i]) != ToLower(b[i])) return false;
  }
  return true;
}

bool Subtags::SeenInVariants(size_t first, std::string_view variant) const {
  for (size_t i = first; i < next; ++i) {
    if (SameIgnoringCase(all[i], variant)) return true;
  }
  return false;
}

// Cuts at dashes; false unless every piece is 1 to 8 letters or digits.
bool Split(std::string_view tag, Subtags& subtags) {
  if (tag.size() > kTagBytesMax || tag.empty() || tag.back() == '-') return false;
  while (!tag.empty()) {
    const std::string_view subtag = TakeUntil(tag, '-');
    if (subtag.empty() || subtag.size() > 8 || !AllOf(subtag, IsAlnum)) return false;
    if (subtags.count == kSubtagsMax) return false;
    subtags.all[subtags.count++] = subtag;
  }
  return true;
}

bool IsVariant(std::string_view s) { return s.size() >= 5 || (s.size() == 4 && IsDigit(s[0])); }

bool IsRegion(std::string_view s) {
  return (s.size() == 2 && AllOf(s, IsAlpha)) || (s.size() == 3 && AllOf(s, IsDigit));
}

// Extensions and private use: singletons, each once, each with something after it.
bool TakeExtensions(Subtags& subtags) {
  uint64_t seen = 0;
  while (!subtags.done()) {
    const char singleton = ToLower(subtags.peek()[0]);
    const bool private_use = singleton == 'x';
    const uint64_t bit = uint64_t{1}
                         << (IsDigit(singleton) ? singleton - '0' : singleton - 'a' + 10);
    if (subtags.peek().size() != 1 || (seen & bit) != 0) return false;
    seen |= bit;
    const size_t first = ++subtags.next;
    while (!subtags.done() && (private_use || subtags.peek().size() >= 2)) ++subtags.next;
    if (subtags.next == first) return false;
  }
  return true;
}

// RFC 5646 §2.1 with a primary language of two or three letters, as all registered ones are.
bool IsLangtag(Subtags subtags) {
  if (SameIgnoringCase(subtags.peek(), "x")) return TakeExtensions(subtags);
  const std::string_view language = subtags.peek();
  if (language.size() < 2 || language.size() > 3 || !AllOf(language, IsAlpha)) return false;
  ++subtags.next;
  for (int extlang = 0; extlang < 3; ++extlang) {
    if (subtags.peek().size() == 3 && AllOf(subtags.peek(), IsAlpha)) ++subtags.next;
  }
  if (subtags.peek().size() == 4 && AllOf(subtags.peek(), IsAlpha)) ++subtags.next;
  if (IsRegion(subtags.peek())) ++subtags.next;
  const size_t first_variant = subtags.next;
  while (IsVariant(subtags.peek())) {
    if (subtags.SeenInVariants(first_variant, subtags.peek())) return false;
    ++subtags.next;
  }
  return TakeExtensions(subtags);
}

// RFC 5646 §2.1.1: lower case, but regions upper and scripts title, unless first or in an
// extension.
void AddInCase(const Subtags& subtags, Form& form) {
  bool plain = false;
  for (size_t i = 0; i < subtags.count; ++i) {
    const std::string_view subtag = subtags.all[i];
    if (i > 0) form.Add('-');
    for (size_t at = 0; at < subtag.size(); ++at) {
      const bool upper = plain && (subtag.size() == 2 || (subtag.size() == 4 && at == 0));
      form.Add(upper ? ToUpper(subtag[at]) : ToLower(subtag[at]));
    }
    plain = (i == 0 || plain) && subtag.size() > 1;
  }
}

}  // namespace

bool CanonicalLanguage(std::string_view raw, Form& form) {
  std::string_view first = TakeUntil(raw, ',');
  const std::string_view tag = Trim(TakeUntil(first, ';'));
  if (tag == "*") {
    form.Add("und");
    return true;
  }
  Subtags subtags;
  if (!Split(tag, subtags) || !IsLangtag(subtags)) return false;
  AddInCase(subtags, form);
  return true;
}

bool CanonicalCountry(std::string_view raw, Form& form) {
  if (raw.size() != 2) return false;
  form.Add(ToUpper(raw[0])).Add(ToUpper(raw[1]));
  return IsCountry(form.text());
}

}  // namespace bailee::record
