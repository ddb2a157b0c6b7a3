// SPDX-License-Identifier: Apache-2.0
#include "disclosure_json.h"

#include "text.h"

namespace bailee::tool {

Json DisclosureJson(const DisclosureInfo& info) {
  Json records = Json::array();
  for (const RecordId& record : info.records) records.push_back(record.ToHex());
  Json json = {{"handle", info.handle.ToHex()},
               {"sequence", info.sequence},
               {"at", FormatTime(info.at)},
               {"recipient", info.recipient},
               {"ground", info.ground},
               {"purpose", info.purpose},
               {"category", info.category},
               {"fields", info.fields},
               {"records", records},
               {"case", info.case_reference},
               {"on_behalf_of", info.on_behalf_of},
               {"policy_version", info.policy_version},
               {"sealed", info.sealed},
               {"decision", info.decision}};
  if (info.until) json["until"] = FormatTime(*info.until);
  return json;
}

}  // namespace bailee::tool
