// SPDX-License-Identifier: Apache-2.0
#include "reveal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "files.h"
#include "secret_json.h"
#include "terminal.h"

namespace bailee::tool {
namespace {

bool IsUtf8(std::string_view text) {
  // The parser is the judge: what it would refuse in a string is no text.
  try {
    return !WipedJson(WipedString(text)).dump().empty();
  } catch (const WipedJson::exception&) {
    return false;
  }
}

WipedString HexOf(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  WipedString hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

WipedJson ObjectOf(const std::vector<RevealedValue>& values) {
  WipedJson object = WipedJson::object();
  for (const RevealedValue& each : values) {
    const WipedString name(each.name.begin(), each.name.end());
    object[name] = ValueJson(*each.value);
  }
  return object;
}

}  // namespace

void AddReveal(CLI::App& command, RevealOptions& options, const std::string& what) {
  auto* reveal =
      command.add_flag("--reveal", options.terminal, "show " + what + " on the terminal");
  command.add_option("--out", options.out, "write " + what + " to a new file with mode 0600")
      ->type_name("FILE")
      ->excludes(reveal);
}

CLI::Option* AddPurpose(CLI::App& command, std::string& purpose, std::string& case_reference,
                        std::string& on_behalf_of) {
  command.add_option("--case", case_reference, "a case reference: letters, digits, dashes")
      ->type_name("CASE");
  command.add_option("--on-behalf-of", on_behalf_of, "for data held for this controller")
      ->type_name("CONTROLLER");
  return command.add_option("--purpose", purpose, "what you act for")->type_name("P");
}

Status CheckReveal(const Context& context, const RevealOptions& options) {
  if (options.terminal && (isatty(STDOUT_FILENO) != 1 || context.globals.json)) {
    return {Code::kUsage, "reveal.not-a-terminal", "--reveal shows values on a terminal only",
            "write them to a file of yours: --out FILE"};
  }
  if (options.out.empty() || access(options.out.c_str(), F_OK) != 0) return {};
  return {Code::kConflict, "io.exists", fmt::format("{} exists already", options.out),
          "name another file; nothing is overwritten"};
}

Status Reveal(Context& context, const RevealOptions& options,
              const std::vector<RevealedValue>& values) {
  if (options.terminal) {
    for (const RevealedValue& each : values) {
      if (Status shown = ShowOnTerminal(each.name, *each.value); !shown.ok()) return shown;
    }
    return {};
  }
  Status written;
  if (values.size() == 1) {
    written = values.front().value->Reveal(
        [&](std::string_view bytes) { return WriteNewFile(options.out, bytes); });
  } else {
    WipedString text = ObjectOf(values).dump();
    text += '\n';
    written = WriteNewFile(options.out, text);
  }
  if (written.ok()) context.out().Note("wrote " + options.out);
  return written;
}

WipedJson ValueJson(const Secret& value) {
  return value.Reveal([](std::string_view text) {
    if (IsUtf8(text)) return WipedJson(WipedString(text));
    WipedJson hex;
    hex["hex"] = HexOf(text);
    return hex;
  });
}

std::string SizeClass(size_t bytes) {
  return fmt::format("up to {} bytes", std::max<size_t>(16, std::bit_ceil(bytes)));
}

}  // namespace bailee::tool
