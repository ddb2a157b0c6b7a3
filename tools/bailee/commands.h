// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "bailee/status.h"
#include "context.h"

namespace bailee::tool {

using Run = std::function<Status(Context&)>;

// What a command says of itself.
struct CommandText {
  const char* name;      // its last word
  const char* summary;   // one line, lower case
  const char* examples;  // one a line; shown first by --help
  const char* notes = "";
};

// Collects the commands into one CLI11 tree and remembers which was chosen.
class Commands {
 public:
  explicit Commands(CLI::App& root) : root_(root) {}

  CLI::App& root() { return root_; }

  // A word that only groups: "policy".
  CLI::App* Group(const char* name, const char* summary);

  // A command that runs.
  CLI::App* Add(CLI::App& parent, const CommandText& text, Run run);

  // Set once the command line was parsed. Empty if no command was named.
  const Run& chosen() const { return chosen_; }

 private:
  CLI::App& root_;
  Run chosen_;
};

// One function for each file of commands.
void AddInit(Commands& commands);
void AddStatus(Commands& commands);
void AddPolicy(Commands& commands);
void AddNotice(Commands& commands);
void AddAsk(Commands& commands);
void AddKeyring(Commands& commands);
void AddKey(Commands& commands);
void AddCollect(Commands& commands);
void AddImport(Commands& commands);
void AddSubject(Commands& commands);
void AddSubjectRights(Commands& commands, CLI::App& subject);
void AddSubjectErase(Commands& commands, CLI::App& subject);
void AddAccountability(Commands& commands);
void AddRecord(Commands& commands);
void AddLedger(Commands& commands);
void AddCheck(Commands& commands);
void AddCompact(Commands& commands);
void AddBackup(Commands& commands);
void AddRetention(Commands& commands);
void AddDisclose(Commands& commands);
void AddContact(Commands& commands);
void AddReport(Commands& commands);
void AddReview(Commands& commands);
void AddAudit(Commands& commands);
void AddDoctor(Commands& commands);
void AddDump(Commands& commands);
void AddHelp(Commands& commands);

}  // namespace bailee::tool
