// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "bailee/disclose.h"
#include "bailee/limits.h"
#include "commands.h"
#include "files.h"
#include "input_lines.h"
#include "interrupt.h"
#include "terminal.h"

namespace bailee::tool {
namespace {

constexpr size_t kLinesPerCall = 1'000;
constexpr size_t kAddressBytesMax = 1'024;
constexpr uint64_t kReportedEntriesMax = 100;
// What an export begins with; the vault follows, since tags mean nothing in another.
constexpr std::string_view kExportHead = "bailee-suppression-1 ";

struct ContactOptions {
  std::string purpose;
  std::string handle;
  std::string out;
};

Result<Secret> AskAddress() { return AskValue("address (shown here, kept nowhere): "); }

Status Check(Context& context, const ContactOptions& options) {
  std::optional<Handle> handle;
  if (!options.handle.empty()) {
    const auto parsed = Handle::FromHex(options.handle);
    if (!parsed.ok()) return parsed.status();
    handle = *parsed;
  }
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto address = AskAddress();
  if (!address.ok()) return address.status();
  const auto answer = handle ? vault->MayContact(options.purpose, Who::ByHandle(*handle), *address)
                             : vault->MayContact(options.purpose, *address);
  if (!answer.ok()) return answer.status();
  return context.out().Answer("contact-check", {{"answer", "yes"}, {"decision", answer->ToText()}},
                              {{}, {{"yes"}}});
}

Status Change(Context& context, const char* command, bool on) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto address = AskAddress();
  if (!address.ok()) return address.status();
  const auto done = on ? vault->Suppress({&*address, 1}) : vault->Unsuppress({&*address, 1});
  if (!done.ok()) return done.status();
  if (!done->invalid.empty()) {
    return {Code::kInvalidValue, "contact.address", "this is no e-mail address",
            "give one address, for instance ada@example.org"};
  }
  const std::string word = done->changed == 1 ? "done" : "it was so already";
  return context.out().Answer(command, {{"changed", done->changed == 1}}, {{}, {{word}}});
}

// Reads a list of addresses, or an export, a line at a time.
class ListImport {
 public:
  ListImport(Context& context, Vault& vault) : context_(context), vault_(vault) {}

  Status Read() {
    const Status read = ForEachLine(context_.out(), {}, [&](const InputLine& line) -> Status {
      std::string_view text = line.text;
      if (text.ends_with('\r')) text.remove_suffix(1);
      if (text.empty() && !line.too_long) return {};
      if (text.size() > kAddressBytesMax) text = {};
      return Take(line.number, text);
    });
    return read.ok() ? Flush() : read;
  }

  Status Finish() {
    const auto count = [](uint64_t number) { return std::to_string(number); };
    Table table;
    table.rows = {{"lines", count(lines_)},
                  {"added", count(added_)},
                  {"known", count(known_)},
                  {"rejected", count(rejected_)}};
    Status answered = context_.out().Answer(
        "contact-import",
        {{"lines", lines_}, {"added", added_}, {"known", known_}, {"rejected", rejected_}}, table);
    if (!answered.ok()) return answered;
    if (Interrupted()) {
      context_.exit_override = 130;
      return {Code::kPartial, "interrupted", fmt::format("interrupted after {} lines", lines_),
              "run again; what is listed already stays so"};
    }
    if (rejected_ == 0) return {};
    return {Code::kPartial, "input.partial",
            fmt::format("{} of {} lines were not listed", rejected_, lines_),
            "mend the lines named above and give them again"};
  }

 private:
  Status Take(uint64_t number, std::string_view text) {
    if (lines_ == 0 && !tags_only_ && text.starts_with(kExportHead)) return Head(text);
    ++lines_;
    if (tags_only_) {
      const auto tag = SuppressionTag::FromHex(text);
      if (tag.ok()) tags_.push_back(*tag);
      if (!tag.ok()) Reject(number, "it is no tag of an export");
    } else {
      auto address = Secret::From(text);
      if (!address.ok()) return address.status();
      addresses_.push_back(*std::move(address));
      numbers_.push_back(number);
    }
    return tags_.size() + addresses_.size() < kLinesPerCall ? Status() : Flush();
  }

  Status Head(std::string_view text) {
    const auto info = vault_.Info();
    if (!info.ok()) return info.status();
    tags_only_ = text.substr(kExportHead.size()) == info->id.ToHex();
    if (tags_only_) return {};
    return {Code::kInvalidValue, "contact.other-vault", "the export is of another vault",
            "tags mean nothing here: import the addresses themselves"};
  }

  void Reject(uint64_t number, std::string_view why) {
    if (++rejected_ <= kReportedEntriesMax) {
      context_.out().Problem({{"line", number}, {"message", why}},
                             fmt::format("line {}: {}", number, why));
    } else if (rejected_ == kReportedEntriesMax + 1) {
      context_.out().Note("further lines are counted and not reported one by one");
    }
  }

  Status Flush() {
    if (tags_.empty() && addresses_.empty()) return {};
    const auto done = tags_only_ ? vault_.SuppressTags(tags_) : vault_.Suppress(addresses_);
    if (!done.ok()) return done.status();
    for (const size_t place : done->invalid) Reject(numbers_[place], "it is no e-mail address");
    added_ += done->changed;
    known_ += done->unchanged;
    tags_.clear();
    addresses_.clear();
    numbers_.clear();
    return {};
  }

  Context& context_;
  Vault& vault_;
  bool tags_only_ = false;
  std::vector<SuppressionTag> tags_;
  std::vector<Secret> addresses_;
  std::vector<uint64_t> numbers_;  // of the lines of `addresses_`
  uint64_t lines_ = 0;
  uint64_t added_ = 0;
  uint64_t known_ = 0;
  uint64_t rejected_ = 0;
};

Status ImportList(Context& context) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  ListImport import(context, *vault);
  if (Status read = import.Read(); !read.ok()) return read;
  return import.Finish();
}

Status ExportList(Context& context, const ContactOptions& options) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto info = vault->Info();
  if (!info.ok()) return info.status();
  auto file = NewFile::Begin(options.out);
  if (!file.ok()) return file.status();
  Status written = file->Write(std::string(kExportHead) + info->id.ToHex() + "\n");
  uint64_t count = 0;
  std::optional<SuppressionTag> after;
  while (written.ok()) {
    const auto tags = vault->Suppressions(after, limits::kBatchRecordsMax);
    if (!tags.ok()) return tags.status();
    if (tags->empty()) break;
    std::string text;
    for (const SuppressionTag& tag : *tags) text += tag.ToHex() + "\n";
    written = file->Write(text);
    count += tags->size();
    after = tags->back();
  }
  if (written.ok()) written = file->Finish();
  if (!written.ok()) return written;
  return context.out().Answer("contact-export", {{"tags", count}, {"file", options.out}},
                              {{}, {{"tags", std::to_string(count)}}});
}

}  // namespace

void AddContact(Commands& commands) {
  CLI::App& group = *commands.Group("contact", "who may be written to");
  auto check = std::make_shared<ContactOptions>();
  CLI::App* command = commands.Add(
      group,
      {"check", "may this address, from stdin, be written to? exits 0 for yes, 3 for no",
       "bailee contact check contact.news < address\n"
       "bailee contact check contact.news --handle 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e < address",
       "Without --handle the answer is that of whoever the address is found to belong to, as far\n"
       "as the keyring has a lookup for addresses; otherwise nobody permitted anything."},
      [check](Context& context) { return Check(context, *check); });
  command->add_option("PURPOSE", check->purpose, "a purpose below contact")->required();
  command->add_option("--handle", check->handle, "whose address it is")->type_name("HANDLE");
  commands.Add(group,
               {"suppress", "put an address, from stdin, on the list of those not written to",
                "bailee contact suppress < address",
                "The list keeps a keyed tag, not the address, and outlives erasure."},
               [](Context& context) { return Change(context, "contact-suppress", true); });
  commands.Add(group,
               {"unsuppress", "take an address, from stdin, off the list; takes rights",
                "bailee contact unsuppress --keyring rights.keyring < address"},
               [](Context& context) { return Change(context, "contact-unsuppress", false); });
  commands.Add(group,
               {"import", "put every address of stdin, one a line, or an export, on the list",
                "bailee contact import < unsubscribed.txt",
                "Lines that are no addresses are named by number and left out. Safe to run again."},
               ImportList);
  auto out = std::make_shared<ContactOptions>();
  command = commands.Add(group,
                         {"export", "write the list as keyed tags, for this very vault",
                          "bailee contact export --out suppressed.tags"},
                         [out](Context& context) { return ExportList(context, *out); });
  command->add_option("--out", out->out, "a new file, with mode 0600")
      ->required()
      ->type_name("FILE");
}

}  // namespace bailee::tool
