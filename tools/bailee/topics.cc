// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "help.h"
#include "tree.h"

namespace bailee::tool {
namespace {

// What a script should do about each code; the words are those of the library.
constexpr std::array<const char*, 20> kCodeMeanings = {
    "done, yes, or nothing differs",
    "anything without a code of its own: stop",
    "the command line was not understood: fix the call",
    "policy or consent says no and the vault works: do not retry, do not page anybody",
    "something was found, differs or is due: look",
    "some items were done, the others are listed: run again",
    "it needs a confirmation that nobody could give",
    "a value does not fit its kind or a limit: fix the value",
    "nothing there, or nothing that this purpose may know of",
    "it exists already with other content",
    "no vault at that path, or not a vault: check the path",
    "a lock or table is taken: retry later",
    "no key source opens this: fix the key",
    "stored bytes fail authentication: restore from a backup",
    "history does not extend what was pinned: call security",
    "the policy does not parse or contradicts itself: fix the file",
    "disk or map full, nothing half-written: make room",
    "the format is newer than this tool: upgrade",
    "the event could not be recorded, so nothing was done: page operations",
    "the subject existed and was erased: stop asking"};

std::string ExitCodes() {
  std::string text;
  for (size_t i = 0; i < kCodeMeanings.size(); ++i) {
    text += fmt::format("{:>3}  {:<14}  {}\n", i, CodeWord(static_cast<Code>(i)), kCodeMeanings[i]);
  }
  return text +
         "130  interrupted     Ctrl-C; what was done stays done, run again; what goes on until "
         "then\n"
         "                     (audit log --follow, audit sign --every) ends with 0\n"
         "A number not listed here is a failure. The same numbers are Status codes in the "
         "library.\n";
}

std::string Environment(const CLI::App& root) {
  std::string text = "Variables hold references, never a secret.\n";
  for (const OptionInfo& option : GlobalOptions(root)) {
    if (option.environment.empty()) continue;
    text += fmt::format("{:<24}  {} ({})\n", option.environment, option.description, option.name);
  }
  return text +
         "BAILEE_PROGRESS_SECONDS   seconds between progress lines off a terminal, 0: none\n"
         "NO_COLOR, CLICOLOR_FORCE  no colour, colour even off a terminal\n"
         "CREDENTIALS_DIRECTORY     where cred:NAME is looked up; systemd sets it\n"
         "XDG_STATE_HOME            where pins and checkpoints are kept, in bailee/; otherwise\n"
         "                          ~/.local/state\n";
}

constexpr const char* kFormats =
    "table  aligned columns; the default on a terminal\n"
    "plain  tab-separated, one record a line, never cut; the default elsewhere. Tabs, newlines "
    "and\n"
    "       control characters in a cell are written \\t, \\n, \\xhh\n"
    "json   one document {\"schema\":\"bailee.COMMAND/1\",...}; fields are only ever added\n"
    "A failure under --json ends stderr with one line "
    "{\"type\":\"error\",\"exit\":N,\"name\":...,\n"
    "\"message\":...,\"hint\":...,\"reasons\":[...]}, also when the command line was not "
    "understood.\n"
    "--field NAME prints one field of the answer without a newline.\n"
    "Times are RFC 3339 in UTC, ids and hashes are hex.\n";

constexpr const char* kKeySources =
    "file:PATH  a file of yours with mode 0600 or stricter; a bare PATH means the same\n"
    "cred:NAME  a systemd credential: the file NAME in $CREDENTIALS_DIRECTORY\n"
    "fd:N       an open descriptor, read to its end\n"
    "cmd:PATH   a program run without arguments or shell, whose output is the keyring\n"
    "Name it with --keyring or BAILEE_KEYRING. A keyring that is sealed with a passphrase asks "
    "for\n"
    "it on the terminal, or takes it from --passphrase-file FILE; one sealed with a key file "
    "needs\n"
    "--key-file FILE. No option takes the secret itself.\n";

constexpr const char* kAuditTrail =
    "Everything that is done or refused is an entry of the vault's trail before anything of it\n"
    "leaves. Entries are sealed to the auditor and become leaves of a Merkle tree.\n"
    "auditor.keyring  reads entries: audit log, audit verify --entries, explain DECISION, prune,\n"
    "                 audit receipt\n"
    "log.keyring      signs heads of the tree, and does nothing else: audit sign\n"
    "any keyring      audit verify, audit pin, audit prove INDEX, audit export\n"
    "none             audit check-proof, audit check-receipt\n"
    "Whoever can write the vault can write all of it anew. What shows that is kept elsewhere:\n"
    "pin         the head that was verified last: audit verify compares with it, then moves it on\n"
    "checkpoint  a signed head: audit sign proves that the new one extends it\n"
    "Both are in $XDG_STATE_HOME/bailee or ~/.local/state/bailee, named after the vault's id,\n"
    "unless --pin, --previous or --out name a file on another machine's disk.\n"
    "A refusal names its decision; bailee explain DECISION says later what became of it.\n";

}  // namespace

const std::vector<std::string>& Topics() {
  static const std::vector<std::string> topics = {"audit-trail", "environment", "exit-codes",
                                                  "formats", "key-sources"};
  return topics;
}

std::string TopicText(const std::string& topic, const CLI::App& root) {
  if (topic == "exit-codes") return ExitCodes();
  if (topic == "formats") return kFormats;
  if (topic == "key-sources") return kKeySources;
  if (topic == "audit-trail") return kAuditTrail;
  if (topic == "environment") return Environment(root);
  return {};
}

}  // namespace bailee::tool
