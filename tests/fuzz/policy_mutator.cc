// SPDX-License-Identifier: Apache-2.0
#include "fuzz/policy_mutator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace bailee::fuzz {
namespace {

using Tokens = std::vector<std::string>;

// Words, quoted texts and single signs; spaces and comments are dropped.
Tokens Split(std::string_view text) {
  Tokens tokens;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    size_t end = at + 1;
    if (std::isspace(static_cast<uint8_t>(c)) != 0) {
      ++at;
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '"') {
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
    } else if (std::isalnum(static_cast<uint8_t>(c)) != 0 || c == '_' || c == '-') {
      while (end < text.size() && (std::isalnum(static_cast<uint8_t>(text[end])) != 0 ||
                                   text[end] == '_' || text[end] == '.')) {
        ++end;
      }
    }
    tokens.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

// A piece of a policy: `name: value` or `name { … }`.
struct Piece {
  size_t begin = 0;
  size_t end = 0;
};

std::vector<Piece> Pieces(const Tokens& tokens) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i + 1] == ":" && i + 2 < tokens.size()) pieces.push_back({i, i + 3});
    if (tokens[i + 1] != "{") continue;
    size_t depth = 1;
    size_t end = i + 2;
    for (; end < tokens.size() && depth > 0; ++end) {
      if (tokens[end] == "{") ++depth;
      if (tokens[end] == "}") --depth;
    }
    pieces.push_back({i, end});
  }
  return pieces;
}

constexpr std::array kValues = {"SUBJECT",
                                "BROWSER",
                                "MANY",
                                "ONE",
                                "TEXT",
                                "EMAIL",
                                "PHONE",
                                "PAN",
                                "EXPIRY",
                                "IBAN",
                                "PASSWORD",
                                "IP",
                                "TIME",
                                "URL",
                                "USER_AGENT",
                                "LANGUAGE",
                                "COUNTRY",
                                "MONEY",
                                "INTEGER",
                                "BLOB",
                                "LAST4",
                                "BIN_LAST4",
                                "FIRST1_DOMAIN",
                                "LAST2",
                                "INITIALS",
                                "PREFIX",
                                "REGION",
                                "DAY",
                                "HOST",
                                "PATH",
                                "DOMAIN",
                                "LENGTH",
                                "NECESSARY",
                                "OPT_OUT",
                                "OPT_IN",
                                "CASE",
                                "COLLECTION",
                                "EVENT",
                                "OWN",
                                "PARTNER",
                                "INDEPENDENT",
                                "ON_OUR_BEHALF",
                                "THIRD_PARTY",
                                "SUCCESSOR",
                                "LAW",
                                "CONSENT",
                                "TERMS_OF_SERVICE",
                                "FRAUD_OR_SECURITY",
                                "IMMINENT_HARM",
                                "SUCCESSION",
                                "SUBJECTS",
                                "RECORDS",
                                "WEEK",
                                "MONTH",
                                "STORED",
                                "AT_COLLECTION",
                                "READ",
                                "FIND",
                                "COLLECT",
                                "DISCLOSE",
                                "ALLOWED",
                                "REFUSED",
                                "true",
                                "false",
                                "0",
                                "1",
                                "2",
                                "90",
                                "36500",
                                "4294967295",
                                "-1",
                                "18446744073709551615",
                                "\"\"",
                                "\"rights\"",
                                "\"upkeep\"",
                                "\"tally\"",
                                "\"a.b.c\"",
                                "\"2016-02-29\"",
                                "\"0001-01-01\"",
                                "\"9999-12-31\"",
                                "\"contact\"",
                                "\"public\""};

class Mutation {
 public:
  Mutation(std::string_view text, unsigned seed) : random_(seed), tokens_(Split(text)) {}

  std::string Run() {
    const size_t times = 1 + Below(3);
    for (size_t i = 0; i < times; ++i) Once();
    std::string text;
    for (const std::string& token : tokens_) text += token + (token == "}" ? "\n" : " ");
    return text;
  }

 private:
  size_t Below(size_t count) { return random_() % count; }

  void Once() {
    const std::vector<Piece> pieces = Pieces(tokens_);
    if (pieces.empty()) return;
    const Piece piece = pieces[Below(pieces.size())];
    const Piece other = pieces[Below(pieces.size())];
    const auto at = [&](size_t index) {
      return tokens_.begin() + static_cast<std::ptrdiff_t>(index);
    };
    const Tokens copy(at(piece.begin), at(piece.end));
    switch (Below(6)) {
      case 0:
        tokens_.erase(at(piece.begin), at(piece.end));
        return;
      case 1:  // double, or copy to another place
        tokens_.insert(at(other.begin), copy.begin(), copy.end());
        return;
      case 2: {  // rename
        std::swap(tokens_[piece.begin], tokens_[other.begin]);
        return;
      }
      case 3:
        if (tokens_[piece.begin + 1] == ":" && tokens_[other.begin + 1] == ":")
          std::swap(tokens_[piece.begin + 2], tokens_[other.begin + 2]);
        return;
      case 4:
        if (tokens_[piece.begin + 1] == ":" && tokens_[other.begin + 1] == ":")
          tokens_[piece.begin + 2] = tokens_[other.begin + 2];
        return;
      default:
        if (tokens_[piece.begin + 1] == ":")
          tokens_[piece.begin + 2] = kValues[Below(kValues.size())];
    }
  }

  std::minstd_rand random_;
  Tokens tokens_;
};

}  // namespace

size_t MutatePolicyText(uint8_t* data, size_t size, size_t size_max, unsigned seed,
                        size_t (*fallback)(uint8_t*, size_t, size_t)) {
  if (seed % 8 == 0) return fallback(data, size, size_max);
  const std::string text = Mutation({reinterpret_cast<const char*>(data), size}, seed / 8).Run();
  if (text.empty() || text.size() > size_max) return fallback(data, size, size_max);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

}  // namespace bailee::fuzz
