// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "audit/note.h"
#include "bailee/checkpoint.h"
#include "base/base64.h"
#include "base/try.h"

namespace bailee {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

Status Malformed(const char* what) {
  return Status(Code::kInvalidValue, "proof.malformed", what,
                "take the file as it was made, byte for byte, with line feeds as line ends");
}

Result<Bytes> ParseExtra(std::string_view text) {
  std::optional<Bytes> extra = FromBase64(text);
  // No extra data is said by leaving the line out.
  if (!extra.has_value() || extra->empty() || extra->size() > limits::kProofExtraBytesMax) {
    return Malformed("the extra data of a proof makes no sense");
  }
  return *std::move(extra);
}

// Up to the empty line before the checkpoint.
Result<std::vector<TreeHash>> ParseHashes(std::string_view& rest) {
  std::vector<TreeHash> hashes;
  for (std::string_view line; audit::TakeLine(rest, line);) {
    if (line.empty()) return hashes;
    const std::optional<Bytes> bytes = FromBase64(line);
    TreeHash hash;
    if (!bytes.has_value() || bytes->size() != hash.size() ||
        hashes.size() == limits::kProofHashesMax) {
      return Malformed("the hashes of a proof make no sense");
    }
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    hashes.push_back(hash);
  }
  return Malformed("a proof has no empty line before its checkpoint");
}

}  // namespace

Result<InclusionProof> ParseProof(std::string_view text) {
  std::string_view line;
  if (!audit::TakeLine(text, line) || line != kFirstLine) {
    return Malformed("the first line is not that of a proof");
  }
  InclusionProof proof;
  if (!audit::TakeLine(text, line)) return Malformed("a proof has no index");
  if (line.starts_with(kExtra)) {
    BAILEE_TRY(proof.extra, ParseExtra(line.substr(kExtra.size())));
    if (!audit::TakeLine(text, line)) return Malformed("a proof has no index");
  }
  if (!line.starts_with(kIndex) || !audit::ParseDecimal(line.substr(kIndex.size()), proof.index)) {
    return Malformed("the index of a proof makes no sense");
  }
  BAILEE_TRY(proof.hashes, ParseHashes(text));
  BAILEE_RETURN_IF_ERROR(ParseCheckpoint(text).status());
  proof.checkpoint = text;
  return proof;
}

Result<std::string> FormatProof(const InclusionProof& proof) {
  std::string text = std::string(kFirstLine) + "\n";
  if (!proof.extra.empty()) text.append(kExtra).append(ToBase64(proof.extra)).append("\n");
  text.append(kIndex).append(std::to_string(proof.index)).append("\n");
  for (const TreeHash& hash : proof.hashes) text.append(ToBase64(hash)).append("\n");
  text.append("\n").append(proof.checkpoint);
  BAILEE_RETURN_IF_ERROR(ParseProof(text).status());
  return text;
}

Result<ProvenLeaf> VerifyProof(std::string_view text, const TreeHash& leaf, std::string_view origin,
                               const LogKeys& keys) {
  BAILEE_TRY(const InclusionProof proof, ParseProof(text));
  ProvenLeaf proven;
  proven.index = proof.index;
  BAILEE_TRY(proven.checkpoint, VerifyCheckpoint(proof.checkpoint, origin, keys));
  BAILEE_RETURN_IF_ERROR(VerifyInclusion(leaf, proof.index, proven.checkpoint.size, proof.hashes,
                                         proven.checkpoint.root));
  return proven;
}

}  // namespace bailee
