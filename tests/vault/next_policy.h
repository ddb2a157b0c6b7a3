// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bailee/publish.h"
#include "vault/stories.h"

// Versions of the LiveLOOK policy that come after the one in the repository.
namespace bailee {

inline constexpr Timestamp kAnnounced{1'370'822'400'000};  // 2013-06-10
inline constexpr Timestamp kJuly2013{1'372'636'800'000};   // 2013-07-01

using Edits = std::vector<std::pair<std::string, std::string>>;

// The policy with each first place of `from` replaced by its `to`.
inline std::string Edited(std::string text, const Edits& edits) {
  for (const auto& [from, to] : edits) {
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  return text;
}

// Version 2, in effect from 2013-06-20, with a notice `change-2` that lists `announced`.
inline std::string Next(const Edits& edits, std::string_view announced = "support") {
  Edits all = {{"version: 1\n", "version: 2\n"},
               {"effective: \"2013-05-24\"", "effective: \"2013-06-20\""},
               {"notice {\n  id: \"news-1\"", "notice { id: \"change-2\" purpose: \"" +
                                                  std::string(announced) +
                                                  "\" }\nnotice {\n  id: \"news-1\""}};
  all.insert(all.end(), edits.begin(), edits.end());
  return Edited(PolicyText("livelook_2013"), all);
}

inline constexpr const char* kSupportReads =
    R"(allow { purpose: "support"  basis: NECESSARY  field: ["name", "email"]  clause: "LL-06" })";

// Support no longer sees the address.
inline const Edits kNarrower = {
    {kSupportReads,
     R"(allow { purpose: "support"  basis: NECESSARY  field: "name"  clause: "LL-06" })"},
    {"    lookup { purpose: \"support\" }\n  }\n  field { id: \"password\"",
     "  }\n  field { id: \"password\""}};
// Support also sees the domain of the address.
inline const Edits kWider = {
    {kSupportReads,
     R"(allow { purpose: "support"  basis: NECESSARY  field: ["name", "email", "email.domain"]  clause: "LL-06" })"}};
// Text messages are a purpose of their own, below one that has its rules already.
inline const Edits kNewLeaf = {
    {"purpose { id: \"contact.policy\"",
     "purpose { id: \"contact.sms\"  says: \"Send short messages\" }\npurpose { id: "
     "\"contact.policy\""}};
// Security may find people by their address.
inline const Edits kNewIndex = {
    {"    lookup { purpose: \"support\" }\n  }\n  field { id: \"password\"",
     "    lookup { purpose: \"support\" }\n    lookup { purpose: \"security\" }\n  }\n  field { "
     "id: "
     "\"password\""}};

inline Status StoreAccount(Vault& vault, Who who = Who::Ref(kUser)) {
  return vault
      .Collect({.who = std::move(who), .notice = "signup-1", .source = "web", .on_behalf_of = {}})
      .Put("account",
           {{"name", MakeSecret("Ada")}, {"email", MakeSecret("ada@analytical.example")}})
      .Commit()
      .status();
}

inline Result<std::string> ReadAccount(Session& session, std::string_view field,
                                       Who who = Who::Ref(kUser)) {
  const Result<Record> record =
      session.Read({.who = std::move(who), .category = "account", .fields = {field}});
  if (!record.ok()) return record.status();
  return TextOf(record->At(field));
}
inline Result<std::string> ReadAccount(Vault& vault, std::string_view purpose,
                                       std::string_view field, Who who = Who::Ref(kUser)) {
  Result<Session> session = vault.As(purpose);
  if (!session.ok()) return session.status();
  return ReadAccount(*session, field, std::move(who));
}

}  // namespace bailee
