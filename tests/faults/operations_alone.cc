// SPDX-License-Identifier: Apache-2.0
// What touches no vault: memory is all that can be missing.
#include "bailee/policy.h"
#include "bailee/receipt.h"
#include "faults/operation.h"

namespace bailee::faults {
namespace {

using Kind = Operation::Kind;
using Act = std::function<Status()>;

Act ReadsPolicy(Context&) {
  auto text = std::make_shared<std::string>(PolicyText("livelook_2013"));
  return [text]() -> Status {
    const auto policy = PolicyDocument::FromText(*text, "policy", {});
    if (!policy.ok()) return policy.status();
    for (const PolicyTestResult& each : policy->RunTests()) {
      if (!each.passed) return Wrong("a test of the policy");
    }
    return Status();
  };
}

Status ChecksCheckpoint(const Context& context) {
  const FaultWorld& world = context.world;
  const auto parsed = ParseCheckpoint(world.checkpoint());
  if (!parsed.ok()) return parsed.status();
  return VerifyCheckpoint(world.checkpoint(), world.trail_origin(), world.log_keys()).status();
}

}  // namespace

std::vector<Operation> OperationsAlone() {
  return {
      {.name = "policy: from text",
       .covers = {"policy.h:FromText"},
       .kind = Kind::kAlone,
       .prepare = ReadsPolicy},
      {.name = "receipt: verify",
       .covers = {"receipt.h:VerifyReceipt"},
       .kind = Kind::kAlone,
       .prepare = [](Context& c) -> Act {
         return [&c] {
           return VerifyReceipt(c.world.receipt(), c.world.trail_origin(), c.world.log_keys())
               .status();
         };
       }},
      {.name = "receipt: of another log",
       .covers = {"receipt.h:VerifyReceipt"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) -> Act {
         return [&c] {
           return VerifyReceipt(c.world.receipt(), c.world.trail_origin(), LogKey{}).status();
         };
       }},
      {.name = "checkpoint: verify",
       .covers = {"checkpoint.h:ParseCheckpoint", "checkpoint.h:VerifyCheckpoint"},
       .kind = Kind::kAlone,
       .prepare = [](Context& c) -> Act { return [&c] { return ChecksCheckpoint(c); }; }},
      {.name = "secret: from",
       .covers = {"secret.h:From", "secret.h:Allocate"},
       .kind = Kind::kAlone,
       .prepare = [](Context&) -> Act { return [] { return Secret::From("secret").status(); }; }},
  };
}

}  // namespace bailee::faults
