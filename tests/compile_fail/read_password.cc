// SPDX-License-Identifier: Apache-2.0
// EXPECT: policy: this field was not collected for this purpose
#include "acme_policy.h"

bailee::Status Show(bailee::TypedSession<acme::purpose::service>& session, bailee::Who who) {
#ifdef FIXED
  return session.Read<acme::account>(who, {}, acme::account::name).status();
#else
  return session.Read<acme::account>(who, {}, acme::account::password).status();
#endif
}
