// SPDX-License-Identifier: Apache-2.0
// EXPECT: this field was not asked for
#include "acme_policy.h"

size_t Size(const bailee::TypedRecord<acme::payment_card::pan_field>& card) {
#ifdef FIXED
  return card.At(acme::payment_card::pan).size_bytes();
#else
  return card.At(acme::payment_card::expiry).size_bytes();
#endif
}
