// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bailee/limits.h"
#include "commands.h"
#include "feed.h"
#include "input_lines.h"
#include "interrupt.h"
#include "log_map.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct ImportOptions {
  std::string format;
  std::string category;
  std::string notice;
  std::string source;
  std::string policy;
  std::string tag_cookie;
  std::vector<std::string> maps;
  std::string file;
  bool shift_dates = false;
  bool dry_run = false;
};

// Everything that a line is read with.
struct Importer {
  const ImportOptions& options;
  const LogFormat& format;
  const LogMap& map;
  int64_t shift_ms = 0;
  std::string scratch = {};
  LogLine line = {};
};

Status OpenLog(const std::string& path, int& fd, uint64_t& bytes) {
  fd = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return {Code::kNotFound, "io.not-found", fmt::format("log {}: {}", path, std::strerror(errno)),
            "check the path and who may read it"};
  }
  struct stat facts = {};
  const bool known = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
  bytes = known ? static_cast<uint64_t>(facts.st_size) : 0;
  return {};
}

void TakeLine(Importer& importer, Feed& feed, uint64_t number, std::string_view text) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (!importer.format.Parse(text, importer.scratch, importer.line)) {
    feed.Reject(number, {Code::kInvalidValue, "log.line", "it does not have the log's format",
                         "compare the format with the server's LogFormat"});
    return;
  }
  auto fields = importer.map.Fields(importer.line, importer.shift_ms);
  if (!fields.ok()) {
    feed.Reject(number, fields.status());
    return;
  }
  const std::string_view tag = importer.map.TagOf(importer.line);
  const bool accepted = !tag.empty() && tag.size() <= limits::kRefBytesMax;
  std::optional<Timestamp> at = importer.line.time;
  if (at.has_value()) at->unix_ms += importer.shift_ms;
  Collection* collection = feed.Begin(number, {.who = accepted ? Who::Tag(tag) : Who::Nobody(),
                                               .notice = importer.options.notice,
                                               .source = importer.options.source,
                                               .on_behalf_of = {},
                                               .collected_at = at});
  if (collection == nullptr) {
    ++feed.counts().records;
  } else {
    collection->Put(importer.options.category, *std::move(fields));
  }
}

Status ReadLog(Context& context, Importer& importer, Feed& feed) {
  int fd = -1;
  uint64_t bytes = 0;
  if (Status opened = OpenLog(importer.options.file, fd, bytes); !opened.ok()) return opened;
  const std::unique_ptr<int, void (*)(int*)> closer(&fd, [](int* each) { close(*each); });
  const Status read = ForEachLine(
      context.out(), {fd, bytes, "io.read", "the log could not be read to its end"},
      [&](const InputLine& line) {
        ++feed.counts().lines;
        TakeLine(importer, feed, line.number, line.text);  // one too long is no line of a log
        return feed.Flush(false);
      });
  explicit_bzero(importer.scratch.data(), importer.scratch.size());
  return read.ok() ? feed.Flush(true) : read;
}

// How far the log's times must move so that its newest line is now.
Result<int64_t> ShiftOf(const ImportOptions& options, const LogFormat& format) {
  int fd = -1;
  uint64_t bytes = 0;
  if (Status opened = OpenLog(options.file, fd, bytes); !opened.ok()) return opened;
  const std::unique_ptr<int, void (*)(int*)> closer(&fd, [](int* each) { close(*each); });
  LineReader reader(fd);
  std::optional<Timestamp> newest;
  std::string scratch;
  LogLine line;
  std::string_view text;
  for (auto next = reader.Read(text); next != LineReader::Next::kEnd; next = reader.Read(text)) {
    if (next == LineReader::Next::kError) break;
    if (!format.Parse(text, scratch, line) || !line.time.has_value()) continue;
    newest = std::max(newest.value_or(*line.time), *line.time);
  }
  if (Interrupted()) return int64_t{0};  // no line will be stored
  if (!newest.has_value()) {
    return Status(Code::kInvalidValue, "log.no-time", "no line of the log has a time",
                  "check the log format");
  }
  return Clock::System().Now().unix_ms - newest->unix_ms;
}

Result<LogMap> MapFor(const ImportOptions& options, const LogFormat& format,
                      const PolicyDocument& policy) {
  const auto* category = policy.Describe().FindCategory(options.category);
  if (category == nullptr) {
    return Status(Code::kUsage, "log.category", "the policy has no such category",
                  "see them: bailee policy show");
  }
  return LogMap::Make(format, *category, options.maps, options.tag_cookie);
}

Result<PolicyDocument> PolicyOf(Context& context, const ImportOptions& options, Vault* vault) {
  if (vault == nullptr) return context.LoadPolicy(options.policy);
  const auto bytes = vault->PolicyInForce();
  if (!bytes.ok()) return bytes.status();
  return PolicyDocument::FromBinary(*bytes);
}

Status Import(Context& context, const ImportOptions& options) {
  const auto format = LogFormat::Compile(options.format);
  if (!format.ok()) return format.status();
  if (options.shift_dates && options.file == "-") {
    return {Code::kUsage, "usage.shift-dates", "--shift-dates must read the log twice",
            "give the log as a file"};
  }
  std::optional<Vault> vault;
  if (!options.dry_run) {
    auto opened = context.OpenVault();
    if (!opened.ok()) return opened.status();
    vault.emplace(*std::move(opened));
  }
  Vault* store = vault.has_value() ? &*vault : nullptr;
  const auto policy = PolicyOf(context, options, store);
  if (!policy.ok()) return policy.status();
  const auto map = MapFor(options, *format, *policy);
  if (!map.ok()) return map.status();
  context.out().Detail(map->Describe());
  Importer importer{.options = options, .format = *format, .map = *map};
  if (options.shift_dates) {
    const auto shift = ShiftOf(options, *format);
    if (!shift.ok()) return shift.status();
    importer.shift_ms = *shift;
    context.out().Note(
        fmt::format("dates are not those of the log: all are moved by {} days, so "
                    "that its newest line is now",
                    *shift / kMillisPerDay));
  }
  Feed feed(context, store, /*drop_expired=*/true);
  if (Status read = ReadLog(context, importer, feed); !read.ok()) {
    context.out().Note(fmt::format("{} lines are stored", feed.counts().stored));
    return read;
  }
  return feed.Finish("import", Interrupted());
}

}  // namespace

void AddImport(Commands& commands) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* command = commands.Add(
      commands.root(),
      {"import", "store the lines of an Apache log",
       "bailee import --format combined --category web_log --notice privacy-1 --source web "
       "access.log\n"
       "bailee import --format '%h %l %u %t \"%r\" %>s %b \"%{Cookie}i\"' --tag-cookie visitor "
       "--category web_log --notice privacy-1 --source web -",
       "Fields are filled by their usual names: %h ip, %t at, %r request, its path url,\n"
       "%{User-Agent}i agent, %{Accept-Language}i language, %{Cookie}i cookie, %{Referer}i\n"
       "referrer, %>s status; --map changes that. A line without an accepted tag belongs to "
       "nobody.\n"
       "A line that names a user (%u) is refused unless %u is mapped or dropped. Lines with a "
       "field\n"
       "that is past its retention, and so are its views, are counted and dropped. Of a field of\n"
       "use only through its views, those alone are stored."},
      [options](Context& context) { return Import(context, *options); });
  command->add_option("FILE", options->file, "the log, or - for standard input")->required();
  command->add_option("--format", options->format, "the server's LogFormat, or common, combined")
      ->required()
      ->type_name("LOGFORMAT");
  command->add_option("--category", options->category, "category to store in")
      ->required()
      ->type_name("CATEGORY");
  command->add_option("--notice", options->notice, "what visitors were shown")
      ->required()
      ->type_name("NOTICE");
  command->add_option("--source", options->source, "where it was collected")
      ->required()
      ->type_name("SOURCE");
  command->add_option("--map", options->maps, "'%{X}i=field', '%r:path=field'; '%u=' drops it")
      ->expected(1)
      ->type_name("MAP")
      ->take_all();
  command
      ->add_option("--tag-cookie", options->tag_cookie, "cookie whose value is the browser's tag")
      ->type_name("NAME");
  command->add_option("--policy", options->policy, "with --dry-run: a policy file, no vault")
      ->type_name("FILE");
  command->add_flag("--shift-dates", options->shift_dates,
                    "for trials: move all dates so that the newest line is now");
  command->add_flag("-n,--dry-run", options->dry_run, "read and check every line, store nothing");
}

}  // namespace bailee::tool
