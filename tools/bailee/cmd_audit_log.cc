// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <limits>

#include "cmd_audit.h"
#include "interrupt.h"
#include "trail_text.h"
#include "when.h"

namespace bailee::tool {
namespace {

// Every look at the trail is an event itself, so following looks rarely enough not to fill it.
constexpr std::chrono::seconds kFollowEvery{2};

struct LogOptions {
  std::string since;
  std::string until;
  std::string handle;
  TrailFilter filter;
  uint64_t from = 0;
  uint64_t last = 0;   // 0: all
  uint64_t limit = 0;  // 0: all
  bool follow = false;
};

// Prints entries, as many as are wanted.
class LogPrinter {
 public:
  LogPrinter(Output& out, uint64_t limit)
      : out_(out), left_(limit == 0 ? std::numeric_limits<uint64_t>::max() : limit) {}

  // Returns whether more are wanted.
  bool Print(const TrailEntry& entry) {
    if (left_ == 0) return false;
    Json json = {{"type", "entry"}};
    json.update(EntryJson(entry));
    out_.StreamLine(json, EntryCells(entry));
    ++printed_;
    return --left_ > 0;
  }

  bool full() const { return left_ == 0; }
  uint64_t printed() const { return printed_; }

 private:
  Output& out_;
  uint64_t left_;
  uint64_t printed_ = 0;
};

Result<TrailFilter> FilterOf(const LogOptions& options) {
  TrailFilter filter = options.filter;
  const Timestamp now = Clock::System().Now();
  if (!options.since.empty()) {
    const auto since = ParseWhen(options.since, now);
    if (!since.ok()) return since.status();
    filter.since = *since;
  }
  if (!options.until.empty()) {
    const auto until = ParseWhen(options.until, now);
    if (!until.ok()) return until.status();
    filter.until = *until;
  }
  if (!options.handle.empty()) {
    const auto handle = Handle::FromHex(options.handle);
    if (!handle.ok()) return handle.status();
    filter.handle = *handle;
  }
  return filter;
}

// What was there when it was asked. Returns where to go on.
Result<uint64_t> PrintPast(AuditTrail& trail, const TrailFilter& filter, const LogOptions& options,
                           LogPrinter& printer) {
  if (options.last == 0) {
    return trail.Entries(filter, options.from, [&](const TrailEntry& entry) {
      return printer.Print(entry) && !Interrupted();
    });
  }
  std::deque<TrailEntry> newest;
  auto next = trail.Entries(filter, options.from, [&](const TrailEntry& entry) {
    newest.push_back(entry);
    if (newest.size() > options.last) newest.pop_front();
    return !Interrupted();
  });
  if (!next.ok()) return next;
  for (const TrailEntry& entry : newest) printer.Print(entry);
  return next;
}

// Looking again is an event too: showing it would make the next look find something, for ever.
bool IsOwnLook(const TrailEntry& entry) {
  return entry.kind == "trail-log" && entry.pid == static_cast<uint32_t>(getpid());
}

Status Follow(Context& context, AuditTrail& trail, const TrailFilter& filter, uint64_t from,
              LogPrinter& printer) {
  while (!Interrupted() && !printer.full()) {
    if (Status written = context.out().Finish(); !written.ok()) return written;
    Pause(kFollowEvery);
    if (Interrupted()) break;
    const auto next = trail.Entries(filter, from, [&](const TrailEntry& entry) {
      if (IsOwnLook(entry)) return true;
      return printer.Print(entry) && !Interrupted();
    });
    if (next.ok()) {
      from = *next;
    } else if (next.status().code() != Code::kBusy) {
      return next.status();
    }
  }
  return {};
}

Status Log(Context& context, const LogOptions& options) {
  const auto filter = FilterOf(options);
  if (!filter.ok()) return filter.status();
  auto trail = context.OpenTrail();
  if (!trail.ok()) return trail.status();
  (void)Interrupted();  // from here on Ctrl-C ends the list and not the process
  LogPrinter printer(context.out(), options.limit);
  const auto next = PrintPast(*trail, *filter, options, printer);
  if (!next.ok()) return next.status();
  if (options.follow) return Follow(context, *trail, *filter, *next, printer);
  if (Interrupted()) {
    context.exit_override = 130;
    return {Code::kPartial, "interrupted",
            fmt::format("interrupted after {} entries", printer.printed()),
            fmt::format("go on with --from {}", *next)};
  }
  if (printer.printed() == 0) context.out().Note("no entry matches");
  return context.out().Answer(
      "audit-log", {{"type", "summary"}, {"entries", printer.printed()}, {"next", *next}}, {});
}

void AddFilters(CLI::App& command, LogOptions& options) {
  const auto text = [&command](const char* name, std::string& into, const char* says,
                               const char* type) {
    command.add_option(name, into, says)->type_name(type);
  };
  text("--since", options.since, "from then on: a day, RFC 3339, or how long ago: 2h, 7d", "WHEN");
  text("--until", options.until, "before then", "WHEN");
  text("--purpose", options.filter.purpose, "what was acted for", "P");
  text("--actor", options.filter.actor, "whose keyring it was", "NAME");
  text("--handle", options.handle, "whom it was about, 32 hex digits", "HANDLE");
  text("--category", options.filter.category, "what was asked for or stored", "CATEGORY");
  text("--kind", options.filter.kind, "read, collect, find, ...", "KIND");
  command.add_option("--outcome", options.filter.outcome, "allowed, refused, not-found or failed")
      ->check(CLI::IsMember({"allowed", "refused", "not-found", "failed"}))
      ->type_name("OUTCOME");
}

}  // namespace

void AddAuditLog(Commands& commands, CLI::App& audit) {
  auto options = std::make_shared<LogOptions>();
  CLI::App* command = commands.Add(
      audit,
      {"log", "who did what, for which purpose, and what came of it",
       "bailee audit log --keyring auditor.keyring --since 2h --outcome refused\n"
       "bailee audit log --handle 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --json\n"
       "bailee audit log --follow --purpose support",
       "One line an entry: time, actor, purpose, kind, what, handle, outcome and reasons,\n"
       "decision; with --json one object a line. Needs the auditor's keyring. Looking is an entry\n"
       "too. --follow goes on until Ctrl-C or SIGTERM, which ends it with 0; its own looks are "
       "not\n"
       "shown."},
      [options](Context& context) { return Log(context, *options); });
  AddFilters(*command, *options);
  command->add_option("--from", options->from, "begin with the leaf of this index")
      ->type_name("INDEX");
  auto* last = command->add_option("--last", options->last, "only the last N that match")
                   ->check(CLI::PositiveNumber)
                   ->type_name("N");
  command->add_option("--limit", options->limit, "stop after N that match")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->excludes(last);
  command->add_flag("-f,--follow", options->follow, "go on with what comes");
}

}  // namespace bailee::tool
