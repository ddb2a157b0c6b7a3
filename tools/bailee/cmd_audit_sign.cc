// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>

#include "cmd_audit.h"
#include "interrupt.h"
#include "pins.h"
#include "text.h"
#include "trail_text.h"
#include "trusted_log.h"
#include "when.h"

namespace bailee::tool {
namespace {

struct SignOptions {
  std::string every;
  std::string previous;
  std::string out;
};

// The last checkpoint and where the next one goes.
struct Checkpoints {
  std::string previous;  // empty: none was ever signed
  std::string out;
};

Result<Checkpoints> Prepare(const AuditTrail& trail, const SignOptions& options) {
  Checkpoints files;
  files.out = options.out;
  if (files.out.empty()) {
    auto path = PathOfKept(trail.vault(), Kept::kCheckpoint);
    if (!path.ok()) return path.status();
    files.out = *std::move(path);
  }
  auto previous = options.previous.empty() ? ReadKept(files.out, trail.origin())
                                           : ReadCheckpointFile(options.previous, trail.origin());
  if (!previous.ok()) return previous.status();
  files.previous = *std::move(previous);
  return files;
}

struct Signed {
  Checkpoint checkpoint;
  bool first = false;
};

// Signs the head and keeps the checkpoint: it is the previous one of the next.
Result<Signed> SignOnce(AuditTrail& trail, Checkpoints& files) {
  auto text = trail.Sign(files.previous);
  if (!text.ok()) return text.status();
  auto checkpoint = VerifyCheckpoint(*text, trail.origin(), trail.log_keys());
  if (!checkpoint.ok()) return checkpoint.status();
  if (Status kept = WriteKept(files.out, *text); !kept.ok()) return kept;
  Signed made{*std::move(checkpoint), files.previous.empty()};
  files.previous = *std::move(text);
  return made;
}

Json SignedJson(const AuditTrail& trail, const Signed& made, const std::string& file) {
  const auto& time = made.checkpoint.time;
  return {{"vault_id", trail.vault().ToHex()},
          {"origin", made.checkpoint.origin},
          {"log_key", HexOf(trail.log_key().bytes)},
          {"log_keys", KeyTexts(trail.log_keys())},
          {"size", made.checkpoint.size},
          {"root", HexOf(made.checkpoint.root)},
          {"signed_at", time.has_value() ? FormatTime(*time) : ""},
          {"first", made.first},
          {"file", file}};
}

std::vector<std::string> SignedCells(const Signed& made, const std::string& file) {
  const auto& time = made.checkpoint.time;
  return {"signed", fmt::format("{} leaves", made.checkpoint.size), HexOf(made.checkpoint.root),
          time.has_value() ? FormatTime(*time) : "", file};
}

// What may be over by the next time; anything else needs a person.
bool IsTransient(const Status& status) {
  return status.code() == Code::kBusy || status.code() == Code::kAuditDown ||
         status.code() == Code::kFull;
}

// A heartbeat: signs even when nothing happened, so that silence means trouble.
Status SignEvery(Context& context, AuditTrail& trail, Checkpoints& files,
                 std::chrono::seconds every) {
  while (!Interrupted()) {
    const auto made = SignOnce(trail, files);
    if (made.ok()) {
      Json line = {{"type", "checkpoint"}};
      line.update(SignedJson(trail, *made, files.out));
      context.out().StreamLine(line, SignedCells(*made, files.out));
    } else if (IsTransient(made.status())) {
      Json fields = ErrorJson(made.status());
      fields.erase("type");
      context.out().Problem(fields, fmt::format("not signed, trying again in {} s: {}",
                                                every.count(), made.status().message()));
    } else {
      return made.status();
    }
    if (Status written = context.out().Finish(); !written.ok()) return written;
    Pause(every);
  }
  return {};
}

Status Sign(Context& context, const SignOptions& options) {
  std::chrono::seconds every{0};
  if (!options.every.empty()) {
    const auto interval = ParseInterval(options.every);
    if (!interval.ok()) return interval.status();
    every = *interval;
  }
  auto trail = context.OpenTrail();
  if (!trail.ok()) return trail.status();
  auto files = Prepare(*trail, options);
  if (!files.ok()) return files.status();
  if (files->previous.empty()) {
    context.out().Note(
        "no earlier checkpoint is here: this one is the first, and later ones are "
        "proven to extend it");
  }
  if (every.count() > 0) return SignEvery(context, *trail, *files, every);
  const auto made = SignOnce(*trail, *files);
  if (!made.ok()) return made.status();
  return context.out().Answer("audit-sign", SignedJson(*trail, *made, files->out),
                              {{}, {SignedCells(*made, files->out)}});
}

}  // namespace

void AddAuditSign(Commands& commands, CLI::App& audit) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* command = commands.Add(
      audit,
      {"sign", "sign the head, once it is proven that it extends the last checkpoint",
       "bailee audit sign --keyring log.keyring\n"
       "bailee audit sign --keyring cred:acme-log --every 60s --out /mnt/elsewhere/acme.checkpoint",
       "Needs the log keyring and nothing else. The last checkpoint is kept outside the vault, in\n"
       "$XDG_STATE_HOME/bailee/<vault id>.checkpoint or ~/.local/state/bailee, and replaced in "
       "one\n"
       "step. With --every it signs each time, even when nothing happened, goes on after a lock "
       "or\n"
       "a full disk, and ends with 0 by Ctrl-C or SIGTERM."},
      [options](Context& context) { return Sign(context, *options); });
  command->add_option("--every", options->every, "again and again: 60s, 5m, 1h")
      ->type_name("INTERVAL");
  command->add_option("--previous", options->previous, "the last checkpoint, if it is elsewhere")
      ->type_name("FILE");
  command->add_option("--out", options->out, "keep checkpoints in this file")->type_name("FILE");
}

}  // namespace bailee::tool
