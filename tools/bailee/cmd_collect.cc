// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "collect_line.h"
#include "commands.h"
#include "feed.h"
#include "input_lines.h"
#include "interrupt.h"

namespace bailee::tool {
namespace {

void TakeLine(Feed& feed, uint64_t number, std::string_view text) {
  auto line = CollectLine::Parse(text);
  if (!line.ok()) {
    feed.Reject(number, line.status());
    return;
  }
  Collection* collection = feed.Begin(number, line->Request());
  for (CollectLine::RecordInput& record : line->records()) {
    if (collection == nullptr) {
      ++feed.counts().records;
    } else {
      collection->Put(record.category, std::move(record.fields), record.record);
    }
  }
}

Status ReadLines(Context& context, Feed& feed) {
  const Status read = ForEachLine(context.out(), {}, [&](const InputLine& line) {
    ++feed.counts().lines;
    if (line.too_long) {
      feed.Reject(line.number,
                  {Code::kInvalidValue, "input.too-long", "the line is longer than any record",
                   "a record has at most 1 MiB"});
    } else {
      TakeLine(feed, line.number, line.text);
    }
    return feed.Flush(false);
  });
  return read.ok() ? feed.Flush(true) : read;
}

Status Collect(Context& context, bool dry_run) {
  std::optional<Vault> vault;
  if (!dry_run) {
    auto opened = context.OpenVault();
    if (!opened.ok()) return opened.status();
    vault.emplace(*std::move(opened));
  }
  Feed feed(context, vault.has_value() ? &*vault : nullptr, /*drop_expired=*/false);
  if (Status read = ReadLines(context, feed); !read.ok()) {
    context.out().Note(fmt::format("{} lines are stored", feed.counts().stored));
    return read;
  }
  return feed.Finish("collect", Interrupted());
}

}  // namespace

void AddCollect(Commands& commands) {
  auto dry_run = std::make_shared<bool>(false);
  CLI::App* command = commands.Add(
      commands.root(),
      {"collect", "store records from JSON lines on standard input",
       "bailee collect --vault /var/lib/acme/vault --keyring cred:acme-shop < people.jsonl\n"
       "bailee collect --dry-run < people.jsonl",
       "Each line is one subject's collection, stored whole or not at all:\n"
       "  {\"ref\": \"user-4711\", \"notice\": \"checkout-7\", \"source\": \"web\",\n"
       "   \"records\": [{\"category\": \"account\", \"fields\": {\"email\": \"...\"}}]}\n"
       "Instead of ref: tag (a browser) or handle. May be left out: on_behalf_of, collected_at\n"
       "(RFC 3339), and in a record: record (32 hex digits; makes a retry safe). A value that is\n"
       "not text: {\"hex\": \"...\"}. Lines that are not stored are named by number; then it exits "
       "5."},
      [dry_run](Context& context) { return Collect(context, *dry_run); });
  command->add_flag("-n,--dry-run", *dry_run, "check the shape of every line, store nothing");
}

}  // namespace bailee::tool
