// SPDX-License-Identifier: Apache-2.0
// EXPECT: policy: this field belongs to another category
#include "acme_policy.h"

bailee::Status Charge(bailee::TypedSession<acme::purpose::billing>& session, bailee::Who who) {
#ifdef FIXED
  return session.Read<acme::payment_card>(who, {}, acme::payment_card::expiry).status();
#else
  return session.Read<acme::payment_card>(who, {}, acme::account::email).status();
#endif
}
