// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/collection.h"
#include "bailee/policy.h"
#include "log_format.h"
#include "output.h"

namespace bailee::tool {

// Which directive of a log fills which field of a category.
class LogMap {
 public:
  // Fields are found by their usual names (ip, at, request, url, agent, language, cookie, referrer,
  // status, …) among those of `category`; `overrides` are "%{X}i=field", "%r:path=field",
  // "%r:method=field", or "%{X}i=" for nothing. `tag_cookie` names the cookie whose value is the
  // browser's accepted tag; empty: there is none.
  // Errors: kUsage "log.map".
  static Result<LogMap> Make(const LogFormat& format, const PolicyDescription::Category& category,
                             const std::vector<std::string>& overrides,
                             const std::string& tag_cookie);

  // The values of a line for its fields. Times are moved by `shift_ms`.
  // Errors: kFull; kInvalidValue "log.named-user" if %u names somebody and is not mapped.
  Result<std::vector<FieldInput>> Fields(const LogLine& line, int64_t shift_ms) const;

  // The accepted tag of the line's browser, or empty. Borrows from the line.
  std::string_view TagOf(const LogLine& line) const;

  // "%h -> ip, %t -> at": for people.
  std::string Describe() const;

 private:
  enum class Part : uint8_t { kWhole, kPath, kMethod };
  struct Entry {
    size_t directive = 0;
    Part part = Part::kWhole;
    std::string label;  // "%r:path"
    std::string field;
    bool is_time = false;
  };

  static Part PartOf(std::string_view suffix);
  void AddDefaults(const LogFormat& format, const PolicyDescription::Category& category,
                   const std::vector<std::string>& overridden);
  bool Fills(std::string_view field) const;

  std::vector<Entry> entries_;
  std::optional<size_t> unmapped_user_;  // %u, when a name in it refuses the line
  std::optional<size_t> tag_directive_;
  bool tag_in_header_ = false;  // inside a Cookie header rather than alone
  std::string tag_cookie_;
};

// The value of cookie `name` in a Cookie header (RFC 6265 §4.2.1), or empty.
std::string_view CookieValue(std::string_view header, std::string_view name);

// The path, with query, of a request line "GET /path HTTP/1.1"; or its method; empty if it is not
// one.
std::string_view RequestPath(std::string_view request_line);
std::string_view RequestMethod(std::string_view request_line);

}  // namespace bailee::tool
