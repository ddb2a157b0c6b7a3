// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "bailee/receipt.h"
#include "cmd_audit.h"
#include "files.h"
#include "pins.h"
#include "text.h"
#include "trusted_log.h"

namespace bailee::tool {
namespace {

struct ReceiptOptions {
  std::string decision;
  std::string checkpoint;
  std::string out;
};

struct CheckReceiptOptions {
  std::string receipt;
  TrustedLog log;
};

std::string_view GradeOf(const ErasureReceipt& receipt) {
  if (receipt.compacted_at) return receipt.destroyed ? "absent from backups" : "compacted";
  return ErasureGradeWord(receipt.shredded_at ? ErasureGrade::kShredded
                                              : ErasureGrade::kInaccessible);
}

std::string TimeOrNothing(const std::optional<Timestamp>& time) {
  return time ? FormatTime(*time) : "";
}

std::string DestroyedOf(const ErasureReceipt& receipt) {
  if (!receipt.destroyed) return "nobody stated that no key stream has them";
  return fmt::format("every key stream up to {} is destroyed, it was stated at {}",
                     receipt.destroyed->last.ToHex(), FormatTime(receipt.destroyed->said_at));
}

Json JsonOf(const ErasureReceipt& receipt) {
  return {{"vault", receipt.vault.ToHex()},
          {"decision", receipt.decision.ToText()},
          {"handle", receipt.handle.ToHex()},
          {"case", receipt.case_reference},
          {"records", receipt.records},
          {"grade", GradeOf(receipt)},
          {"erased_at", FormatTime(receipt.erased_at)},
          {"shredded_at", TimeOrNothing(receipt.shredded_at)},
          {"compacted_at", TimeOrNothing(receipt.compacted_at)},
          {"destroyed_sha256", receipt.destroyed ? receipt.destroyed->last.ToHex() : ""},
          {"destroyed_said_at", receipt.destroyed ? FormatTime(receipt.destroyed->said_at) : ""},
          {"origin", receipt.checkpoint.origin},
          {"size", receipt.checkpoint.size},
          {"signed_at", TimeOrNothing(receipt.checkpoint.time)}};
}

Table TableOf(const ErasureReceipt& receipt) {
  Table table;
  table.rows = {{"erased", receipt.handle.ToHex(), fmt::format("{} records", receipt.records)},
                {"at", FormatTime(receipt.erased_at), receipt.case_reference},
                {"grade", std::string(GradeOf(receipt)), TimeOrNothing(receipt.shredded_at)},
                {"backups", DestroyedOf(receipt), ""},
                {"signed", SignedAt(receipt.checkpoint), receipt.checkpoint.origin}};
  return table;
}

Status Receipt(Context& context, const ReceiptOptions& options) {
  const auto decision = DecisionId::FromText(options.decision);
  if (!decision.ok()) {
    return {Code::kUsage, "usage.decision", "that is no decision",
            "take the one that bailee subject erase printed"};
  }
  auto trail = context.OpenTrail();
  if (!trail.ok()) return trail.status();
  const auto checkpoint = NamedOrKeptCheckpoint(*trail, options.checkpoint);
  if (!checkpoint.ok()) return checkpoint.status();
  const auto receipt = trail->Receipt(*decision, *checkpoint);
  if (!receipt.ok()) return receipt.status();
  // Whoever gets it does this, and no receipt leaves that does not hold.
  const auto proven = VerifyReceipt(*receipt, trail->origin(), trail->log_keys());
  if (!proven.ok()) return proven.status();
  if (Status written = WriteNewFile(options.out, AsText(*receipt)); !written.ok()) return written;
  const std::string check = fmt::format("bailee audit check-receipt {} --origin {} {}", options.out,
                                        trail->origin(), KeyArguments(trail->log_keys()));
  Json json = JsonOf(*proven);
  json["file"] = options.out;
  json["next"] = check;
  Table table = TableOf(*proven);
  table.rows.push_back({"receipt", options.out, ""});
  table.rows.push_back({"next", check, "needs no vault and no secret"});
  return context.out().Answer("audit-receipt", std::move(json), table);
}

Status CheckReceipt(Context& context, const CheckReceiptOptions& options) {
  const auto keys = KeysOf(options.log);
  if (!keys.ok()) return keys.status();
  const auto bytes = ReadTextFile(options.receipt, limits::kReceiptBytesMax, "receipt");
  if (!bytes.ok()) return bytes.status();
  const auto proven = VerifyReceipt(AsBytes(*bytes), options.log.origin, *keys);
  if (!proven.ok()) return proven.status();
  return context.out().Answer("audit-check-receipt", JsonOf(*proven), TableOf(*proven));
}

}  // namespace

void AddAuditReceipt(Commands& commands, CLI::App& audit) {
  auto receipt = std::make_shared<ReceiptOptions>();
  CLI::App* command = commands.Add(
      audit,
      {"receipt", "a receipt of erasing, for the person who was erased",
       "bailee audit receipt 0f3a2b4c5d6e6f1c0d5e0c2b4b6d9a1e.w3 --keyring auditor.keyring --out "
       "DSR-2013-117.receipt",
       "Shows that it was recorded, with how many records were deleted and how far gone they are:\n"
       "inaccessible, shredded, compacted or absent from backups, as of the checkpoint. The last "
       "is\n"
       "the operator's statement, see bailee backup destroyed. Without --checkpoint it is the one\n"
       "kept by bailee audit sign. It opens those entries of the trail, and no others, for "
       "whoever\n"
       "has it. Takes the auditor's keyring."},
      [receipt](Context& context) { return Receipt(context, *receipt); });
  command->add_option("DECISION", receipt->decision, "that erased somebody")->required();
  command->add_option("--checkpoint", receipt->checkpoint, "a signed one that covers it")
      ->type_name("FILE");
  command->add_option("--out", receipt->out, "write the receipt to a new file")
      ->required()
      ->type_name("FILE");

  auto check = std::make_shared<CheckReceiptOptions>();
  command = commands.Add(
      audit,
      {"check-receipt", "does the receipt hold? needs no vault, no keyring and no network",
       "bailee audit check-receipt DSR-2013-117.receipt --origin bailee/0f3a --log-key 77ab...",
       "Exits 14 if it does not. Origin and key are those that bailee audit verify prints: take\n"
       "them from somebody you trust, not from whoever gave you the receipt."},
      [check](Context& context) { return CheckReceipt(context, *check); });
  command->add_option("RECEIPT", check->receipt, "a file that bailee audit receipt wrote")
      ->required();
  AddTrustedLog(*command, check->log);
}

}  // namespace bailee::tool
