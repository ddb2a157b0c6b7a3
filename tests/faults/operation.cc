// SPDX-License-Identifier: Apache-2.0
#include "faults/operation.h"

#include <iterator>

#include "support/must.h"

namespace bailee::faults {

Context::Context(const FaultWorld& its_world)
    : world(its_world), path(its_world.vault_path()), clock(kJune2013) {}

Vault& Context::OpenVault(Keyring keyring) {
  OpenOptions options{.clock = &clock};
  options.map_bytes = kMapBytes;
  vault.emplace(Must(Vault::Open(path, std::move(keyring), options), "opening the vault"));
  return *vault;
}

AuditTrail& Context::OpenTrail(std::string_view keyring) {
  trail.emplace(
      Must(AuditTrail::Open(path, world.Origin(keyring), {.clock = &clock, .map_bytes = kMapBytes}),
           "opening the trail"));
  return *trail;
}

Session& Context::As(std::string_view purpose) {
  session.emplace(Must(OpenVault().As(purpose), purpose));
  return *session;
}

Status Context::Keep(const std::vector<KeyringFile>& files) {
  for (const KeyringFile& file : files) {
    if (Status copied = Copied(file, kept); !copied.ok()) return copied;
  }
  return Status();
}

void Context::Close() {
  session.reset();
  vault.reset();
  trail.reset();
}

std::vector<Keyring> Context::Keyrings() const {
  std::vector<Keyring> keyrings;
  keyrings.push_back(world.Everyone());
  if (!kept.empty()) keyrings.push_back(world.EveryoneWith(kept));
  return keyrings;
}

const std::vector<Operation>& Operations() {
  static const std::vector<Operation> all = [] {
    std::vector<Operation> operations;
    for (auto* part : {OperationsOfServices, OperationsOfKeepers, OperationsOfOperators,
                       OperationsOfAuditors, OperationsOfKeys, OperationsAlone}) {
      std::vector<Operation> some = part();
      std::move(some.begin(), some.end(), std::back_inserter(operations));
    }
    return operations;
  }();
  return all;
}

Status Copied(const KeyringFile& file, std::map<std::string, KeyringFile>& among) {
  auto copy = file.bytes.Reveal([](std::string_view bytes) { return Secret::From(bytes); });
  if (!copy.ok()) return copy.status();
  among.insert_or_assign(file.name, KeyringFile{file.name, *std::move(copy)});
  return Status();
}

Secret Value(std::string_view text) {
  Result<Secret> value = Secret::From(text);
  if (!value.ok()) throw GaveUp{value.status()};
  return *std::move(value);
}

Status Wrong(std::string_view what) {
  return Status(Code::kFailed, "test.wrong", "a wrong answer: " + std::string(what));
}

Status Right(const Status& status, bool right, std::string_view what) {
  return !status.ok() || right ? status : Wrong(what);
}

}  // namespace bailee::faults
