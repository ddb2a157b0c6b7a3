// SPDX-License-Identifier: Apache-2.0
#include "app.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>

#include "commands.h"
#include "context.h"
#include "help.h"
#include "output.h"
#include "usage.h"

namespace bailee::tool {
namespace {

void AddGlobals(CLI::App& app, Globals& globals) {
  constexpr const char* kGroup = "Global options";
  app.add_option("--vault", globals.vault, "the vault's directory")
      ->envname("BAILEE_VAULT")
      ->type_name("DIR")
      ->group(kGroup);
  app.add_option("--keyring", globals.keyring,
                 "where the keyring is: file:PATH, cred:NAME, fd:N or cmd:PATH")
      ->envname("BAILEE_KEYRING")
      ->type_name("SOURCE")
      ->group(kGroup);
  auto* passphrase = app.add_option("--passphrase-file", globals.passphrase_file,
                                    "file that holds the keyring's passphrase")
                         ->envname("BAILEE_PASSPHRASE_FILE")
                         ->type_name("FILE")
                         ->group(kGroup);
  app.add_option("--key-file", globals.key_file, "file whose 32 bytes unlock the keyring")
      ->envname("BAILEE_KEY_FILE")
      ->type_name("FILE")
      ->group(kGroup)
      ->excludes(passphrase);
  app.add_option("--epoch", globals.epoch,
                 "where the vault's file of epochs is, if not in its directory")
      ->envname("BAILEE_EPOCH")
      ->type_name("FILE")
      ->group(kGroup);
  app.add_option("--regions", globals.regions,
                 "MaxMind DB file for regions of addresses; without one all are unknown")
      ->envname("BAILEE_REGIONS")
      ->type_name("FILE")
      ->group(kGroup);
  app.add_option("--format", globals.format,
                 "table, plain (tab-separated) or json; default: table on a terminal, else plain")
      ->check(CLI::IsMember({"table", "plain", "json"}))
      ->type_name("F")
      ->group(kGroup);
  app.add_flag("--json", globals.json, "the same as --format json")->group(kGroup);
  app.add_option("--field", globals.field, "print only this field of the answer, without a newline")
      ->type_name("NAME")
      ->group(kGroup);
  app.add_option("--color", globals.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN")
      ->group(kGroup);
  app.add_flag("-q,--quiet", globals.quiet, "say nothing; the exit code is the answer")
      ->group(kGroup);
  app.add_flag("-v,--verbose", globals.verbose, "say which rule, file and key source was used")
      ->group(kGroup);
}

bool EnvironmentSays(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool WantsColor(const std::string& when, int descriptor) {
  if (when != "auto") return when == "always";
  const char* term = std::getenv("TERM");
  if (EnvironmentSays("NO_COLOR") || (term != nullptr && std::string_view(term) == "dumb")) {
    return false;
  }
  return EnvironmentSays("CLICOLOR_FORCE") || isatty(descriptor) == 1;
}

OutputOptions OptionsFrom(const Globals& globals, int out, int err) {
  OutputOptions options;
  const bool terminal = isatty(out) == 1;
  options.format = terminal ? Format::kTable : Format::kPlain;
  if (globals.format == "table") options.format = Format::kTable;
  if (globals.format == "plain") options.format = Format::kPlain;
  if (globals.format == "json" || globals.json) options.format = Format::kJson;
  options.quiet = globals.quiet;
  options.verbose = globals.verbose;
  options.field = globals.field;
  options.color_out = WantsColor(globals.color, out);
  options.color_err = WantsColor(globals.color, err) && isatty(err) == 1;
  options.err_terminal = isatty(err) == 1;
  return options;
}

// The same from the bare words, for a command line that could not be understood.
Globals GlobalsFromWords(const std::vector<std::string>& arguments) {
  Globals globals;
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& word = arguments[i];
    const bool format_json =
        word == "--format" && i + 1 < arguments.size() && arguments[i + 1] == "json";
    if (word == "--json" || word == "--format=json" || format_json) globals.json = true;
    if (word == "-q" || word == "--quiet") globals.quiet = true;
  }
  return globals;
}

void AddCommands(Commands& commands) {
  AddInit(commands);
  AddStatus(commands);
  AddPolicy(commands);
  AddNotice(commands);
  AddAsk(commands);
  AddKeyring(commands);
  AddKey(commands);
  AddCollect(commands);
  AddImport(commands);
  AddSubject(commands);
  AddRecord(commands);
  AddLedger(commands);
  AddCheck(commands);
  AddCompact(commands);
  AddBackup(commands);
  AddRetention(commands);
  AddDisclose(commands);
  AddContact(commands);
  AddReport(commands);
  AddAccountability(commands);
  AddReview(commands);
  AddAudit(commands);
  AddDoctor(commands);
  AddDump(commands);
  AddHelp(commands);
}

struct Parsed {
  Status status;
  Run run;
};

Parsed Parse(CLI::App& app, const Commands& commands, std::vector<std::string> arguments) {
  const Status usage = CheckWords(app, arguments);
  if (!usage.ok()) return {usage, {}};
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return {{}, [&app](Context& context) {
              const CLI::App* asked = DeepestParsed(app);
              return context.out().Text("help", HelpText(*asked));
            }};
  } catch (const CLI::ParseError& error) {
    return {UsageError(app, error), {}};
  }
  return {{}, commands.chosen()};
}

}  // namespace

int RunTool(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err) {
  Output output(out, err);
  Context context(output);
  CLI::App app("holds personal data for the purposes it was collected for, and no other", "bailee");
  app.fallthrough();
  app.set_help_flag("-h,--help", "print this help");
  app.require_subcommand(0, 1);
  context.root = &app;
  AddGlobals(app, context.globals);
  Commands commands(app);
  AddCommands(commands);

  Status status;
  try {
    output.Configure(OptionsFrom(GlobalsFromWords(arguments), fileno(out), fileno(err)));
    Parsed parsed = Parse(app, commands, arguments);
    status = parsed.status;
    if (status.ok()) {
      output.Configure(OptionsFrom(context.globals, fileno(out), fileno(err)));
      status = parsed.run ? parsed.run(context) : MissingCommand(app);
    }
  } catch (const std::exception&) {
    // The text of a foreign exception may quote what it choked on, so it is not shown.
    status = {Code::kFailed, "tool.unexpected", "something failed that should not have",
              "this is a defect in bailee: please report the command, without its input"};
  }
  if (Status finish = output.Finish(); status.ok() && !finish.ok()) status = finish;
  const int exit =
      context.exit_override != 0 ? context.exit_override : static_cast<int>(status.code());
  if (!status.ok()) output.Failure(status, exit);
  return exit;
}

}  // namespace bailee::tool
