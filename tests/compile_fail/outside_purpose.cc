// SPDX-License-Identifier: Apache-2.0
// EXPECT: policy: this field was not collected for this purpose
#include "acme_policy.h"

bailee::Status Charge(bailee::TypedSession<acme::purpose::support>& session, bailee::Who who) {
#ifdef FIXED
  return session.Read<acme::payment_card>(who, {}, acme::payment_card::pan_last4).status();
#else
  return session.Read<acme::payment_card>(who, {}, acme::payment_card::pan).status();
#endif
}
