// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>

#include "cmd_audit.h"
#include "files.h"
#include "pins.h"
#include "text.h"
#include "trail_text.h"
#include "trusted_log.h"

namespace bailee::tool {
namespace {

// No entry is larger (FORMAT.md §13.2), and its leaf adds little.
constexpr size_t kLeafBytesMax = (size_t{16} << 20) + (size_t{64} << 10);
constexpr size_t kProofBytesMax =
    limits::kCheckpointBytesMax + 2 * limits::kProofExtraBytesMax + (size_t{64} << 10);

struct ProveOptions {
  std::string target;  // INDEX or DECISION
  std::string checkpoint;
  std::string out;
  std::string leaf;
};

struct CheckOptions {
  std::string proof;
  std::string leaf;
  TrustedLog log;
};

// A decision is looked up, which takes the auditor's keyring; an index is one already.
Result<uint64_t> IndexOf(AuditTrail& trail, const std::string& target) {
  uint64_t index = 0;
  const char* end = target.data() + target.size();
  const auto [stopped, error] = std::from_chars(target.data(), end, index);
  if (error == std::errc() && stopped == end) return index;
  const auto decision = DecisionId::FromText(target);
  if (!decision.ok()) {
    return Status(Code::kUsage, "usage.leaf", "that is neither the index of a leaf nor a decision",
                  "take one from bailee audit log --json");
  }
  const auto entry = trail.Find(*decision);
  if (!entry.ok()) return entry.status();
  return entry->index;
}

Status WriteBoth(const ProveOptions& options, const AuditTrail::Proof& proof) {
  if (!options.leaf.empty()) {
    if (Status leaf = WriteNewFile(options.leaf, AsText(proof.leaf)); !leaf.ok()) return leaf;
  }
  return options.out.empty() ? Status() : WriteNewFile(options.out, proof.text);
}

Status Prove(Context& context, const ProveOptions& options) {
  auto trail = context.OpenTrail();
  if (!trail.ok()) return trail.status();
  const auto checkpoint = NamedOrKeptCheckpoint(*trail, options.checkpoint);
  if (!checkpoint.ok()) return checkpoint.status();
  const auto index = IndexOf(*trail, options.target);
  if (!index.ok()) return index.status();
  const auto proof = trail->Prove(*index, *checkpoint);
  if (!proof.ok()) return proof.status();
  if (Status written = WriteBoth(options, *proof); !written.ok()) return written;
  if (options.out.empty() && !context.out().json() && context.out().options().field.empty()) {
    return context.out().Text("audit-prove", proof->text);
  }
  const std::string check = fmt::format("bailee audit check-proof {} --leaf {} --origin {} {}",
                                        options.out.empty() ? "PROOF" : options.out,
                                        options.leaf.empty() ? "FILE" : options.leaf,
                                        trail->origin(), KeyArguments(trail->log_keys()));
  return context.out().Answer("audit-prove",
                              {{"index", *index},
                               {"origin", trail->origin()},
                               {"log_key", HexOf(trail->log_key().bytes)},
                               {"log_keys", KeyTexts(trail->log_keys())},
                               {"leaf_hash", HexOf(LeafHash(proof->leaf))},
                               {"proof", proof->text},
                               {"file", options.out},
                               {"leaf_file", options.leaf},
                               {"next", check}},
                              {{},
                               {{"proof", options.out, fmt::format("leaf {}", *index)},
                                {"next", check, "needs no vault and no secret"}}});
}

Status CheckProof(Context& context, const CheckOptions& options) {
  const auto keys = KeysOf(options.log);
  if (!keys.ok()) return keys.status();
  const auto text = ReadTextFile(options.proof, kProofBytesMax, "proof");
  if (!text.ok()) return text.status();
  const auto leaf = ReadTextFile(options.leaf, kLeafBytesMax, "leaf");
  if (!leaf.ok()) return leaf.status();
  const TreeHash hash = LeafHash({reinterpret_cast<const uint8_t*>(leaf->data()), leaf->size()});
  const auto proven = VerifyProof(*text, hash, options.log.origin, *keys);
  if (!proven.ok()) return proven.status();
  const Checkpoint& head = proven->checkpoint;
  const std::string when = head.time.has_value() ? FormatTime(*head.time) : "";
  return context.out().Answer(
      "audit-check-proof",
      {{"proven", true},
       {"index", proven->index},
       {"origin", head.origin},
       {"size", head.size},
       {"root", HexOf(head.root)},
       {"signed_at", when},
       {"leaf_hash", HexOf(hash)}},
      {{},
       {{"ok", fmt::format("it is leaf {} of {}", proven->index, head.origin), ""},
        {"head", fmt::format("{} leaves", head.size), HexOf(head.root)},
        {"signed", SignedAt(head), ""}}});
}

}  // namespace

void AddAuditProve(Commands& commands, CLI::App& audit) {
  auto prove = std::make_shared<ProveOptions>();
  CLI::App* command = commands.Add(
      audit,
      {"prove", "a proof that an entry is in the trail, for somebody who has no vault",
       "bailee audit prove 9412006 --checkpoint acme.checkpoint --out 9412006.tlog-proof --leaf "
       "9412006.leaf\n"
       "bailee audit prove 0f3a2b4c5d6e6f1c0d5e0c2b4b6d9a1e.r17 --keyring auditor.keyring",
       "Writes a C2SP tlog-proof. The leaf is the entry as it is stored: sealed. By an index any\n"
       "keyring will do; a decision takes the auditor's. Without --checkpoint it is the one kept\n"
       "by bailee audit sign."},
      [prove](Context& context) { return Prove(context, *prove); });
  command->add_option("INDEX|DECISION", prove->target, "of a leaf, or of an event")->required();
  command->add_option("--checkpoint", prove->checkpoint, "a signed one that covers it")
      ->type_name("FILE");
  command->add_option("--out", prove->out, "write the proof to a new file")->type_name("FILE");
  command->add_option("--leaf", prove->leaf, "write the leaf to a new file")->type_name("FILE");

  auto check = std::make_shared<CheckOptions>();
  command = commands.Add(
      audit,
      {"check-proof", "does the proof hold? needs no vault, no keyring and no network",
       "bailee audit check-proof 9412006.tlog-proof --leaf 9412006.leaf --origin bailee/0f3a "
       "--log-key 77ab...",
       "Exits 14 if it does not. Origin and key are those that bailee audit verify prints: take\n"
       "them from somebody you trust, not from whoever gave you the proof."},
      [check](Context& context) { return CheckProof(context, *check); });
  command->add_option("PROOF", check->proof, "a file that bailee audit prove wrote")->required();
  command->add_option("--leaf", check->leaf, "the leaf it is about")->required()->type_name("FILE");
  AddTrustedLog(*command, check->log);
}

}  // namespace bailee::tool
