// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bailee/vault.h"
#include "crypto/names.h"
#include "support/error_is.h"
#include "support/raw_rows.h"
#include "support/temp_vault.h"

// Short ways to say what most tests of the vault say.
namespace bailee {

inline constexpr std::string_view kUser = "user-4711";
inline constexpr std::string_view kCardNumber = "4111111111111111";
inline constexpr std::string_view kOtherCardNumber = "5555555555554444";

inline RecordId IdOf(uint8_t number) {
  RecordId id;
  id.bytes.fill(number);
  return id;
}

inline std::string TextOf(const Secret& secret) {
  return secret.Reveal([](std::string_view text) { return std::string(text); });
}

inline CollectRequest Checkout(Who who = Who::Ref(kUser)) {
  return {.who = who, .notice = "checkout-1", .source = "web", .on_behalf_of = {}};
}

inline Result<Collected> StoreCard(Vault& vault, RecordId id, std::string_view pan = kCardNumber,
                                   Who who = Who::Ref(kUser)) {
  return vault.Collect(Checkout(who))
      .Put("payment_card", {{"pan", MakeSecret(pan)}, {"expiry", MakeSecret("12/15")}}, id)
      .Commit();
}

// One field of one card, read for a purpose.
inline Result<std::string> ReadCard(Vault& vault, std::string_view purpose, RecordId id,
                                    std::string_view field, Who who = Who::Ref(kUser)) {
  Result<Session> session = vault.As(purpose);
  if (!session.ok()) return session.status();
  Result<Record> record =
      session->Read({.who = who, .category = "payment_card", .record = id, .fields = {field}});
  if (!record.ok()) return record.status();
  return TextOf(record->At(field));
}

// The card leaves for the acquirer. The vault is open for billing.
inline Status DiscloseCard(Vault& vault, RecordId id, Who who = Who::Ref(kUser)) {
  Result<Session> session = vault.As("billing");
  if (!session.ok()) return session.status();
  return session
      ->Disclose({.who = who,
                  .category = "payment_card",
                  .records = {id},
                  .fields = {"pan", "expiry"},
                  .recipient = "acquirer",
                  .ground = "ON_OUR_BEHALF"})
      .status();
}

inline Result<std::vector<Found>> FindCard(Vault& vault, std::string_view pan = kCardNumber) {
  Result<Session> session = vault.As("billing");
  if (!session.ok()) return session.status();
  const Secret number = MakeSecret(pan);
  return session->Find({.category = "payment_card", .field = "pan", .value = number});
}

inline Bytes Prefix(uint8_t kind) { return {kind}; }

inline bool IsTyped(const Status& status) {
  return !status.ok() && status.code() != Code::kFailed && !status.name().empty();
}

}  // namespace bailee
