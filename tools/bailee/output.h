// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/status.h"

namespace bailee::tool {

// JSON whose members keep the order in which they were written.
using Json = nlohmann::ordered_json;

// One answer as rows of text. `header` may be empty; it is shown on a terminal only.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

enum class Format : uint8_t { kTable, kPlain, kJson };

struct OutputOptions {
  Format format = Format::kPlain;
  bool quiet = false;         // exit code only
  bool verbose = false;       // show which rule, file and key source was used
  bool color_out = false;     // colour status words on stdout
  bool color_err = false;     // and on stderr
  bool err_terminal = false;  // stderr is a terminal
  std::string field = {};     // print only this member of an answer, without a newline
};

// One JSON line; bytes that are not UTF-8 are replaced, nothing throws.
std::string ToLine(const Json& json);

// The error object of `--json`, with `exit`, `name`, `message`, `hint` and, for a refusal,
// `reasons` and the `decision` that recorded it.
Json ErrorJson(const Status& status);

// A hint for a failure that came without one: what the caller can do about this code.
std::string HintFor(const Status& status);

// Answers go to stdout, everything else to stderr. Used by one thread.
class Output {
 public:
  Output(std::FILE* out, std::FILE* err) : out_(out), err_(err) {}

  void Configure(OutputOptions options) { options_ = std::move(options); }
  const OutputOptions& options() const { return options_; }
  bool json() const { return options_.format == Format::kJson; }

  // A bounded answer. `document` becomes {"schema":"bailee.COMMAND/1", …}; `command` has dashes for
  // spaces. Errors: kUsage "usage.field" if --field names no member of it.
  Status Answer(std::string_view command, Json document, const Table& table);

  // An answer that is a text of its own (help, generated code): as it is, or as member `text`.
  Status Text(std::string_view command, std::string_view text);

  // One of many: a JSON line or a line of cells, written before the answer that sums them up.
  void StreamLine(const Json& json, const std::vector<std::string>& cells);

  // Something said beside the answer; dropped by -q.
  void Note(std::string_view message);
  // The same, said only with -v.
  void Detail(std::string_view message);
  // A member of a list of things that went wrong and did not stop the work.
  void Problem(const Json& fields, std::string_view message);

  // The last thing said. `bailee: error: …` and `bailee: hint: …`, or one JSON line. A refusal or a
  // finding that is itself the answer already given is not repeated to people.
  // `exit` is the exit code, where it is not the code's own (130: interrupted).
  void Failure(const Status& status, int exit);

  // Writes what is pending. Errors: kFailed "io.stdout".
  Status Finish();

  // Bare text to stderr, for progress and prompts.
  void Raw(std::string_view text);

 private:
  void PutTable(const Table& table);
  void PutLine(std::FILE* file, std::string_view line);

  std::FILE* out_;
  std::FILE* err_;
  OutputOptions options_;
  bool answered_ = false;
};

}  // namespace bailee::tool
