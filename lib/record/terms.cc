// SPDX-License-Identifier: Apache-2.0
#include "record/terms.h"

#include "bailee/limits.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/utf8.h"

namespace bailee::record {
namespace {

constexpr uint8_t kTermsVersion = 1;

bool IsName(std::string_view text) { return text.size() <= limits::kNameBytesMax && IsUtf8(text); }

bool AreTerms(const Terms& terms) {
  return !terms.notice.empty() && !terms.source.empty() && IsName(terms.notice) &&
         IsName(terms.source) && IsName(terms.controller);
}

Status DamagedTerms() {
  return Status(Code::kDamage, "record.terms", "a terms row is not the one its key names",
                "run check on the vault");
}

}  // namespace

Bytes EncodeTerms(const Terms& terms) {
  BAILEE_CHECK(AreTerms(terms));
  Bytes value;
  Writer writer(value);
  writer.Put(kTermsVersion).Put(terms.policy_version).Put(terms.expiry_bucket);
  writer.PutPrefixed<uint8_t>(AsBytes(terms.notice));
  writer.PutPrefixed<uint8_t>(AsBytes(terms.source));
  writer.PutPrefixed<uint8_t>(AsBytes(terms.controller));
  return value;
}

Result<Terms> ParseTerms(const VaultId& vault, const TermsId& id, ByteView value) {
  if (crypto::TermsIdOf(vault, value) != id) return DamagedTerms();
  Reader reader(value);
  const auto version = reader.Get<uint8_t>();
  Terms terms;
  terms.policy_version = reader.Get<uint32_t>();
  terms.expiry_bucket = reader.Get<int64_t>();
  terms.notice = AsText(reader.GetPrefixed<uint8_t>());
  terms.source = AsText(reader.GetPrefixed<uint8_t>());
  terms.controller = AsText(reader.GetPrefixed<uint8_t>());
  if (!reader.complete() || version != kTermsVersion || !AreTerms(terms)) return DamagedTerms();
  return terms;
}

}  // namespace bailee::record
