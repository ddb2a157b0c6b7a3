// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "bailee/report.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Vault::Report and Vault::Reports.
Result<ReportResult> AskReport(VaultImpl& vault, const ReportRequest& request);
Result<std::vector<ReportDescription>> DescribeReports(VaultImpl& vault);

}  // namespace bailee::vault
