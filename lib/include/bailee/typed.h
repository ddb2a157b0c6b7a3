// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "bailee/session.h"
#include "bailee/vault.h"
#include "bailee/who.h"

// Reads in which a field that its purpose may not read does not compile. The types come from a
// header that `bailee policy codegen` writes:
//
//   #include "acme_policy.h"
//   auto billing = bailee::TypedSession<acme::purpose::billing>::Open(*vault);
//   auto card = billing->Read<acme::payment_card>(who, record, acme::payment_card::pan);
//   card->At(acme::payment_card::pan).Reveal(...);
//
// The compiler checks the policy version the header was generated from. The vault decides again, by
// the policy in force, and the keys decide last.
namespace bailee {

// The purposes that may read a field.
template <typename... Purposes>
struct PurposeList {
  template <typename Purpose>
  static constexpr bool kHas = (std::is_same_v<Purpose, Purposes> || ...);
};

namespace internal {

template <typename Field, typename Category>
inline constexpr bool kIsFieldOf = std::is_same_v<typename Field::Category, Category>;

template <typename Field, typename Purpose>
inline constexpr bool kMayRead = Field::Readers::template kHas<Purpose>;

template <typename Field, typename... Fields>
inline constexpr bool kIsOneOf = (std::is_same_v<Field, Fields> || ...);

}  // namespace internal

// One record's released values, of exactly the fields asked for. Move-only; wiped when it goes.
template <typename... Fields>
class TypedRecord {
 public:
  explicit TypedRecord(Record record) : record_(std::move(record)) {}

  // Whether the record holds a value for this field.
  template <typename Field>
  bool Has(Field) const {
    CheckAsked<Field>();
    return record_.Has(Field::kName);
  }

  // The value of a field. REQUIRES: Has(field).
  template <typename Field>
  const Secret& At(Field) const BAILEE_LIFETIME_BOUND {
    CheckAsked<Field>();
    return record_.At(Field::kName);
  }

  const Handle& handle() const BAILEE_LIFETIME_BOUND { return record_.handle; }
  const RecordId& id() const BAILEE_LIFETIME_BOUND { return record_.id; }
  Timestamp collected_at() const { return record_.collected_at; }
  DecisionId decision() const { return record_.decision; }

 private:
  template <typename Field>
  static constexpr void CheckAsked() {
    static_assert(internal::kIsOneOf<Field, Fields...>, "this field was not asked for");
  }

  Record record_;
};

// A Session that acts for one purpose known to the compiler. As Session: used by one thread at a
// time; must not outlive its Vault.
template <typename Purpose>
class TypedSession {
 public:
  // Errors: as Vault::As.
  static Result<TypedSession> Open(Vault& vault, const SessionOptions& options = {}) {
    auto session = vault.As(Purpose::kName, options);
    if (!session.ok()) return session.status();
    return TypedSession(*std::move(session));
  }

  // The values of one record; `record` is needed where the category holds MANY. All fields or none.
  // Errors: as Session::Read.
  template <typename Category, typename... Fields>
  Result<TypedRecord<Fields...>> Read(const Who& who, std::optional<RecordId> record,
                                      Fields... /*fields*/) {
    static_assert(sizeof...(Fields) > 0, "name the fields to read");
    static_assert((internal::kIsFieldOf<Fields, Category> && ...),
                  "policy: this field belongs to another category");
    static_assert((internal::kMayRead<Fields, Purpose> && ...),
                  "policy: this field was not collected for this purpose");
    auto read = session_.Read({.who = who,
                               .category = Category::kName,
                               .record = record,
                               .fields = {Fields::kName...},
                               .case_reference = case_reference_});
    if (!read.ok()) return read.status();
    return TypedRecord<Fields...>(*std::move(read));
  }

  // The case that every read from now on belongs to, for purposes on a case basis; borrowed.
  void SetCase(std::string_view case_reference) { case_reference_ = case_reference; }

  // The session with names as text.
  Session& untyped() BAILEE_LIFETIME_BOUND { return session_; }

 private:
  explicit TypedSession(Session session) : session_(std::move(session)) {}

  Session session_;
  std::string_view case_reference_;
};

}  // namespace bailee
