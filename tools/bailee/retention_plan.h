// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "bailee/result.h"
#include "bailee/retention.h"
#include "output.h"

namespace bailee::tool {

Json PlanJson(const RetentionPlan& plan);

// Reads a plan; it may be anybody's. Errors: kInvalidValue "retention.plan" naming what is wrong.
Result<RetentionPlan> ParsePlan(std::string_view text);

// Errors: as ParsePlan; kNotFound, kInvalidValue for the file.
Result<RetentionPlan> ReadPlan(const std::string& path);

}  // namespace bailee::tool
