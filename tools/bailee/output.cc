// SPDX-License-Identifier: Apache-2.0
#include "output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "safe_text.h"

namespace bailee::tool {
namespace {

constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kPlainColor = "\x1b[0m";

// Colour is for status words alone; the word says the same without it.
std::string_view ColorOf(std::string_view cell) {
  constexpr std::array good = {"ok", "yes", "pass", "writable", "present"};
  constexpr std::array odd = {"warning", "due", "partial", "unlocked"};
  constexpr std::array bad = {"error", "no", "FAIL", "REFUSED"};
  if (std::find(good.begin(), good.end(), cell) != good.end()) return kGreen;
  if (std::find(odd.begin(), odd.end(), cell) != odd.end()) return kYellow;
  if (std::find(bad.begin(), bad.end(), cell) != bad.end()) return kRed;
  return {};
}

// Columns a terminal needs for UTF-8 text: its code points.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::vector<size_t> ColumnWidths(const Table& table) {
  std::vector<size_t> widths;
  const auto widen = [&](const std::vector<std::string>& row) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Width(SafeCell(row[i])));
    }
  };
  widen(table.header);
  for (const auto& row : table.rows) widen(row);
  return widths;
}

std::string AlignedLine(const std::vector<std::string>& row, const std::vector<size_t>& widths,
                        bool color) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string cell = SafeCell(row[i]);
    const std::string_view paint = color ? ColorOf(cell) : std::string_view();
    if (!paint.empty()) line += paint;
    line += cell;
    if (!paint.empty()) line += kPlainColor;
    if (i + 1 < row.size()) line.append(widths[i] - Width(cell) + 2, ' ');
  }
  return line;
}

std::string PlainLine(const std::vector<std::string>& row) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += '\t';
    line += SafeCell(row[i]);
  }
  return line;
}

}  // namespace

std::string ToLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string HintFor(const Status& status) {
  if (!status.hint().empty()) return std::string(status.hint());
  switch (status.code()) {
    case Code::kUsage:
      return "see bailee help";
    case Code::kRefused:
      return "see what would change the answer: bailee explain PURPOSE CATEGORY.FIELD";
    case Code::kNotFound:
      return "there is nothing by that name, or nothing that this purpose may know of";
    case Code::kNoVault:
      return "name the vault's directory with --vault DIR, or make one: bailee init --help";
    case Code::kBusy:
      return "try again";
    case Code::kKey:
      return "see bailee help key-sources";
    case Code::kDamage:
      return "keep the files as they are and restore from a backup";
    case Code::kPolicyInvalid:
      return "see every finding: bailee policy lint FILE";
    case Code::kFull:
      return "make room; nothing was half-written";
    case Code::kTooNew:
      return "use a newer bailee";
    default:
      return fmt::format("exit code {} means {}: bailee help exit-codes",
                         static_cast<int>(status.code()), CodeWord(status.code()));
  }
}

Json ErrorJson(const Status& status) {
  Json error = {{"type", "error"},
                {"exit", static_cast<int>(status.code())},
                {"name", status.name()},
                {"message", status.message()},
                {"hint", HintFor(status)}};
  Json reasons = Json::array();
  if (const Refusal* refusal = status.refusal()) {
    for (const Reason reason : refusal->reasons) reasons.push_back(ReasonWord(reason));
    error["clause"] = refusal->clause;
    error["rule"] = refusal->rule;
    error["offer"] = refusal->offer;
    if (!refusal->decision.empty()) error["decision"] = refusal->decision;
  }
  error["reasons"] = std::move(reasons);
  return error;
}

void Output::PutLine(std::FILE* file, std::string_view line) {
  // A write that fails is found by Finish.
  std::fwrite(line.data(), 1, line.size(), file);
  std::fputc('\n', file);
}

void Output::PutTable(const Table& table) {
  if (options_.format == Format::kPlain) {
    for (const auto& row : table.rows) PutLine(out_, PlainLine(row));
    return;
  }
  const std::vector<size_t> widths = ColumnWidths(table);
  if (!table.header.empty()) PutLine(out_, AlignedLine(table.header, widths, false));
  for (const auto& row : table.rows) PutLine(out_, AlignedLine(row, widths, options_.color_out));
}

Status Output::Answer(std::string_view command, Json document, const Table& table) {
  answered_ = true;
  if (options_.quiet) return {};
  if (!options_.field.empty()) {
    const auto member = document.find(options_.field);
    if (member == document.end()) {
      std::string names;
      for (const auto& item : document.items()) names += (names.empty() ? "" : ", ") + item.key();
      answered_ = false;
      return {Code::kUsage, "usage.field", "the answer has no such field", "it has " + names};
    }
    const std::string text = member->is_string() ? member->get<std::string>() : ToLine(*member);
    std::fwrite(text.data(), 1, text.size(), out_);
    return {};
  }
  if (!json()) {
    PutTable(table);
    return {};
  }
  Json full = {{"schema", fmt::format("bailee.{}/1", command)}};
  full.update(document);
  PutLine(out_, ToLine(full));
  return {};
}

Status Output::Text(std::string_view command, std::string_view text) {
  if (json() || !options_.field.empty()) return Answer(command, {{"text", text}}, {});
  answered_ = true;
  if (!options_.quiet) std::fwrite(text.data(), 1, text.size(), out_);
  return {};
}

void Output::StreamLine(const Json& json_line, const std::vector<std::string>& cells) {
  if (options_.quiet || !options_.field.empty()) return;
  PutLine(out_, json() ? ToLine(json_line) : PlainLine(cells));
}

void Output::Note(std::string_view message) {
  if (options_.quiet) return;
  if (json()) {
    PutLine(err_, ToLine({{"type", "note"}, {"message", message}}));
  } else {
    PutLine(err_, fmt::format("bailee: note: {}", SafeCell(message)));
  }
}

void Output::Detail(std::string_view message) {
  if (options_.verbose) Note(message);
}

void Output::Problem(const Json& fields, std::string_view message) {
  if (options_.quiet) return;
  if (json()) {
    Json line = {{"type", "problem"}};
    line.update(fields);
    PutLine(err_, ToLine(line));
  } else {
    PutLine(err_, fmt::format("bailee: {}", SafeCell(message)));
  }
}

void Output::Failure(const Status& status, int exit) {
  if (json()) {
    Json error = ErrorJson(status);
    error["exit"] = exit;
    PutLine(err_, ToLine(error));
    return;
  }
  const bool is_answer = status.code() == Code::kRefused || status.code() == Code::kFindings;
  if (options_.quiet || (answered_ && is_answer)) return;
  const bool color = options_.color_err;
  PutLine(err_, fmt::format("bailee: {}error:{} {}", color ? kRed : "", color ? kPlainColor : "",
                            SafeCell(status.message())));
  if (const Refusal* refusal = status.refusal(); refusal && !refusal->decision.empty()) {
    PutLine(err_, fmt::format("bailee: hint: an auditor sees more: bailee explain {}",
                              refusal->decision));
  }
  PutLine(err_, fmt::format("bailee: hint: {}", SafeCell(HintFor(status))));
}

Status Output::Finish() {
  const bool failed = std::fflush(out_) != 0 || std::ferror(out_) != 0;
  (void)std::fflush(err_);
  if (!failed) return {};
  return {Code::kFailed, "io.stdout", "the answer could not be written to standard output",
          "check the disk or the pipe it goes to"};
}

void Output::Raw(std::string_view text) {
  if (options_.quiet) return;
  std::fwrite(text.data(), 1, text.size(), err_);
  (void)std::fflush(err_);
}

}  // namespace bailee::tool
