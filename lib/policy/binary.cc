// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/stubs/logging.h>

#include <algorithm>

#include "bailee/limits.h"
#include "policy/translate.h"

namespace bailee::policy {

Draft DraftFromBinary(ByteView bytes, Findings& findings) {
  // A text at its limit becomes a smaller binary, so one bound serves both.
  if (bytes.size() > limits::kPolicyFileBytesMax) {
    findings.Error({}, "the policy is larger than 1 MiB");
    return {};
  }
  v1::Policy message;
  {
    // Protobuf would write about hostile text to the host's standard error.
    const google::protobuf::LogSilencer silence;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      findings.Error({}, "the policy does not parse");
      return {};
    }
  }
  message.DiscardUnknownFields();
  Draft draft;
  draft.binary = Serialize(message);
  // One policy has one encoding, so that its signature covers all that is read.
  if (!std::equal(bytes.begin(), bytes.end(), draft.binary.begin(), draft.binary.end())) {
    findings.Error(
        {}, "the policy holds fields this library does not know, or is not in its canonical form");
    return draft;
  }
  Bytes binary = std::move(draft.binary);
  draft = Translate(message, nullptr, findings);
  draft.binary = std::move(binary);
  return draft;
}

}  // namespace bailee::policy
