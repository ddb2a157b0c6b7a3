// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "origins.h"
#include "progress.h"
#include "shredded_json.h"
#include "text.h"

namespace bailee::tool {
namespace {

constexpr const char* kStorage = "storage";
constexpr const char* kLog = "log";
constexpr const char* kAuthority = "authority";
constexpr const char* kNext = ".next";  // of a keyring that is not in force yet

struct RotateCommand {
  std::string what;
  std::string name;
  std::string from;
  bool leaked = false;
  bool finish = false;
  bool now = false;
  std::string checkpoint;  // a file
};

// Of these there is one each.
bool HasNoName(std::string_view what) {
  return what == kStorage || what == kLog || what == kAuthority;
}

// The key's name for the library, and the purpose whose keyring is needed; empty: the storage's.
struct KeyAsked {
  std::string key;
  std::string purpose;
};

Result<KeyAsked> AskedKey(const RotateCommand& options) {
  const bool only = HasNoName(options.what);
  if (only != options.name.empty()) {
    return Status(Code::kUsage, only ? "usage.excludes" : "usage.missing",
                  only ? "there is one such key: it has no name" : "no key is named",
                  "purpose PURPOSE, index CATEGORY.FIELD/PURPOSE, storage, log or authority");
  }
  if (!options.checkpoint.empty() && (options.what != kLog || !options.leaked)) {
    return Status(Code::kUsage, "usage.excludes", "a checkpoint is of a log key that leaked",
                  "leave --checkpoint out, or add --leaked");
  }
  if (only) return KeyAsked{options.what, {}};
  const std::string purpose =
      options.what == "purpose" ? options.name : options.name.substr(options.name.rfind('/') + 1);
  return KeyAsked{options.what + "/" + options.name, purpose};
}

// One command: a keyring from the newest origins, made for it and kept nowhere.
class Rotation {
 public:
  Rotation(Context& context, const RotateCommand& options, KeyAsked asked)
      : context_(context),
        options_(options),
        asked_(std::move(asked)),
        progress_(context.out(), "rows", 0) {}

  Status Run() {
    if (!options_.checkpoint.empty()) {
      auto text = ReadTextFile(options_.checkpoint, limits::kCheckpointBytesMax, "checkpoint");
      if (!text.ok()) return text.status();
      checkpoint_ = *std::move(text);
    }
    if (Status taken = TakeNext(); !taken.ok()) return taken;
    // Each with the keyrings as they are by then: beginning replaces some.
    if (!options_.finish) {
      if (Status begun = Begin(); !begun.ok()) return begun;
      if (Status run = Move(); !run.ok() || done_.stopped) return run;
    }
    return options_.finish || options_.now ? Finish() : Status();
  }

  const Rotated& done() const { return done_; }
  bool finished() const { return finished_; }
  const std::vector<std::string>& written() const { return written_; }

 private:
  struct Opened {
    Keyring authority;
    Vault vault;
  };
  Result<Opened> Open() {
    auto authority = context_.LoadKeyring("file:" + PathOf(kAuthority));
    if (!authority.ok()) return authority.status();
    std::vector<std::string> purposes;
    if (!asked_.purpose.empty()) purposes.push_back(asked_.purpose);
    auto sources = LoadOrigins(context_, options_.from, purposes);
    if (!sources.ok()) return sources.status();
    return OpenFrom(*std::move(authority), *sources, purposes);
  }
  Result<Opened> OpenFrom(Keyring authority, const std::vector<Keyring>& sources,
                          const std::vector<std::string>& purposes) {
    std::vector<const Keyring*> borrowed;
    borrowed.reserve(sources.size());
    for (const Keyring& source : sources) borrowed.push_back(&source);
    const auto file = Grant(authority, borrowed, {.actor = "key-rotate", .purposes = purposes},
                            Unlock::Nothing(), Clock::System());
    if (!file.ok()) return file.status();
    auto keyring = Keyring::Open(*file);
    if (!keyring.ok()) return keyring.status();
    auto vault = context_.OpenVaultWith(*std::move(keyring));
    if (!vault.ok()) return vault.status();
    return Opened{std::move(authority), *std::move(vault)};
  }

  std::string PathOf(const std::string& name) const { return OriginPath(options_.from, name); }

  RotateOptions LibraryOptions() {
    return {.leaked = options_.leaked,
            .checkpoint = checkpoint_,
            .keep = [this](const std::vector<KeyringFile>& files) { return Keep(files); },
            .progress =
                [this](const RotationState& state) {
                  progress_.Show(state.rows, state.rows);
                  return !Interrupted();
                },
            .shred = {.progress = [](uint64_t) { return !Interrupted(); }}};
  }

  // What has the name is the origin before, whose keys the new one has as long as they are open.
  // But these open nothing before it is begun, and those before must not be lost.
  Status Keep(const std::vector<KeyringFile>& files) {
    for (const KeyringFile& file : files) {
      const std::string path = PathOf(file.name) + (HasNoName(options_.what) ? kNext : "");
      Status written =
          file.bytes.Reveal([&](std::string_view bytes) { return ReplaceFile(path, bytes); });
      if (!written.ok()) return written;
      Wrote(path);
    }
    return {};
  }
  void Wrote(const std::string& path) {
    if (std::find(written_.begin(), written_.end(), path) == written_.end())
      written_.push_back(path);
  }

  // The keyrings that every other is granted from, and those that are handed out as they are.
  Result<std::vector<Keyring>> LoadAll() {
    std::vector<Keyring> keyrings;
    for (const std::string& path : KeptKeyrings(options_.from)) {
      auto keyring = context_.LoadKeyring("file:" + path);
      if (!keyring.ok()) return keyring.status();
      keyrings.push_back(*std::move(keyring));
    }
    return keyrings;
  }

  Status Begin() {
    auto opened = Open();
    if (!opened.ok()) return opened.status();
    const auto states = opened->vault.Rotations();
    if (!states.ok()) return states.status();
    const bool under_way = std::any_of(states->begin(), states->end(),
                                       [&](const auto& each) { return each.key == asked_.key; });
    if (under_way) return {};  // goes on with it
    RotateOptions library = LibraryOptions();
    std::vector<Keyring> all;
    if (asked_.key == kAuthority) {
      auto loaded = LoadAll();
      if (!loaded.ok()) return loaded.status();
      all = *std::move(loaded);
    }
    for (const Keyring& each : all) library.keyrings.push_back(&each);
    Status begun = Take(opened->vault.BeginRotation(opened->authority, asked_.key, library));
    if (!begun.ok()) return begun;
    return RenameAll();
  }

  // An earlier run may have ended before its keyrings had taken their places, or before the vault
  // said that they are in force: whether they open it tells.
  Status TakeNext() {
    if (NextKeyrings(options_.from).empty()) return {};
    Status next = OpensWith(kNext);
    if (next.ok()) return RenameAll();
    // Anything but a key that is not in force says nothing, and they must not be lost.
    if (next.code() != Code::kKey && next.code() != Code::kDamage) return next;
    if (Status now = OpensWith(""); !now.ok()) return now;
    return RemoveAll();
  }
  // With each keyring of that ending, where there is one.
  Status OpensWith(const std::string& ending) {
    const auto path_of = [&](const char* name) {
      const std::string path = PathOf(name);
      return Exists(path + ending) ? path + ending : path;
    };
    auto authority = context_.LoadKeyring("file:" + path_of(kAuthority));
    if (!authority.ok()) return authority.status();
    auto storage = context_.LoadKeyring("file:" + path_of(kStorage));
    if (!storage.ok()) return storage.status();
    std::vector<Keyring> sources;
    sources.push_back(*std::move(storage));
    Status opens = OpenFrom(*std::move(authority), sources, {}).status();
    // The log's opens the trail alone.
    if (!opens.ok() || ending.empty() || !Exists(PathOf(kLog) + ending)) return opens;
    auto log = context_.LoadKeyring("file:" + PathOf(kLog) + ending);
    if (!log.ok()) return log.status();
    return AuditTrail::Open(context_.globals.vault, *std::move(log)).status();
  }
  static bool Exists(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
  }
  // They are in force: each takes its place.
  Status RenameAll() {
    if (HasNoName(options_.what)) written_.clear();
    for (const std::string& next : NextKeyrings(options_.from)) {
      const std::string path = next.substr(0, next.size() - std::string_view(kNext).size());
      std::error_code error;
      std::filesystem::rename(next, path, error);
      if (error) {
        return {Code::kFailed, "io.write", fmt::format("cannot rename {}", next),
                "run the same command again: it holds a new key"};
      }
      Wrote(path);
    }
    return {};
  }
  // What was made for a rotation that never began.
  Status RemoveAll() {
    for (const std::string& next : NextKeyrings(options_.from)) {
      std::error_code error;
      std::filesystem::remove(next, error);
    }
    return {};
  }

  Status Move() {
    auto opened = Open();
    if (!opened.ok()) return opened.status();
    return Take(opened->vault.RunRotation(asked_.key, LibraryOptions()));
  }

  Status Finish() {
    auto opened = Open();
    if (!opened.ok()) return opened.status();
    Status taken =
        Take(opened->vault.FinishRotation(opened->authority, asked_.key, LibraryOptions()));
    finished_ = taken.ok() && !done_.stopped;
    return taken;
  }

  Status Take(Result<Rotated> done) {
    if (!done.ok()) return done.status();
    done_ = *std::move(done);
    return {};
  }

  Context& context_;
  const RotateCommand& options_;
  const KeyAsked asked_;
  std::string checkpoint_;
  Progress progress_;
  Rotated done_;
  bool finished_ = false;
  std::vector<std::string> written_;
};

Json StateJson(const RotationState& state) {
  return {{"key", state.key},       {"from", state.from},
          {"to", state.to},         {"step", RotationStepWord(state.step)},
          {"leaked", state.leaked}, {"begun_at", FormatTime(state.begun_at)},
          {"rows", state.rows},     {"share", state.share}};
}

std::string NextFor(const RotateCommand& options) {
  if (options.what == kLog) return "give the new keyring to whoever signs";
  if (options.what == kAuthority)
    return "grant new keyrings to everybody, and hand out the reserved ones anew";
  return "grant new keyrings to its holders";
}

Status Answer(Context& context, const RotateCommand& options, const Rotation& rotation) {
  const Rotated& done = rotation.done();
  Json json = StateJson(done.state);
  if (rotation.finished()) json["step"] = "done";
  json["damaged"] = done.damaged;
  json["keyrings"] = rotation.written();
  // A key that signs opens nothing: nothing is gone for good with it.
  const bool signs = options.what == kLog || options.what == kAuthority;
  const bool shreds = rotation.finished() && !signs;
  if (shreds) json["shredded"] = ShreddedJson(done.shredded);
  Table table;
  table.rows = {{"key", done.state.key, fmt::format("v{} to v{}", done.state.from, done.state.to)},
                {"step", json["step"].get<std::string>()},
                {"rows", std::to_string(done.state.rows)}};
  if (done.damaged > 0)
    table.rows.push_back({"damaged", fmt::format("{} rows stay as they are", done.damaged)});
  for (const std::string& path : rotation.written()) table.rows.push_back({"keyring", path});
  if (shreds) AddShredded(done.shredded, table);
  if (!rotation.finished()) {
    const std::string again =
        fmt::format("bailee key rotate {}{} --from {}", options.what,
                    options.name.empty() ? "" : " " + options.name, options.from);
    table.rows.push_back(
        {"next", done.stopped ? again : NextFor(options) + ", then " + again + " --finish"});
  }
  if (Status answered = context.out().Answer("key-rotate", std::move(json), table); !answered.ok())
    return answered;
  if (done.stopped) {
    return {Code::kPartial, "rotate.stopped", "stopped: what was done stays done",
            "run the same command again"};
  }
  return shreds && done.state.leaked ? UnlessShredded(done.shredded) : Status();
}

Status Rotate(Context& context, const RotateCommand& options) {
  (void)Interrupted();
  auto asked = AskedKey(options);
  if (!asked.ok()) return asked.status();
  Rotation rotation(context, options, *std::move(asked));
  if (Status done = rotation.Run(); !done.ok()) return done;
  return Answer(context, options, rotation);
}

Status ShowKeys(Context& context) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto states = vault->Rotations();
  if (!states.ok()) return states.status();
  Table table{{"key", "versions", "step", "rows", "looked at"}, {}};
  Json list = Json::array();
  for (const RotationState& each : *states) {
    table.rows.push_back({each.key, fmt::format("v{} to v{}", each.from, each.to),
                          std::string(RotationStepWord(each.step)), std::to_string(each.rows),
                          fmt::format("{:.0f}%", each.share * 100)});
    list.push_back(StateJson(each));
  }
  if (states->empty()) table.rows.push_back({"no rotation is under way"});
  return context.out().Answer("key-status", {{"rotations", list}}, table);
}

}  // namespace

void AddKey(Commands& commands) {
  CLI::App& key = *commands.Group("key", "replace keys while the vault is in use");
  auto options = std::make_shared<RotateCommand>();
  CLI::App* command = commands.Add(
      key,
      {"rotate", "give a key its next version, and retire the old one",
       "bailee key rotate purpose billing --vault /var/lib/acme/vault --from /root/acme-keys\n"
       "bailee key rotate purpose billing --from /root/acme-keys --finish\n"
       "bailee key rotate index payment_card.pan/billing --from /root/acme-keys --now\n"
       "bailee key rotate storage --from /root/acme-keys --now --leaked\n"
       "bailee key rotate log --from /root/acme-keys --now --leaked --checkpoint acme.checkpoint\n"
       "bailee key rotate authority --from /root/acme-keys",
       "FROM is the directory that bailee init wrote; the key's keyring in it is replaced. "
       "Without\n"
       "--finish both versions are open when it returns: grant new keyrings to the holders, then\n"
       "finish. What was stopped goes on with the same command. Once finished, keyrings with the\n"
       "old key alone open the vault no more. --leaked also gives what the old key opened new "
       "keys\n"
       "of its own, which takes longer: for a keyring in the wrong hands. What the log's key "
       "signed\n"
       "goes on counting for trees of up to today's size; once it leaked, for the head of\n"
       "--checkpoint alone, the last one that is known to be good. For a new authority bring all\n"
       "keyrings that are kept into FROM: they are signed anew, and every other is granted anew\n"
       "before it is finished."},
      [options](Context& context) { return Rotate(context, *options); });
  command->add_option("WHAT", options->what, "purpose, index, storage, log or authority")
      ->required()
      ->check(CLI::IsMember({"purpose", "index", "storage", "log", "authority"}));
  command->add_option("NAME", options->name, "a purpose, or CATEGORY.FIELD/PURPOSE");
  command->add_option("--from", options->from, "directory with authority.keyring and origins/")
      ->required()
      ->type_name("FROM");
  auto* finish = command->add_flag("--finish", options->finish, "retire the old key");
  command->add_flag("--now", options->now, "all at once: whoever has the old key is cut off")
      ->excludes(finish);
  command->add_flag("--leaked", options->leaked, "the old key may be in the wrong hands")
      ->excludes(finish);
  command
      ->add_option("--checkpoint", options->checkpoint, "of a log that leaked: the last good one")
      ->type_name("FILE");
  commands.Add(key,
               {"status", "which keys are being replaced, and how far that is",
                "bailee key status --vault /var/lib/acme/vault --keyring cred:acme"},
               [](Context& context) { return ShowKeys(context); });
}

}  // namespace bailee::tool
