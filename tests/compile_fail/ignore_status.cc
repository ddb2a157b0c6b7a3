// SPDX-License-Identifier: Apache-2.0
// EXPECT: nodiscard|unused-result|ignoring return
#include "bailee/session.h"

bool Visit(bailee::Session& session) {
  const bailee::ScanRequest request{.category = "web_log", .fields = {}};
#ifdef FIXED
  return session.Scan(request, [](const bailee::Record&) { return true; }).ok();
#else
  session.Scan(request, [](const bailee::Record&) { return true; });
  return true;
#endif
}
