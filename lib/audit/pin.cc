// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "audit/checkpoint_text.h"
#include "audit/verify.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

constexpr const char* kHint =
    "keep the files as they are and compare them with a backup and the checkpoints";

Status Extends(const TreeReader& tree, const TreeHead& pinned) {
  if (pinned.size > tree.size()) {
    return Status(Code::kAuditBroken, "trail.cut-off",
                  "the audit trail is shorter than it was: it was cut off or an older one was put "
                  "in its place",
                  kHint);
  }
  BAILEE_TRY(const TreeHash root, tree.RootAt(pinned.size));
  BAILEE_TRY(const std::vector<TreeHash> proof, tree.ConsistencyProof(pinned.size, tree.size()));
  const Status same =
      VerifyConsistency({pinned.size, pinned.root}, {tree.size(), tree.Root()}, proof);
  if (same.ok() && root == pinned.root) return Status();
  return Status(Code::kAuditBroken, "trail.forked",
                "the audit trail does not begin with what was there before", kHint);
}

// A head has no empty line; a signed note does.
bool IsSigned(std::string_view text) { return text.find("\n\n") != std::string_view::npos; }

Result<Checkpoint> ReadClaim(std::string_view text) {
  return IsSigned(text) ? ParseCheckpoint(text) : ParseCheckpointText(text);
}

}  // namespace

Result<uint64_t> SizeOfPin(std::string_view text) {
  BAILEE_TRY(const Checkpoint claimed, ReadClaim(text));
  return claimed.size;
}

Result<Checkpoint> VerifyExtends(const TreeReader& tree, const Pinned& pinned) {
  BAILEE_TRY(Checkpoint checkpoint,
             VerifySigned(pinned.text, pinned.origin, pinned.keys, HeadProof::kTree));
  BAILEE_RETURN_IF_ERROR(Extends(tree, {checkpoint.size, checkpoint.root}));
  return checkpoint;
}

namespace {

// Whether the tree could be compared with it. False: its leaves were pruned.
Result<bool> Compare(store::Snapshot& snapshot, const TreeHead& head, Findings& findings) {
  BAILEE_TRY(const TreeReader tree, TreeReader::Open(snapshot));
  const Status status = Extends(tree, head);
  if (status.code() == Code::kNotFound) return false;
  if (status.code() == Code::kAuditBroken) {
    const bool cut_off = status.name() == "trail.cut-off";
    findings.Broken(cut_off ? "trail.cut-off" : "trail.forked", std::string(status.message()));
  } else if (status.code() == Code::kDamage) {
    // A row on the way is missing: the replay finds which.
    findings.Broken("trail.forked", std::string(status.message()));
  } else if (!status.ok()) {
    return status;
  }
  return true;
}

}  // namespace

Status CheckHead(store::Snapshot& snapshot, const TreeHead& head, Findings& findings) {
  return Compare(snapshot, head, findings).status();
}

Status CheckPin(store::Snapshot& snapshot, const Pinned& pinned, Findings& findings) {
  BAILEE_TRY(const Checkpoint claimed, ReadClaim(pinned.text));
  if (claimed.origin != pinned.origin) {
    findings.Broken("trail.other-origin", "what was pinned is of another log");
    return Status();
  }
  if (IsSigned(pinned.text)) {
    const Status status =
        VerifySigned(pinned.text, pinned.origin, pinned.keys, HeadProof::kTree).status();
    if (!status.ok()) {
      findings.Broken("trail.pin-forged", std::string(status.message()));
      return Status();
    }
  }
  BAILEE_TRY(const bool compared, Compare(snapshot, {claimed.size, claimed.root}, findings));
  if (!compared) {
    findings.Unproven("trail.pin-pruned",
                      "what was pinned is older than what was pruned and cannot be compared");
  }
  return Status();
}

}  // namespace bailee::audit
